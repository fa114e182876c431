// Exceptions to EL1 and returns from them (Arm ARM DDI 0487, D1.3 and D1.4; AArch64.TakeException and
// AArch64.ExceptionReturn in J1.1).
#include "frontends/arm/system/cpu.h"

namespace menura::arm {
namespace {

constexpr SlotName kFlags[] = {SlotName::N, SlotName::Z, SlotName::C, SlotName::V};

// Table D19-4 (the EC field).
const char* name_of(Esr::Class reason) {
  switch (reason) {
    case Esr::Unknown:
      return "undefined instruction";
    case Esr::TrappedWait:
      return "trapped WFI or WFE";
    case Esr::TrappedFp:
      return "trapped floating point";
    case Esr::IllegalState:
      return "illegal execution state";
    case Esr::Svc64:
      return "SVC";
    case Esr::TrappedSystem:
      return "trapped system register";
    case Esr::InstructionAbortLower:
      return "instruction abort from lower level";
    case Esr::InstructionAbort:
      return "instruction abort";
    case Esr::PcAlignment:
      return "misaligned PC";
    case Esr::DataAbortLower:
      return "data abort from lower level";
    case Esr::DataAbort:
      return "data abort";
    case Esr::Brk64:
      return "BRK";
  }
  return "exception";
}

}  // namespace

uint64_t Cpu::pstate() const {
  uint64_t value = reg(SlotName::DAIF) | reg(SlotName::PAN) | reg(SlotName::UAO);
  for (unsigned i = 0; i < 4; ++i) value |= uint64_t{flag(kFlags[i])} << Pstate::kNzcvBits[i];
  value |= uint64_t{flag(SlotName::DIT)} << Pstate::kDitBit | uint64_t{flag(SlotName::SSBS)} << Pstate::kSsbsBit;
  if (!is_kernel()) return value | Pstate::kEl0t;
  return value | ((header_->mode & Mode::kSp0) != 0 ? Pstate::kEl1t : Pstate::kEl1h);
}

// The mode is a valid one.
void Cpu::set_pstate(uint64_t pstate) {
  for (unsigned i = 0; i < 4; ++i) flag(kFlags[i]) = pstate >> Pstate::kNzcvBits[i] & 1;
  flag(SlotName::DIT) = has(Feature::DIT) ? pstate >> Pstate::kDitBit & 1 : 0;
  flag(SlotName::SSBS) = has(Feature::SSBS) ? pstate >> Pstate::kSsbsBit & 1 : 0;
  reg(SlotName::DAIF) = pstate & Pstate::kDaif;
  reg(SlotName::PAN) = has(Feature::PAN) ? pstate & Pstate::kPan : 0;
  reg(SlotName::UAO) = has(Feature::UAO) ? pstate & Pstate::kUao : 0;
  const uint64_t mode = pstate & Pstate::kModeMask;
  set_level(mode != Pstate::kEl0t, mode == Pstate::kEl1t);
}

void Cpu::set_level(bool kernel, bool sp0) {
  const auto bank = [&](bool is_kernel, bool is_sp0) -> uint64_t& {
    return reg(is_kernel && !is_sp0 ? SlotName::SP_EL1 : SlotName::SP_EL0);
  };
  bank(is_kernel(), (header_->mode & Mode::kSp0) != 0) = reg(SlotName::SP);
  reg(SlotName::SP) = bank(kernel, sp0);
  header_->mode = (header_->mode & ~(Mode::kEl1 | Mode::kSp0)) | (kernel ? Mode::kEl1 | (sp0 ? Mode::kSp0 : 0) : 0);
  update_mode();
  if (mmu_ != nullptr) mmu_->context_changed();
}

// What the mode word says besides FPCR's bits and the level.
void Cpu::update_mode() {
  const uint64_t sctlr = reg(SlotName::SCTLR_EL1);
  uint64_t mode = header_->mode & (Mode::kFpcrBits | Mode::kEl1 | Mode::kSp0);
  const unsigned fpen = reg(SlotName::CPACR_EL1) >> 20 & 3;  // D19.2.30: 1 traps at EL0, 3 nowhere
  if (is_kernel()) {
    if ((fpen & 1) == 0) mode |= Mode::kFpTrapped;
    if (reg(SlotName::UAO) != 0) mode |= Mode::kUao;
  } else {
    if (fpen != 3) mode |= Mode::kFpTrapped;
    if ((sctlr & Sctlr::kDze) == 0) mode |= Mode::kZvaTrapped;
    if ((reg(SlotName::CNTKCTL_EL1) & 2) != 0) mode |= Mode::kUserCounter;
  }
  if (has(Feature::PAuth)) {
    constexpr uint64_t kEnabled[] = {Sctlr::kEnIa, Sctlr::kEnIb, Sctlr::kEnDa, Sctlr::kEnDb};
    for (unsigned key = 0; key < 4; ++key) {
      if ((sctlr & kEnabled[key]) == 0) mode |= Mode::kKeyDisabled << key;
    }
  }
  if (setup_.cluster.count() > 1) mode |= Mode::kSharedMemory;
  header_->mode = mode;
}

void Cpu::take(VectorKind kind, uint64_t return_pc) {
  const uint64_t from = !is_kernel()                        ? kFromLower
                        : (header_->mode & Mode::kSp0) != 0 ? kFromCurrentSp0
                                                            : kFromCurrentSpx;
  const uint64_t before = pstate();
  const uint64_t sctlr = reg(SlotName::SCTLR_EL1);
  reg(SlotName::SPSR_EL1) = before;
  reg(SlotName::ELR_EL1) = return_pc;
  uint64_t after =
      (before & ~(Pstate::kModeMask | Pstate::kUao | uint64_t{1} << Pstate::kSsbsBit)) | Pstate::kDaif | Pstate::kEl1h;
  if ((sctlr & Sctlr::kSpan) == 0) after |= Pstate::kPan;
  if ((sctlr & Sctlr::kDssbs) != 0) after |= uint64_t{1} << Pstate::kSsbsBit;
  set_pstate(after);
  header_->pc = reg(SlotName::VBAR_EL1) + from + static_cast<uint64_t>(kind);
}

void Cpu::take_synchronous(Esr::Class reason, uint64_t iss, uint64_t return_pc) {
  reg(SlotName::ESR_EL1) = uint64_t{reason} << Esr::kClassShift | Esr::kIl | iss;
  log_exception(name_of(reason), false, return_pc);
  take(VectorKind::Synchronous, return_pc);
}

// D1.4.4 and the ISS encodings of D19.2.37. No valid ISS for stage 1: ISV is 0.
void Cpu::take_abort(const ir::Fault& fault, uint64_t iss) {
  reg(SlotName::FAR_EL1) = fault.address;
  iss |= fault.syndrome;
  if (fault.access == ir::Access::Execute) {
    take_synchronous(is_kernel() ? Esr::InstructionAbort : Esr::InstructionAbortLower, iss, header_->pc);
  } else {
    if (fault.access == ir::Access::Write) iss |= Esr::kWnr;
    take_synchronous(is_kernel() ? Esr::DataAbort : Esr::DataAbortLower, iss, header_->pc);
  }
}

// D1.4.3: what SPSR_EL1 holds is a legal return to EL0 or EL1 in AArch64, or an Illegal Execution state exception comes
// before the next instruction.
void Cpu::exception_return() {
  const uint64_t spsr = reg(SlotName::SPSR_EL1);
  const uint64_t mode = spsr & Pstate::kModeMask;
  const uint64_t target = reg(SlotName::ELR_EL1);
  header_->reservation_address = ir::CpuHeader::kNoReservation;
  header_->pc = target;
  const bool legal = mode == Pstate::kEl0t || mode == Pstate::kEl1t || mode == Pstate::kEl1h;
  set_pstate(legal ? spsr : (spsr & ~Pstate::kModeMask) | (pstate() & Pstate::kModeMask));
  if (legal && (spsr & Pstate::kIl) == 0) return;
  take_synchronous(Esr::IllegalState, 0, target);
  reg(SlotName::SPSR_EL1) |= Pstate::kIl;
}

void Cpu::log_exception(const char* what, bool interrupt, uint64_t return_pc) const {
  vcpu::GuestLog* const log = setup_.log;
  if (log == nullptr || !log->wants(vcpu::LogItem::Interrupts)) return;
  log->took({.cpu = setup_.number,
             .what = what,
             .from = is_kernel() ? "EL1" : "EL0",
             .interrupt = interrupt,
             .pc = return_pc,
             .syndrome = interrupt ? 0 : reg(SlotName::ESR_EL1),
             .address = interrupt ? 0 : reg(SlotName::FAR_EL1)});
}

}  // namespace menura::arm
