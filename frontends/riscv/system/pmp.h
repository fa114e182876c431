// Physical memory protection (Volume II 20240411, 3.7): 16 entries, down to 4 bytes.
#pragma once

#include <array>
#include <cstdint>

#include "frontends/riscv/state.h"
#include "ir/core/memory_port.h"

namespace menura::riscv {

class Pmp {
 public:
  static constexpr unsigned kEntries = 16;

  struct Rights {
    bool read = false;
    bool write = false;
    bool execute = false;
    uint8_t size_log2 = 0;  // of the naturally aligned block around the address for which they hold

    bool allow(ir::Access access) const {
      return access == ir::Access::Read ? read : access == ir::Access::Write ? write : execute;
    }
  };

  // The registers' contents: a byte of pmpcfg and a pmpaddr for each entry.
  void configure(const std::array<uint8_t, kEntries>& configs, const std::array<uint64_t, kEntries>& addresses);

  // What `privilege` may do at `physical`, in a block of at most 1 << size_log2 bytes.
  Rights rights(uint64_t physical, unsigned size_log2, Privilege privilege) const;

 private:
  struct Entry {
    uint64_t first = 1;  // bytes; none where last < first
    uint64_t last = 0;
    uint8_t config = 0;
  };
  std::array<Entry, kEntries> entries_;
};

}  // namespace menura::riscv
