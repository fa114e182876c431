// Observer: sees each region on its way through the translator (`menura run -d`). Called on the translating thread.
#pragma once

#include <cstdint>
#include <span>

#include "backends/runtime/statistics.h"
#include "ir/core/region.h"

namespace menura::runtime {

class Observer {
 public:
  virtual ~Observer() = default;
  // As lifted, before the optimizer.
  virtual void formed(const ir::Region& region, Gear gear) = 0;
  // As given to the compiler.
  virtual void optimized(const ir::Region& region, Gear gear) = 0;
  // `code` is the host code as placed at `address`; links may have been patched already.
  virtual void compiled(const ir::Region& region, Gear gear, uint64_t address, std::span<const uint8_t> code) = 0;
};

}  // namespace menura::runtime
