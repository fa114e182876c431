// Zicsr (Unprivileged 20240411, chapter 7) and the registers behind it: fflags, frm, fcsr (21.2), Zicntr (chapter 8).
#include "frontends/riscv/csr.h"
#include "frontends/riscv/helpers/helpers.h"
#include "frontends/riscv/lift/lifter.h"

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
Value read(Lifter& l, unsigned csr) {
  switch (csr) {
    case kFflags:
      return to_register(l, read_fflags(l));
    case kFrm:
      return to_register(l, read_frm(l));
    case kFcsr:
      return to_register(l, l.or_(l.shl_by(read_frm(l), 5), read_fflags(l)));
    default:
      return read_counter(l, csr);
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

void write(Lifter& l, unsigned csr, Value value) {
  const Value low = l.word(value);
  if (csr == kFflags || csr == kFcsr) write_fflags(l, low);
  if (csr == kFrm) write_frm(l, low);
  if (csr == kFcsr) write_frm(l, l.shr_by(low, 5));
}

enum class Action { Write, Set, Clear };

// 7.1, table 16: csrrw with rd = x0 does not read, csrrs and csrrc of x0 or 0 do not write.
void access(Lifter& l, Action action, XReg rd, unsigned csr, bool writes, Value operand) {
  if (!csr_exists(csr, l.features()) || (writes && is_read_only(csr))) return l.illegal();
  if (action == Action::Write && rd.is_zero()) return write(l, csr, operand);
  const Value old = read(l, csr);
  l.set_x(rd, old);
  if (!writes) return;
  switch (action) {
    case Action::Write:
      return write(l, csr, operand);
    case Action::Set:
      return write(l, csr, l.or_(old, operand));
    case Action::Clear:
      return write(l, csr, l.b.binary(Op::Andn, old, operand));
  }
}

unsigned number(Csr csr) { return static_cast<unsigned>(csr.value); }

}  // namespace

void csrrw(Lifter& l, Rd rd, Csr csr, Rs1 rs1) { access(l, Action::Write, rd, number(csr), true, l.x(rs1)); }
void csrrs(Lifter& l, Rd rd, Csr csr, Rs1 rs1) {
  access(l, Action::Set, rd, number(csr), !XReg(rs1).is_zero(), l.x(rs1));
}
void csrrc(Lifter& l, Rd rd, Csr csr, Rs1 rs1) {
  access(l, Action::Clear, rd, number(csr), !XReg(rs1).is_zero(), l.x(rs1));
}
void csrrwi(Lifter& l, Rd rd, Csr csr, Zimm zimm) { access(l, Action::Write, rd, number(csr), true, l.imm(zimm)); }
void csrrsi(Lifter& l, Rd rd, Csr csr, Zimm zimm) { access(l, Action::Set, rd, number(csr), zimm != 0, l.imm(zimm)); }
void csrrci(Lifter& l, Rd rd, Csr csr, Zimm zimm) { access(l, Action::Clear, rd, number(csr), zimm != 0, l.imm(zimm)); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/zicsr.inc"
#undef INST

}  // namespace menura::riscv
