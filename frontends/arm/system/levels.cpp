// What EL2 and EL3 have to say about the levels below them: security states, traps, routing of interrupts (Arm ARM DDI
// 0487, D1.3 and D1.4).
#include "frontends/arm/system/cpu.h"

namespace menura::arm {

uint64_t Cpu::scr() const { return has(Feature::EL3) ? reg(SlotName::SCR_EL3) : Scr::kNs | Scr::kHce; }

bool Cpu::is_secure() const { return has(Feature::EL3) && (level() == 3 || (scr() & Scr::kNs) == 0); }

// EL2Enabled(): there is no secure EL2 (FEAT_SEL2).
uint64_t Cpu::hcr() const {
  if (!has(Feature::EL2) || (scr() & Scr::kNs) == 0) return 0;
  return reg(SlotName::HCR_EL2);
}

bool Cpu::is_host() const {
  constexpr uint64_t kBoth = Hcr::kE2h | Hcr::kTge;
  return has_levels_ && (hcr() & kBoth) == kBoth;
}

uint64_t Cpu::own_sctlr() const {
  switch (regime_of(level())) {
    case Regime::El10:
      return reg(SlotName::SCTLR_EL1);
    case Regime::El3:
      return reg(SlotName::SCTLR_EL3);
    default:
      return reg(SlotName::SCTLR_EL2);
  }
}

// AArch64.CheckFPAdvSIMDEnabled: the level that traps floating point at the present one; 0: none does.
unsigned Cpu::fp_trap(Esr::Class* reason) const {
  *reason = Esr::TrappedFp;
  const unsigned now = level();
  // FPEN: 1 traps at EL0, 3 nowhere.
  const auto traps = [&](uint64_t control, bool user) {
    const unsigned fpen = control >> Cptr::kFpenShift & 3;
    return (fpen & 1) == 0 || (fpen == 1 && user);
  };
  if (now <= 1 && !is_host() && traps(reg(SlotName::CPACR_EL1), now == 0)) {
    if (now == 0 && default_target() == 2) *reason = Esr::Unknown;  // AArch64.AdvSIMDFPAccessTrap
    return default_target();
  }
  if (!has_levels_) return 0;
  if (now <= 2 && has(Feature::EL2) && (scr() & Scr::kNs) != 0) {
    const uint64_t cptr = reg(SlotName::CPTR_EL2);
    const bool e2h = (hcr() & Hcr::kE2h) != 0;
    if (e2h ? traps(cptr, now == 0 && is_host()) : (cptr & Cptr::kTfp) != 0) return 2;
  }
  return has(Feature::EL3) && (reg(SlotName::CPTR_EL3) & Cptr::kTfp) != 0 ? 3 : 0;
}

// Whether register accesses at the present level have to ask (Mode::kGuest): something may trap them, or answer another
// value.
bool Cpu::heeds_guest() const {
  if (!has_levels_ || level() == 3) return false;
  if (has(Feature::EL3) && (((reg(SlotName::CPTR_EL3) & Cptr::kTcpac) | reg(SlotName::MDCR_EL3)) != 0)) return true;
  if (!has(Feature::EL2) || (scr() & Scr::kNs) == 0) return false;
  const uint64_t control = hcr();
  const bool e2h = (control & Hcr::kE2h) != 0;
  if (reg(SlotName::CNTVOFF_EL2) != 0 && !(e2h && level() == 2) && !is_host()) return true;
  if (level() == 2 || is_host()) return false;
  const uint64_t counters = e2h ? 0xc00 : 0x3;  // CNTHCTL_EL2: EL1PCTEN, EL1PCEN
  return (control & Hcr::kRegisterTraps) != 0 || reg(SlotName::MDCR_EL2) != 0 ||
         (reg(SlotName::CPTR_EL2) & Cptr::kTcpac) != 0 || (reg(SlotName::CNTHCTL_EL2) & counters) != counters ||
         reg(SlotName::VPIDR_EL2) != midr(frontend_.features()) ||
         reg(SlotName::VMPIDR_EL2) != reg(SlotName::MPIDR_EL1);
}

// D1.3.6.1: the level that takes the interrupt of this bit of DAIF.
unsigned Cpu::target_of_interrupt(uint64_t bit) const {
  const bool fiq = bit == Pstate::kF;
  if (has(Feature::EL3) && (scr() & (fiq ? Scr::kFiq : Scr::kIrq)) != 0) return 3;
  return (hcr() & (Hcr::kTge | (fiq ? Hcr::kFmo : Hcr::kImo))) != 0 ? 2 : 1;
}

// D1.3.6.4: those that a hypervisor says are pending at EL1.
uint64_t Cpu::virtual_interrupts() const {
  const uint64_t control = hcr();
  if (level() > 1 || (control & Hcr::kTge) != 0) return 0;
  const auto all = [&](uint64_t bits) { return (control & bits) == bits; };
  return (all(Hcr::kVi | Hcr::kImo) ? Pstate::kI : 0) | (all(Hcr::kVf | Hcr::kFmo) ? Pstate::kF : 0);
}

// D19.2.57: where interrupts go to EL2, EL1 sees the virtual ones.
uint64_t Cpu::pending_at_el1() const {
  const uint64_t control = hcr();
  const uint64_t mine = ((control & Hcr::kImo) == 0 ? Pstate::kI : 0) | ((control & Hcr::kFmo) == 0 ? Pstate::kF : 0);
  return (inputs_.load() & mine) | virtual_interrupts();
}

// What unmasking would let in: not what goes to a lower level.
void Cpu::update_pending() {
  uint64_t pending = inputs_.load();
  if (has_levels_ && pending != 0) {
    for (const uint64_t bit : {Pstate::kI, Pstate::kF}) {
      if (target_of_interrupt(bit) < level()) pending &= ~bit;
    }
  }
  reg(SlotName::Pending) = has_levels_ ? pending | virtual_interrupts() : pending;
}

// A register that says what other levels may do was written.
void Cpu::levels_changed() {
  update_mode();
  update_pending();
}

}  // namespace menura::arm
