// What samples have seen of indirect calls: where each went.
#pragma once

#include <array>
#include <cstdint>
#include <mutex>
#include <unordered_map>

#include "ir/api/call_targets.h"

namespace menura::runtime {

class SeenCalls final : public ir::CallTargets {
 public:
  // Fewer say nothing.
  static constexpr uint32_t kEnough = 4;

  // A call has been seen on its way, or so often.
  void note(uint64_t return_pc, uint64_t entry, uint32_t times = 1);
  // Only of calls that have been seen kEnough times, and mostly gone to few places.
  std::size_t likely(uint64_t return_pc, std::span<uint64_t, kMost> entries) const override;

 private:
  struct Seen {
    uint64_t entry = 0;
    uint32_t times = 0;
  };
  // Twice as many as are wanted, so that a place that has come late can make its way.
  using Targets = std::array<Seen, 2 * kMost>;

  mutable std::mutex mutex_;
  std::unordered_map<uint64_t, Targets> calls_;
};

}  // namespace menura::runtime
