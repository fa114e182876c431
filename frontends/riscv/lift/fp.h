// What the chapters of floating point share: operations by format, and loads and stores that compressed instructions
// expand to.
#pragma once

#include "frontends/riscv/lift/lifter.h"

namespace menura::riscv::lift {

void flw(Lifter& l, Fd fd, Rs1 rs1, ImmI imm);
void fsw(Lifter& l, Fs2 fs2, Rs1 rs1, ImmS imm);
void fld(Lifter& l, Fd fd, Rs1 rs1, ImmI imm);
void fsd(Lifter& l, Fs2 fs2, Rs1 rs1, ImmS imm);

// Whether fused operations negate the product and the addend. Operands are negated, not results: the rounding of the
// exact result must see its sign (21.6).
enum class Negate : uint8_t { Nothing, Addend, Product, Both };
enum class SignOf : uint8_t { Second, NotSecond, Product };

// An operation of two operands with the same format, with a rounding mode.
void arithmetic(Lifter& l, Op op, Type format, FReg fd, FReg fs1, FReg fs2, unsigned rm);
void fused(Lifter& l, Negate negate, Type format, FReg fd, FReg fs1, FReg fs2, FReg fs3, unsigned rm);
void square_root(Lifter& l, Type format, FReg fd, FReg fs1, unsigned rm);
// 21.6: minimumNumber and maximumNumber; Zfa: minimum and maximum.
void min_max(Lifter& l, Op op, ir::MinMax nans, Type format, FReg fd, FReg fs1, FReg fs2);
void sign_inject(Lifter& l, SignOf sign, Type format, FReg fd, FReg fs1, FReg fs2);
void compare(Lifter& l, ir::FpCond cond, bool signaling, Type format, XReg rd, FReg fs1, FReg fs2);
void classify(Lifter& l, Type format, XReg rd, FReg fs1);
// Between formats; `rm` counts only where the result may be rounded.
void convert(Lifter& l, Type to, Type from, FReg fd, FReg fs1, unsigned rm);
// To and from integers of 32 or 64 bits.
void to_integer(Lifter& l, Type integer, bool is_unsigned, Type from, XReg rd, FReg fs1, unsigned rm);
void from_integer(Lifter& l, Type to, Type integer, bool is_unsigned, FReg fd, XReg rs1, unsigned rm);
// To an integral value.
void round(Lifter& l, bool raise_inexact, Type format, FReg fd, FReg fs1, unsigned rm);

}  // namespace menura::riscv::lift
