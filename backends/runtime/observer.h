// Observer: sees each region on its way through the translator (`-d`, `--trace`), on the translating thread, and
// samples of what runs.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "backends/runtime/statistics.h"
#include "ir/core/region.h"

namespace menura::runtime {

// Where a virtual CPU was when it was asked.
struct Sample {
  uint64_t pc = 0;      // of the guest
  uint64_t region = 0;  // where the region that ran begins
  Gear gear = Gear::Trace;
  uint32_t milliseconds = 0;
  std::span<const uint64_t> returns;  // where its callers go on, the innermost first, as far as it is known
};

class Observer {
 public:
  virtual ~Observer() = default;
  // As lifted, before the optimizer.
  virtual void formed(const ir::Region& region, Gear gear) = 0;
  // As given to the compiler.
  virtual void optimized(const ir::Region& region, Gear gear) = 0;
  // `code` is the host code as placed at `address`; links may have been patched already.
  virtual void compiled(const ir::Region& region, Gear gear, uint64_t address, std::span<const uint8_t> code) = 0;
  // What has become of a region, on the thread that has dealt with it since `began` (monotonic_nanoseconds()). The
  // engine's lock is not held.
  enum class Fate : uint8_t {
    Placed,
    Refused,   // the compiler cannot have so much
    Outdated,  // the guest's code has changed meanwhile
  };
  virtual void ended(const ir::Region&, Gear, Fate, uint64_t /*began*/, std::size_t /*host_bytes*/) {}
  // Earlier runs' code has not gone the way that the first three see: where they are to see all code, it is not used.
  virtual bool sees_each_step() const { return true; }
  // With EngineOptions::sample_always. The engine's lock is held.
  virtual void sampled(const Sample&) {}
};

}  // namespace menura::runtime
