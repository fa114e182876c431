// C4.1.94: barriers, PSTATE, system instructions and system registers.
#include "frontends/arm/helpers/helpers.h"
#include "frontends/arm/lift/lifter.h"
#include "frontends/arm/system_registers.h"

namespace menura::arm {
namespace lift {

using ir::Cond;
using ir::ExitKind;

// --- Waiting

// D1.6.3: with a timeout or not, may end at any time; the host thread gives up its slice.
namespace {

void wait(Lifter& l) {
  l.is_machine() ? l.b.exit(ExitKind::Wait, l.b.next_pc(), {l.imm(kYield)}) : l.b.exit(ExitKind::Wait, l.b.next_pc());
}

}  // namespace

void wfet(Lifter& l, Rd) { wait(l); }
void wfit(Lifter& l, Rd) { wait(l); }

// A landing pad: what it lets in is checked where a region begins (Lifter::check_branch_target).
void bti(Lifter&, Targets) {}

// --- Barriers

// Closes the exclusive monitor: a store-exclusive without a load-exclusive fails.
void clrex(Lifter& l, CRm) { l.b.call(static_cast<ir::HelperId>(HelperName::ClearExclusive), {}); }

namespace {

// CRm<1:0>: loads (before anything), stores (before stores), or everything; the domain does not matter here.
void barrier(Lifter& l, int64_t crm) {
  const bool loads = (crm & 3) == 1;
  const bool stores = (crm & 3) == 2;
  const bool all = !loads && !stores;
  l.b.fence({.load_load = all || loads, .load_store = all || loads, .store_load = all, .store_store = all || stores});
}

}  // namespace

void dmb(Lifter& l, CRm crm) { barrier(l, crm); }
void dsb(Lifter& l, CRm) { barrier(l, 0); }  // waits for all accesses, of whatever kind it orders
// In a machine, what was written to registers counts at once, and so do stores to code: nothing is left to do.
void isb(Lifter& l, CRm) {
  if (!l.is_machine()) l.b.exit(ExitKind::CodeSync, l.b.next_pc());
}
void sb(Lifter&) {}  // about speculation

// --- PSTATE

void cfinv(Lifter& l) {
  const Value n = l.flag(SlotName::N);
  const Value z = l.flag(SlotName::Z);
  const Value c = l.xor_(l.flag(SlotName::C), l.bit(true));
  l.set_nzcv(n, z, c, l.flag(SlotName::V));
}
// C6.2.421: from the alternative float comparison's flags to Arm's.
void xaflag(Lifter& l) {
  const Value z = l.flag(SlotName::Z);
  const Value c = l.flag(SlotName::C);
  const Value neither = l.xor_(l.or_(c, z), l.bit(true));
  l.set_nzcv(neither, l.and_(z, c), l.or_(c, z), l.andn(z, c));
}
// C6.2.26: and the reverse.
void axflag(Lifter& l) {
  const Value z = l.flag(SlotName::Z);
  const Value c = l.flag(SlotName::C);
  const Value v = l.flag(SlotName::V);
  l.set_nzcv(l.bit(false), l.or_(z, v), l.andn(c, v), l.bit(false));
}
void msr_ssbs(Lifter& l, CRm crm) { l.b.set(slot(SlotName::SSBS), l.bit((crm & 1) != 0)); }
void msr_dit(Lifter& l, CRm crm) { l.b.set(slot(SlotName::DIT), l.bit((crm & 1) != 0)); }

// What changes how addresses are translated, or which stack pointer is in use.
void msr_uao(Lifter& l, CRm) { l.leave_to_execute(); }
void msr_pan(Lifter& l, CRm) { l.leave_to_execute(); }
void msr_spsel(Lifter& l, CRm) { l.leave_to_execute(); }

namespace {

constexpr unsigned kDaifShift = 6;

// An interrupt that waits behind a mask that is gone is taken before the next instruction.
void unmask(Lifter& l, Value daif) {
  l.b.set(slot(SlotName::DAIF), daif);
  const ir::BlockId leave = l.b.new_block();
  const ir::BlockId stay = l.b.new_block();
  l.b.cond_br(l.is_nonzero(l.andn(l.b.get(slot(SlotName::Pending)), daif)), leave, stay);
  l.b.start(leave);
  l.b.exit(ExitKind::ModeChange, l.b.next_pc());
  l.b.start(stay);
}

bool is_kernel(Lifter& l) { return l.has_mode(Mode::kEl1); }

}  // namespace

void msr_daifset(Lifter& l, CRm crm) {
  if (!is_kernel(l)) return l.leave_to_execute();
  const Value daif = l.b.get(slot(SlotName::DAIF));
  l.b.set(slot(SlotName::DAIF), l.or_(daif, l.imm(crm << kDaifShift)));
}
void msr_daifclr(Lifter& l, CRm crm) {
  if (!is_kernel(l)) return l.leave_to_execute();
  unmask(l, l.and_(l.b.get(slot(SlotName::DAIF)), l.imm(~(crm << kDaifShift))));
}

// --- System instructions

// Predictions of the host's are its own business.
void cfp_rctx(Lifter&, Rt) {}
void dvp_rctx(Lifter&, Rt) {}
void cpp_rctx(Lifter&, Rt) {}

namespace {

// D7.5.9.2: cache maintenance by address needs a readable address, raises what a load would, and has nothing to do:
// caches are coherent here.
void maintain(Lifter& l, Reg rt) {
  if (l.is_machine()) return l.leave_to_execute();
  l.b.emit(Op::Probe, Type::Void, {l.address(l.x(rt)).base}, ir::pack(ir::MemDesc{}), 1);
}

}  // namespace

void dc_cvac(Lifter& l, Rt rt) { maintain(l, rt); }
void dc_cvau(Lifter& l, Rt rt) { maintain(l, rt); }
void dc_cvap(Lifter& l, Rt rt) { maintain(l, rt); }
void dc_cvadp(Lifter& l, Rt rt) { maintain(l, rt); }
void dc_civac(Lifter& l, Rt rt) { maintain(l, rt); }
void ic_ivau(Lifter& l, Rt rt) {
  maintain(l, rt);
  if (l.is_machine()) return;
  l.b.exit(ExitKind::CodeSync, l.b.next_pc());
}
// C6.2.107: the block is aligned; faults report the address in the register.
void dc_zva(Lifter& l, Rt rt) {
  if (l.has_mode(Mode::kZvaTrapped)) return l.leave_to_execute();
  const Value address = l.address(l.x(rt)).base;
  l.b.emit(Op::Probe, Type::Void, {address}, ir::pack(ir::MemDesc{.sign_extend = true}), 1);
  const Value block = l.and_(address, l.imm(-kZvaBytes));
  const Value zero = l.b.constant(Type::V128, 0);
  for (int64_t offset = 0; offset < kZvaBytes; offset += 16) l.b.store(block, zero, {.size_log2 = 4}, offset);
}

// Those of EL1: translations, caches by set and way.
void sys(Lifter& l, Operation, Rt) { l.leave_to_execute(); }
void sys_el2(Lifter& l, Operation, Rt) { l.leave_to_execute(); }
void sys_el3(Lifter& l, Operation, Rt) { l.leave_to_execute(); }

// --- System registers

namespace {

using enum SystemRegister;

ir::HelperId id(HelperName name) { return static_cast<ir::HelperId>(name); }

Value read_nzcv(Lifter& l) {
  const auto bit = [&](SlotName name, int64_t place) { return l.shl_by(l.zext(l.flag(name)), place); };
  return l.or_(l.or_(bit(SlotName::N, 31), bit(SlotName::Z, 30)), l.or_(bit(SlotName::C, 29), bit(SlotName::V, 28)));
}
Value bit_at(Lifter& l, Value value, int64_t place) { return l.b.convert(Op::Trunc, Type::I1, l.shr_by(value, place)); }
void write_nzcv(Lifter& l, Value value) {
  l.set_nzcv(bit_at(l, value, 31), bit_at(l, value, 30), bit_at(l, value, 29), bit_at(l, value, 28));
}

// C5.2.10: IOC, DZC, OFC, UFC, IXC in bits 0 to 4 are the IR's flags in the same order; IDC is bit 7, QC bit 27.
constexpr int64_t kIdcBit = 7;
constexpr int64_t kQcBit = 27;

Value nonzero(Lifter& l, Value value) { return l.b.convert(Op::Zext, Type::I32, l.is_nonzero(value)); }
Value read_fpsr(Lifter& l) {
  const Value flags = l.b.emit(Op::FpFlagsGet, Type::I32, {}, 0, 0);
  const Value idc = l.shl_by(l.b.call(static_cast<ir::HelperId>(HelperName::DenormalSeen), {}), kIdcBit);
  const Value qc = l.b.get(slot(SlotName::QC));
  const auto half = [&](unsigned index) {
    return l.b.vec(Op::VExtract, Type::I64, {qc}, {.lane = static_cast<uint32_t>(Type::I64), .index = index});
  };
  const Value saturated = l.shl_by(nonzero(l, l.or_(half(0), half(1))), kQcBit);
  return l.zext(l.or_(flags, l.or_(idc, saturated)));
}
void write_fpsr(Lifter& l, Value value) {
  const Value low = l.word(value);
  l.b.emit(Op::FpFlagsSet, Type::Void, {low}, 0, 0);
  l.b.call(static_cast<ir::HelperId>(HelperName::SetDenormalSeen), {l.and_(low, l.imm32(int64_t{1} << kIdcBit))});
  const Value qc = l.and_(value, l.imm(int64_t{1} << kQcBit));
  l.b.set(slot(SlotName::QC), l.b.vec(Op::VSplat, Type::V128, {qc}, {.lane = static_cast<uint32_t>(Type::I64)}));
}

// Writes FPCR, and the mode word where what lifting depends on changes. Ends the block or starts a new one.
void write_fpcr(Lifter& l, Value value) {
  const Value fpcr = l.and_(l.word(value), l.imm32(static_cast<int64_t>(writable_fpcr(l.features()))));
  l.b.set(slot(SlotName::FPCR), fpcr);
  // RMode: nearest, up, down, zero; the IR's: nearest, zero, down, up.
  const Value rmode = l.and_(l.shr_by(fpcr, 22), l.imm32(3));
  l.b.emit(Op::FpModeSet, Type::Void, {l.and_(l.neg(rmode), l.imm32(3))});
  constexpr int64_t kRounding = 3 << 22;
  const Value lifted = l.and_(fpcr, l.imm32(~kRounding));
  const ir::BlockId changed = l.b.new_block();
  const ir::BlockId same = l.b.new_block();
  l.b.cond_br(l.b.icmp(Cond::Ne, lifted, l.imm32(static_cast<int64_t>(Mode::to_fpcr(l.mode())))), changed, same);
  l.b.start(changed);
  l.b.call(id(HelperName::SetFpcrMode), {fpcr});
  l.b.exit(ExitKind::ModeChange, l.b.next_pc());
  l.b.start(same);
}

// C5.2.21: a number and NZCV = 0000; Z would be set if there was none.
Value read_random(Lifter& l) {
  const Value value = l.b.call(id(HelperName::Random), {});
  l.set_nzcv(l.bit(false), l.bit(false), l.bit(false), l.bit(false));
  return value;
}

Value read(Lifter& l, unsigned number) {
  const RegisterRow* row = find_register(number);
  if (l.is_machine() && row != nullptr && row->slot != ir::StateLayout::kNoSlot) return l.b.get(row->slot);
  if (is_identification(number)) return l.imm(static_cast<int64_t>(identification(number, l.features())));
  switch (static_cast<SystemRegister>(number)) {
    case NZCV:
      return read_nzcv(l);
    case CurrentEL:
      return l.imm(Mode::level_of(l.mode()) << 2);
    case DIT:  // PSTATE's place
      return l.shl_by(l.zext(l.flag(SlotName::DIT)), 24);
    case SSBS:
      return l.shl_by(l.zext(l.flag(SlotName::SSBS)), 12);
    case FPCR:
      return l.zext(l.b.get(slot(SlotName::FPCR)));
    case FPSR:
      return read_fpsr(l);
    case TPIDR_EL0:
      return l.b.get(slot(SlotName::TPIDR_EL0));
    case TPIDRRO_EL0:
      return l.b.get(slot(SlotName::TPIDRRO_EL0));
    case CTR_EL0:
      return l.imm(kCtr);
    case DCZID_EL0:
      return l.imm(kDczid | (l.has_mode(Mode::kZvaTrapped) ? 16 : 0));
    case CNTFRQ_EL0:
      return l.imm(kCounterHz);
    case CNTPCT_EL0:
    case CNTVCT_EL0:
      return l.b.call(id(HelperName::Counter), {});
    case RNDR:
    case RNDRRS:
      return read_random(l);
    default:
      return l.imm(static_cast<int64_t>(row->reset));
  }
}

}  // namespace

void mrs(Lifter& l, Systemreg systemreg, Rt rt) {
  const unsigned number = register_named(static_cast<unsigned>(systemreg.value), l.mode());
  const Lifting lifting = lifting_of(number, false, l.features(), l.mode());
  if (lifting == Lifting::Undefined) return l.illegal();
  if (lifting == Lifting::Outside) return l.leave_to_execute();
  l.set_x(rt, read(l, number));
}

namespace {

// Without a slot, writes are ignored.
void write_slot(Lifter& l, const RegisterRow& row, Value value) {
  if (row.slot == ir::StateLayout::kNoSlot) return;
  l.b.set(row.slot, row.mask == ~uint64_t{0} ? value : l.and_(value, l.imm(static_cast<int64_t>(row.mask))));
}

}  // namespace

void msr_register(Lifter& l, Systemreg systemreg, Rt rt) {
  const unsigned number = register_named(static_cast<unsigned>(systemreg.value), l.mode());
  const Lifting lifting = lifting_of(number, true, l.features(), l.mode());
  if (lifting == Lifting::Undefined) return l.illegal();
  if (lifting == Lifting::Outside) return l.leave_to_execute();
  const Value value = l.x(rt);
  switch (static_cast<SystemRegister>(number)) {
    case NZCV:
      return write_nzcv(l, value);
    case DIT:
      return l.b.set(slot(SlotName::DIT), bit_at(l, value, 24));
    case SSBS:
      return l.b.set(slot(SlotName::SSBS), bit_at(l, value, 12));
    case FPCR:
      return write_fpcr(l, value);
    case FPSR:
      return write_fpsr(l, value);
    case DAIF:
      return unmask(l, l.and_(value, l.imm(0x3c0)));
    default:
      return write_slot(l, *find_register(number), value);
  }
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/system.inc"
#undef INST

}  // namespace menura::arm
