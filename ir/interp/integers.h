// Integer ops, exactly as ops.def says, for every width from 1 to 128 bits.
#pragma once

#include <cstdint>

#include "ir/core/inst.h"

namespace menura::ir {

__extension__ using U128 = unsigned __int128;
__extension__ using S128 = __int128;

constexpr U128 low_bits(U128 value, unsigned width) { return width >= 128 ? value : value & ((U128{1} << width) - 1); }
constexpr S128 sign_extended(U128 value, unsigned width) {
  return static_cast<S128>(value << (128 - width)) >> (128 - width);
}

// Ops from add to concat, except select. `width` is that of the first operand; operands come zero-extended, and so does
// the result.
U128 evaluate_int(const Inst& inst, unsigned width, U128 a, U128 b, U128 c);

// What the relation `cond` says of two numbers of `width` bits.
bool compare_ints(Cond cond, unsigned width, U128 a, U128 b);

}  // namespace menura::ir
