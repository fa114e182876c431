// Code of a machine is known by the physical pages that it lies in.
#pragma once

#include "ir/api/frontend.h"
#include "ir/core/memory_port.h"
#include "ir/core/region.h"

namespace menura::ir {

// Set in Identity::next_frame where there is a next page.
inline constexpr uint64_t kCrosses = 1;

// Sets frame and next_frame of identity, the rest of which is given, as `memory` translates addresses now. False and
// *fault where the first instruction cannot be fetched.
bool find_frames(const Frontend& frontend, MemoryPort& memory, Identity* identity, Fault* fault);

}  // namespace menura::ir
