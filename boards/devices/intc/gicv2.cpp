// Arm's Generic Interrupt Controller, version 2: distributor and CPU interface by memory, where each virtual CPU finds
// its own registers for its private interrupts. After: ARM Generic Interrupt Controller Architecture version 2.0,
// Architecture Specification (IHI 0048B.b). Not modelled: the Security Extensions (interrupts of group 0 become FIQs
// where GICC_CTLR.FIQEn says so, else IRQs), virtualization, GICD_NSACR.
#include <algorithm>

#include "boards/devices/devices.h"
#include "boards/devices/intc/gic.h"
#include "vcpu/current_cpu.h"

namespace menura::boards {
namespace {

constexpr RegisterRow kRegisters[] = {
    {0x000, 4, Rights::Rw, "GICD_CTLR", "1 EnableGrp1, 0 EnableGrp0"},
    {0x004, 4, Rights::Ro, "GICD_TYPER", "7:5 CPUNumber, 4:0 ITLinesNumber"},
    {0x008, 4, Rights::Ro, "GICD_IIDR", "31:24 ProductID, 11:0 Implementer"},
    {0x080, 4, Rights::Rw, "GICD_IGROUPR", "", 9, 4},
    {0x100, 4, Rights::Rw, "GICD_ISENABLER", "", 9, 4},
    {0x180, 4, Rights::Rw, "GICD_ICENABLER", "", 9, 4},
    {0x200, 4, Rights::Rw, "GICD_ISPENDR", "", 9, 4},
    {0x280, 4, Rights::Rw, "GICD_ICPENDR", "", 9, 4},
    {0x300, 4, Rights::Rw, "GICD_ISACTIVER", "", 9, 4},
    {0x380, 4, Rights::Rw, "GICD_ICACTIVER", "", 9, 4},
    {0x400, 4, Rights::Rw, "GICD_IPRIORITYR", "a byte for each interrupt", 72, 4},
    {0x800, 4, Rights::Rw, "GICD_ITARGETSR", "a byte for each interrupt, a bit for each virtual CPU", 72, 4},
    {0xc00, 4, Rights::Rw, "GICD_ICFGR", "two bits for each interrupt, the upper one: edge-triggered", 18, 4},
    {0xf00, 4, Rights::Wo, "GICD_SGIR", "25:24 TargetListFilter, 23:16 CPUTargetList, 3:0 SGIINTID"},
    {0xfe8, 4, Rights::Ro, "GICD_ICPIDR2", "7:4 ArchRev"},
    {0x10000, 4, Rights::Rw, "GICC_CTLR", "9 EOImode, 4 CBPR, 3 FIQEn, 2 AckCtl, 1 EnableGrp1, 0 EnableGrp0"},
    {0x10004, 4, Rights::Rw, "GICC_PMR", ""},
    {0x10008, 4, Rights::Rw, "GICC_BPR", ""},
    {0x1000c, 4, Rights::Ro, "GICC_IAR", "12:10 CPUID, 9:0 INTERRUPT_ID"},
    {0x10010, 4, Rights::Wo, "GICC_EOIR", "12:10 CPUID, 9:0 INTERRUPT_ID"},
    {0x10014, 4, Rights::Ro, "GICC_RPR", ""},
    {0x10018, 4, Rights::Ro, "GICC_HPPIR", ""},
    {0x1001c, 4, Rights::Rw, "GICC_ABPR", ""},
    {0x100d0, 4, Rights::Rw, "GICC_APR0", ""},
    {0x100fc, 4, Rights::Ro, "GICC_IIDR", "19:16 architecture version, 11:0 Implementer"},
    {0x11000, 4, Rights::Wo, "GICC_DIR", "9:0 INTERRUPT_ID"},
};

constexpr uint64_t kCpuInterface = 0x10000;
constexpr uint64_t kRegion = 0x20000;
constexpr uint64_t kTargets = 0x800;
constexpr uint64_t kTargetsEnd = 0xc00;
constexpr uint64_t kImplementer = 0x43b;  // Arm
constexpr unsigned kMostCpus = 8;

class GicV2 final : public Gic {
 public:
  explicit GicV2(const DeviceSetup& setup) : Gic(setup, kGicV2) { GicV2::reset(); }

  void reset() override {
    targets_ = {};
    fiq_enabled_.assign(cpus_.size(), 0);
    Gic::reset();
  }
  void state(StateVisitor& visitor) override {
    Gic::state(visitor);
    visitor("GICD_ITARGETSR", targets_);
    visitor("FIQEn", fiq_enabled_);
  }

  uint64_t mmio_read(uint64_t offset, unsigned size) override {
    const std::lock_guard lock(mutex_);
    uint64_t value = 0;
    if (offset < kCpuInterface ? read_distributor(offset, size, &value) : read_interface(offset, size, &value)) {
      return value;
    }
    log_.bad_read(offset);
    return 0;
  }
  void mmio_write(uint64_t offset, unsigned size, uint64_t value) override {
    const std::lock_guard lock(mutex_);
    if (offset < kCpuInterface ? write_distributor(offset, size, value) : write_interface(offset, size, value)) {
      return update();
    }
    log_.bad_write(offset, value);
  }

 private:
  bool is_routed(uint32_t id, unsigned cpu) const override { return (targets_[id - kFirstSpi] >> cpu & 1) != 0; }
  bool is_fiq(unsigned cpu, unsigned group) const override { return group == 0 && fiq_enabled_[cpu] != 0; }
  // Who accesses.
  unsigned self() const { return std::min<unsigned>(vcpu::current_cpu(), static_cast<unsigned>(cpus_.size()) - 1); }

  bool read_distributor(uint64_t offset, unsigned size, uint64_t* value);
  bool write_distributor(uint64_t offset, unsigned size, uint64_t value);
  bool read_interface(uint64_t offset, unsigned size, uint64_t* value);
  bool write_interface(uint64_t offset, unsigned size, uint64_t value);
  void send_sgi(uint32_t value);
  uint32_t acknowledge_any(unsigned cpu);

  std::array<uint8_t, kSpis> targets_ = {};
  std::vector<uint8_t> fiq_enabled_;
};

bool GicV2::read_distributor(uint64_t offset, unsigned size, uint64_t* value) {
  if (size == 4) {
    switch (offset) {
      case 0x0:
        *value = (group_enabled_[1] ? 2 : 0) | (group_enabled_[0] ? 1 : 0);
        return true;
      case 0x4:
        *value = (cpus_.size() - 1) << 5 | kSpis / 32;
        return true;
      case 0x8:
        *value = kImplementer;
        return true;
      case 0xfe8:
        *value = 0x2b;  // GICv2, Arm
        return true;
      default:
        break;
    }
  }
  if (offset >= kTargets && offset < kTargetsEnd) {
    for (unsigned i = 0; i < size; ++i) {
      const uint64_t id = offset - kTargets + i;
      // 4.3.12: of private interrupts, who reads.
      const uint64_t byte = id < kFirstSpi ? 1U << self() : id < kFirstSpi + kSpis ? targets_[id - kFirstSpi] : 0;
      *value |= byte << (8 * i);
    }
    return true;
  }
  const unsigned index = bank_of(offset);
  if (offset >= 0xd00 || index > spis_.size()) return false;
  return read_bank(index == 0 ? cpus_[self()].bank : spis_[index - 1], offset, size, value);
}

bool GicV2::write_distributor(uint64_t offset, unsigned size, uint64_t value) {
  if (offset == 0 && size == 4) {
    group_enabled_ = {(value & 1) != 0, (value & 2) != 0};
    return true;
  }
  if (offset == 0xf00 && size == 4) {
    send_sgi(static_cast<uint32_t>(value));
    return true;
  }
  if (offset >= kTargets && offset < kTargetsEnd) {
    const auto there = static_cast<uint8_t>((1U << cpus_.size()) - 1);
    for (unsigned i = 0; i < size; ++i) {
      const uint64_t id = offset - kTargets + i;
      if (id >= kFirstSpi && id < kFirstSpi + kSpis) {
        targets_[id - kFirstSpi] = static_cast<uint8_t>(value >> (8 * i)) & there;
      }
    }
    return true;
  }
  const unsigned index = bank_of(offset);
  if (offset >= 0xd00 || index > spis_.size()) return false;
  return write_bank(index == 0 ? cpus_[self()].bank : spis_[index - 1], index == 0, offset, size, value);
}

// 4.3.15: to those of the list, to all others, or to itself.
void GicV2::send_sgi(uint32_t value) {
  const unsigned sgi = value & 15;
  const unsigned filter = value >> 24 & 3;
  const uint32_t list = value >> 16 & 0xff;
  for (unsigned cpu = 0; cpu < cpus_.size(); ++cpu) {
    const bool meant = filter == 0   ? (list >> cpu & 1) != 0
                       : filter == 1 ? cpu != self()
                                     : filter == 2 && cpu == self();
    if (meant) send(cpu, sgi, self());
  }
}

// 3.2.4 with AckCtl: whatever comes first.
uint32_t GicV2::acknowledge_any(unsigned cpu) {
  const uint32_t id = acknowledge(cpu, 0);
  return id == kSpurious ? acknowledge(cpu, 1) : id;
}

bool GicV2::read_interface(uint64_t offset, unsigned size, uint64_t* value) {
  if (size != 4) return false;
  const unsigned number = self();
  const Cpu& cpu = cpus_[number];
  switch (offset - kCpuInterface) {
    case 0x00:
      *value = (cpu.split_end ? 1U << 9 : 0) | (cpu.common_binary_point ? 1U << 4 : 0) | fiq_enabled_[number] << 3 |
               (cpu.enabled[1] ? 2 : 0) | (cpu.enabled[0] ? 1 : 0);
      return true;
    case 0x04:
      *value = cpu.mask;
      return true;
    case 0x08:
      *value = cpu.binary_point[0];
      return true;
    case 0x0c:
      *value = acknowledge_any(number);
      return true;
    case 0x14:
      *value = running_priority(cpu);
      return true;
    case 0x18:
      *value = std::min(highest_pending(number, 0), highest_pending(number, 1));
      return true;
    case 0x1c:
      *value = cpu.binary_point[1];
      return true;
    case 0xd0:
      *value = cpu.active_priorities[0] | cpu.active_priorities[1];
      return true;
    case 0xfc:
      *value = 2U << 16 | kImplementer;
      return true;
    default:
      return false;
  }
}

bool GicV2::write_interface(uint64_t offset, unsigned size, uint64_t value) {
  if (size != 4) return false;
  const unsigned number = self();
  Cpu& cpu = cpus_[number];
  const auto id = static_cast<uint32_t>(value & 0x3ff);
  switch (offset - kCpuInterface) {
    case 0x00:
      cpu.enabled = {(value & 1) != 0, (value & 2) != 0};
      fiq_enabled_[number] = value >> 3 & 1;
      cpu.common_binary_point = (value >> 4 & 1) != 0;
      cpu.split_end = (value >> 9 & 1) != 0;
      return true;
    case 0x04:
      cpu.mask = value & 0xf8;
      return true;
    case 0x08:
      cpu.binary_point[0] = std::max<uint8_t>(value & 7, 2);
      return true;
    case 0x10:
      if (id < kFirstSpi + kSpis) end(number, bank(number, id).group >> (id % 32) & 1, id);
      return true;
    case 0x1c:
      cpu.binary_point[1] = std::max<uint8_t>(value & 7, 3);
      return true;
    case 0xd0:
      cpu.active_priorities = {static_cast<uint32_t>(value), 0};
      return true;
    case 0x1000:
      if (cpu.split_end) deactivate(number, id);
      return true;
    default:
      return false;
  }
}

std::unique_ptr<Device> make(const DeviceSetup& setup) { return std::make_unique<GicV2>(setup); }

// Devicetree binding interrupt-controller/arm,gic.yaml: distributor, then CPU interface.
void describe(fdt::Tree& tree, const std::string& path, unsigned) {
  describe_gic(tree, path, kCpuInterface, kCpuInterface, kRegion);
}

}  // namespace

const DeviceKind kGicV2 = {
    .name = "gicv2",
    .what = "Arm interrupt controller, version 2, for 256 shared interrupts and up to 8 virtual CPUs",
    .datasheet = "Arm IHI 0048B.b",
    .node = "intc",
    .compatible = "arm,cortex-a15-gic",
    .size = kRegion,
    .access = {1, 4},
    .registers = kRegisters,
    .make = make,
    .describe = describe,
};

}  // namespace menura::boards
