#include "boards/host_faults.h"

#include <signal.h>

#include <mutex>

namespace menura::boards {

namespace {

constexpr std::size_t kStackBytes = 64 << 10;

struct Current {
  vcpu::Engine* engine = nullptr;
  ir::CpuHeader* cpu = nullptr;
};
thread_local Current current;

void on_fault(int signal, siginfo_t* info, void* context) {
  ir::Fault fault;
  fault.kind = ir::FaultKind::Bus;
  fault.address = reinterpret_cast<uint64_t>(info->si_addr);
  if (current.engine != nullptr && current.engine->take_host_fault(*current.cpu, context, fault)) return;
  struct sigaction action = {};
  action.sa_handler = SIG_DFL;
  sigaction(signal, &action, nullptr);  // it happens again
}

void install() {
  struct sigaction action = {};
  action.sa_sigaction = on_fault;
  action.sa_flags = SA_SIGINFO | SA_ONSTACK;
  sigaction(SIGSEGV, &action, nullptr);
  sigaction(SIGBUS, &action, nullptr);
}

}  // namespace

HostFaults::HostFaults(vcpu::Engine& engine, ir::CpuHeader& cpu) : stack_(new char[kStackBytes]) {
  static std::once_flag installed;
  std::call_once(installed, install);
  stack_t stack = {};
  stack.ss_sp = stack_.get();
  stack.ss_size = kStackBytes;
  sigaltstack(&stack, nullptr);
  current = {&engine, &cpu};
}

HostFaults::~HostFaults() {
  current = {};
  stack_t none = {};
  none.ss_flags = SS_DISABLE;
  sigaltstack(&none, nullptr);
}

}  // namespace menura::boards
