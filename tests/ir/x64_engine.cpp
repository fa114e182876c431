// The x64 compiler as an engine of .ir tests: host faults become exits, as the runtime makes them.
#include <ucontext.h>

#include <algorithm>
#include <csignal>

#include "backends/x64/compiler.h"
#include "tests/ir/host_memory.h"
#include "tests/ir/region_engine.h"
#include "tests/x64/region_machine.h"

namespace menura::ir::test {

namespace {

using x64::test::RegionMachine;

class X64Engine : public RegionEngine {
 public:
  explicit X64Engine(bool hot) : hot_(hot) {}
  std::string_view name() const override { return hot_ ? "x64 alone, hot" : "x64 alone"; }

  bool counts() const override { return true; }

  bool prepare(const Region& region, const TestGuest& guest, HostMemory& memory) override {
    if (machine_ == nullptr) {
      compiler_ = x64::make_compiler(guest.layout(), guest.helpers(), x64::HostFeatures::detect());
      machine_ = std::make_unique<RegionMachine>(guest.layout(), guest.helpers());
    }
    layout_ = &guest.layout();
    memory_ = &memory;
    region_ = &region;
    code_.clear();
    counted_ = false;
    return compiler_->compile(region, {.hot = hot_}, code_);
  }

  RegionOutcome run(CpuHeader& cpu, bool count) override {
    if (count != counted_) {
      code_.clear();
      compiler_->compile(*region_, {.hot = hot_, .count = count}, code_);
      counted_ = count;
    }
    RegionOutcome outcome;
    running_ = this;
    cpu_ = &cpu;
    fault_ = {};
    machine_->way = RegionMachine::Way::None;
    struct sigaction action = {};
    struct sigaction before[2];
    action.sa_sigaction = on_signal;
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    stack_t stack = {};
    stack.ss_sp = signal_stack_;
    stack.ss_size = sizeof signal_stack_;
    stack_t old_stack = {};
    sigaltstack(&stack, &old_stack);
    sigaction(SIGSEGV, &action, &before[0]);
    sigaction(SIGBUS, &action, &before[1]);
    machine_->run(*region_, code_, cpu);
    sigaction(SIGSEGV, &before[0], nullptr);
    sigaction(SIGBUS, &before[1], nullptr);
    sigaltstack(&old_stack, nullptr);

    outcome.exit.fault = fault_;
    outcome.left = true;
    switch (machine_->way) {
      case RegionMachine::Way::None:
        outcome.exit.kind = static_cast<ExitKind>(cpu.exit_kind);
        outcome.exit.detail = cpu.exit_detail;
        if (outcome.exit.kind == ExitKind::Misaligned) {
          outcome.exit.fault = {FaultKind::Misaligned, Access::Read, cpu.exit_detail};
        }
        break;
      case RegionMachine::Way::Stop:
        outcome.exit.kind = ExitKind::Stop;
        break;
      case RegionMachine::Way::Budget:
        // A block is not entered if the budget does not cover it: the runtime then runs shorter ones, up to single
        // instructions, which a lone region cannot.
        outcome.refused = true;
        break;
      default:
        outcome.left = false;
        break;
    }
    return outcome;
  }

 private:
  static void on_signal(int number, siginfo_t* info, void* context_pointer) {
    auto& context = *static_cast<ucontext_t*>(context_pointer);
    X64Engine& self = *running_;
    const auto host_pc = static_cast<uint64_t>(context.uc_mcontext.gregs[REG_RIP]);
    const uint64_t offset = host_pc - self.machine_->code_address();
    if (offset >= self.code_.bytes.size()) {
      std::signal(number, SIG_DFL);
      return;
    }
    static constexpr int registers[16] = {REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
                                          REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15};
    auto* const state = reinterpret_cast<uint8_t*>(self.cpu_);
    for (const runtime::Home& home : self.code_.homes) {
      const Slot& slot = self.layout_->slot(home.slot);
      const void* const reg = home.reg.is_vector
                                  ? static_cast<const void*>(&context.uc_mcontext.fpregs->_xmm[home.reg.number])
                                  : &context.uc_mcontext.gregs[registers[home.reg.number]];
      std::memcpy(state + slot.offset, reg, std::min(storage_bytes(slot.type), 16U));
    }
    runtime::PcEntry at;
    for (const runtime::PcEntry& entry : self.code_.pcs) {
      if (entry.host <= offset) at = entry;
    }
    self.cpu_->pc = self.region_->identity.pc + static_cast<uint64_t>(at.pc);
    self.cpu_->budget += at.ahead;
    self.cpu_->retired -= at.ahead;
    self.cpu_->mxcsr = context.uc_mcontext.fpregs->mxcsr;
    self.cpu_->exit_kind = static_cast<uint32_t>(ExitKind::Fault);
    // Bit 1 of the page fault's error code: it was a write. A non-canonical address reports none.
    const bool write = (context.uc_mcontext.gregs[REG_ERR] & 2) != 0;
    const auto address = reinterpret_cast<uint64_t>(info->si_addr);
    const Access access = write ? Access::Write : Access::Read;
    self.memory_->probe(address, 1, access, &self.fault_);
    context.uc_mcontext.gregs[REG_RIP] = static_cast<greg_t>(self.machine_->leave_address());
  }

  static inline X64Engine* running_ = nullptr;
  bool hot_;
  bool counted_ = false;  // the code counts
  std::unique_ptr<runtime::Compiler> compiler_;
  std::unique_ptr<RegionMachine> machine_;
  runtime::CompiledCode code_;
  const StateLayout* layout_ = nullptr;
  HostMemory* memory_ = nullptr;
  CpuHeader* cpu_ = nullptr;
  const Region* region_ = nullptr;
  Fault fault_;
  alignas(16) uint8_t signal_stack_[65536];
};

}  // namespace

std::unique_ptr<RegionEngine> x64_engine(bool hot) { return std::make_unique<X64Engine>(hot); }

}  // namespace menura::ir::test
