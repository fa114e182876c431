// Where control goes after an instruction, from its row and fields alone (ir::Frontend::scan).
#pragma once

#include "frontends/arm/decode/decode.h"
#include "ir/api/frontend.h"

namespace menura::arm {

// Kind and target; the length is the caller's.
ir::Flow flow_of(RowName name, uint32_t word, uint64_t pc, FeatureSet features, uint64_t mode);

}  // namespace menura::arm
