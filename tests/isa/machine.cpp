#include "tests/isa/machine.h"

#include <signal.h>
#include <sys/mman.h>

#include <bit>
#include <cstdlib>
#include <cstring>
#include <new>
#include <stdexcept>

namespace menura::tests {
namespace {

bool is_mapped(uint64_t address) {
  return (address >= kCodePage && address < kCodePage + kPageBytes) ||
         (address >= kData && address < kData + kPageBytes);
}

void* host(uint64_t address) { return reinterpret_cast<void*>(address); }

// For the signal handler.
vcpu::Engine* running_engine = nullptr;
ir::CpuHeader* running_cpu = nullptr;

void on_fault(int signal, siginfo_t* info, void* context) {
  ir::Fault fault;
  fault.address = reinterpret_cast<uint64_t>(info->si_addr);
  fault.kind = ir::FaultKind::Unmapped;
  if (running_engine != nullptr && running_engine->take_host_fault(*running_cpu, context, fault)) return;
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);
}

}  // namespace

VectorMemory::VectorMemory() {
  for (const uint64_t page : {kCodePage, kData}) {
    void* mapped =
        mmap(host(page), kPageBytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (mapped != host(page)) throw std::runtime_error("the vectors' pages are taken in this process");
  }
}

VectorMemory::~VectorMemory() {
  munmap(host(kCodePage), kPageBytes);
  munmap(host(kData), kPageBytes);
}

bool VectorMemory::probe(uint64_t address, uint64_t size, ir::Access access, ir::Fault* fault) {
  for (uint64_t at = address; at != address + size; ++at) {
    if (is_mapped(at)) continue;
    *fault = {ir::FaultKind::Unmapped, access, at};
    return false;
  }
  return true;
}

bool VectorMemory::read(uint64_t address, void* data, unsigned size, ir::Fault* fault) {
  if (!probe(address, size, ir::Access::Read, fault)) return false;
  std::memcpy(data, host(address), size);
  return true;
}

bool VectorMemory::write(uint64_t address, const void* data, unsigned size, ir::Fault* fault) {
  if (!probe(address, size, ir::Access::Write, fault)) return false;
  std::memcpy(host(address), data, size);
  return true;
}

void* VectorMemory::atomic_pointer(uint64_t address, unsigned size, ir::Fault* fault) {
  return probe(address, size, ir::Access::Write, fault) ? host(address) : nullptr;
}

std::span<const uint8_t> VectorMemory::fetch(uint64_t address, unsigned want, ir::Fault* fault) {
  if (address < kCodePage || address >= kCodePage + kPageBytes) {
    *fault = {is_mapped(address) ? ir::FaultKind::Protection : ir::FaultKind::Unmapped, ir::Access::Execute, address};
    return {};
  }
  const uint64_t here = kCodePage + kPageBytes - address;
  return {static_cast<const uint8_t*>(host(address)), static_cast<size_t>(std::min<uint64_t>(want, here))};
}

void Machine::Free::operator()(void* state) const { std::free(state); }

ir::CpuHeader& Machine::cpu() const { return *static_cast<ir::CpuHeader*>(state_.get()); }

Machine::Machine(Guest& guest, vcpu::Engine& engine, unsigned repeat)
    : guest_(guest), engine_(engine), repeat_(repeat) {
  const size_t size = guest.frontend().layout().size;
  state_.reset(std::aligned_alloc(64, size));
  std::memset(state_.get(), 0, size);
  new (state_.get()) ir::CpuHeader();
  engine_.attach(cpu());
  running_engine = &engine_;
  running_cpu = &cpu();
  // Compiled code has no room for C++ on its stack.
  static char stack[64 << 10];
  stack_t alternate = {};
  alternate.ss_sp = stack;
  alternate.ss_size = sizeof stack;
  sigaltstack(&alternate, nullptr);
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
}

Machine::~Machine() {
  engine_.detach(cpu());
  running_engine = nullptr;
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
}

State Machine::run(const std::vector<uint8_t>& code, const State& input) {
  auto* page = static_cast<uint8_t*>(host(kCodePage));
  const auto filler = guest_.breakpoint();
  for (size_t i = 0; i < kPageBytes; ++i) page[i] = filler[i % filler.size()];
  if (!code.empty()) std::memcpy(host(kCode), code.data(), code.size());
  engine_.invalidate(kCodePage, kCodePage + kPageBytes);

  auto* data = static_cast<uint64_t*>(host(kData));
  std::map<std::string, Value> before;
  for (const std::string& name : guest_.registers()) before[name] = 0;
  for (const auto& [name, value] : input.registers) {
    if (before.find(name) == before.end()) throw std::runtime_error("'" + name + "' is no register");
    before[name] = value;
  }
  for (unsigned i = 0; i < repeat_; ++i) {
    std::memset(data, 0, kPageBytes);
    for (const auto& [offset, value] : input.data) data[offset / 8] = value;
    for (const auto& [name, value] : before) guest_.write(cpu(), name, value);
    cpu().pc = kCode;
    cpu().reservation_address = ~uint64_t{0};
    run_once();
  }

  for (const auto& [name, value] : before) {
    if (const Value after = guest_.read(cpu(), name); after != value) output_.registers[name] = after;
  }
  for (uint64_t offset = 0; offset < kPageBytes; offset += 8) {
    const auto given = input.data.find(offset);
    const uint64_t old = given == input.data.end() ? 0 : given->second;
    if (data[offset / 8] != old) output_.data[offset] = data[offset / 8];
  }
  return output_;
}

void Machine::run_once() {
  output_ = {};
  vcpu::Exit exit;
  for (bool running = true; running;) {
    exit = engine_.run(cpu());
    switch (exit.kind) {
      case vcpu::ExitKind::Breakpoint:
        output_.end = End::Breakpoint;
        running = false;
        break;
      case vcpu::ExitKind::IllegalInstruction:
        output_.end = End::Illegal;
        running = false;
        break;
      case vcpu::ExitKind::Misaligned:
        output_.end = End::Misaligned;
        running = false;
        break;
      case vcpu::ExitKind::Fault:
        output_.end = End::Fault;
        output_.address = exit.fault.address;
        running = false;
        break;
      case vcpu::ExitKind::Syscall:
        guest_.unknown_syscall(cpu());
        break;
      default:  // CodeSync, ModeChange, Wait, Stop: it goes on
        break;
    }
  }
  output_.pc = cpu().pc;
}

}  // namespace menura::tests
