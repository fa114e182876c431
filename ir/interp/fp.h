// Floating-point ops evaluated exactly, in integers: every op of ops.def that takes an FpDesc, for f16, bf16, f32 and
// f64, in every rounding mode, with every NaN, tininess and flag policy. Nothing here reads or changes the host's FPU.
// The interpreter computes with it, and compiled code calls it for what the host cannot do inline (FpSlowOp).
//
// Values travel as their bits in the low end of a uint64_t, zeros above; an i1 result is 0 or 1.
#pragma once

#include <cassert>
#include <cstdint>

#include "ir/core/cpu_header.h"
#include "ir/core/inst.h"

namespace menura::ir {

// --- the live mode and the sticky flags, in the form of MXCSR (CpuHeader::mxcsr)

// The flags of fpflags.get: bit 0 invalid, 1 division by zero, 2 overflow, 3 underflow, 4 inexact.
inline constexpr uint32_t kFpInvalid = 1;
inline constexpr uint32_t kFpDivByZero = 2;
inline constexpr uint32_t kFpOverflow = 4;
inline constexpr uint32_t kFpUnderflow = 8;
inline constexpr uint32_t kFpInexact = 16;
inline constexpr uint32_t kFpAllFlags = 31;

// MXCSR has a flag for denormal operands (bit 1) between the first two; no op raises or reads it.
inline constexpr uint32_t kMxcsrFlags = 0x3f;
inline constexpr unsigned kMxcsrModeShift = 13;
inline constexpr uint32_t kMxcsrMode = 3U << kMxcsrModeShift;

constexpr uint32_t fp_flags_of(uint32_t mxcsr) { return (mxcsr & 1) | (mxcsr >> 1 & 0x1e); }
constexpr uint32_t fp_with_flags(uint32_t mxcsr, uint32_t flags) {
  return (mxcsr & ~kMxcsrFlags) | (flags & 1) | (flags & 0x1e) << 1;
}

// Five flags, reversed or not: fpflags.get and fpflags.set have both orders.
constexpr uint32_t fp_flags_in_order(uint32_t flags, bool reversed) {
  if (!reversed) return flags & kFpAllFlags;
  return (flags & 1) << 4 | (flags & 2) << 2 | (flags & 4) | (flags & 8) >> 2 | (flags >> 4 & 1);
}

// The live mode as in fpmode.set: 0 nearest even, 1 zero, 2 down, 3 up. MXCSR counts nearest, down, up, zero.
constexpr uint32_t fp_mode_of(uint32_t mxcsr) { return 0x1320U >> (mxcsr >> kMxcsrModeShift & 3) * 4 & 3; }
constexpr uint32_t fp_with_mode(uint32_t mxcsr, uint32_t mode) {
  return (mxcsr & ~kMxcsrMode) | (0x2130U >> (mode & 3) * 4 & 3) << kMxcsrModeShift;
}

// --- evaluation

// One op: `result` and `operand` are the types of the instruction and of its first operand; `cpu` gives the live mode
// and takes the flags (mxcsr, fp_denormal). Integers may have 1 to 64 bits. Takes fadd to i2f, and for convenience
// fneg, fabs, fcopysign, nanbox and nanunbox.
uint64_t fp_evaluate(Op op, Type result, Type operand, FpDesc desc, CpuHeader& cpu, uint64_t a, uint64_t b = 0,
                     uint64_t c = 0);

// The canonical NaN of a float type: positive, quiet, empty payload.
uint64_t fp_canonical_nan(Type type);

// --- the slow path of compiled code

// An op with its types and descriptor in 64 bits. Bits 0-31 are FpDesc's, 32-39 the op, 40-44 the result type and 45-49
// the operand type.
enum class FpSlowOp : uint64_t {};

constexpr FpSlowOp fp_slow_op(Op op, Type result, Type operand, FpDesc desc) {
  return static_cast<FpSlowOp>(pack(desc) | static_cast<uint64_t>(op) << 32 | static_cast<uint64_t>(result) << 40 |
                               static_cast<uint64_t>(operand) << 45);
}

// What Thunk::FpSlow calls, outside of compiled code: cpu->mxcsr holds the guest's live mode and takes the flags.
uint64_t fp_slow(CpuHeader* cpu, FpSlowOp op, uint64_t a, uint64_t b, uint64_t c);

}  // namespace menura::ir
