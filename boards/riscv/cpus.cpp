#include "boards/riscv/cpus.h"

#include <vector>

#include "boards/machine.h"
#include "frontends/riscv/debug_registers.h"
#include "frontends/riscv/features.h"
#include "frontends/riscv/frontend.h"
#include "frontends/riscv/system/hart.h"
#include "softmmu/tlb/machine_memory.h"

namespace menura::boards::riscv {
namespace {

namespace isa = menura::riscv;

class Harts final : public Cpus {
 public:
  Harts(const CpuSetup& setup, isa::FeatureSet features)
      : frontend_(features, isa::Level::Machine), registers_(frontend_), memory_(setup.bus) {
    for (unsigned i = 0; i < setup.count; ++i) {
      harts_.push_back(std::make_unique<isa::Hart>(frontend_, i, setup.bus, setup.door, setup.timers, setup.log));
      softmmu::CpuMemory& memory = memory_.add(harts_[i]->header());
      memory.set_walker(*harts_[i]);
      harts_[i]->set_mmu(memory);
    }
  }
  Result<void> make_engine(const EngineMaker& maker) {
    auto engine = maker(frontend_, memory_);
    if (!engine) return engine.error();
    engine_ = std::move(*engine);
    memory_.set_engine(*engine_);
    return {};
  }

  unsigned count() const override { return static_cast<unsigned>(harts_.size()); }
  vcpu::SystemCpu& cpu(unsigned index) override { return *harts_[index]; }
  vcpu::Engine& engine() override { return *engine_; }
  softmmu::MachineMemory& memory() override { return memory_; }
  softmmu::PageWalker& walker(unsigned index) override { return *harts_[index]; }
  const vcpu::DebugRegisters& debug_registers() const override { return registers_; }
  // All start; firmware chooses one of them.
  void reset(const Entry& entry) override {
    for (unsigned i = 0; i < count(); ++i) harts_[i]->reset(entry.pc, i, entry.argument1);
  }

  isa::FeatureSet features() const { return frontend_.features(); }

 private:
  isa::Frontend frontend_;
  isa::DebugRegisters registers_;
  std::vector<std::unique_ptr<isa::Hart>> harts_;
  softmmu::MachineMemory memory_;
  std::unique_ptr<vcpu::Engine> engine_;
};

std::string cpu_node(unsigned hart) { return "/cpus/cpu@" + std::to_string(hart); }

}  // namespace

Result<std::unique_ptr<Cpus>> make_cpus(const CpuSetup& setup) {
  const auto features = isa::parse_cpu(setup.name);
  if (!features) return features.error();
  if (isa::xlen(*features) != 64 || !isa::has(*features, isa::Feature::S)) {
    return Error{"--cpu " + setup.name + ": no CPU for a machine; expected one with 64 bits and s, as in --cpu rv64"};
  }
  auto harts = std::make_unique<Harts>(setup, *features);
  if (auto made = harts->make_engine(setup.make_engine); !made) return made.error();
  return std::unique_ptr<Cpus>(std::move(harts));
}

std::string interrupt_node(unsigned hart) { return cpu_node(hart) + "/interrupt-controller"; }

// Devicetree bindings riscv/cpus.yaml and interrupt-controller/riscv,cpu-intc.txt of Linux 6.1.
void describe_cpus(Machine& machine, fdt::Tree& tree) {
  const auto& harts = static_cast<Harts&>(machine.cpus());
  tree.cells("/cpus", "#address-cells", {1});
  tree.cells("/cpus", "#size-cells", {0});
  tree.cells("/cpus", "timebase-frequency", {static_cast<uint32_t>(machine.board().counter_hz)});
  for (unsigned i = 0; i < harts.count(); ++i) {
    const std::string node = cpu_node(i);
    tree.text(node, "device_type", "cpu");
    tree.cells(node, "reg", {i});
    tree.text(node, "status", "okay");
    tree.text(node, "compatible", "riscv");
    tree.text(node, "riscv,isa", isa::isa_string(harts.features()));
    tree.text(node, "mmu-type", "riscv,sv57");
    tree.cells(node, "riscv,cbom-block-size", {64});
    tree.cells(node, "riscv,cboz-block-size", {64});
    tree.cells(interrupt_node(i), "#interrupt-cells", {1});
    tree.flag(interrupt_node(i), "interrupt-controller");
    tree.text(interrupt_node(i), "compatible", "riscv,cpu-intc");
    tree.phandle(interrupt_node(i));
  }
}

}  // namespace menura::boards::riscv
