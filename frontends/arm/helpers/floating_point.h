// Floating-point operations that the IR cannot say: FRECPX, rounding to odd, BFloat16 dot products.
#pragma once

#include <cstdint>

#include "ir/core/cpu_header.h"

namespace menura::arm {

// What happens to each lane. a, b and c: its operands.
enum class FpSpecial : uint8_t {
  RecipExponent,        // FPRecpX
  ToOdd,                // f64 to f32, rounded to odd (FCVTXN)
  SignedFixedToHalf,    // an integer of the lane's width, times 2^-b
  UnsignedFixedToHalf,  //
  JavaScript,           // f64 to an integer modulo 2^32; bit 32: it is exact (FPToFixedJS)
  BfloatDot,            // c + a.0 * b.0 + a.1 * b.1 of BFloat16 pairs (BFDotAdd)
  BfloatDot4,           // the same twice, of four BFloat16 numbers
};

struct FpSpecialDesc {
  uint32_t what : 8 = 0;         // FpSpecial
  uint32_t lane : 5 = 0;         // ir::Type of a lane
  uint32_t count : 3 = 1;        // lanes in an operand of 64 bits
  uint32_t default_nan : 1 = 0;  // FPCR.DN, FZ, FZ16
  uint32_t flush : 1 = 0;
  uint32_t flush16 : 1 = 0;
  uint32_t unused : 13 = 0;
};

// `desc`: an FpSpecialDesc.
uint64_t fp_lanes(ir::CpuHeader* cpu, uint64_t desc, uint64_t a, uint64_t b, uint64_t c);

}  // namespace menura::arm
