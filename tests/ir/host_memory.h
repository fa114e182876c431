// Guest memory of .ir tests: mapped at the same addresses in the host, so that compiled code reaches it directly.
#pragma once

#include <sys/mman.h>

#include <cstdlib>
#include <cstring>

#include "ir/core/memory_port.h"

namespace menura::ir::test {

class HostMemory : public MemoryPort {
 public:
  static constexpr uint64_t kData = 0x20000000;  // readable and writable, zeros
  static constexpr uint64_t kDataSize = 0x2000;
  static constexpr uint64_t kConst = 0x20010000;  // readable: 0, 1, 2, ...
  static constexpr uint64_t kConstSize = 0x1000;

  HostMemory() {
    map(kData, kDataSize);
    map(kConst, kConstSize);
    for (uint64_t i = 0; i < kConstSize; ++i) host(kConst)[i] = static_cast<uint8_t>(i);
    if (mprotect(host(kConst), kConstSize, PROT_READ) != 0) std::abort();
  }
  ~HostMemory() override {
    munmap(host(kData), kDataSize);
    munmap(host(kConst), kConstSize);
  }
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  static uint8_t* host(uint64_t address) { return reinterpret_cast<uint8_t*>(address); }
  void clear() { std::memset(host(kData), 0, kDataSize); }
  // What an access of host address `address` raises, or kind None.
  Fault fault_at(uint64_t address, Access access) const {
    Fault fault{FaultKind::None, access, address};
    if (address - kData < kDataSize) return fault;
    fault.kind = address - kConst < kConstSize ? FaultKind::Protection : FaultKind::Unmapped;
    if (access == Access::Read && fault.kind == FaultKind::Protection) fault.kind = FaultKind::None;
    return fault;
  }

  bool read(uint64_t address, void* data, unsigned size, Fault* fault) override {
    if (!probe(address, size, Access::Read, fault)) return false;
    std::memcpy(data, host(address), size);
    return true;
  }
  bool write(uint64_t address, const void* data, unsigned size, Fault* fault) override {
    if (!probe(address, size, Access::Write, fault)) return false;
    std::memcpy(host(address), data, size);
    return true;
  }
  void* atomic_pointer(uint64_t address, unsigned size, Fault* fault) override {
    return probe(address, size, Access::Write, fault) ? host(address) : nullptr;
  }
  bool probe(uint64_t address, uint64_t size, Access access, Fault* fault) override {
    for (uint64_t i = 0; i < size; ++i) {
      *fault = fault_at(address + i, access);
      if (fault->kind != FaultKind::None) return false;
    }
    return true;
  }
  std::span<const uint8_t> fetch(uint64_t address, unsigned, Fault* fault) override {
    *fault = {FaultKind::Unmapped, Access::Execute, address};
    return {};
  }
  void watch_code(uint64_t, uint64_t) override {}

 private:
  static void map(uint64_t address, uint64_t size) {
    void* const at =
        mmap(host(address), size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (at != host(address)) std::abort();
  }
};

}  // namespace menura::ir::test
