// Vector ops, lane by lane. A vector is an array of 64-bit words, the lowest lane in the low bits of the first.
#pragma once

#include <cstdint>

#include "ir/core/inst.h"

namespace menura::ir {

// Lane number `index` of lanes of `width` bits (8 to 64, a power of two).
uint64_t get_lane(const uint64_t* words, unsigned width, unsigned index);
void set_lane(uint64_t* words, unsigned width, unsigned index, uint64_t value);

// Ops from vadd to vinsert. `width` is the vector's in bits, `a` the first operand, `b` the second (both with one word
// if they are integers); `result` may be neither.
void evaluate_vector(const Inst& inst, unsigned width, const uint64_t* a, const uint64_t* b, uint64_t* result);

}  // namespace menura::ir
