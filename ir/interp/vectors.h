// Vector ops, lane by lane, exactly as ops.def says. A vector is an array of 64-bit words, the lowest lane in the low
// bits of the first. The interpreter computes with it, and compiled code calls it for what the host cannot do inline.
#pragma once

#include <cstdint>

#include "ir/core/cpu_header.h"
#include "ir/core/inst.h"

namespace menura::ir {

// Lane number `index` of lanes of `width` bits (8 to 64, a power of two).
uint64_t get_lane(const uint64_t* words, unsigned width, unsigned index);
void set_lane(uint64_t* words, unsigned width, unsigned index, uint64_t value);

// One verified op from vadd to vi2f. `aux` and `imm` are the instruction's, `result` its type, `operand` the type of
// its first operand; `a`, `b`, `c` are the operands' words (integers and floats: one word, zeros above; unused ones may
// be null). `cpu` gives the live rounding mode and takes floating-point flags. All words of the result are written;
// `out` may be none of the operands.
void evaluate_vector(Op op, uint32_t aux, int64_t imm, Type result, Type operand, CpuHeader& cpu, const uint64_t* a,
                     const uint64_t* b, const uint64_t* c, uint64_t* out);

}  // namespace menura::ir
