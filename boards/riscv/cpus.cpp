#include "boards/riscv/cpus.h"

#include <vector>

#include "boards/cpus_of.h"
#include "boards/machine.h"
#include "frontends/riscv/debug_registers.h"
#include "frontends/riscv/features.h"
#include "frontends/riscv/frontend.h"
#include "frontends/riscv/system/hart.h"
#include "softmmu/tlb/machine_memory.h"

namespace menura::boards::riscv {
namespace {

namespace isa = menura::riscv;

class Harts final : public CpusOf<isa::Frontend, isa::Hart> {
 public:
  Harts(const CpuSetup& setup, isa::FeatureSet features)
      : CpusOf(isa::Frontend(features, isa::Level::Machine), setup), registers_(frontend_) {
    for (unsigned i = 0; i < setup.count; ++i) {
      add(std::make_unique<isa::Hart>(frontend_, i, setup.bus, setup.door, setup.timers, setup.log));
    }
  }

  const vcpu::DebugRegisters& debug_registers() const override { return registers_; }
  // All start; firmware chooses one of them.
  void reset(const Entry& entry) override {
    for (unsigned i = 0; i < count(); ++i) cpus_[i]->reset(entry.pc, i, entry.argument1);
  }

 private:
  isa::DebugRegisters registers_;
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
