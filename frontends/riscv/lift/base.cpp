// RV32I and RV64I (Unprivileged 20240411, chapters 2 and 4).
#include "frontends/riscv/lift/base.h"

namespace menura::riscv {
namespace lift {

using ir::Cond;
using ir::ExitKind;

// --- 2.4.1, 2.4.2: integer computation

void addi(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) {
  if (imm == 0) return l.set_x(rd, l.x(rs1));
  if (XReg(rs1).is_zero()) return l.set_x(rd, l.imm(imm));
  l.set_x(rd, l.add(l.x(rs1), l.imm(imm)));
}
void slti(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) { l.set_x_bool(rd, l.b.icmp(Cond::Slt, l.x(rs1), l.imm(imm))); }
void sltiu(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) { l.set_x_bool(rd, l.b.icmp(Cond::Ult, l.x(rs1), l.imm(imm))); }
void xori(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) { l.set_x(rd, l.xor_(l.x(rs1), l.imm(imm))); }
void ori(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) { l.set_x(rd, l.or_(l.x(rs1), l.imm(imm))); }
void andi(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) { l.set_x(rd, l.and_(l.x(rs1), l.imm(imm))); }

void slli(Lifter& l, Rd rd, Rs1 rs1, Shamt6 shamt) { l.set_x(rd, l.shl_by(l.x(rs1), shamt)); }
void srli(Lifter& l, Rd rd, Rs1 rs1, Shamt6 shamt) { l.set_x(rd, l.shr_by(l.x(rs1), shamt)); }
void srai(Lifter& l, Rd rd, Rs1 rs1, Shamt6 shamt) { l.set_x(rd, l.sar_by(l.x(rs1), shamt)); }
void slli_32(Lifter& l, Rd rd, Rs1 rs1, Shamt5 shamt) { l.set_x(rd, l.shl_by(l.x(rs1), shamt)); }
void srli_32(Lifter& l, Rd rd, Rs1 rs1, Shamt5 shamt) { l.set_x(rd, l.shr_by(l.x(rs1), shamt)); }
void srai_32(Lifter& l, Rd rd, Rs1 rs1, Shamt5 shamt) { l.set_x(rd, l.sar_by(l.x(rs1), shamt)); }

void lui(Lifter& l, Rd rd, ImmU imm) { l.set_x(rd, l.imm(imm)); }
void auipc(Lifter& l, Rd rd, ImmU imm) { l.set_x(rd, l.pc_value(l.b.pc() + static_cast<uint64_t>(int64_t{imm}))); }

void add(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.add(l.x(rs1), l.x(rs2))); }
void sub(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.sub(l.x(rs1), l.x(rs2))); }
// IR shifts count modulo the width, as these do (2.4.2, 4.2.2).
void sll(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.shl(l.x(rs1), l.x(rs2))); }
void srl(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.shr(l.x(rs1), l.x(rs2))); }
void sra(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.sar(l.x(rs1), l.x(rs2))); }
void slt(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x_bool(rd, l.b.icmp(Cond::Slt, l.x(rs1), l.x(rs2))); }
void sltu(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x_bool(rd, l.b.icmp(Cond::Ult, l.x(rs1), l.x(rs2))); }
void xor_(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.xor_(l.x(rs1), l.x(rs2))); }
void or_(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.or_(l.x(rs1), l.x(rs2))); }
void and_(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.and_(l.x(rs1), l.x(rs2))); }

// --- 4.2: W instructions work on the low 32 bits and sign-extend

void addiw(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) {
  const Value low = l.x_word(rs1);
  l.set_x_word(rd, imm == 0 ? low : l.add(low, l.b.constant(Type::I32, imm)));
}
void slliw(Lifter& l, Rd rd, Rs1 rs1, Shamt5 shamt) { l.set_x_word(rd, l.shl_by(l.x_word(rs1), shamt)); }
void srliw(Lifter& l, Rd rd, Rs1 rs1, Shamt5 shamt) { l.set_x_word(rd, l.shr_by(l.x_word(rs1), shamt)); }
void sraiw(Lifter& l, Rd rd, Rs1 rs1, Shamt5 shamt) { l.set_x_word(rd, l.sar_by(l.x_word(rs1), shamt)); }
void addw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x_word(rd, l.add(l.x_word(rs1), l.x_word(rs2))); }
void subw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x_word(rd, l.sub(l.x_word(rs1), l.x_word(rs2))); }
void sllw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x_word(rd, l.shl(l.x_word(rs1), l.x_word(rs2))); }
void srlw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x_word(rd, l.shr(l.x_word(rs1), l.x_word(rs2))); }
void sraw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x_word(rd, l.sar(l.x_word(rs1), l.x_word(rs2))); }

// --- 2.5: control transfer

namespace {

// Registers that the return-address prediction hints name (2.5.1, table 3).
bool is_link(XReg reg) { return reg.number == 1 || reg.number == 5; }

// 2.5: without compressed instructions a target that is not a multiple of 4 raises an exception on the jump itself.
bool is_misaligned(Lifter& l, uint64_t target) { return !l.has(Feature::C) && (target & 3) != 0; }

void misaligned_target(Lifter& l, uint64_t target) { l.b.exit(ExitKind::Misaligned, l.b.pc(), {l.b.pc_value(target)}); }

void branch(Lifter& l, Cond cond, XReg rs1, XReg rs2, int64_t offset) {
  const uint64_t target = l.code_address(l.b.pc() + static_cast<uint64_t>(offset));
  const uint64_t next = l.code_address(l.b.next_pc());
  const Value taken = l.b.icmp(cond, l.x(rs1), l.x(rs2));
  if (!is_misaligned(l, target)) return l.b.branch_to(taken, target, next);
  const ir::BlockId trap = l.b.new_block();
  const ir::BlockId fall_through = l.b.new_block();
  l.b.cond_br(taken, trap, fall_through);
  l.b.start(trap);
  misaligned_target(l, target);
  l.b.start(fall_through);  // and on: flow_of() calls it an instruction that goes to the next
}

}  // namespace

void jal(Lifter& l, Rd rd, ImmJ imm) {
  const uint64_t target = l.code_address(l.b.pc() + static_cast<uint64_t>(int64_t{imm}));
  const uint64_t next = l.code_address(l.b.next_pc());
  if (is_misaligned(l, target)) return misaligned_target(l, target);
  l.set_x(rd, l.pc_value(next));
  if (is_link(rd)) return l.b.call_to(target, next);
  l.b.jump_to(target);
}

void jalr(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) {
  const uint64_t next = l.code_address(l.b.next_pc());
  Value target = l.x(rs1);
  if (imm != 0) target = l.add(target, l.imm(imm));
  target = l.and_(target, l.imm(-2));
  if (!l.is_rv64()) target = l.b.convert(Op::Zext, Type::I64, target);
  if (!l.has(Feature::C)) {
    const ir::BlockId trap = l.b.new_block();
    const ir::BlockId aligned = l.b.new_block();
    const Value low = l.and_(target, l.b.constant(Type::I64, 2));
    l.b.cond_br(l.b.icmp(Cond::Ne, low, l.b.constant(Type::I64, 0)), trap, aligned);
    l.b.start(trap);
    l.b.exit(ExitKind::Misaligned, l.b.pc(), {target});
    l.b.start(aligned);
  }
  l.set_x(rd, l.pc_value(next));
  if (is_link(rd)) return l.b.call_indirect(target, next);
  if (is_link(rs1)) return l.b.return_to(target);
  l.b.jump_indirect(target);
}

void beq(Lifter& l, Rs1 rs1, Rs2 rs2, ImmB imm) { branch(l, Cond::Eq, rs1, rs2, imm); }
void bne(Lifter& l, Rs1 rs1, Rs2 rs2, ImmB imm) { branch(l, Cond::Ne, rs1, rs2, imm); }
void blt(Lifter& l, Rs1 rs1, Rs2 rs2, ImmB imm) { branch(l, Cond::Slt, rs1, rs2, imm); }
void bge(Lifter& l, Rs1 rs1, Rs2 rs2, ImmB imm) { branch(l, Cond::Sge, rs1, rs2, imm); }
void bltu(Lifter& l, Rs1 rs1, Rs2 rs2, ImmB imm) { branch(l, Cond::Ult, rs1, rs2, imm); }
void bgeu(Lifter& l, Rs1 rs1, Rs2 rs2, ImmB imm) { branch(l, Cond::Uge, rs1, rs2, imm); }

// --- 2.6: loads and stores

void lb(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) { l.set_x(rd, l.load(l.xtype(), rs1, imm, 0, true)); }
void lh(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) { l.set_x(rd, l.load(l.xtype(), rs1, imm, 1, true)); }
void lw(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) { l.set_x(rd, l.load(l.xtype(), rs1, imm, 2, l.is_rv64())); }
void ld(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) { l.set_x(rd, l.load(l.xtype(), rs1, imm, 3)); }
void lbu(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) { l.set_x(rd, l.load(l.xtype(), rs1, imm, 0)); }
void lhu(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) { l.set_x(rd, l.load(l.xtype(), rs1, imm, 1)); }
void lwu(Lifter& l, Rd rd, Rs1 rs1, ImmI imm) { l.set_x(rd, l.load(l.xtype(), rs1, imm, 2)); }
void sb(Lifter& l, Rs2 rs2, Rs1 rs1, ImmS imm) { l.store(rs1, imm, l.x(rs2), 0); }
void sh(Lifter& l, Rs2 rs2, Rs1 rs1, ImmS imm) { l.store(rs1, imm, l.x(rs2), 1); }
void sw(Lifter& l, Rs2 rs2, Rs1 rs1, ImmS imm) { l.store(rs1, imm, l.x(rs2), 2); }
void sd(Lifter& l, Rs2 rs2, Rs1 rs1, ImmS imm) { l.store(rs1, imm, l.x(rs2), 3); }

// --- 2.7: memory ordering; 31 (Zifencei); 2.8: environment calls

// Device input and output count as loads and stores: a process has neither.
void fence(Lifter& l, Pred pred, Succ succ) {
  const bool load_before = (pred & 0b1010) != 0;
  const bool store_before = (pred & 0b0101) != 0;
  const bool load_after = (succ & 0b1010) != 0;
  const bool store_after = (succ & 0b0101) != 0;
  l.b.fence({.load_load = load_before && load_after,
             .load_store = load_before && store_after,
             .store_load = store_before && load_after,
             .store_store = store_before && store_after});
}
void fence_tso(Lifter& l) { l.b.fence({.load_load = 1, .load_store = 1, .store_load = 0, .store_store = 1}); }
void pause(Lifter&) {}  // a hint about power (chapter 11): nothing that a program could see
void fence_i(Lifter& l) { l.b.exit(ExitKind::CodeSync, l.code_address(l.b.next_pc())); }
void ecall(Lifter& l) { l.b.exit(ExitKind::Syscall, l.code_address(l.b.next_pc())); }
void ebreak(Lifter& l) { l.b.exit(ExitKind::Breakpoint, l.b.pc()); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/base.inc"
#undef INST

}  // namespace menura::riscv
