// Observer: sees each region on its way through the translator (`menura run -d`), on the translating thread, and
// samples of what runs.
#pragma once

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
  // With EngineOptions::sample_always. The engine's lock is held.
  virtual void sampled(const Sample&) {}
};

}  // namespace menura::runtime
