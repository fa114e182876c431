// Privileged instructions (Volume II 20240411, 3.3 and 12.2; Svinval: chapter 15), and what instructions of other
// chapters do first in a machine.
#include "frontends/riscv/helpers/helpers.h"
#include "frontends/riscv/lift/lifter.h"
#include "frontends/riscv/system/fields.h"

namespace menura::riscv {

using ir::ExitKind;

void Lifter::illegal_where(ir::Cond cond, SlotName name, uint64_t mask) {
  const ir::BlockId trap = b.new_block();
  const ir::BlockId allowed = b.new_block();
  const Value bits = and_(b.get(slot(name)), b.constant(Type::I64, static_cast<int64_t>(mask)));
  b.cond_br(b.icmp(cond, bits, b.constant(Type::I64, 0)), trap, allowed);
  b.start(trap);
  illegal();
  b.start(allowed);
}

bool Lifter::begin_fp(bool changes) {
  if (!is_machine()) return true;
  if (privilege() == Privilege::User) {
    if ((mode_ & Mode::kFpOff) != 0) {
      illegal();
      return false;
    }
    if (!changes || (mode_ & Mode::kFpClean) == 0) return true;
    leave(ExitKind::ModeChange, b.pc(), Request::EnableFp);
    return false;
  }
  illegal_unless(SlotName::Mstatus, Status::kFs);
  if (!changes) return true;
  const ir::SlotId status = slot(SlotName::Mstatus);
  b.set(status, or_(b.get(status), b.constant(Type::I64, static_cast<int64_t>(Status::kFs | Status::kSd))));
  return true;
}

namespace lift {

void mret(Lifter& l) {
  if (l.privilege() != Privilege::Machine) return l.illegal();
  l.leave(ExitKind::ModeChange, l.b.next_pc(), Request::Mret);
}

void sret(Lifter& l) {
  if (l.privilege() == Privilege::User) return l.illegal();
  if (l.privilege() == Privilege::Supervisor) l.illegal_if(SlotName::Mstatus, Status::kTsr);
  l.leave(ExitKind::ModeChange, l.b.next_pc(), Request::Sret);
}

// 3.3.3: with supervisor mode, one in user mode is illegal unless it ends in a bounded time.
void wfi(Lifter& l) {
  if (l.privilege() == Privilege::User) return l.illegal();
  if (l.privilege() == Privilege::Supervisor) l.illegal_if(SlotName::Mstatus, Status::kTw);
  l.leave(ExitKind::Wait, l.b.next_pc(), Request::Wfi);
}

namespace {

// Behind it, instructions are fetched by the tables as they are now.
void forget_translations(Lifter& l, XReg rs1, XReg rs2) {
  if (l.privilege() == Privilege::User) return l.illegal();
  if (l.privilege() == Privilege::Supervisor) l.illegal_if(SlotName::Mstatus, Status::kTvm);
  const int64_t named = (rs1.is_zero() ? 0 : 1) + (rs2.is_zero() ? 0 : 2);
  l.b.call(static_cast<ir::HelperId>(HelperName::FenceVma), {l.x(rs1), l.x(rs2), l.b.constant(Type::I32, named)});
  l.leave(ExitKind::ModeChange, l.b.next_pc(), Request::None);
}

}  // namespace

void sfence_vma(Lifter& l, Rs1 rs1, Rs2 rs2) { forget_translations(l, rs1, rs2); }
void sinval_vma(Lifter& l, Rs1 rs1, Rs2 rs2) { forget_translations(l, rs1, rs2); }

// 15: order sinval.vma, which has done everything by itself.
void sfence_w_inval(Lifter& l) {
  if (l.privilege() == Privilege::User) l.illegal();
}
void sfence_inval_ir(Lifter& l) {
  if (l.privilege() == Privilege::User) l.illegal();
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/system.inc"
#undef INST

}  // namespace menura::riscv
