// MRS and MSR of what is more than a slot.
#include "frontends/arm/system/cpu.h"

namespace menura::arm {

using enum SystemRegister;

void Cpu::access_register(uint32_t word) {
  const unsigned number = word >> 5 & 0x7fff;
  const unsigned rt = word & 31;
  const bool write = (word >> 21 & 1) == 0;
  const RegisterRow* row = find_register(number);
  if (row == nullptr || lifting_of(number, write, frontend_.features(), header_->mode) == Lifting::Undefined) {
    return undefined();
  }
  if (!is_permitted(*row, write)) return trap_system(word);
  done();
  if (write) {
    write_register(*row, x(rt));
  } else {
    set_x(rt, read_register(*row));
  }
}

// What controls of EL1 say about EL0: SCTLR_EL1 (D19.2.118) and CNTKCTL_EL1 (D19.12.12).
bool Cpu::is_permitted(const RegisterRow& row, bool) const {
  if (is_kernel()) return true;
  const uint64_t sctlr = reg(SlotName::SCTLR_EL1);
  const uint64_t timers = reg(SlotName::CNTKCTL_EL1);
  constexpr uint64_t kCommsTrapped = 1U << 12;  // MDSCR_EL1.TDCC
  constexpr uint64_t kPhysicalCounter = 1U << 0;
  constexpr uint64_t kVirtualCounter = 1U << 1;
  constexpr uint64_t kVirtualTimer = 1U << 8;
  constexpr uint64_t kPhysicalTimer = 1U << 9;
  switch (static_cast<SystemRegister>(row.number)) {
    case MDCCSR_EL0:
      return (reg(SlotName::MDSCR_EL1) & kCommsTrapped) == 0;
    case CTR_EL0:
      return (sctlr & Sctlr::kUct) != 0;
    case DAIF:
      return (sctlr & Sctlr::kUma) != 0;
    case CNTFRQ_EL0:
      return (timers & (kPhysicalCounter | kVirtualCounter)) != 0;
    case CNTPCT_EL0:
      return (timers & kPhysicalCounter) != 0;
    case CNTVCT_EL0:
      return (timers & kVirtualCounter) != 0;
    case CNTP_TVAL_EL0:
    case CNTP_CTL_EL0:
    case CNTP_CVAL_EL0:
      return (timers & kPhysicalTimer) != 0;
    case CNTV_TVAL_EL0:
    case CNTV_CTL_EL0:
    case CNTV_CVAL_EL0:
      return (timers & kVirtualTimer) != 0;
    default:
      return true;
  }
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
    case ISR_EL1:
      return inputs_.load();
    case CCSIDR_EL1:
      // D19.2.25: sets less one, ways less one, log2 of a line's words less two. 32 KiB of 4 ways, then 1 MiB of 16.
      return reg(SlotName::CSSELR_EL1) >> 1 == 0 ? 127U << 13 | 3U << 3 | 2 : 1023U << 13 | 15U << 3 | 2;
    case CNTPCT_EL0:
    case CNTVCT_EL0:
      return count_of(setup_.door);
    case CNTP_TVAL_EL0:
    case CNTP_CTL_EL0:
    case CNTP_CVAL_EL0:
    case CNTV_TVAL_EL0:
    case CNTV_CTL_EL0:
    case CNTV_CVAL_EL0:
      return read_timer(static_cast<SystemRegister>(row.number));
    default:
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
      return set_level(true, (value & 1) == 0);
    case OSLAR_EL1:  // D19.3.29: the lock shows in OSLSR_EL1.OSLK
      reg(SlotName::OSLSR_EL1) = (reg(SlotName::OSLSR_EL1) & ~uint64_t{2}) | (value & 1) << 1;
      return;
    case CNTP_TVAL_EL0:
    case CNTP_CTL_EL0:
    case CNTP_CVAL_EL0:
    case CNTV_TVAL_EL0:
    case CNTV_CTL_EL0:
    case CNTV_CVAL_EL0:
      return write_timer(name, value);
    default:
      break;
  }
  if (row.slot == ir::StateLayout::kNoSlot) return;
  const uint64_t before = at(row.slot);
  const uint64_t after = value & row.mask;
  at(row.slot) = after;
  switch (name) {
    case SCTLR_EL1:
      update_mode();
      // The rights of all translations depend on these two.
      if (((before ^ after) & (Sctlr::kM | Sctlr::kWxn)) != 0) translation_changed();
      break;
    case TCR_EL1:
      if (before != after) translation_changed();
      break;
    case TTBR0_EL1:
    case TTBR1_EL1:
    case PAN:
      if (mmu_ != nullptr) mmu_->context_changed();
      break;
    case CPACR_EL1:
    case CNTKCTL_EL1:
    case UAO:
      update_mode();
      break;
    default:
      break;
  }
}

// --- the generic timers (D12.2.4)

namespace {

bool is_virtual(SystemRegister name) { return name == CNTV_TVAL_EL0 || name == CNTV_CTL_EL0 || name == CNTV_CVAL_EL0; }
SlotName control_of(SystemRegister name) { return is_virtual(name) ? SlotName::CNTV_CTL_EL0 : SlotName::CNTP_CTL_EL0; }
SlotName compare_of(SystemRegister name) {
  return is_virtual(name) ? SlotName::CNTV_CVAL_EL0 : SlotName::CNTP_CVAL_EL0;
}

}  // namespace

uint64_t Cpu::read_timer(SystemRegister name) {
  const uint64_t compare = reg(compare_of(name));
  switch (name) {
    case CNTP_TVAL_EL0:
    case CNTV_TVAL_EL0:
      return static_cast<uint32_t>(compare - count_of(setup_.door));
    case CNTP_CTL_EL0:
    case CNTV_CTL_EL0: {
      const uint64_t control = reg(control_of(name));
      const bool met = (control & GenericTimer::kEnable) != 0 && count_of(setup_.door) >= compare;
      return control | (met ? GenericTimer::kStatus : 0);
    }
    default:
      return compare;
  }
}

void Cpu::write_timer(SystemRegister name, uint64_t value) {
  switch (name) {
    case CNTP_TVAL_EL0:
    case CNTV_TVAL_EL0:  // a signed offset of 32 bits
      reg(compare_of(name)) =
          count_of(setup_.door) + static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(value)));
      break;
    case CNTP_CTL_EL0:
    case CNTV_CTL_EL0:
      reg(control_of(name)) = value & (GenericTimer::kEnable | GenericTimer::kMask);
      break;
    default:
      reg(compare_of(name)) = value;
      break;
  }
  (is_virtual(name) ? virtual_ : physical_).set(reg(control_of(name)), reg(compare_of(name)));
}

void Cpu::update_timers() {
  physical_.set(reg(SlotName::CNTP_CTL_EL0), reg(SlotName::CNTP_CVAL_EL0));
  virtual_.set(reg(SlotName::CNTV_CTL_EL0), reg(SlotName::CNTV_CVAL_EL0));
}

}  // namespace menura::arm
