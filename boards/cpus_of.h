// What the virtual CPUs of any guest are to their board: a frontend for machines, the CPUs with memory as each sees it,
// the engine that runs them. `Cpu` is the guest's vcpu::SystemCpu and softmmu::PageWalker.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "boards/cpus.h"

namespace menura::boards {

template <typename Frontend, typename Cpu>
class CpusOf : public Cpus {
 public:
  // Once all have been added.
  Result<void> make_engine(const EngineMaker& maker) {
    auto engine = maker(frontend_, memory_);
    if (!engine) return engine.error();
    engine_ = std::move(*engine);
    memory_.set_engine(*engine_);
    return {};
  }

  unsigned count() const override { return static_cast<unsigned>(cpus_.size()); }
  Cpu& cpu(unsigned index) override { return *cpus_[index]; }
  vcpu::Engine& engine() override { return *engine_; }
  softmmu::MachineMemory& memory() override { return memory_; }
  softmmu::PageWalker& walker(unsigned index) override { return *cpus_[index]; }
  auto features() const { return frontend_.features(); }

 protected:
  CpusOf(Frontend frontend, const CpuSetup& setup) : frontend_(std::move(frontend)), memory_(setup.bus, &setup.log) {}

  void add(std::unique_ptr<Cpu> cpu) {
    softmmu::CpuMemory& memory = memory_.add(cpu->header());
    memory.set_walker(*cpu);
    cpu->set_mmu(memory);
    cpus_.push_back(std::move(cpu));
  }

  const Frontend frontend_;
  std::vector<std::unique_ptr<Cpu>> cpus_;

 private:
  softmmu::MachineMemory memory_;
  std::unique_ptr<vcpu::Engine> engine_;
};

}  // namespace menura::boards
