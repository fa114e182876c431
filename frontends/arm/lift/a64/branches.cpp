// C4.1.94: Branches, Exception Generating and System instructions.
#include "frontends/arm/lift/lifter.h"

namespace menura::arm {
namespace lift {

using ir::ExitKind;

// --- Conditional branch (immediate)

void b_cond(Lifter& l, Imm19 imm19, Condition cond) {
  const auto number = static_cast<unsigned>(cond.value);
  if (number >= 14) return l.b.jump_to(l.target(imm19));  // AL, NV: always
  l.b.branch_to(l.condition_holds(number), l.target(imm19), l.b.next_pc());
}
void bc_cond(Lifter& l, Imm19 imm19, Condition cond) { b_cond(l, imm19, cond); }  // the hint is about prediction

// --- Exception generation

namespace {

// A machine's exits say more than a process's, which has no use for it.
void leave(Lifter& l, ExitKind kind, uint64_t pc, int64_t detail) {
  l.is_machine() ? l.b.exit(kind, pc, {l.imm(detail)}) : l.b.exit(kind, pc);
}

}  // namespace

void svc(Lifter& l, Imm16 imm16) { leave(l, ExitKind::Syscall, l.b.next_pc(), imm16); }
void brk(Lifter& l, Imm16 imm16) { leave(l, ExitKind::Breakpoint, l.b.pc(), imm16); }
void hvc(Lifter& l, Imm16) { l.leave_to_execute(); }
void smc(Lifter& l, Imm16) { l.leave_to_execute(); }
void eret(Lifter& l) { l.leave_to_execute(); }

// --- Hints

// What has no row of its own: NOP, SEV, ESB, CSDB, ... nothing that a program could see, and what is not allocated is a
// NOP, too (C4.1.94).
void hint(Lifter&, Hint) {}
// D1.6: may end at any time; the host thread gives up its slice.
void yield(Lifter& l) { leave(l, ExitKind::Wait, l.b.next_pc(), kYield); }
void wfe(Lifter& l) { leave(l, ExitKind::Wait, l.b.next_pc(), kWfe); }
void wfi(Lifter& l) { leave(l, ExitKind::Wait, l.b.next_pc(), kWfi); }

// --- Unconditional branch (register)

void br(Lifter& l, Rn rn) {
  l.set_branch_type_of_jump(rn);
  l.b.jump_indirect(l.x(rn));
}
void blr(Lifter& l, Rn rn) {
  const Value target = l.x(rn);
  l.set_branch_type_of_call();
  l.set_x(kLr, l.b.pc_value(l.b.next_pc()));
  l.b.call_indirect(target, l.b.next_pc());
}
void ret(Lifter& l, Rn rn) { l.b.return_to(l.x(rn)); }

// --- Unconditional branch (immediate)

void b(Lifter& l, Imm26 imm26) { l.b.jump_to(l.target(imm26)); }
void bl(Lifter& l, Imm26 imm26) {
  l.set_x(kLr, l.b.pc_value(l.b.next_pc()));
  l.b.call_to(l.target(imm26), l.b.next_pc());
}

// --- Compare and branch, test and branch

void cbz(Lifter& l, Sf sf, Imm19 imm19, Rt rt) {
  l.b.branch_to(l.is_zero(l.r(sf, rt)), l.target(imm19), l.b.next_pc());
}
void cbnz(Lifter& l, Sf sf, Imm19 imm19, Rt rt) {
  l.b.branch_to(l.is_nonzero(l.r(sf, rt)), l.target(imm19), l.b.next_pc());
}

namespace {

Value tested_bit(Lifter& l, Reg rt, int64_t position) {
  return l.and_(l.x(rt), l.imm(static_cast<int64_t>(uint64_t{1} << position)));
}

}  // namespace

void tbz(Lifter& l, BitPos bit_pos, Imm14 imm14, Rt rt) {
  l.b.branch_to(l.is_zero(tested_bit(l, rt, bit_pos)), l.target(imm14), l.b.next_pc());
}
void tbnz(Lifter& l, BitPos bit_pos, Imm14 imm14, Rt rt) {
  l.b.branch_to(l.is_nonzero(tested_bit(l, rt, bit_pos)), l.target(imm14), l.b.next_pc());
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/branches.inc"
#undef INST

}  // namespace menura::arm
