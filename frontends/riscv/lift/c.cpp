// C: compressed instructions (Unprivileged 20240411, chapter 28). Each expands to one base instruction.
#include "frontends/riscv/lift/base.h"

namespace menura::riscv {
namespace lift {

void c_addi4spn(Lifter& l, RdC rd, NzUimm<10> imm) { addi(l, Rd{rd}, Rs1{kSp}, ImmI{imm}); }
void c_lw(Lifter& l, RdC rd, Rs1C rs1, Uimm<7> imm) { lw(l, Rd{rd}, Rs1{rs1}, ImmI{imm}); }
void c_ld(Lifter& l, RdC rd, Rs1C rs1, Uimm<8> imm) { ld(l, Rd{rd}, Rs1{rs1}, ImmI{imm}); }
void c_sw(Lifter& l, Rs2C rs2, Rs1C rs1, Uimm<7> imm) { sw(l, Rs2{rs2}, Rs1{rs1}, ImmS{imm}); }
void c_sd(Lifter& l, Rs2C rs2, Rs1C rs1, Uimm<8> imm) { sd(l, Rs2{rs2}, Rs1{rs1}, ImmS{imm}); }

void c_nop(Lifter&) {}
void c_nop_hint(Lifter&, NzImm6) {}
void c_addi(Lifter& l, Rd rd, Imm6 imm) { addi(l, rd, Rs1{rd}, ImmI{imm}); }
void c_jal(Lifter& l, ImmCJ imm) { jal(l, Rd{kRa}, ImmJ{imm}); }
void c_addiw(Lifter& l, Rd rd, Imm6 imm) { addiw(l, rd, Rs1{rd}, ImmI{imm}); }
void c_li(Lifter& l, Rd rd, Imm6 imm) { addi(l, rd, Rs1{kX0}, ImmI{imm}); }
void c_addi16sp(Lifter& l, NzImm10 imm) { addi(l, Rd{kSp}, Rs1{kSp}, ImmI{imm}); }
void c_lui(Lifter& l, Rd rd, NzImm18 imm) { lui(l, rd, ImmU{imm}); }
void c_srli(Lifter& l, RdC rd, Shamt6 shamt) { srli(l, Rd{rd}, Rs1{rd}, shamt); }
void c_srai(Lifter& l, RdC rd, Shamt6 shamt) { srai(l, Rd{rd}, Rs1{rd}, shamt); }
void c_srli_32(Lifter& l, RdC rd, Shamt5 shamt) { srli(l, Rd{rd}, Rs1{rd}, Shamt6{shamt}); }
void c_srai_32(Lifter& l, RdC rd, Shamt5 shamt) { srai(l, Rd{rd}, Rs1{rd}, Shamt6{shamt}); }
void c_andi(Lifter& l, RdC rd, Imm6 imm) { andi(l, Rd{rd}, Rs1{rd}, ImmI{imm}); }
void c_sub(Lifter& l, RdC rd, Rs2C rs2) { sub(l, Rd{rd}, Rs1{rd}, Rs2{rs2}); }
void c_xor(Lifter& l, RdC rd, Rs2C rs2) { xor_(l, Rd{rd}, Rs1{rd}, Rs2{rs2}); }
void c_or(Lifter& l, RdC rd, Rs2C rs2) { or_(l, Rd{rd}, Rs1{rd}, Rs2{rs2}); }
void c_and(Lifter& l, RdC rd, Rs2C rs2) { and_(l, Rd{rd}, Rs1{rd}, Rs2{rs2}); }
void c_subw(Lifter& l, RdC rd, Rs2C rs2) { subw(l, Rd{rd}, Rs1{rd}, Rs2{rs2}); }
void c_addw(Lifter& l, RdC rd, Rs2C rs2) { addw(l, Rd{rd}, Rs1{rd}, Rs2{rs2}); }
void c_j(Lifter& l, ImmCJ imm) { jal(l, Rd{kX0}, ImmJ{imm}); }
void c_beqz(Lifter& l, Rs1C rs1, ImmCB imm) { beq(l, Rs1{rs1}, Rs2{kX0}, ImmB{imm}); }
void c_bnez(Lifter& l, Rs1C rs1, ImmCB imm) { bne(l, Rs1{rs1}, Rs2{kX0}, ImmB{imm}); }

void c_slli(Lifter& l, Rd rd, Shamt6 shamt) { slli(l, rd, Rs1{rd}, shamt); }
void c_slli_32(Lifter& l, Rd rd, Shamt5 shamt) { slli(l, rd, Rs1{rd}, Shamt6{shamt}); }
void c_lwsp(Lifter& l, Rd rd, Uimm<8> imm) { lw(l, rd, Rs1{kSp}, ImmI{imm}); }
void c_ldsp(Lifter& l, Rd rd, Uimm<9> imm) { ld(l, rd, Rs1{kSp}, ImmI{imm}); }
void c_jr(Lifter& l, Rs1 rs1) { jalr(l, Rd{kX0}, rs1, ImmI{0}); }
void c_mv(Lifter& l, Rd rd, Rs2 rs2) { addi(l, rd, Rs1{rs2}, ImmI{0}); }
void c_ebreak(Lifter& l) { ebreak(l); }
void c_jalr(Lifter& l, Rs1 rs1) { jalr(l, Rd{kRa}, rs1, ImmI{0}); }
void c_add(Lifter& l, Rd rd, Rs2 rs2) { add(l, rd, Rs1{rd}, rs2); }
void c_swsp(Lifter& l, Rs2 rs2, Uimm<8> imm) { sw(l, rs2, Rs1{kSp}, ImmS{imm}); }
void c_sdsp(Lifter& l, Rs2 rs2, Uimm<9> imm) { sd(l, rs2, Rs1{kSp}, ImmS{imm}); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/c.inc"
#undef INST

}  // namespace menura::riscv
