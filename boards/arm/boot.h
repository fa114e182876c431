// How an Arm board starts.
#pragma once

#include "boards/machine.h"

namespace menura::boards::arm {

// BoardCode::plan.
Result<BootPlan> plan_boot(Machine& machine, const BootFiles& files);

}  // namespace menura::boards::arm
