// Registers that are more than a slot (csr.def, csr.h): reading, writing, and what follows from it.
#include <array>

#include "frontends/riscv/fcsr.h"
#include "frontends/riscv/helpers/helpers.h"
#include "frontends/riscv/system/csr.h"
#include "frontends/riscv/system/hart.h"

namespace menura::riscv {

namespace {

uint64_t replaced(uint64_t old, uint64_t value, uint64_t mask) { return (old & ~mask) | (value & mask); }

constexpr unsigned kConfigsPerRegister = 8;

// Behind a write, code may come from somewhere else, or not at all.
constexpr bool changes_fetches(CsrRule rule) {
  return rule == CsrRule::Satp || rule == CsrRule::Pmpcfg || rule == CsrRule::Pmpaddr || rule == CsrRule::Envcfg;
}

}  // namespace

// What the number alone does not say. The lifter has looked at that.
bool Hart::csr_permitted(unsigned number, const CsrRow& row) const {
  const Privilege level = privilege();
  if (level == Privilege::Machine) return true;
  if (row.rule == CsrRule::Counter) {  // 3.1.11, 12.1.5
    const unsigned bit = number & 31;
    if ((reg(SlotName::Mcounteren) >> bit & 1) == 0) return false;
    return level == Privilege::Supervisor || (reg(SlotName::Scounteren) >> bit & 1) != 0;
  }
  if (row.rule == CsrRule::Satp) return (reg(SlotName::Mstatus) & Status::kTvm) == 0;  // 3.1.6.5
  if (row.rule == CsrRule::Stimecmp) {                                                 // 16.2
    return (reg(SlotName::Menvcfg) & Envcfg::kStce) != 0 && (reg(SlotName::Mcounteren) & 2) != 0;
  }
  return true;
}

CsrStatus Hart::access_csr(CsrAccess access, uint64_t operand) {
  const CsrRow& row = *find_csr(access.csr);
  if (!csr_permitted(access.csr, row)) return CsrStatus::Illegal;
  const uint64_t old = read_csr(access.csr);
  CsrStatus status = CsrStatus::Done;
  if (access.writes != 0) {
    // 3.1.9: reading mip shows the external input, but only what software has written is set or cleared again.
    const uint64_t base = row.rule == CsrRule::Mip ? reg(SlotName::Mip) : old;
    const uint64_t values[] = {operand, base | operand, base & ~operand};
    write_rule(row, access.csr, values[access.action]);
    interrupts_changed();
    if (changes_fetches(row.rule) || next_interrupt() >= 0) status = CsrStatus::Leave;
  }
  set_x(access.rd, old);
  return status;
}

uint64_t Hart::read_csr(unsigned number) const {
  const CsrRow* const row = find_csr(number);
  if (!csr_exists(row, frontend_.features())) return 0;
  switch (row->rule) {
    case CsrRule::Float: {
      const uint32_t all = fcsr(*header_, layout_);
      return number == kFflags ? all & 31 : number == kFrm ? all >> 5 : all;
    }
    case CsrRule::Counter:
      return (number & 31) < 3 ? read_counter(number & 31) : 0;
    case CsrRule::MachineCounter:
      return read_counter(number & 31);
    case CsrRule::Sstatus:
      return reg(SlotName::Mstatus) & Status::kSupervisorReadable;
    case CsrRule::Sie:
      return reg(SlotName::Mie) & reg(SlotName::Mideleg);
    case CsrRule::Mip:
      return mip();
    case CsrRule::Sip:
      return mip() & reg(SlotName::Mideleg);
    default:
      break;
  }
  if (row->slot == ir::StateLayout::kNoSlot) return 0;
  return reg(static_cast<SlotName>(csr_slot(*row, number)));
}

void Hart::write_csr(unsigned number, uint64_t value) {
  const CsrRow* const row = find_csr(number);
  if (!csr_exists(row, frontend_.features()) || is_read_only(number)) return;
  write_rule(*row, number, value);
  interrupts_changed();
}

void Hart::write_rule(const CsrRow& row, unsigned number, uint64_t value) {
  switch (row.rule) {
    case CsrRule::Plain:
      reg(static_cast<SlotName>(row.slot)) = value & row.mask;
      break;
    case CsrRule::Epc:
      reg(static_cast<SlotName>(row.slot)) = value & (has(Feature::C) ? row.mask : row.mask & ~uint64_t{2});
      break;
    case CsrRule::Mstatus:
    case CsrRule::Sstatus:
      write_status(value, row.mask);
      break;
    case CsrRule::Mie:
    case CsrRule::Mideleg:
      reg(static_cast<SlotName>(row.slot)) = value & row.mask;
      break;
    case CsrRule::Sie:
      reg(SlotName::Mie) = replaced(reg(SlotName::Mie), value, reg(SlotName::Mideleg));
      break;
    case CsrRule::Mip:
      write_mip(value, row.mask);
      break;
    case CsrRule::Sip:  // 12.1.3: the other two are set and cleared by what raises them
      write_mip(value, uint64_t{1} << Interrupts::kSsi & reg(SlotName::Mideleg));
      break;
    case CsrRule::Envcfg: {
      uint64_t mask = row.mask;
      const uint64_t old = reg(static_cast<SlotName>(row.slot));
      if (!has(Feature::Zicbom)) mask &= ~(Envcfg::kCbie | Envcfg::kCbcfe);
      if ((value & Envcfg::kCbie) == Envcfg::kCbie - 0x10) mask &= ~Envcfg::kCbie;  // reserved: stays as it was
      if (!has(Feature::Zicboz)) mask &= ~Envcfg::kCbze;
      if (!has(Feature::Svadu)) mask &= ~Envcfg::kAdue;
      if (!has(Feature::Svpbmt)) mask &= ~Envcfg::kPbmte;
      if (!has(Feature::Sstc)) mask &= ~Envcfg::kStce;
      const uint64_t next = replaced(old, value, mask);
      reg(static_cast<SlotName>(row.slot)) = next;
      if (((next ^ old) & (Envcfg::kAdue | Envcfg::kPbmte)) != 0) mmu_->flush();
      if (((next ^ old) & Envcfg::kStce) != 0) {
        reg(SlotName::Mip) &= ~(uint64_t{1} << Interrupts::kSti);
        arm_timer();
      }
      break;
    }
    case CsrRule::Satp: {  // 12.1.11: a mode that is not supported makes the whole write void
      const uint64_t mode = Satp::mode(value);
      if (mode != Satp::kBare && (mode < Satp::kSv39 || mode > Satp::kSv57)) break;
      reg(SlotName::Satp) = value & row.mask;
      mmu_->context_changed();
      break;
    }
    case CsrRule::Stimecmp:
      reg(SlotName::Stimecmp) = value;
      arm_timer();
      break;
    case CsrRule::Pmpcfg:
      write_pmpcfg(row, value);
      break;
    case CsrRule::Pmpaddr:
      write_pmpaddr(number - row.number, value & row.mask);
      break;
    case CsrRule::MachineCounter: {
      const unsigned which = number & 31;
      const bool stands = (reg(SlotName::Mcountinhibit) >> which & 1) != 0;
      reg(static_cast<SlotName>(row.slot)) = stands ? value : value - counter_source(*header_, which);
      break;
    }
    case CsrRule::Mcountinhibit:
      write_inhibit(value & row.mask);
      break;
    case CsrRule::Float:    // lifted; debuggers: fcsr.h
    case CsrRule::Counter:  // read-only
    case CsrRule::Fixed:
      break;
  }
}

// 3.1.6. MPP holds no level that does not exist.
void Hart::write_status(uint64_t value, uint64_t mask) {
  uint64_t& status = reg(SlotName::Mstatus);
  if ((value & Status::kMpp) >> Status::kMppShift == 2) mask &= ~Status::kMpp;
  if (!has(Feature::F)) mask &= ~Status::kFs;
  const uint64_t before = context(0);
  uint64_t next = replaced(status, value, mask) & ~Status::kSd;
  if ((next & Status::kFs) == Status::kFs) next |= Status::kSd;
  status = next;
  if (context(0) != before) mmu_->context_changed();
}

// 3.1.9, 16.2: with stimecmp on, STIP is no software's.
void Hart::write_mip(uint64_t value, uint64_t mask) {
  if ((reg(SlotName::Menvcfg) & Envcfg::kStce) != 0) mask &= ~(uint64_t{1} << Interrupts::kSti);
  reg(SlotName::Mip) = replaced(reg(SlotName::Mip), value, mask);
}

uint8_t Hart::pmp_config(unsigned entry) const {
  const uint64_t configs = reg(entry < kConfigsPerRegister ? SlotName::Pmpcfg0 : SlotName::Pmpcfg2);
  return static_cast<uint8_t>(configs >> 8 * (entry % kConfigsPerRegister));
}

// 3.7.1: what is locked stays; R = 0 with W = 1 is reserved, and taken for neither.
void Hart::write_pmpcfg(const CsrRow& row, uint64_t value) {
  uint64_t& configs = reg(static_cast<SlotName>(row.slot));
  for (unsigned i = 0; i < kConfigsPerRegister; ++i) {
    const auto old = static_cast<uint8_t>(configs >> 8 * i);
    if ((old & PmpConfig::kLocked) != 0) continue;
    auto config = static_cast<uint8_t>(value >> 8 * i & PmpConfig::kWritable);
    if ((config & (PmpConfig::kR | PmpConfig::kW)) == PmpConfig::kW) config &= static_cast<uint8_t>(~PmpConfig::kW);
    configs = replaced(configs, uint64_t{config} << 8 * i, uint64_t{0xff} << 8 * i);
  }
  load_pmp();
  mmu_->flush();
}

// 3.7.1.2: the address below a locked range is locked with it.
void Hart::write_pmpaddr(unsigned entry, uint64_t value) {
  constexpr uint8_t kLockedRange = PmpConfig::kLocked | 1U << PmpConfig::kMatchShift;
  if ((pmp_config(entry) & PmpConfig::kLocked) != 0) return;
  if (entry + 1 < Pmp::kEntries && (pmp_config(entry + 1) & (PmpConfig::kLocked | PmpConfig::kMatch)) == kLockedRange) {
    return;
  }
  reg(static_cast<SlotName>(slot(SlotName::Pmpaddr0) + entry)) = value;
  load_pmp();
  mmu_->flush();
}

void Hart::load_pmp() {
  std::array<uint8_t, Pmp::kEntries> configs = {};
  std::array<uint64_t, Pmp::kEntries> addresses = {};
  for (unsigned i = 0; i < Pmp::kEntries; ++i) {
    configs[i] = pmp_config(i);
    addresses[i] = reg(static_cast<SlotName>(slot(SlotName::Pmpaddr0) + i));
  }
  pmp_.configure(configs, addresses);
}

// 3.1.10, 3.1.12: 0 cycle, 1 time, 2 instret.
uint64_t Hart::read_counter(unsigned which) const {
  if (which == 1) return time();
  const uint64_t held = reg(which == 0 ? SlotName::Mcycle : SlotName::Minstret);
  const bool stands = (reg(SlotName::Mcountinhibit) >> which & 1) != 0;
  return stands ? held : held + counter_source(*header_, which);
}

void Hart::write_inhibit(uint64_t value) {
  for (const unsigned which : {0U, 2U}) {
    uint64_t& held = reg(which == 0 ? SlotName::Mcycle : SlotName::Minstret);
    const uint64_t now = read_counter(which);
    held = (value >> which & 1) != 0 ? now : now - counter_source(*header_, which);
  }
  reg(SlotName::Mcountinhibit) = value;
}

}  // namespace menura::riscv
