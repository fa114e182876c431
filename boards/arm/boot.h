// How an Arm board starts.
#pragma once

#include "boards/machine.h"

namespace menura::boards::arm {

// Two banks of flash; firmware begins at the start of the first.
inline constexpr uint64_t kFlash = 0;
inline constexpr uint64_t kFlashSize = uint64_t{64} << 20;  // of each

// BoardCode::plan.
Result<BootPlan> plan_boot(Machine& machine, const BootFiles& files);

}  // namespace menura::boards::arm
