// Arm's Generic Interrupt Controller, version 3: distributor, a redistributor for each virtual CPU, and the CPU
// interface, which virtual CPUs reach by system registers (vcpu::RegisterPort). After: Arm Generic Interrupt Controller
// Architecture Specification, GIC architecture version 3 and 4 (IHI 0069H). Not modelled: security states (GICD_CTLR.DS
// is 1), legacy operation (ARE is 1), 1 of N distribution (GICD_IROUTER.IRM), LPIs and the ITS: its place at 0x80000 is
// left free, GICD_TYPER.LPIS is 0; virtualization.
#include "boards/devices/devices.h"
#include "boards/devices/intc/gic.h"

namespace menura::boards {
namespace {

constexpr RegisterRow kRegisters[] = {
    {0x0000, 4, Rights::Rw, "GICD_CTLR", "6 DS, 4 ARE, 1 EnableGrp1, 0 EnableGrp0"},
    {0x0004, 4, Rights::Ro, "GICD_TYPER", "23:19 IDbits, 7:5 CPUNumber, 4:0 ITLinesNumber"},
    {0x0008, 4, Rights::Ro, "GICD_IIDR", "31:24 ProductID, 11:0 Implementer"},
    {0x0084, 4, Rights::Rw, "GICD_IGROUPR", "", 8, 4},
    {0x0104, 4, Rights::Rw, "GICD_ISENABLER", "", 8, 4},
    {0x0184, 4, Rights::Rw, "GICD_ICENABLER", "", 8, 4},
    {0x0204, 4, Rights::Rw, "GICD_ISPENDR", "", 8, 4},
    {0x0284, 4, Rights::Rw, "GICD_ICPENDR", "", 8, 4},
    {0x0304, 4, Rights::Rw, "GICD_ISACTIVER", "", 8, 4},
    {0x0384, 4, Rights::Rw, "GICD_ICACTIVER", "", 8, 4},
    {0x0420, 4, Rights::Rw, "GICD_IPRIORITYR", "a byte for each interrupt", 64, 4},
    {0x0c08, 4, Rights::Rw, "GICD_ICFGR", "two bits for each interrupt, the upper one: edge-triggered", 16, 4},
    {0x6100, 8, Rights::Rw, "GICD_IROUTER", "39:32 Aff3, 31 IRM, 23:16 Aff2, 15:8 Aff1, 7:0 Aff0", 256, 8},
    {0xffe8, 4, Rights::Ro, "GICD_PIDR2", "7:4 ArchRev"},
    {0xa0000, 4, Rights::Rw, "GICR_CTLR", ""},
    {0xa0004, 4, Rights::Ro, "GICR_IIDR", ""},
    {0xa0008, 8, Rights::Ro, "GICR_TYPER", "63:32 Affinity_Value, 23:8 Processor_Number, 4 Last"},
    {0xa0014, 4, Rights::Rw, "GICR_WAKER", "2 ChildrenAsleep, 1 ProcessorSleep"},
    {0xaffe8, 4, Rights::Ro, "GICR_PIDR2", "7:4 ArchRev"},
    {0xb0080, 4, Rights::Rw, "GICR_IGROUPR0", ""},
    {0xb0100, 4, Rights::Rw, "GICR_ISENABLER0", ""},
    {0xb0180, 4, Rights::Rw, "GICR_ICENABLER0", ""},
    {0xb0200, 4, Rights::Rw, "GICR_ISPENDR0", ""},
    {0xb0280, 4, Rights::Rw, "GICR_ICPENDR0", ""},
    {0xb0300, 4, Rights::Rw, "GICR_ISACTIVER0", ""},
    {0xb0380, 4, Rights::Rw, "GICR_ICACTIVER0", ""},
    {0xb0400, 4, Rights::Rw, "GICR_IPRIORITYR", "a byte for each interrupt", 8, 4},
    {0xb0c00, 4, Rights::Rw, "GICR_ICFGR", "two bits for each interrupt, the upper one: edge-triggered", 2, 4},
};

constexpr uint64_t kDistributorSize = 0x10000;
constexpr uint64_t kRedistributors = 0xa0000;
constexpr uint64_t kRedistributorSize = 0x20000;  // RD_base, SGI_base
constexpr uint64_t kRouters = 0x6000;
constexpr uint64_t kGroupModifier = 0xd00;  // GICR_IGRPMODR0: RES0 with one security state
constexpr uint64_t kRoutersEnd = 0x8000;
constexpr uint64_t kRegion = 0x1000000;
constexpr uint64_t kIdentification = 0xffe8;
constexpr uint64_t kIdentificationValue = 0x3b;  // GICv3, Arm
constexpr uint64_t kImplementer = 0x43b;         // Arm

// The numbers of ICC_*_EL1 (12.2), as vcpu::RegisterPort has them.
constexpr uint32_t icc(unsigned crn, unsigned crm, unsigned op2, unsigned op1 = 0) {
  return 1U << 14 | op1 << 11 | crn << 7 | crm << 3 | op2;
}
enum IccRegister : uint32_t {
  kPmr = icc(4, 6, 0),
  kIar0 = icc(12, 8, 0),
  kEoir0 = icc(12, 8, 1),
  kHppir0 = icc(12, 8, 2),
  kBpr0 = icc(12, 8, 3),
  kAp0r0 = icc(12, 8, 4),
  kAp1r0 = icc(12, 9, 0),
  kDir = icc(12, 11, 1),
  kRpr = icc(12, 11, 3),
  kSgi1r = icc(12, 11, 5),
  kAsgi1r = icc(12, 11, 6),
  kSgi0r = icc(12, 11, 7),
  kIar1 = icc(12, 12, 0),
  kEoir1 = icc(12, 12, 1),
  kHppir1 = icc(12, 12, 2),
  kBpr1 = icc(12, 12, 3),
  kCtlr = icc(12, 12, 4),
  kSre = icc(12, 12, 5),
  kIgrpen0 = icc(12, 12, 6),
  kIgrpen1 = icc(12, 12, 7),
  kCtlrEl3 = icc(12, 12, 4, 6),
  kIgrpen1El3 = icc(12, 12, 7, 6),
};

class GicV3 final : public Gic, public vcpu::RegisterPort {
 public:
  explicit GicV3(const DeviceSetup& setup) : Gic(setup, kGicV3) { GicV3::reset(); }

  void reset() override {
    routes_ = {};
    sleeping_.assign(cpus_.size(), true);
    Gic::reset();
  }
  void state(StateVisitor& visitor) override {
    Gic::state(visitor);
    visitor("GICD_IROUTER", routes_);
    visitor("GICR_WAKER", sleeping_);
  }
  vcpu::RegisterPort* cpu_interface() override { return this; }

  uint64_t mmio_read(uint64_t offset, unsigned size) override {
    const std::lock_guard lock(mutex_);
    uint64_t value = 0;
    if (offset < kDistributorSize ? read_distributor(offset, size, &value) : read_redistributor(offset, size, &value)) {
      return value;
    }
    log_.bad_read(offset);
    return 0;
  }
  void mmio_write(uint64_t offset, unsigned size, uint64_t value) override {
    const std::lock_guard lock(mutex_);
    if (offset < kDistributorSize ? write_distributor(offset, size, value) : write_redistributor(offset, size, value)) {
      return update();
    }
    log_.bad_write(offset, value);
  }

  uint64_t read_register(unsigned cpu, uint32_t number) override;
  void write_register(unsigned cpu, uint32_t number, uint64_t value) override;

 private:
  bool is_routed(uint32_t id, unsigned cpu) const override { return routes_[id - kFirstSpi] == cpu; }
  bool is_fiq(unsigned, unsigned group) const override { return group == 0; }

  bool read_distributor(uint64_t offset, unsigned size, uint64_t* value) const;
  bool write_distributor(uint64_t offset, unsigned size, uint64_t value);
  bool read_redistributor(uint64_t offset, unsigned size, uint64_t* value) const;
  bool write_redistributor(uint64_t offset, unsigned size, uint64_t value);
  void send_sgi(unsigned sender, uint64_t value);

  std::array<uint64_t, kSpis> routes_ = {};  // affinity: MPIDR_EL1's fields, which are the number
  std::vector<uint8_t> sleeping_;
};

constexpr uint32_t kDisableSecurity = 1U << 6;
constexpr uint32_t kAffinityRouting = 1U << 4;

bool GicV3::read_distributor(uint64_t offset, unsigned size, uint64_t* value) const {
  if (offset >= kRouters && offset < kRoutersEnd) {
    const uint64_t id = (offset - kRouters) / 8;
    if (id < kFirstSpi || id >= kFirstSpi + kSpis || size < 4) return false;
    *value = routes_[id - kFirstSpi] >> (offset % 8 * 8);
    if (size == 4) *value = static_cast<uint32_t>(*value);
    return true;
  }
  if (size == 4) {
    switch (offset) {
      case 0x0:
        *value = kDisableSecurity | kAffinityRouting | (group_enabled_[1] ? 2 : 0) | (group_enabled_[0] ? 1 : 0);
        return true;
      case 0x4:  // 10 bits of interrupt numbers
        *value = 9U << 19 | (kSpis / 32);
        return true;
      case 0x8:
        *value = kImplementer;
        return true;
      case 0xc:  // GICD_TYPER2, of later versions
        return true;
      case kIdentification:
        *value = kIdentificationValue;
        return true;
      default:
        break;
    }
  }
  const unsigned index = bank_of(offset);
  if (index == 0 || index > spis_.size()) return offset < 0xd00 && offset >= 0x80;  // ARE: redistributors have them
  return read_bank(spis_[index - 1], offset, size, value);
}

bool GicV3::write_distributor(uint64_t offset, unsigned size, uint64_t value) {
  if (offset >= kRouters && offset < kRoutersEnd) {
    const uint64_t id = (offset - kRouters) / 8;
    if (id < kFirstSpi || id >= kFirstSpi + kSpis || size < 4) return false;
    constexpr uint64_t kAffinity = 0xff00ffffff;
    uint64_t& route = routes_[id - kFirstSpi];
    if (size == 8) {
      route = value & kAffinity;
    } else {
      const unsigned shift = offset % 8 * 8;
      route = ((route & ~(uint64_t{0xffffffff} << shift)) | (value & 0xffffffff) << shift) & kAffinity;
    }
    return true;
  }
  if (offset == 0 && size == 4) {
    group_enabled_ = {(value & 1) != 0, (value & 2) != 0};
    return true;
  }
  const unsigned index = bank_of(offset);
  if (index == 0 || index > spis_.size()) return offset < 0xd00 && offset >= 0x80;
  return write_bank(spis_[index - 1], false, offset, size, value);
}

bool GicV3::read_redistributor(uint64_t offset, unsigned size, uint64_t* value) const {
  if (offset < kRedistributors) return false;
  const uint64_t cpu = (offset - kRedistributors) / kRedistributorSize;
  if (cpu >= cpus_.size()) return false;
  const uint64_t within = (offset - kRedistributors) % kRedistributorSize;
  if (within >= kRedistributorSize / 2) {
    const uint64_t in_bank = within - kRedistributorSize / 2;
    if (in_bank == kGroupModifier) return true;
    return in_bank < 0x1000 && bank_of(in_bank) == 0 && read_bank(cpus_[cpu].bank, in_bank, size, value);
  }
  switch (within & ~uint64_t{7}) {
    case 0x8: {
      const bool last = cpu + 1 == cpus_.size();
      *value = (cpu << 32 | cpu << 8 | (last ? 1U << 4 : 0)) >> (within % 8 * 8);
      if (size == 4) *value = static_cast<uint32_t>(*value);
      return size >= 4;
    }
    default:
      break;
  }
  if (size != 4) return false;
  switch (within) {
    case 0x0:
      return true;
    case 0x4:
      *value = kImplementer;
      return true;
    case 0x14:
      *value = sleeping_[cpu] != 0 ? 6 : 0;
      return true;
    case kIdentification:
      *value = kIdentificationValue;
      return true;
    default:
      return false;
  }
}

bool GicV3::write_redistributor(uint64_t offset, unsigned size, uint64_t value) {
  if (offset < kRedistributors) return false;
  const uint64_t cpu = (offset - kRedistributors) / kRedistributorSize;
  if (cpu >= cpus_.size()) return false;
  const uint64_t within = (offset - kRedistributors) % kRedistributorSize;
  if (within >= kRedistributorSize / 2) {
    const uint64_t in_bank = within - kRedistributorSize / 2;
    if (in_bank == kGroupModifier) return true;
    return in_bank < 0x1000 && bank_of(in_bank) == 0 && write_bank(cpus_[cpu].bank, true, in_bank, size, value);
  }
  if (within == 0x14 && size == 4) {
    sleeping_[cpu] = (value & 2) != 0 ? 1 : 0;
    return true;
  }
  return within == 0 && size == 4;
}

// --- the CPU interface (chapter 12.2)

constexpr uint64_t kSplitEnd = 1U << 1;
constexpr uint64_t kCommonBinaryPoint = 1U << 0;

uint64_t GicV3::read_register(unsigned number, uint32_t name) {
  const std::lock_guard lock(mutex_);
  Cpu& cpu = cpus_[number];
  switch (name) {
    case kPmr:
      return cpu.mask;
    case kIar0:
      return acknowledge(number, 0);
    case kIar1:
      return acknowledge(number, 1);
    case kHppir0:
      return highest_pending(number, 0);
    case kHppir1:
      return highest_pending(number, 1);
    case kBpr0:
      return cpu.binary_point[0];
    case kBpr1:
      return cpu.common_binary_point ? cpu.binary_point[0] : cpu.binary_point[1];
    case kAp0r0:
      return cpu.active_priorities[0];
    case kAp1r0:
      return cpu.active_priorities[1];
    case kRpr:
      return running_priority(cpu);
    case kCtlrEl3:
    case kCtlr:  // PRIbits: 5; IDbits: 16; affinity level 3 may be other than 0
      return 4U << 8 | 1U << 15 | (cpu.split_end ? kSplitEnd : 0) | (cpu.common_binary_point ? kCommonBinaryPoint : 0);
    case kSre:  // system registers, and neither FIQ nor IRQ bypassed
      return 7;
    case kIgrpen0:
      return cpu.enabled[0] ? 1 : 0;
    case kIgrpen1:
    case kIgrpen1El3:  // with one security state
      return cpu.enabled[1] ? 1 : 0;
    default:
      return 0;
  }
}

void GicV3::write_register(unsigned number, uint32_t name, uint64_t value) {
  const std::lock_guard lock(mutex_);
  Cpu& cpu = cpus_[number];
  const auto id = static_cast<uint32_t>(value & 0xffffff);
  switch (name) {
    case kPmr:
      cpu.mask = value & 0xf8;
      break;
    case kEoir0:
      return end(number, 0, id);
    case kEoir1:
      return end(number, 1, id);
    case kDir:
      if (cpu.split_end) deactivate(number, id);
      return;
    case kBpr0:
      cpu.binary_point[0] = std::max<uint8_t>(value & 7, 2);
      break;
    case kBpr1:
      if (!cpu.common_binary_point) cpu.binary_point[1] = std::max<uint8_t>(value & 7, 3);
      break;
    case kAp0r0:
      cpu.active_priorities[0] = static_cast<uint32_t>(value);
      break;
    case kAp1r0:
      cpu.active_priorities[1] = static_cast<uint32_t>(value);
      break;
    case kCtlr:
    case kCtlrEl3:
      cpu.split_end = (value & kSplitEnd) != 0;
      cpu.common_binary_point = (value & kCommonBinaryPoint) != 0;
      break;
    case kIgrpen0:
      cpu.enabled[0] = (value & 1) != 0;
      break;
    case kIgrpen1:
      cpu.enabled[1] = (value & 1) != 0;
      break;
    case kIgrpen1El3:
      cpu.enabled[1] = (value & 3) != 0;
      break;
    case kSgi1r:
    case kAsgi1r:  // with one security state, the same group as the interrupt's own
    case kSgi0r:
      return send_sgi(number, value);
    default:
      return;
  }
  update(number);
}

// ICC_SGI1R_EL1 (12.2.14): to all others, or to those of a list of 16 from RS * 16 on in one cluster; there is one.
void GicV3::send_sgi(unsigned sender, uint64_t value) {
  const auto sgi = static_cast<unsigned>(value >> 24 & 15);
  if ((value >> 40 & 1) != 0) {
    for (unsigned cpu = 0; cpu < cpus_.size(); ++cpu) {
      if (cpu != sender) send(cpu, sgi);
    }
    return;
  }
  constexpr uint64_t kHigherAffinities = 0x00ff00ff00ff0000;
  if ((value & kHigherAffinities) != 0) return;
  const uint64_t first = (value >> 44 & 15) * 16;
  for (unsigned i = 0; i < 16; ++i) {
    if ((value >> i & 1) != 0 && first + i < cpus_.size()) send(static_cast<unsigned>(first + i), sgi);
  }
}

std::unique_ptr<Device> make(const DeviceSetup& setup) { return std::make_unique<GicV3>(setup); }

// Devicetree binding interrupt-controller/arm,gic-v3.yaml: distributor, then redistributors.
void describe(fdt::Tree& tree, const std::string& path, unsigned) {
  describe_gic(tree, path, kDistributorSize, kRedistributors, kRegion);
  tree.cells(path, "#redistributor-regions", {1});
}

}  // namespace

const DeviceKind kGicV3 = {
    .name = "gicv3",
    .what = "Arm interrupt controller, version 3, for 256 shared interrupts",
    .datasheet = "Arm IHI 0069H",
    .node = "intc",
    .compatible = "arm,gic-v3",
    .size = kRegion,
    .access = {1, 8},
    .registers = kRegisters,
    .make = make,
    .describe = describe,
};

}  // namespace menura::boards
