// What the translator counted. Translation is always counted; executions only with EngineOptions::profile.
#pragma once

#include <cstddef>
#include <cstdint>
#include <iterator>

#include "ir/core/exit_kind.h"

namespace menura::runtime {

// How code was made, from the first time that it runs to the last.
enum class Gear : uint8_t {
  Trace,      // straight, at once
  Hot,        // loops, when a trace has run often
  Optimized,  // tier 2: by the optimizing compiler, where samples say that time goes
};
inline constexpr unsigned kGearCount = 3;

struct GearStatistics {
  uint64_t regions = 0;
  uint64_t guest_instructions = 0;
  uint64_t host_bytes = 0;
  uint64_t nanoseconds = 0;  // forming, optimizing, compiling and publishing
};

struct Statistics {
  GearStatistics first;  // Gear::Trace
  GearStatistics hot;
  GearStatistics optimized;
  GearStatistics recalled;                         // of any gear, from the store
  uint64_t samples[kGearCount] = {};               // by what ran: shares of time
  uint64_t failed = 0;                             // regions that tier 2 could not compile
  uint64_t outdated = 0;                           // and those whose guest code changed meanwhile
  uint64_t background_nanoseconds = 0;             // CPU time of the thread that compiles
  uint64_t exits[ir::kExitKindNames.size()] = {};  // returns of run(), by kind
  uint64_t resolves = 0;                           // first uses of a link
  uint64_t indirect_misses = 0;                    // indirect jumps and returns that no table answered
  uint64_t invalidated = 0;                        // translations that lost their guest code
  uint64_t evicted_chunks = 0;
  uint64_t cache_bytes = 0;  // host code held now
  // Profile: executed in all.
  uint64_t executed_guest = 0;
  uint64_t executed_host = 0;

  GearStatistics& of(Gear gear) { return gear == Gear::Trace ? first : gear == Gear::Hot ? hot : optimized; }
  // Adds what virtual CPUs count on their own.
  void add_events(const Statistics& other) {
    for (std::size_t i = 0; i < std::size(exits); ++i) exits[i] += other.exits[i];
    resolves += other.resolves;
    indirect_misses += other.indirect_misses;
    for (unsigned i = 0; i < kGearCount; ++i) samples[i] += other.samples[i];
  }
};

}  // namespace menura::runtime
