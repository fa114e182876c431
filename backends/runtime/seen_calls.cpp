#include "backends/runtime/seen_calls.h"

#include <algorithm>

namespace menura::runtime {

namespace {

// More calls than so many, and all is forgotten: programs have fewer that are hot.
constexpr std::size_t kMostCalls = 4096;

// A place that got less than one in so many is not worth a comparison.
constexpr uint32_t kWorth = 12;

}  // namespace

void SeenCalls::note(uint64_t return_pc, uint64_t entry, uint32_t times) {
  const std::lock_guard lock(mutex_);
  if (calls_.size() >= kMostCalls) calls_.clear();
  Targets& targets = calls_[return_pc];
  const auto same = [&](const Seen& seen) { return seen.times != 0 && seen.entry == entry; };
  auto place = std::find_if(targets.begin(), targets.end(), same);
  if (place == targets.end()) {
    // Takes the place of the one that was seen least.
    place = std::min_element(targets.begin(), targets.end(),
                             [](const Seen& a, const Seen& b) { return a.times < b.times; });
    *place = {entry, 0};
  }
  place->times += times;
}

std::size_t SeenCalls::likely(uint64_t return_pc, std::span<uint64_t, kMost> entries) const {
  const std::lock_guard lock(mutex_);
  const auto found = calls_.find(return_pc);
  if (found == calls_.end()) return 0;
  Targets targets = found->second;
  std::stable_sort(targets.begin(), targets.end(), [](const Seen& a, const Seen& b) { return a.times > b.times; });
  uint32_t all = 0;
  for (const Seen& seen : targets) all += seen.times;
  if (all < kEnough) return 0;
  std::size_t count = 0;
  uint32_t covered = 0;
  for (const Seen& seen : targets) {
    if (count == entries.size() || seen.times * kWorth < all || seen.times == 0) break;
    covered += seen.times;
    entries[count++] = seen.entry;
  }
  // Calls that mostly go elsewhere would only pay for the comparisons.
  return covered * 4 >= all * 3 ? count : 0;
}

}  // namespace menura::runtime
