// MRS and MSR of what is more than a slot.
#include "frontends/arm/system/cpu.h"

namespace menura::arm {

using enum SystemRegister;

void Cpu::access_register(uint32_t word) {
  const unsigned number = register_named(word >> 5 & 0x7fff, header_->mode);
  const unsigned rt = word & 31;
  const bool write = (word >> 21 & 1) == 0;
  const RegisterRow* row = find_register(number);
  if (lifting_of(number, write, frontend_.features(), header_->mode) == Lifting::Undefined) return undefined();
  // Identification registers that are not allocated, and EL2's where it is not there.
  if (row == nullptr || !has(row->feature)) {
    if (level() == 1 && (hcr() & Hcr::kTid3) != 0) return trap_system(word, 2);
    done();
    if (!write) set_x(rt, 0);
    return;
  }
  if (row->access == Access::SecureReadWrite && level() < 3) {
    if (level() != 1 || !is_secure()) return undefined();
    if ((scr() & Scr::kSt) == 0) return trap_system(word, 3);
  }
  if (!is_permitted(*row)) return trap_system(word);
  if (const unsigned target = has_levels_ ? register_trap(*row, write) : 0; target != 0) {
    return trap_system(word, target);
  }
  done();
  if (write) return write_register(*row, x(rt));
  // D1.3.5.7: what EL1 is told to be.
  const bool guest = level() == 1 && has(Feature::EL2) && (scr() & Scr::kNs) != 0;
  if (guest && number == static_cast<unsigned>(MIDR_EL1)) return set_x(rt, reg(SlotName::VPIDR_EL2));
  if (guest && number == static_cast<unsigned>(MPIDR_EL1)) return set_x(rt, reg(SlotName::VMPIDR_EL2));
  set_x(rt, read_register(*row));
}

// What controls of EL1 (or of EL2, its host) say about EL0: SCTLR_ELx (D19.2.118) and CNTKCTL_EL1 (D19.12.12).
bool Cpu::is_permitted(const RegisterRow& row) const {
  if (is_kernel()) return true;
  const uint64_t sctlr = own_sctlr();
  constexpr uint64_t kCommsTrapped = 1U << 12;  // MDSCR_EL1.TDCC
  switch (static_cast<SystemRegister>(row.number)) {
    case MDCCSR_EL0:
      return (reg(SlotName::MDSCR_EL1) & kCommsTrapped) == 0;
    case CTR_EL0:
      return (sctlr & Sctlr::kUct) != 0;
    case DAIF:
      return (sctlr & Sctlr::kUma) != 0;
    default:
      return is_timer_permitted(static_cast<SystemRegister>(row.number));
  }
}

// The level that traps an access which EL1 allows; 0: none does (HCR_EL2, D19.2.48; MDCR_EL2; CNTHCTL_EL2; and their
// counterparts of EL3).
unsigned Cpu::register_trap(const RegisterRow& row, bool write) const {
  const unsigned now = level();
  if (now == 3) return 0;
  const auto name = static_cast<SystemRegister>(row.number);
  const uint64_t control = hcr();
  const bool heeds_el2 = now <= 1 && has(Feature::EL2) && (scr() & Scr::kNs) != 0 && !(now == 0 && is_host());
  const bool is_debug = (row.number >> 14 & 1) == 0;  // op0 is 2
  uint64_t trap = 0;                                  // of HCR_EL2
  uint64_t debug = is_debug ? Mdcr::kTda : 0;
  bool traps_here = false;
  switch (name) {
    case SCTLR_EL1:
    case TTBR0_EL1:
    case TTBR1_EL1:
    case TCR_EL1:
    case ESR_EL1:
    case FAR_EL1:
    case AFSR0_EL1:
    case AFSR1_EL1:
    case MAIR_EL1:
    case AMAIR_EL1:
    case CONTEXTIDR_EL1:
      trap = write ? Hcr::kTvm : Hcr::kTrvm;
      break;
    case ACTLR_EL1:
      trap = Hcr::kTacr;
      break;
    case REVIDR_EL1:
    case AIDR_EL1:
      trap = Hcr::kTid1;
      break;
    case CTR_EL0:
    case CCSIDR_EL1:
    case CLIDR_EL1:
    case CSSELR_EL1:
      trap = Hcr::kTid2;
      break;
    case LORSA_EL1:
    case LOREA_EL1:
    case LORN_EL1:
    case LORC_EL1:
    case LORID_EL1:
      trap = Hcr::kTlor;
      break;
    case MDRAR_EL1:
      debug = Mdcr::kTdra;
      break;
    case OSLAR_EL1:
    case OSLSR_EL1:
    case OSDLR_EL1:
    case DBGPRCR_EL1:
      debug = Mdcr::kTdosa;
      break;
    case CPACR_EL1:
      traps_here = (reg(SlotName::CPTR_EL2) & Cptr::kTcpac) != 0;
      break;
    default:
      if (is_identification(row.number) && name != MIDR_EL1 && name != MPIDR_EL1) trap = Hcr::kTid3;
      break;
  }
  if (heeds_el2) {
    // C5.2: physical counter and timer.
    const bool e2h = (control & Hcr::kE2h) != 0;
    const uint64_t counters = reg(SlotName::CNTHCTL_EL2);
    if (name == CNTPCT_EL0) traps_here = (counters & (e2h ? 0x400 : 1)) == 0;
    if (name == CNTP_TVAL_EL0 || name == CNTP_CTL_EL0 || name == CNTP_CVAL_EL0) {
      traps_here = (counters & (e2h ? 0x800 : 2)) == 0;
    }
    uint64_t mdcr = reg(SlotName::MDCR_EL2);
    if ((mdcr & Mdcr::kTde) != 0 || (control & Hcr::kTge) != 0) mdcr |= Mdcr::kTda | Mdcr::kTdosa | Mdcr::kTdra;
    if (traps_here || (control & trap) != 0 || (mdcr & debug) != 0) return 2;
  }
  if (!has(Feature::EL3)) return 0;
  if ((name == CPACR_EL1 || name == CPTR_EL2) && (reg(SlotName::CPTR_EL3) & Cptr::kTcpac) != 0) return 3;
  if (debug == Mdcr::kTdra) debug = Mdcr::kTda;
  return (reg(SlotName::MDCR_EL3) & debug & (Mdcr::kTda | Mdcr::kTdosa)) != 0 ? 3 : 0;
}

uint64_t Cpu::read_register(const RegisterRow& row) {
  if (row.rule == RegisterRule::Controller) {
    return controller_ != nullptr ? controller_->read_register(setup_.number, row.number) : 0;
  }
  switch (static_cast<SystemRegister>(row.number)) {
    case CTR_EL0:
      return kCtr;
    case DCZID_EL0:
      return kDczid;
    case SPSel:
      return (header_->mode & Mode::kSp0) != 0 ? 0 : 1;
    case CurrentEL:
      return level() << 2;
    case ISR_EL1:
      return level() == 1 && has_hypervisor() ? pending_at_el1() : inputs_.load();
    case CCSIDR_EL1:
      // D19.2.25: sets less one, ways less one, log2 of a line's words less two. 32 KiB of 4 ways, then 1 MiB of 16.
      return reg(SlotName::CSSELR_EL1) >> 1 == 0 ? 127U << 13 | 3U << 3 | 2 : 1023U << 13 | 15U << 3 | 2;
    case CNTPCT_EL0:
      return count_of(setup_.door);
    case CNTVCT_EL0:
      return count_of(setup_.door) - virtual_offset();
    default:
      if (is_timer(static_cast<SystemRegister>(row.number))) {
        return read_timer(static_cast<SystemRegister>(row.number));
      }
      break;
  }
  if (row.slot != ir::StateLayout::kNoSlot) return at(row.slot);
  return row.rule == RegisterRule::Id ? identification(row.number, frontend_.features()) : row.reset;
}

void Cpu::write_register(const RegisterRow& row, uint64_t value) {
  if (row.rule == RegisterRule::Controller) {
    if (controller_ != nullptr) controller_->write_register(setup_.number, row.number, value);
    return;
  }
  const auto name = static_cast<SystemRegister>(row.number);
  switch (name) {
    case SPSel:
      return set_level(level(), (value & 1) == 0);
    case OSLAR_EL1:  // D19.3.29: the lock shows in OSLSR_EL1.OSLK
      reg(SlotName::OSLSR_EL1) = (reg(SlotName::OSLSR_EL1) & ~uint64_t{2}) | (value & 1) << 1;
      return;
    default:
      if (is_timer(name)) return write_timer(name, value);
      break;
  }
  if (row.slot == ir::StateLayout::kNoSlot) return;
  const uint64_t before = at(row.slot);
  uint64_t after = value & row.mask;
  switch (name) {  // bits that are there or not
    case HCR_EL2:
      after |= Hcr::kRw;
      if (!has(Feature::VHE)) after &= ~Hcr::kE2h;
      if (!has(Feature::PAuth)) after &= ~(Hcr::kApk | Hcr::kApi);
      if (!has(Feature::LOR)) after &= ~Hcr::kTlor;
      if (has(Feature::EL3)) after &= ~Hcr::kHcd;
      break;
    case CPTR_EL2:
      after &= (reg(SlotName::HCR_EL2) & Hcr::kE2h) != 0 ? Cptr::kFpen | Cptr::kTcpac : Cptr::kTfp | Cptr::kTcpac;
      if ((reg(SlotName::HCR_EL2) & Hcr::kE2h) == 0) after |= Cptr::kRes1;
      break;
    case SCR_EL3:
      after |= Scr::kRes1;
      break;
    default:
      break;
  }
  at(row.slot) = after;
  written(name, before, after);
}

void Cpu::written(SystemRegister name, uint64_t before, uint64_t after) {
  switch (name) {
    case SCTLR_EL1:
    case SCTLR_EL12:
    case SCTLR_EL2:
    case SCTLR_EL3:
      update_mode();
      // The rights of all translations depend on these two.
      if (((before ^ after) & (Sctlr::kM | Sctlr::kWxn)) != 0) translation_changed();
      break;
    case TCR_EL1:
    case TCR_EL12:
    case TCR_EL2:
    case TCR_EL3:
    case VTCR_EL2:
    case VTTBR_EL2:
      if (before != after) translation_changed();
      break;
    case HCR_EL2:
      levels_changed();
      if (((before ^ after) & (Hcr::kVm | Hcr::kDc | Hcr::kTge | Hcr::kE2h)) != 0) translation_changed();
      break;
    case SCR_EL3:
      levels_changed();
      if (mmu_ != nullptr) mmu_->context_changed();
      break;
    case TTBR0_EL1:
    case TTBR1_EL1:
    case TTBR0_EL12:
    case TTBR1_EL12:
    case TTBR0_EL2:
    case TTBR1_EL2:
    case TTBR0_EL3:
    case PAN:
      if (mmu_ != nullptr) mmu_->context_changed();
      break;
    case CNTVOFF_EL2:
      update_mode();
      set_timer(TimerNumber::Virtual);
      break;
    case CPACR_EL1:
    case CPACR_EL12:
    case CNTKCTL_EL1:
    case CNTKCTL_EL12:
    case UAO:
    case CPTR_EL2:
    case MDCR_EL2:
    case CNTHCTL_EL2:
    case CPTR_EL3:
    case MDCR_EL3:
      update_mode();
      break;
    default:
      break;
  }
}

}  // namespace menura::arm
