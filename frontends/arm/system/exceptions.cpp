// Exceptions and returns from them (Arm ARM DDI 0487, D1.3 and D1.4; AArch64.TakeException and AArch64.ExceptionReturn
// in J1.1).
#include "frontends/arm/system/cpu.h"

namespace menura::arm {
namespace {

constexpr SlotName kFlags[] = {SlotName::N, SlotName::Z, SlotName::C, SlotName::V};

// Registers of EL1, EL2 and EL3.
constexpr SlotName kSp[] = {SlotName::SP_EL1, SlotName::SP_EL2, SlotName::SP_EL3};
constexpr SlotName kElr[] = {SlotName::ELR_EL1, SlotName::ELR_EL2, SlotName::ELR_EL3};
constexpr SlotName kSpsr[] = {SlotName::SPSR_EL1, SlotName::SPSR_EL2, SlotName::SPSR_EL3};
constexpr SlotName kEsr[] = {SlotName::ESR_EL1, SlotName::ESR_EL2, SlotName::ESR_EL3};
constexpr SlotName kFar[] = {SlotName::FAR_EL1, SlotName::FAR_EL2, SlotName::FAR_EL3};
constexpr SlotName kVbar[] = {SlotName::VBAR_EL1, SlotName::VBAR_EL2, SlotName::VBAR_EL3};
constexpr SlotName kSctlr[] = {SlotName::SCTLR_EL1, SlotName::SCTLR_EL2, SlotName::SCTLR_EL3};

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
    case Esr::Hvc64:
      return "HVC";
    case Esr::Smc64:
      return "SMC";
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
  return value | level() << Pstate::kLevelShift | ((header_->mode & Mode::kSp0) != 0 ? 0 : Pstate::kSpx);
}

// The mode is a valid one.
void Cpu::set_pstate(uint64_t pstate) {
  for (unsigned i = 0; i < 4; ++i) flag(kFlags[i]) = pstate >> Pstate::kNzcvBits[i] & 1;
  flag(SlotName::DIT) = has(Feature::DIT) ? pstate >> Pstate::kDitBit & 1 : 0;
  flag(SlotName::SSBS) = has(Feature::SSBS) ? pstate >> Pstate::kSsbsBit & 1 : 0;
  reg(SlotName::DAIF) = pstate & Pstate::kDaif;
  reg(SlotName::PAN) = has(Feature::PAN) ? pstate & Pstate::kPan : 0;
  reg(SlotName::UAO) = has(Feature::UAO) ? pstate & Pstate::kUao : 0;
  set_level(pstate >> Pstate::kLevelShift & 3, (pstate & Pstate::kSpx) == 0);
}

void Cpu::set_level(unsigned level, bool sp0) {
  const auto bank = [&](unsigned of_level, bool is_sp0) -> uint64_t& {
    return reg(of_level != 0 && !is_sp0 ? kSp[of_level - 1] : SlotName::SP_EL0);
  };
  const bool changes = level != this->level();
  bank(this->level(), (header_->mode & Mode::kSp0) != 0) = reg(SlotName::SP);
  reg(SlotName::SP) = bank(level, sp0);
  header_->mode =
      (header_->mode & ~(Mode::kLevel | Mode::kSp0)) | Mode::of_level(level) | (level != 0 && sp0 ? Mode::kSp0 : 0);
  update_mode();
  if (has_levels_ && changes) update_pending();
  if (mmu_ != nullptr) mmu_->context_changed();
}

// What the mode word says besides FPCR's bits and the level.
void Cpu::update_mode() {
  const uint64_t sctlr = own_sctlr();
  uint64_t mode = header_->mode & (Mode::kFpcrBits | Mode::kLevel | Mode::kSp0);
  Esr::Class reason;
  if (fp_trap(&reason) != 0) mode |= Mode::kFpTrapped;
  const unsigned now = level();
  if (now != 0) {
    // LDTR and STTR are EL0's at EL1, and at EL2 where that is EL0's host (D8.4.1.7).
    if (reg(SlotName::UAO) != 0 || now == 3 || (now == 2 && !is_host())) mode |= Mode::kUao;
    if (now >= 2 && (reg(SlotName::HCR_EL2) & Hcr::kE2h) != 0) mode |= Mode::kHost;
  } else {
    if ((sctlr & Sctlr::kDze) == 0) mode |= Mode::kZvaTrapped;
    if ((reg(is_host() ? SlotName::CNTHCTL_EL2 : SlotName::CNTKCTL_EL1) & 2) != 0) mode |= Mode::kUserCounter;
  }
  if (now <= 1 && has_levels_ && !is_host() && (hcr() & Hcr::kTdz) != 0) mode |= Mode::kZvaTrapped;
  if (heeds_guest()) mode |= Mode::kGuest;
  if (has(Feature::PAuth)) {
    constexpr uint64_t kEnabled[] = {Sctlr::kEnIa, Sctlr::kEnIb, Sctlr::kEnDa, Sctlr::kEnDb};
    for (unsigned key = 0; key < 4; ++key) {
      if ((sctlr & kEnabled[key]) == 0) mode |= Mode::kKeyDisabled << key;
    }
  }
  if (setup_.cluster.count() > 1) mode |= Mode::kSharedMemory;
  header_->mode = mode;
}

// Where an exception goes that nothing else routes: EL0's to EL1, or to EL2 with HCR_EL2.TGE.
unsigned Cpu::default_target() const {
  if (level() != 0) return level();
  return has_levels_ && (hcr() & Hcr::kTge) != 0 ? 2 : 1;
}

void Cpu::take(VectorKind kind, uint64_t return_pc, unsigned target) {
  const uint64_t from = level() < target                    ? kFromLower
                        : (header_->mode & Mode::kSp0) != 0 ? kFromCurrentSp0
                                                            : kFromCurrentSpx;
  const uint64_t before = pstate();
  const uint64_t sctlr = reg(kSctlr[target - 1]);
  reg(kSpsr[target - 1]) = before;
  reg(kElr[target - 1]) = return_pc;
  uint64_t after = (before & ~(Pstate::kModeMask | Pstate::kUao | uint64_t{1} << Pstate::kSsbsBit)) | Pstate::kDaif |
                   target << Pstate::kLevelShift | Pstate::kSpx;
  if ((target == 1 || (target == 2 && is_host())) && (sctlr & Sctlr::kSpan) == 0) after |= Pstate::kPan;
  if ((sctlr & Sctlr::kDssbs) != 0) after |= uint64_t{1} << Pstate::kSsbsBit;
  set_pstate(after);
  header_->pc = reg(kVbar[target - 1]) + from + static_cast<uint64_t>(kind);
}

void Cpu::take_synchronous(Esr::Class reason, uint64_t iss, uint64_t return_pc, unsigned target) {
  reg(kEsr[target - 1]) = uint64_t{reason} << Esr::kClassShift | Esr::kIl | iss;
  log_exception(name_of(reason), false, return_pc, target);
  take(VectorKind::Synchronous, return_pc, target);
}

namespace {

// D19.2.37, ISS of data aborts: which register an instruction of one register without writeback loads or stores; 0
// (ISV is 0) for all others.
uint64_t access_syndrome(uint32_t word) {
  const uint64_t size = word >> 30;
  const uint64_t opc = word >> 22 & 3;
  const bool is_register = (word >> 24 & 0x3f) == 0x38;  // unscaled, unprivileged, register offset
  const unsigned form = word >> 10 & 3;
  const bool offset = (word >> 21 & 1) != 0;
  const bool immediate = (word >> 24 & 0x3f) == 0x39;
  const bool ordered = (word & 0x3fa00000) == 0x08800000;  // LDAR, STLR, LDLAR, STLLR
  if (!immediate && !ordered && !(is_register && (offset ? form == 2 : form == 0 || form == 2))) return 0;
  if (!ordered && size == 3 && opc == 2) return 0;  // PRFM
  const bool is_signed = !ordered && opc >= 2;
  const bool is_64 = is_signed ? opc == 2 : size == 3;
  return 1U << 24 | size << 22 | (is_signed ? 1U << 21 : 0) | (word & 31) << 16 | (is_64 ? 1U << 15 : 0) |
         (ordered && (word >> 15 & 1) != 0 ? 1U << 14 : 0);
}

}  // namespace

// The instruction at PC, which was executed a moment ago.
uint64_t Cpu::own_access_syndrome() {
  softmmu::PageMapping page;
  uint32_t word = 0;
  if (!translate(header_->pc, ir::Access::Execute, request(0), &page).done) return 0;
  const uint64_t physical = page.physical | (header_->pc & ((uint64_t{1} << page.size_log2) - 1));
  return setup_.memory.read(physical, &word, sizeof word) ? access_syndrome(word) : 0;
}

// D1.4.4 and the ISS encodings of D19.2.37. No valid ISS for stage 1: ISV is 0.
void Cpu::take_abort(const ir::Fault& fault, uint64_t iss) {
  unsigned target = default_target();
  iss |= fault.syndrome & ~Stage2Fault::kMark;
  const bool external = (iss & 0x3c) == kExternal || (iss & 0x3c) == kExternalOnWalk;
  if ((fault.syndrome & Stage2Fault::kMark) != 0) {  // D1.4.4.4: HPFAR_EL2
    target = 2;
    reg(SlotName::HPFAR_EL2) = (stage2_fault_.address >> 12 & 0xffffffffff) << 4;
    const bool on_table = stage2_fault_.on_table;
    if (on_table) iss |= Esr::kS1ptw;
    if (!on_table && fault.access != ir::Access::Execute && (iss & Esr::kCm) == 0) iss |= own_access_syndrome();
  } else if (external && has(Feature::EL3) && (scr() & Scr::kEa) != 0) {
    target = 3;
  }
  reg(kFar[target - 1]) = fault.address;
  const bool lower = level() < target;
  if (fault.access == ir::Access::Execute) {
    take_synchronous(lower ? Esr::InstructionAbortLower : Esr::InstructionAbort, iss, header_->pc, target);
  } else {
    if (fault.access == ir::Access::Write) iss |= Esr::kWnr;
    take_synchronous(lower ? Esr::DataAbortLower : Esr::DataAbort, iss, header_->pc, target);
  }
}

void Cpu::take_pc_misaligned() {  // D1.3.3
  reg(kFar[default_target() - 1]) = header_->pc;
  take_synchronous(Esr::PcAlignment, 0, header_->pc);
}

// D1.4.3: to the same or a lower level that is there, in AArch64.
bool Cpu::is_legal_return(uint64_t mode) const {
  const unsigned to = mode >> Pstate::kLevelShift & 3;
  constexpr uint64_t kAarch32 = 0x10;
  if ((mode & (kAarch32 | 2)) != 0 || to > level() || (to == 0 && (mode & Pstate::kSpx) != 0)) return false;
  if (to == 2 && (!has(Feature::EL2) || (scr() & Scr::kNs) == 0)) return false;
  return to != 1 || !has_levels_ || (hcr() & Hcr::kTge) == 0;
}

// What SPSR_ELx holds is a legal return, or an Illegal Execution state exception comes before the next instruction.
void Cpu::exception_return() {
  const unsigned from = level();
  const uint64_t spsr = reg(kSpsr[from - 1]);
  const uint64_t target = reg(kElr[from - 1]);
  header_->reservation_address = ir::CpuHeader::kNoReservation;
  header_->pc = target;
  const bool legal = is_legal_return(spsr & Pstate::kModeMask);
  set_pstate(legal ? spsr : (spsr & ~Pstate::kModeMask) | (pstate() & Pstate::kModeMask));
  if (legal && (spsr & Pstate::kIl) == 0) return;
  const unsigned to = default_target();
  take_synchronous(Esr::IllegalState, 0, target, to);
  reg(kSpsr[to - 1]) |= Pstate::kIl;
}

void Cpu::log_exception(const char* what, bool interrupt, uint64_t return_pc, unsigned target) const {
  vcpu::GuestLog* const log = setup_.log;
  if (log == nullptr || !log->wants(vcpu::LogItem::Interrupts)) return;
  constexpr const char* kLevels[] = {"EL0", "EL1", "EL2", "EL3"};
  log->took({.cpu = setup_.number,
             .what = what,
             .from = kLevels[level()],
             .interrupt = interrupt,
             .pc = return_pc,
             .syndrome = interrupt ? 0 : reg(kEsr[target - 1]),
             .address = interrupt ? 0 : reg(kFar[target - 1])});
}

}  // namespace menura::arm
