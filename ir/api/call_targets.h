// Where indirect calls go, as far as somebody has seen it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

namespace menura::ir {

class CallTargets {
 public:
  static constexpr std::size_t kMost = 4;

  virtual ~CallTargets() = default;
  // Entries of the functions that the call behind which `return_pc` lies has often gone to, the likeliest first.
  // Returns how many there are.
  virtual std::size_t likely(uint64_t return_pc, std::span<uint64_t, kMost> entries) const = 0;
};

}  // namespace menura::ir
