// FPSR and FPCR from outside of guest code (Arm ARM DDI 0487, C5.2.8 and C5.2.9): their parts lie in slots, in
// CpuHeader::mxcsr and in the mode word.
#pragma once

#include "frontends/arm/features.h"
#include "ir/core/cpu_header.h"

namespace menura::arm {

uint32_t fpsr(const ir::CpuHeader& cpu);
void set_fpsr(ir::CpuHeader& cpu, uint32_t value);
uint32_t fpcr(const ir::CpuHeader& cpu);
// Bits that the features do not have stay 0.
void set_fpcr(ir::CpuHeader& cpu, uint32_t value, FeatureSet features);

}  // namespace menura::arm
