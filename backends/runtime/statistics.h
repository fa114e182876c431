// What the translator counted. Translation is always counted; executions only with EngineOptions::profile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "ir/core/exit_kind.h"

namespace menura::runtime {

struct GearStatistics {
  uint64_t regions = 0;
  uint64_t guest_instructions = 0;
  uint64_t host_bytes = 0;
  uint64_t nanoseconds = 0;  // forming, optimizing, compiling and publishing
};

struct Statistics {
  GearStatistics first;  // straight traces
  GearStatistics hot;
  uint64_t exits[ir::kExitKindNames.size()] = {};  // returns of run(), by kind
  uint64_t resolves = 0;                           // first uses of a link
  uint64_t indirect_misses = 0;                    // indirect jumps and returns that no table answered
  uint64_t invalidated = 0;                        // translations that lost their guest code
  uint64_t evicted_chunks = 0;
  uint64_t cache_bytes = 0;  // host code held now
  // Profile: executed in all.
  uint64_t executed_guest = 0;
  uint64_t executed_host = 0;

  // Adds what virtual CPUs count on their own.
  void add_events(const Statistics& other) {
    for (std::size_t i = 0; i < std::size(exits); ++i) exits[i] += other.exits[i];
    resolves += other.resolves;
    indirect_misses += other.indirect_misses;
  }
};

}  // namespace menura::runtime
