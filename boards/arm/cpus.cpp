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
constexpr unsigned kPhysicalTimer = 30;
constexpr unsigned kVirtualTimer = 27;

// What the CPUs share outlives them.
struct SharedByCpus {
  explicit SharedByCpus(unsigned count) : cluster_(count) {}
  isa::Cluster cluster_;
};

class ProcessingElements final : private SharedByCpus, public CpusOf<isa::Frontend, isa::Cpu>, private vcpu::PowerPort {
 public:
  ProcessingElements(const CpuSetup& setup, isa::FeatureSet features)
      : SharedByCpus(setup.count),
        CpusOf(isa::Frontend(features, isa::Level::Machine), setup),
        control_(setup.control),
        registers_(frontend_, [this](ir::CpuHeader& header) -> isa::Cpu& { return owner_of(header); }) {
    cluster_.power = this;
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
  // The first starts; a kernel turns the others on.
  void reset(const Entry& entry) override {
    for (const auto& cpu : cpus_) cpu->turn_off();
    cpus_[0]->reset(entry.pc, entry.argument0, entry.argument1);
  }
  void disconnect() override {
    for (const auto& cpu : cpus_) cpu->disconnect();
  }

 private:
  isa::Cpu& owner_of(const ir::CpuHeader& header) {
    return **std::find_if(cpus_.begin(), cpus_.end(), [&](const auto& cpu) { return &cpu->header() == &header; });
  }
  void power_off() override { control_.power_off(0); }
  void reset() override { control_.request_reset(); }

  MachineControl& control_;
  isa::SystemDebugRegisters registers_;
};

Result<std::unique_ptr<Cpus>> make_cpus_without(const CpuSetup& setup, isa::FeatureSet absent) {
  const auto features = isa::parse_cpu(setup.name);
  if (!features) return features.error();
  auto cpus = std::make_unique<ProcessingElements>(setup, *features - absent);
  if (auto made = cpus->make_engine(setup.make_engine); !made) return made.error();
  return std::unique_ptr<Cpus>(std::move(cpus));
}

}  // namespace

Result<std::unique_ptr<Cpus>> make_cpus(const CpuSetup& setup) { return make_cpus_without(setup, {}); }
Result<std::unique_ptr<Cpus>> make_cpus_for_gicv2(const CpuSetup& setup) {
  return make_cpus_without(setup, isa::set_of(isa::Feature::GICv3));
}

void connect(Machine& machine) {
  auto& cpus = static_cast<ProcessingElements&>(machine.cpus());
  for (PlacedDevice& placed : machine.devices()) {
    if (placed.row->cpu_inputs.empty()) continue;
    InterruptSink* const inputs = placed.device->inputs();
    vcpu::RegisterPort* const registers = placed.device->cpu_interface();
    for (unsigned i = 0; i < cpus.count(); ++i) {
      if (registers != nullptr) cpus.cpu(i).set_controller(*registers);
      cpus.cpu(i).set_timer_output([inputs, i](isa::TimerNumber timer, bool level) {
        const unsigned id = timer == isa::TimerNumber::Physical ? kPhysicalTimer : kVirtualTimer;
        inputs->set_input(gic_private_input(i, id), level);
      });
    }
  }
}

// Devicetree bindings arm/cpus.yaml, arm/psci.yaml and timer/arm,arch_timer.yaml of Linux 6.1.
void describe_cpus(Machine& machine, fdt::Tree& tree) {
  const std::string core = isa::core_name(static_cast<ProcessingElements&>(machine.cpus()).features());
  const std::string compatible = "arm," + (core.empty() ? "armv8" : core);
  tree.cells("/cpus", "#address-cells", {1});
  tree.cells("/cpus", "#size-cells", {0});
  for (unsigned i = 0; i < machine.cpus().count(); ++i) {
    const std::string node = "/cpus/cpu@" + std::to_string(i);
    tree.text(node, "device_type", "cpu");
    tree.text(node, "compatible", compatible);
    tree.cells(node, "reg", {i});
    tree.text(node, "enable-method", "psci");
  }
  tree.texts("/psci", "compatible", {"arm,psci-1.0", "arm,psci-0.2", "arm,psci"});
  tree.text("/psci", "method", "hvc");
  // For the oldest of the three (DEN 0022, 5.1).
  tree.cells("/psci", "cpu_suspend", {0xc4000001});
  tree.cells("/psci", "cpu_off", {0x84000002});
  tree.cells("/psci", "cpu_on", {0xc4000003});

  // Secure and non-secure EL1, virtual, EL2; private interrupts count from 16, level-sensitive. Two of them do not
  // exist here, but the binding wants four.
  constexpr uint32_t kPrivate = 1;
  constexpr uint32_t kHigh = 4;
  tree.texts("/timer", "compatible", {"arm,armv8-timer", "arm,armv7-timer"});
  tree.flag("/timer", "always-on");
  tree.cells("/timer", "interrupts",
             {kPrivate, 13, kHigh, kPrivate, kPhysicalTimer - 16, kHigh, kPrivate, kVirtualTimer - 16, kHigh, kPrivate,
              10, kHigh});
}

}  // namespace menura::boards::arm
