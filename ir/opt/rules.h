// Rules: what an instruction is in simpler terms. Each takes an instruction with its operands in their new form and
// answers the value that it is the same as; kNoValue leaves the instruction, which the rule may have changed, to be
// written. A constant operand of a commutative op is the second.
#pragma once

#include "ir/opt/rewriter.h"

namespace menura::ir::opt {

// rules_arithmetic.cpp: add, sub, mul, div, rem
Value simplify_arithmetic(Rewriter& r, Inst& inst);
// rules_logic.cpp: and, or, xor, andn, min, max
Value simplify_logic(Rewriter& r, Inst& inst);
// rules_shift.cpp: shl, shr, sar, rotl, rotr; and the rotation in an or of two shifts
Value simplify_shift(Rewriter& r, Inst& inst);
Value find_rotation(Rewriter& r, const Inst& inst);
// rules_compare.cpp: icmp, select
Value simplify_compare(Rewriter& r, Inst& inst);
Value simplify_select(Rewriter& r, Inst& inst);
// The opposite of a condition that needs no more instructions than it has, or kNoValue.
Value inverted_condition(Rewriter& r, Value condition);
// rules_convert.cpp: zext, sext, trunc, bitcast, nanbox, nanunbox, fneg, fabs, fcopysign
Value simplify_convert(Rewriter& r, Inst& inst);
Value simplify_float(Rewriter& r, Inst& inst);
// rules_vector.cpp: parts of vectors, and vector ops that do nothing
Value simplify_vector(Rewriter& r, Inst& inst);
// rules_memory.cpp: address and operand of loads and stores
void simplify_access(Rewriter& r, Inst& inst);

}  // namespace menura::ir::opt
