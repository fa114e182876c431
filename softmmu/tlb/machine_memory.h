// MachineMemory: what a machine's virtual CPUs have of memory in common, and what engines are given.
#pragma once

#include <memory>
#include <vector>

#include "softmmu/tlb/cpu_memory.h"
#include "vcpu/engine.h"
#include "vcpu/guest_log.h"

namespace menura::softmmu {

class MachineMemory final : public ir::MemoryPort, private BusListener {
 public:
  // Both outlive it. `log`: hears of accesses where nothing answers.
  explicit MachineMemory(Bus& bus, vcpu::GuestLog* log = nullptr);
  ~MachineMemory() override;
  MachineMemory(const MachineMemory&) = delete;
  MachineMemory& operator=(const MachineMemory&) = delete;

  // Who is told when code changes. Before anything runs.
  void set_engine(vcpu::Engine& engine) { engine_ = &engine; }
  // Memory of one more virtual CPU; before any of them runs. Both outlive this.
  CpuMemory& add(ir::CpuHeader& cpu);
  // By the order in which they were added.
  CpuMemory& cpu(unsigned index) { return *cpus_[index]; }
  // While no virtual CPU runs: data, by guest addresses, that all of them must not access unseen (CpuMemory::watch).
  void set_watchpoints(std::vector<vcpu::Watchpoint> watchpoints);

  // An Mmu whose flushes reach all virtual CPUs. They have ceased to use what was forgotten when they next leave
  // compiled code, which they are asked to do; their data accesses, at once.
  Mmu& everywhere();
  void forget_writes(const std::byte* host);
  void log_nothing_there(uint64_t physical, ir::Access access);

  // --- MemoryPort: that of a virtual CPU does all of this.
  MemoryPort& of(ir::CpuHeader& cpu) override;
  bool read(uint64_t address, void* data, unsigned size, ir::Fault* fault) override;
  bool write(uint64_t address, const void* data, unsigned size, ir::Fault* fault) override;
  void* atomic_pointer(uint64_t address, unsigned size, ir::Fault* fault) override;
  bool probe(uint64_t address, uint64_t size, ir::Access access, ir::Fault* fault) override;
  std::span<const uint8_t> fetch(uint64_t address, unsigned want, ir::Fault* fault) override;
  void watch_code(uint64_t begin, uint64_t end) override;

 private:
  class Everywhere;
  void code_changes(uint64_t begin, uint64_t end) override;
  void map_changed() override;

  Bus& bus_;
  vcpu::GuestLog* const log_;
  vcpu::Engine* engine_ = nullptr;
  vcpu::Watchpoints watchpoints_;
  std::vector<std::unique_ptr<CpuMemory>> cpus_;
  std::unique_ptr<Everywhere> everywhere_;
};

}  // namespace menura::softmmu
