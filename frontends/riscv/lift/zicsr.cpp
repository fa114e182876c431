// Zicsr (Unprivileged 20240411, chapter 7) and the registers behind it: fflags, frm, fcsr (21.2), Zicntr (chapter 8);
// those of a machine that are no more than a slot, and sstatus where it enables interrupts.
#include <bit>

#include "frontends/riscv/helpers/helpers.h"
#include "frontends/riscv/lift/lifter.h"
#include "frontends/riscv/system/csr.h"
#include "frontends/riscv/system/fields.h"

namespace menura::riscv {
namespace lift {

namespace {

using ir::ExitKind;

Value constant32(Lifter& l, int64_t value) { return l.b.constant(Type::I32, value); }

// fflags has inexact in bit 0 and invalid in bit 4 (21.2, figure 2): the IR's reversed order.
Value read_fflags(Lifter& l) { return l.b.emit(Op::FpFlagsGet, Type::I32, {}, 0, 1); }
void write_fflags(Lifter& l, Value value) { l.b.emit(Op::FpFlagsSet, Type::Void, {value}, 0, 1); }
Value read_frm(Lifter& l) { return l.b.get(slot(SlotName::Frm)); }

Value to_register(Lifter& l, Value value32) {
  return l.is_rv64() ? l.b.convert(Op::Zext, Type::I64, value32) : value32;
}

Value read_counter(Lifter& l, unsigned csr) {
  const Value count = l.b.call(static_cast<ir::HelperId>(HelperName::Counter), {constant32(l, csr & 3)});
  if (l.is_rv64()) return count;
  const Value half = is_high_counter(csr) ? l.shr_by(count, 32) : count;
  return l.b.convert(Op::Trunc, Type::I32, half);
}

// A register value.
Value read_float(Lifter& l, unsigned csr) {
  switch (csr) {
    case kFflags:
      return to_register(l, read_fflags(l));
    case kFrm:
      return to_register(l, read_frm(l));
    default:
      return to_register(l, l.or_(l.shl_by(read_frm(l), 5), read_fflags(l)));
  }
}

// Writes frm, and the mode word where RMM or an invalid value enters or leaves. Ends the block or starts a new one.
void write_frm(Lifter& l, Value value) {
  const Value frm = l.and_(value, constant32(l, 7));
  l.b.set(slot(SlotName::Frm), frm);
  const uint64_t next = l.code_address(l.b.next_pc());
  const auto change_mode = [&] {
    l.b.call(static_cast<ir::HelperId>(HelperName::SetFrmMode), {frm});
    l.b.exit(ExitKind::ModeChange, next);
  };
  if ((l.mode() & Mode::kFrmBits) != 0) {  // 4 to 7 are never live: what is set for them does not matter
    l.b.emit(Op::FpModeSet, Type::Void, {l.and_(frm, constant32(l, 3))});
    return change_mode();
  }
  const ir::BlockId special = l.b.new_block();
  const ir::BlockId usual = l.b.new_block();
  l.b.cond_br(l.b.icmp(ir::Cond::Ugt, frm, constant32(l, 3)), special, usual);
  l.b.start(special);
  change_mode();
  l.b.start(usual);
  l.b.emit(Op::FpModeSet, Type::Void, {frm});
}

void write_float(Lifter& l, unsigned csr, Value value) {
  const Value low = l.word(value);
  if (csr == kFflags || csr == kFcsr) write_fflags(l, low);
  if (csr == kFrm) write_frm(l, low);
  if (csr == kFcsr) write_frm(l, l.shr_by(low, 5));
}

enum class Action { Write, Set, Clear };

// An instruction of the chapter. 7.1, table 16: csrrw with rd = x0 does not read, csrrs and csrrc of x0 or 0 do not
// write.
struct Access {
  Action action;
  XReg rd;
  unsigned csr;
  bool writes;
  Value operand;
  unsigned immediate;  // of the forms that have one, else 0

  bool reads() const { return action != Action::Write || !rd.is_zero(); }
};

Value updated(Lifter& l, const Access& a, Value old) {
  if (a.action == Action::Write) return a.operand;
  return a.action == Action::Set ? l.or_(old, a.operand) : l.b.binary(Op::Andn, old, a.operand);
}

void access_float(Lifter& l, const Access& a) {
  if (!l.begin_fp(a.writes)) return;
  if (!a.reads()) return write_float(l, a.csr, a.operand);
  const Value old = read_float(l, a.csr);
  l.set_x(a.rd, old);
  if (a.writes) write_float(l, a.csr, updated(l, a, old));
}

// Nothing but a slot. `mask`: the bits that software can write.
void access_slot(Lifter& l, const Access& a, ir::SlotId slot, uint64_t mask) {
  const auto kept = [&](Value value) {
    return mask == ~uint64_t{0} ? value : l.and_(value, l.imm(static_cast<int64_t>(mask)));
  };
  if (!a.reads()) return l.b.set(slot, kept(a.operand));
  const Value old = l.b.get(slot);
  if (a.writes) l.b.set(slot, kept(updated(l, a, old)));
  l.set_x(a.rd, old);
}

// Reads mstatus or sstatus, and sets or clears SIE: how Linux enables and disables interrupts.
void access_interrupt_enable(Lifter& l, const Access& a, uint64_t readable) {
  const ir::SlotId status = slot(SlotName::Mstatus);
  const Value old = l.b.get(status);
  if (a.writes) l.b.set(status, updated(l, a, old));
  if (!a.rd.is_zero()) l.set_x(a.rd, l.and_(old, l.imm(static_cast<int64_t>(readable))));
  if (!a.writes || a.action == Action::Clear) return;
  const ir::BlockId leave = l.b.new_block();
  const ir::BlockId stay = l.b.new_block();
  const Value pending = l.b.get(slot(SlotName::Pending));
  l.b.cond_br(l.b.icmp(ir::Cond::Ne, pending, l.b.constant(Type::I64, 0)), leave, stay);
  l.b.start(leave);
  l.leave(ExitKind::ModeChange, l.b.next_pc(), Request::None);
  l.b.start(stay);
}

// All others: the hart does it, and says how to go on.
void access_by_hart(Lifter& l, const Access& a) {
  const CsrAccess access = {static_cast<uint32_t>(a.csr), a.rd.number, static_cast<uint32_t>(a.action), a.writes};
  const Value status = l.b.call(static_cast<ir::HelperId>(HelperName::AccessCsr),
                                {constant32(l, static_cast<int32_t>(std::bit_cast<uint32_t>(access))), a.operand});
  const ir::BlockId ends = l.b.new_block();
  const ir::BlockId illegal = l.b.new_block();
  const ir::BlockId leave = l.b.new_block();
  const ir::BlockId stay = l.b.new_block();
  const auto is = [&](CsrStatus value) {
    return l.b.icmp(ir::Cond::Eq, status, l.b.constant(Type::I64, static_cast<int64_t>(value)));
  };
  l.b.cond_br(is(CsrStatus::Done), stay, ends);
  l.b.start(ends);
  l.b.cond_br(is(CsrStatus::Illegal), illegal, leave);
  l.b.start(illegal);
  l.illegal();
  l.b.start(leave);
  l.leave(ExitKind::ModeChange, l.b.next_pc(), Request::None);
  l.b.start(stay);
}

// sstatus as supervisors write it at every entry and way out, where SUM and MXR stay as they are: what data accesses
// may do does not change. Else the hart does it. Enabled interrupts that wait are taken behind it.
void access_supervisor_status(Lifter& l, const Access& a) {
  const ir::SlotId slot_ = slot(SlotName::Mstatus);
  const auto constant = [&](uint64_t value) { return l.imm(static_cast<int64_t>(value)); };
  const uint64_t mask = Status::kSupervisorWritable & (l.has(Feature::F) ? ~uint64_t{0} : ~Status::kFs);
  const Value old = l.b.get(slot_);
  const Value changed = l.and_(l.xor_(old, updated(l, a, old)), constant(mask));
  const ir::BlockId by_hart = l.b.new_block();
  const ir::BlockId here = l.b.new_block();
  const ir::BlockId done = l.b.new_block();
  const Value rights = l.and_(changed, constant(Status::kSum | Status::kMxr));
  l.b.cond_br(l.b.icmp(ir::Cond::Ne, rights, constant(0)), by_hart, here);
  l.b.start(by_hart);
  access_by_hart(l, a);
  l.b.br(done);
  l.b.start(here);
  // 3.1.6.6: SD says that FS is dirty.
  const Value next = l.and_(l.xor_(old, changed), constant(~Status::kSd));
  const Value fs = l.and_(next, constant(Status::kFs));
  const Value dirty = l.b.convert(Op::Zext, Type::I64, l.b.icmp(ir::Cond::Eq, fs, constant(Status::kFs)));
  l.b.set(slot_, l.or_(next, l.shl_by(dirty, 63)));
  l.set_x(a.rd, l.and_(old, constant(Status::kSupervisorReadable)));
  if (a.action != Action::Clear) {
    const ir::BlockId leave = l.b.new_block();
    const Value enabled = l.and_(l.shr_by(next, 1), l.b.get(slot(SlotName::Pending)));
    l.b.cond_br(l.b.icmp(ir::Cond::Ne, l.and_(enabled, constant(1)), constant(0)), leave, done);
    l.b.start(leave);
    l.leave(ExitKind::ModeChange, l.b.next_pc(), Request::None);
  } else {
    l.b.br(done);
  }
  l.b.start(done);
}

void access(Lifter& l, const Access& a) {
  const CsrRow* const row = find_csr(a.csr);
  if (!csr_allowed(a.csr, row, l.features(), l.privilege(), a.writes)) return l.illegal();
  // SIE and MIE may be named by an immediate; nothing else that 5 bits can hold exists.
  const bool enables = !a.writes || (a.action != Action::Write && a.immediate == Status::kSie);
  switch (row->rule) {
    case CsrRule::Float:
      return access_float(l, a);
    case CsrRule::Counter:
      if (l.is_machine()) return access_by_hart(l, a);
      return l.set_x(a.rd, read_counter(l, a.csr));
    case CsrRule::Plain:
      return access_slot(l, a, csr_slot(*row, a.csr), row->mask);
    case CsrRule::Epc:
      return access_slot(l, a, row->slot, l.has(Feature::C) ? ~uint64_t{1} : ~uint64_t{3});
    case CsrRule::Mstatus:
      if (enables) return access_interrupt_enable(l, a, ~uint64_t{0});
      return access_by_hart(l, a);
    case CsrRule::Sstatus:
      if (enables) return access_interrupt_enable(l, a, Status::kSupervisorReadable);
      if (l.privilege() == Privilege::Supervisor) return access_supervisor_status(l, a);
      return access_by_hart(l, a);
    default:
      return access_by_hart(l, a);
  }
}

unsigned number(Csr csr) { return static_cast<unsigned>(csr.value); }
unsigned immediate(Zimm zimm) { return static_cast<unsigned>(zimm.value); }

}  // namespace

void csrrw(Lifter& l, Rd rd, Csr csr, Rs1 rs1) { access(l, {Action::Write, rd, number(csr), true, l.x(rs1), 0}); }
void csrrs(Lifter& l, Rd rd, Csr csr, Rs1 rs1) {
  access(l, {Action::Set, rd, number(csr), !XReg(rs1).is_zero(), l.x(rs1), 0});
}
void csrrc(Lifter& l, Rd rd, Csr csr, Rs1 rs1) {
  access(l, {Action::Clear, rd, number(csr), !XReg(rs1).is_zero(), l.x(rs1), 0});
}
void csrrwi(Lifter& l, Rd rd, Csr csr, Zimm zimm) {
  access(l, {Action::Write, rd, number(csr), true, l.imm(zimm), immediate(zimm)});
}
void csrrsi(Lifter& l, Rd rd, Csr csr, Zimm zimm) {
  access(l, {Action::Set, rd, number(csr), zimm != 0, l.imm(zimm), immediate(zimm)});
}
void csrrci(Lifter& l, Rd rd, Csr csr, Zimm zimm) {
  access(l, {Action::Clear, rd, number(csr), zimm != 0, l.imm(zimm), immediate(zimm)});
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/zicsr.inc"
#undef INST

}  // namespace menura::riscv
