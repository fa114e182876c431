#include "boards/devices/intc/gic.h"

#include <algorithm>
#include <bit>

namespace menura::boards {
namespace {

// Five bits of priority, as Arm's own cores have.
constexpr uint8_t kPriorityMask = 0xf8;
constexpr unsigned kPriorityShift = 3;
constexpr uint8_t kIdle = 0xff;

constexpr uint64_t kGroups = 0x080;      // IGROUPR
constexpr uint64_t kPriorities = 0x400;  // IPRIORITYR: a byte each
constexpr uint64_t kPrioritiesEnd = 0x800;
constexpr uint64_t kConfigurations = 0xc00;  // ICFGR: two bits each
constexpr uint64_t kConfigurationsEnd = 0xd00;
constexpr uint64_t kBitsEnd = 0x400;
constexpr uint32_t kSgis = 0xffff;

// Of 16 interrupts two bits each, of which the upper one says edge-triggered.
uint32_t spread(uint32_t bits) {
  uint32_t value = 0;
  for (unsigned i = 0; i < 16; ++i) value |= (bits >> i & 1) << (2 * i + 1);
  return value;
}
uint32_t gather(uint32_t value) {
  uint32_t bits = 0;
  for (unsigned i = 0; i < 16; ++i) bits |= (value >> (2 * i + 1) & 1) << i;
  return bits;
}

}  // namespace

void GicBank::state(StateVisitor& visitor) {
  visitor("IGROUPR", group);
  visitor("ISENABLER", enabled);
  visitor("ISPENDR", latched);
  visitor("lines", line);
  visitor("ICFGR", edge);
  visitor("ISACTIVER", active);
  visitor("IPRIORITYR", priority);
}

Gic::Gic(const DeviceSetup& setup, const DeviceKind& kind) : log_(setup.log, kind), cpus_(setup.cpus) {
  // IRQ and FIQ of each virtual CPU in turn.
  for (unsigned i = 0; i < setup.cpus; ++i) {
    if (2 * i + 1 >= setup.interrupts.size()) break;
    cpus_[i].irq = setup.interrupts[2 * i];
    cpus_[i].fiq = setup.interrupts[2 * i + 1];
  }
}

void Gic::reset() {
  const std::lock_guard lock(mutex_);
  const auto reset_bank = [](GicBank& bank) {
    bank = GicBank{.line = bank.line};  // what the devices say stays
  };
  for (GicBank& bank : spis_) reset_bank(bank);
  for (Cpu& cpu : cpus_) {
    reset_bank(cpu.bank);
    cpu.bank.edge = kSgis;
    cpu = Cpu{.bank = cpu.bank, .irq = cpu.irq, .fiq = cpu.fiq};
  }
  group_enabled_ = {};
  update();
}

void Gic::state(StateVisitor& visitor) {
  const std::lock_guard lock(mutex_);
  for (GicBank& bank : spis_) bank.state(visitor);
  for (Cpu& cpu : cpus_) {
    cpu.bank.state(visitor);
    visitor("PMR", cpu.mask);
    visitor("BPR", cpu.binary_point);
    visitor("IGRPEN", cpu.enabled);
    visitor("EOImode", cpu.split_end);
    visitor("CBPR", cpu.common_binary_point);
    visitor("APR", cpu.active_priorities);
    visitor("SGI sources", cpu.sgi_sources);
  }
  visitor("GICD_CTLR", group_enabled_);
}

void Gic::restored() {
  const std::lock_guard lock(mutex_);
  update();
}

void Gic::set_input(unsigned input, bool level) {
  const std::lock_guard lock(mutex_);
  GicBank* bank = nullptr;
  unsigned cpu = 0;
  if (input >= kGicPrivateInputs) {
    cpu = (input - kGicPrivateInputs) / 32;
    if (cpu >= cpus_.size()) return;
    bank = &cpus_[cpu].bank;
  } else if (input < kSpis) {
    bank = &spis_[input / 32];
  } else {
    return;
  }
  const uint32_t bit = 1U << (input % 32);
  if (((bank->line & bit) != 0) == level) return;
  bank->line ^= bit;
  if (level && (bank->edge & bit) != 0) bank->latched |= bit;
  if (input >= kGicPrivateInputs) {
    update(cpu);
  } else {
    update();
  }
}

// --- the distributor's registers

uint32_t Gic::read_bits(const GicBank& bank, BitRegister which) {
  switch (which) {
    case BitRegister::Group:
      return bank.group;
    case BitRegister::SetEnable:
    case BitRegister::ClearEnable:
      return bank.enabled;
    case BitRegister::SetPending:
    case BitRegister::ClearPending:
      return bank.pending();
    case BitRegister::SetActive:
    case BitRegister::ClearActive:
      return bank.active;
  }
  return 0;
}

void Gic::write_bits(GicBank& bank, BitRegister which, uint32_t value) {
  switch (which) {
    case BitRegister::Group:
      bank.group = value;
      break;
    case BitRegister::SetEnable:
      bank.enabled |= value;
      break;
    case BitRegister::ClearEnable:
      bank.enabled &= ~value;
      break;
    case BitRegister::SetPending:
      bank.latched |= value;
      break;
    case BitRegister::ClearPending:
      bank.latched &= ~value;
      break;
    case BitRegister::SetActive:
      bank.active |= value;
      break;
    case BitRegister::ClearActive:
      bank.active &= ~value;
      break;
  }
}

unsigned Gic::bank_of(uint64_t offset) {
  if (offset < kBitsEnd) return offset % 0x80 / 4;
  if (offset < kConfigurations) return offset % 0x400 / 32;
  return offset % 0x100 / 8;
}

bool Gic::read_bank(const GicBank& bank, uint64_t offset, unsigned size, uint64_t* value) {
  *value = 0;
  if (offset >= kGroups && offset < kBitsEnd) {
    if (size != 4) return false;
    *value = read_bits(bank, static_cast<BitRegister>((offset - kGroups) / 0x80));
    return true;
  }
  if (offset >= kPriorities && offset < kPrioritiesEnd) {
    for (unsigned i = 0; i < size; ++i) *value |= uint64_t{bank.priority[(offset + i) % 32]} << (8 * i);
    return true;
  }
  if (offset >= kConfigurations && offset < kConfigurationsEnd && size == 4) {
    *value = spread(bank.edge >> (offset % 8 == 0 ? 0 : 16));
    return true;
  }
  return false;
}

bool Gic::write_bank(GicBank& bank, bool is_private, uint64_t offset, unsigned size, uint64_t value) {
  if (offset >= kGroups && offset < kBitsEnd) {
    if (size != 4) return false;
    write_bits(bank, static_cast<BitRegister>((offset - kGroups) / 0x80), static_cast<uint32_t>(value));
    return true;
  }
  if (offset >= kPriorities && offset < kPrioritiesEnd) {
    for (unsigned i = 0; i < size; ++i) {
      bank.priority[(offset + i) % 32] = static_cast<uint8_t>(value >> (8 * i)) & kPriorityMask;
    }
    return true;
  }
  if (offset >= kConfigurations && offset < kConfigurationsEnd && size == 4) {
    const unsigned shift = offset % 8 == 0 ? 0 : 16;
    // SGIs are edge-triggered for good.
    if (is_private && shift == 0) return true;
    bank.edge = (bank.edge & ~(0xffffU << shift)) | gather(static_cast<uint32_t>(value)) << shift;
    return true;
  }
  return false;
}

// --- CPU interface

// 4.8.4 of IHI 0069: the bits of a priority that decide about preemption. Group 1 has a point of its own, one further.
uint8_t Gic::group_priority(const Cpu& cpu, unsigned group, uint8_t priority) const {
  const bool own = group == 1 && !cpu.common_binary_point;
  const unsigned dropped = own ? cpu.binary_point[1] : cpu.binary_point[0] + 1U;
  return static_cast<uint8_t>(priority & (0xffU << std::min(dropped, 8U)));
}

uint8_t Gic::running_priority(const Cpu& cpu) const {
  const uint32_t active = cpu.active_priorities[0] | cpu.active_priorities[1];
  return active == 0 ? kIdle : static_cast<uint8_t>(std::countr_zero(active) << kPriorityShift);
}

// The interrupt of the highest priority (the lowest number; of equals the lowest id) that is pending, enabled, not
// active, and may be signalled: above the mask, and preempting what runs.
Gic::Candidate Gic::best(unsigned number) const {
  const Cpu& cpu = cpus_[number];
  Candidate found;
  const auto look = [&](const GicBank& bank, uint32_t first) {
    uint32_t ready = bank.pending() & bank.enabled & ~bank.active;
    if (!group_enabled_[0] || !cpu.enabled[0]) ready &= bank.group;
    if (!group_enabled_[1] || !cpu.enabled[1]) ready &= ~bank.group;
    for (; ready != 0; ready &= ready - 1) {
      const auto bit = static_cast<unsigned>(std::countr_zero(ready));
      if (bank.priority[bit] >= found.priority) continue;
      if (first >= kFirstSpi && !is_routed(first + bit, number)) continue;
      found = {.id = first + bit, .group = bank.group >> bit & 1, .priority = bank.priority[bit]};
    }
  };
  look(cpu.bank, 0);
  for (unsigned i = 0; i < spis_.size(); ++i) look(spis_[i], kFirstSpi + 32 * i);
  if (found.id == kSpurious || found.priority >= cpu.mask ||
      group_priority(cpu, found.group, found.priority) >= running_priority(cpu)) {
    return {};
  }
  return found;
}

uint32_t Gic::highest_pending(unsigned cpu, unsigned group) const {
  const Candidate found = best(cpu);
  return found.group == group ? found.id : kSpurious;
}

uint32_t Gic::acknowledge(unsigned number, unsigned group) {
  const Candidate found = best(number);
  if (found.id == kSpurious || found.group != group) return kSpurious;
  Cpu& cpu = cpus_[number];
  GicBank& from = bank(number, found.id);
  const uint32_t bit = 1U << (found.id % 32);
  from.latched &= ~bit;
  from.active |= bit;
  cpu.active_priorities[group] |= 1U << (group_priority(cpu, group, found.priority) >> kPriorityShift);
  uint32_t id = found.id;
  if (id < 16 && cpu.sgi_sources[id] != 0) {  // GICv2: of each sender in turn
    const auto source = static_cast<unsigned>(std::countr_zero(cpu.sgi_sources[id]));
    cpu.sgi_sources[id] &= static_cast<uint8_t>(cpu.sgi_sources[id] - 1);
    if (cpu.sgi_sources[id] != 0) from.latched |= bit;
    id |= source << 10;
  }
  update();
  return id;
}

// 4.4 of IHI 0069: the highest active priority of the group is dropped.
void Gic::end(unsigned number, unsigned group, uint32_t id) {
  Cpu& cpu = cpus_[number];
  uint32_t& active = cpu.active_priorities[group];
  active &= active - 1;
  if (!cpu.split_end) return deactivate(number, id);
  update(number);
}

void Gic::deactivate(unsigned cpu, uint32_t id) {
  if (id < kFirstSpi + kSpis) bank(cpu, id).active &= ~(1U << (id % 32));
  update();
}

void Gic::send(unsigned target, unsigned sgi) {
  cpus_[target].bank.latched |= 1U << sgi;
  update(target);
}

void Gic::send(unsigned target, unsigned sgi, unsigned sender) {
  cpus_[target].sgi_sources[sgi] |= static_cast<uint8_t>(1U << sender);
  send(target, sgi);
}

void Gic::update() {
  for (unsigned cpu = 0; cpu < cpus_.size(); ++cpu) update(cpu);
}

void Gic::update(unsigned cpu) {
  const Candidate found = best(cpu);
  const bool fiq = is_fiq(cpu, found.group);
  cpus_[cpu].irq.set(found.id != kSpurious && !fiq);
  cpus_[cpu].fiq.set(found.id != kSpurious && fiq);
}

void describe_gic(fdt::Tree& tree, const std::string& path, uint64_t first_size, uint64_t second, uint64_t size) {
  const uint64_t base = std::stoull(path.substr(path.find('@') + 1), nullptr, 16);
  tree.u64(path, "reg", {base, first_size, base + second, size - second});
  tree.flag(path, "interrupt-controller");
  tree.cells(path, "#interrupt-cells", {3});
  tree.cells(path, "#address-cells", {2});
  tree.cells(path, "#size-cells", {2});
  tree.flag(path, "ranges");
}

}  // namespace menura::boards
