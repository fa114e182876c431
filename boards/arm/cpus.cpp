#include "boards/arm/cpus.h"

#include <algorithm>
#include <vector>

#include "boards/cpus_of.h"
#include "boards/devices/intc/gic.h"
#include "frontends/arm/features.h"
#include "frontends/arm/frontend.h"
#include "frontends/arm/system/cpu.h"
#include "frontends/arm/system/debug_registers.h"
#include "softmmu/tlb/machine_memory.h"

namespace menura::boards::arm {
namespace {

namespace isa = menura::arm;

// The private interrupts of the timers (Arm Base System Architecture, DEN 0094, 4.3): of EL1's physical and virtual
// one.
constexpr unsigned kTimerInterrupts[] = {30, 27, 26, 28, 29};  // by TimerNumber
constexpr unsigned kPhysicalTimer = 30;
constexpr unsigned kVirtualTimer = 27;

// What the CPUs share outlives them.
struct SharedByCpus {
  explicit SharedByCpus(unsigned count) : cluster_(count) {}
  isa::Cluster cluster_;
};

class ProcessingElements final : private SharedByCpus,
                                 public CpusOf<isa::Frontend, isa::Cpu>,
                                 private vcpu::PowerPort,
                                 public InterruptSink {
 public:
  ProcessingElements(const CpuSetup& setup, isa::FeatureSet features, const Levels& levels)
      : SharedByCpus(setup.count),
        CpusOf(isa::Frontend(features, isa::Level::Machine), setup),
        control_(setup.control),
        levels_(levels),
        registers_(frontend_, [this](ir::CpuHeader& header) -> isa::Cpu& { return owner_of(header); }) {
    cluster_.power = this;
    start_with_firmware(false);
    for (unsigned i = 0; i < setup.count; ++i) {
      add(std::make_unique<isa::Cpu>(frontend_, isa::CpuSetup{.number = i,
                                                              .cluster = cluster_,
                                                              .memory = setup.bus,
                                                              .door = setup.door,
                                                              .timers = setup.timers,
                                                              .log = &setup.log}));
    }
  }

  const vcpu::DebugRegisters& debug_registers() const override { return registers_; }
  // The first starts; a kernel turns the others on. Firmware in EL3 has all of them from the beginning.
  void reset(const Entry& entry) override {
    for (const auto& cpu : cpus_) cpu->turn_off();
    const bool all = cluster_.conduit == isa::Cluster::Conduit::None;
    for (std::size_t i = 0; i < (all ? cpus_.size() : 1); ++i) {
      cpus_[i]->reset(entry.pc, entry.argument0, entry.argument1);
    }
  }
  void disconnect() override {
    for (const auto& cpu : cpus_) cpu->disconnect();
  }

  // QEMU's lines for firmware, of the secure GPIO: a rising edge powers off, or resets.
  void set_input(unsigned input, bool level) override {
    if (level && input == 0) power_off();
    if (level && input == 1) reset();
  }

  void start_with_firmware(bool firmware) {
    using Conduit = isa::Cluster::Conduit;
    cluster_.conduit = levels_.secure && firmware ? Conduit::None
                       : levels_.virtualization   ? Conduit::Smc
                                                  : Conduit::Hvc;
  }
  isa::Cluster& cluster() { return cluster_; }

 private:
  isa::Cpu& owner_of(const ir::CpuHeader& header) {
    return **std::find_if(cpus_.begin(), cpus_.end(), [&](const auto& cpu) { return &cpu->header() == &header; });
  }
  void power_off() override { control_.power_off(0); }
  void reset() override { control_.request_reset(); }

  MachineControl& control_;
  const Levels levels_;
  isa::SystemDebugRegisters registers_;
};

}  // namespace

Result<std::unique_ptr<Cpus>> make_cpus(const CpuSetup& setup, const Levels& levels) {
  auto features = isa::parse_cpu(setup.name);
  if (!features) return features.error();
  using isa::Feature;
  if (!levels.gicv3) *features = *features - isa::set_of(Feature::GICv3);
  if (!levels.virtualization) *features = *features - isa::set_of(Feature::EL2) - isa::set_of(Feature::VHE);
  if (!levels.secure) *features = *features - isa::set_of(Feature::EL3);
  auto cpus = std::make_unique<ProcessingElements>(setup, *features, levels);
  if (auto made = cpus->make_engine(setup.make_engine); !made) return made.error();
  return std::unique_ptr<Cpus>(std::move(cpus));
}

void start_with_firmware(Machine& machine, bool firmware) {
  static_cast<ProcessingElements&>(machine.cpus()).start_with_firmware(firmware);
}

void connect(Machine& machine) {
  auto& cpus = static_cast<ProcessingElements&>(machine.cpus());
  for (const Place& place : machine.board().secure_only) {
    cpus.cluster().secure_only.push_back({place.base, place.base + place.size});
  }
  for (PlacedDevice& placed : machine.devices()) {
    if (machine.board().is_secure_only(placed.base)) placed.device->connect_outputs(cpus);
    if (placed.row->cpu_inputs.empty()) continue;
    InterruptSink* const inputs = placed.device->inputs();
    vcpu::RegisterPort* const registers = placed.device->cpu_interface();
    for (unsigned i = 0; i < cpus.count(); ++i) {
      if (registers != nullptr) cpus.cpu(i).set_controller(*registers);
      cpus.cpu(i).set_timer_output([inputs, i](isa::TimerNumber timer, bool level) {
        inputs->set_input(gic_private_input(i, kTimerInterrupts[static_cast<unsigned>(timer)]), level);
      });
    }
  }
}

namespace {

using Conduit = isa::Cluster::Conduit;

void describe_psci(fdt::Tree& tree, Conduit conduit) {
  tree.texts("/psci", "compatible", {"arm,psci-1.0", "arm,psci-0.2", "arm,psci"});
  tree.text("/psci", "method", conduit == Conduit::Smc ? "smc" : "hvc");
  // For the oldest of the three (DEN 0022, 5.1).
  tree.cells("/psci", "cpu_suspend", {0xc4000001});
  tree.cells("/psci", "cpu_off", {0x84000002});
  tree.cells("/psci", "cpu_on", {0xc4000003});
}

}  // namespace

// Devicetree bindings arm/cpus.yaml, arm/psci.yaml and timer/arm,arch_timer.yaml of Linux 6.1.
void describe_cpus(Machine& machine, fdt::Tree& tree) {
  auto& cpus = static_cast<ProcessingElements&>(machine.cpus());
  const Conduit conduit = cpus.cluster().conduit;
  const std::string core = isa::core_name(cpus.features());
  const std::string compatible = "arm," + (core.empty() ? "armv8" : core);
  tree.cells("/cpus", "#address-cells", {1});
  tree.cells("/cpus", "#size-cells", {0});
  for (unsigned i = 0; i < machine.cpus().count(); ++i) {
    const std::string node = "/cpus/cpu@" + std::to_string(i);
    tree.text(node, "device_type", "cpu");
    tree.text(node, "compatible", compatible);
    tree.cells(node, "reg", {i});
    if (conduit != Conduit::None) tree.text(node, "enable-method", "psci");
  }
  if (conduit != Conduit::None) describe_psci(tree, conduit);

  // Secure and non-secure EL1, virtual, EL2; private interrupts count from 16, level-sensitive. The binding wants all
  // four, whether they exist or not.
  constexpr uint32_t kPrivate = 1;
  constexpr uint32_t kHigh = 4;
  tree.texts("/timer", "compatible", {"arm,armv8-timer", "arm,armv7-timer"});
  tree.flag("/timer", "always-on");
  tree.cells("/timer", "interrupts",
             {kPrivate, 13, kHigh, kPrivate, kPhysicalTimer - 16, kHigh, kPrivate, kVirtualTimer - 16, kHigh, kPrivate,
              10, kHigh});
}

}  // namespace menura::boards::arm
