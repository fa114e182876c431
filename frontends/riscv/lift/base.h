// The base instructions that compressed ones expand to.
#pragma once

#include "frontends/riscv/lift/lifter.h"

namespace menura::riscv::lift {

void lui(Lifter& l, Rd rd, ImmU imm);
void jal(Lifter& l, Rd rd, ImmJ imm);
void jalr(Lifter& l, Rd rd, Rs1 rs1, ImmI imm);
void beq(Lifter& l, Rs1 rs1, Rs2 rs2, ImmB imm);
void bne(Lifter& l, Rs1 rs1, Rs2 rs2, ImmB imm);
void lw(Lifter& l, Rd rd, Rs1 rs1, ImmI imm);
void ld(Lifter& l, Rd rd, Rs1 rs1, ImmI imm);
void sw(Lifter& l, Rs2 rs2, Rs1 rs1, ImmS imm);
void sd(Lifter& l, Rs2 rs2, Rs1 rs1, ImmS imm);
void addi(Lifter& l, Rd rd, Rs1 rs1, ImmI imm);
void andi(Lifter& l, Rd rd, Rs1 rs1, ImmI imm);
void slli(Lifter& l, Rd rd, Rs1 rs1, Shamt6 shamt);
void srli(Lifter& l, Rd rd, Rs1 rs1, Shamt6 shamt);
void srai(Lifter& l, Rd rd, Rs1 rs1, Shamt6 shamt);
void addiw(Lifter& l, Rd rd, Rs1 rs1, ImmI imm);
void add(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2);
void sub(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2);
void xor_(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2);
void or_(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2);
void and_(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2);
void addw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2);
void subw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2);
void ebreak(Lifter& l);

}  // namespace menura::riscv::lift
