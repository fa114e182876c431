// The generic timers' registers (Arm ARM DDI 0487, D12.2.4 and D19.12).
#include <algorithm>

#include "frontends/arm/system/cpu.h"

namespace menura::arm {

using enum SystemRegister;

namespace {

enum class Part : uint8_t { Value, Control, Compare };

struct TimerRow {
  TimerNumber timer;
  SystemRegister value, control, compare;  // CNTx_TVAL, CNTx_CTL, CNTx_CVAL
  SlotName control_slot, compare_slot;
};
constexpr TimerRow kRows[] = {
    {TimerNumber::Physical, CNTP_TVAL_EL0, CNTP_CTL_EL0, CNTP_CVAL_EL0, SlotName::CNTP_CTL_EL0,
     SlotName::CNTP_CVAL_EL0},
    {TimerNumber::Virtual, CNTV_TVAL_EL0, CNTV_CTL_EL0, CNTV_CVAL_EL0, SlotName::CNTV_CTL_EL0, SlotName::CNTV_CVAL_EL0},
    {TimerNumber::Hypervisor, CNTHP_TVAL_EL2, CNTHP_CTL_EL2, CNTHP_CVAL_EL2, SlotName::CNTHP_CTL_EL2,
     SlotName::CNTHP_CVAL_EL2},
    {TimerNumber::HypervisorVirtual, CNTHV_TVAL_EL2, CNTHV_CTL_EL2, CNTHV_CVAL_EL2, SlotName::CNTHV_CTL_EL2,
     SlotName::CNTHV_CVAL_EL2},
    {TimerNumber::Secure, CNTPS_TVAL_EL1, CNTPS_CTL_EL1, CNTPS_CVAL_EL1, SlotName::CNTPS_CTL_EL1,
     SlotName::CNTPS_CVAL_EL1},
    // EL2's names of EL1's, which come after the timers themselves.
    {TimerNumber::Physical, CNTP_TVAL_EL02, CNTP_CTL_EL02, CNTP_CVAL_EL02, SlotName::CNTP_CTL_EL0,
     SlotName::CNTP_CVAL_EL0},
    {TimerNumber::Virtual, CNTV_TVAL_EL02, CNTV_CTL_EL02, CNTV_CVAL_EL02, SlotName::CNTV_CTL_EL0,
     SlotName::CNTV_CVAL_EL0},
};

const TimerRow* row_of(SystemRegister name) {
  const auto* const found = std::find_if(std::begin(kRows), std::end(kRows), [&](const TimerRow& row) {
    return name == row.value || name == row.control || name == row.compare;
  });
  return found == std::end(kRows) ? nullptr : found;
}
const TimerRow& row_of(TimerNumber timer) { return kRows[static_cast<unsigned>(timer)]; }

Part part_of(const TimerRow& row, SystemRegister name) {
  return name == row.value ? Part::Value : name == row.control ? Part::Control : Part::Compare;
}

}  // namespace

bool Cpu::is_timer(SystemRegister name) { return row_of(name) != nullptr; }

// CNTKCTL_EL1 at EL0, or CNTHCTL_EL2 where EL2 is the host, with the same fields.
bool Cpu::is_timer_permitted(SystemRegister name) const {
  const uint64_t control = reg(is_host() ? SlotName::CNTHCTL_EL2 : SlotName::CNTKCTL_EL1);
  constexpr uint64_t kPhysicalCounter = 1U << 0;
  constexpr uint64_t kVirtualCounter = 1U << 1;
  constexpr uint64_t kVirtualTimer = 1U << 8;
  constexpr uint64_t kPhysicalTimer = 1U << 9;
  switch (name) {
    case CNTFRQ_EL0:
      return (control & (kPhysicalCounter | kVirtualCounter)) != 0;
    case CNTPCT_EL0:
      return (control & kPhysicalCounter) != 0;
    case CNTVCT_EL0:
      return (control & kVirtualCounter) != 0;
    case CNTP_TVAL_EL0:
    case CNTP_CTL_EL0:
    case CNTP_CVAL_EL0:
      return (control & kPhysicalTimer) != 0;
    case CNTV_TVAL_EL0:
    case CNTV_CTL_EL0:
    case CNTV_CVAL_EL0:
      return (control & kVirtualTimer) != 0;
    default:
      return true;
  }
}

// Of CNTVCT_EL0 (D12.2.1): a host has none.
uint64_t Cpu::virtual_offset() const {
  if (!has(Feature::EL2) || is_host()) return 0;
  if (level() == 2 && (reg(SlotName::HCR_EL2) & Hcr::kE2h) != 0) return 0;
  return reg(SlotName::CNTVOFF_EL2);
}

namespace {

// Programs of a host name its timers by EL1's names.
SystemRegister named_at_el0(SystemRegister name) {
  switch (name) {
    case CNTP_TVAL_EL0:
      return CNTHP_TVAL_EL2;
    case CNTP_CTL_EL0:
      return CNTHP_CTL_EL2;
    case CNTP_CVAL_EL0:
      return CNTHP_CVAL_EL2;
    case CNTV_TVAL_EL0:
      return CNTHV_TVAL_EL2;
    case CNTV_CTL_EL0:
      return CNTHV_CTL_EL2;
    case CNTV_CVAL_EL0:
      return CNTHV_CVAL_EL2;
    default:
      return name;
  }
}

}  // namespace

uint64_t Cpu::read_timer(SystemRegister name) {
  if (level() == 0 && is_host()) name = named_at_el0(name);
  const TimerRow& row = *row_of(name);
  const uint64_t compare = reg(row.compare_slot);
  const uint64_t offset = row.timer == TimerNumber::Virtual && has(Feature::EL2) ? reg(SlotName::CNTVOFF_EL2) : 0;
  const uint64_t count = count_of(setup_.door) - offset;
  switch (part_of(row, name)) {
    case Part::Value:
      return static_cast<uint32_t>(compare - count);
    case Part::Control: {
      const uint64_t control = reg(row.control_slot);
      const bool met = (control & GenericTimer::kEnable) != 0 && count >= compare;
      return control | (met ? GenericTimer::kStatus : 0);
    }
    case Part::Compare:
      return compare;
  }
  return 0;
}

void Cpu::write_timer(SystemRegister name, uint64_t value) {
  if (level() == 0 && is_host()) name = named_at_el0(name);
  const TimerRow& row = *row_of(name);
  const uint64_t offset = row.timer == TimerNumber::Virtual && has(Feature::EL2) ? reg(SlotName::CNTVOFF_EL2) : 0;
  switch (part_of(row, name)) {
    case Part::Value:  // a signed offset of 32 bits
      reg(row.compare_slot) =
          count_of(setup_.door) - offset + static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(value)));
      break;
    case Part::Control:
      reg(row.control_slot) = value & (GenericTimer::kEnable | GenericTimer::kMask);
      break;
    case Part::Compare:
      reg(row.compare_slot) = value;
      break;
  }
  set_timer(row.timer);
}

// The virtual counter is CNTVOFF_EL2 behind, or ahead where that is negative: so is what it is compared with.
void Cpu::set_timer(TimerNumber number) {
  const TimerRow& row = row_of(number);
  uint64_t compare = reg(row.compare_slot);
  if (number == TimerNumber::Virtual && has(Feature::EL2)) {
    const __int128 moved = static_cast<__int128>(compare) + static_cast<int64_t>(reg(SlotName::CNTVOFF_EL2));
    compare = static_cast<uint64_t>(std::clamp<__int128>(moved, 0, ~uint64_t{0}));
  }
  timers_[static_cast<unsigned>(number)]->set(reg(row.control_slot), compare);
}

void Cpu::update_timers() {
  for (unsigned i = 0; i < kTimers; ++i) set_timer(static_cast<TimerNumber>(i));
}

}  // namespace menura::arm
