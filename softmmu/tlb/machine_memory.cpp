#include "softmmu/tlb/machine_memory.h"

#include <cassert>
#include <cinttypes>
#include <cstdio>

#include "vcpu/system_cpu.h"

namespace menura::softmmu {

using ir::Access;
using ir::Fault;

class MachineMemory::Everywhere final : public Mmu {
 public:
  explicit Everywhere(MachineMemory& machine) : machine_(machine) {}

  void context_changed() override {}
  void flush() override {
    for_all([](CpuMemory& memory) { memory.flush(CpuMemory::Whose::Another); });
  }
  void flush_page(uint64_t address) override {
    for_all([&](CpuMemory& memory) { memory.flush_page(address); });
  }
  void flush_contexts(ContextMatch matches, uint64_t argument) override {
    for_all([&](CpuMemory& memory) { memory.flush_contexts(CpuMemory::Whose::Another, matches, argument); });
  }
  Mmu& everywhere() override { return *this; }

 private:
  template <typename Call>
  void for_all(Call call) {
    for (const auto& memory : machine_.cpus_) {
      call(*memory);
      memory->cpu().stop_request.fetch_or(vcpu::kStopInterrupt);
    }
  }
  MachineMemory& machine_;
};

MachineMemory::MachineMemory(Bus& bus, vcpu::GuestLog* log)
    : bus_(bus), log_(log), everywhere_(std::make_unique<Everywhere>(*this)) {
  bus_.set_listener(this);
}

MachineMemory::~MachineMemory() { bus_.set_listener(nullptr); }

CpuMemory& MachineMemory::add(ir::CpuHeader& cpu) {
  return *cpus_.emplace_back(std::make_unique<CpuMemory>(*this, bus_, cpu));
}

void MachineMemory::set_watchpoints(std::vector<vcpu::Watchpoint> watchpoints) {
  watchpoints_.set(std::move(watchpoints));
  for (const auto& memory : cpus_) {
    memory->watch() = {};
    if (!watchpoints_.empty()) memory->watch().points = &watchpoints_;
  }
  everywhere_->flush();
}

Mmu& MachineMemory::everywhere() { return *everywhere_; }

void MachineMemory::forget_writes(const std::byte* host) {
  for (const auto& memory : cpus_) memory->forget_writes(host);
}

void MachineMemory::log_nothing_there(uint64_t physical, Access access) {
  if (log_ == nullptr || !log_->wants(vcpu::LogItem::Unimplemented)) return;
  constexpr const char* kNames[] = {"read", "write", "fetch"};
  char line[80];
  std::snprintf(line, sizeof line, "%s at physical address 0x%" PRIx64 ": nothing is there",
                kNames[static_cast<unsigned>(access)], physical);
  log_->write(vcpu::LogItem::Unimplemented, line);
}

ir::MemoryPort& MachineMemory::of(ir::CpuHeader& cpu) {
  for (const auto& memory : cpus_) {
    if (&memory->cpu() == &cpu) return memory->port(0);
  }
  assert(false && "a virtual CPU that was not added");
  return *this;
}

// What was code is not any more: it is translated anew where it runs, and stores need not be told until then.
void MachineMemory::code_changes(uint64_t begin, uint64_t end) {
  begin &= ~(kFrameSize - 1);
  end = (end + kFrameSize - 1) & ~(kFrameSize - 1);
  bus_.unwatch_code(begin, end);
  if (engine_ != nullptr) engine_->invalidate(begin, end);
}

void MachineMemory::map_changed() { everywhere_->flush(); }

bool MachineMemory::read(uint64_t address, void*, unsigned, Fault* fault) {
  return probe(address, 1, Access::Read, fault);
}
bool MachineMemory::write(uint64_t address, const void*, unsigned, Fault* fault) {
  return probe(address, 1, Access::Write, fault);
}
void* MachineMemory::atomic_pointer(uint64_t address, unsigned, Fault* fault) {
  probe(address, 1, Access::Write, fault);
  return nullptr;
}
bool MachineMemory::probe(uint64_t address, uint64_t, Access access, Fault* fault) {
  assert(false && "memory of no virtual CPU");
  *fault = {ir::FaultKind::Bus, access, address};
  return false;
}
std::span<const uint8_t> MachineMemory::fetch(uint64_t address, unsigned, Fault* fault) {
  probe(address, 1, Access::Execute, fault);
  return {};
}
void MachineMemory::watch_code(uint64_t, uint64_t) {}

}  // namespace menura::softmmu
