#include "linux-user/run/run_loop.h"

#include <linux/futex.h>
#include <sched.h>

#include "linux-user/debug/debugger.h"
#include "linux-user/run/robust_list.h"
#include "linux-user/signal/delivery.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signal_sets.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user {
namespace {

siginfo_t fault_info(int signal, int code, uint64_t address) {
  siginfo_t info = {};
  info.si_signo = signal;
  info.si_code = code;
  info.si_addr = reinterpret_cast<void*>(address);
  return info;
}

siginfo_t memory_fault(const ir::Fault& fault) {
  switch (fault.kind) {
    case ir::FaultKind::Protection:
      return fault_info(SIGSEGV, SEGV_ACCERR, fault.address);
    case ir::FaultKind::Bus:
      return fault_info(SIGBUS, BUS_ADRERR, fault.address);
    case ir::FaultKind::Misaligned:
      return fault_info(SIGBUS, BUS_ADRALN, fault.address);
    default:
      return fault_info(SIGSEGV, SEGV_MAPERR, fault.address);
  }
}

void handle_memory_fault(Thread& thread, ir::Fault fault) {
  if (thread.process().guest().retry_access(thread.cpu(), &fault)) return;
  // The host's mappings differ from the guest's; the book knows what the guest should see.
  if (fault.kind != ir::FaultKind::Misaligned && in_guest_range(fault.address, 1)) {
    const ir::Fault seen = thread.process().memory().explain(fault.address, fault.access);
    if (seen.kind != ir::FaultKind::None) fault.kind = seen.kind;
  }
  deliver_fault(thread, memory_fault(fault), &fault);
}

void make_syscall(Thread& thread) {
  const GuestCpu& guest = thread.process().guest();
  ir::CpuHeader& cpu = thread.cpu();
  const std::array<uint64_t, 6> arguments = guest.syscall_arguments(cpu);
  if (Debugger* const debugger = thread.process().debugger()) debugger->enter_call(thread);
  const int64_t result = dispatch(thread, guest.syscall_number(cpu), arguments);
  // The child of a fork has none.
  if (Debugger* const debugger = thread.process().debugger()) debugger->leave_call(thread);
  if (result == kRestart) {
    // Only a signal interrupts; it is delivered now, and decides how the call goes on.
    deliver_pending(thread, {true, arguments[0]});
  } else if (result == kRestartAlways) {
    guest.restart_syscall(cpu, arguments[0]);
  } else if (result != kNoResult) {
    guest.set_syscall_result(cpu, static_cast<uint64_t>(result));
  }
}

void handle(Thread& thread, const vcpu::Exit& exit) {
  const uint64_t pc = thread.cpu().pc;
  switch (exit.kind) {
    case vcpu::ExitKind::Syscall:
      make_syscall(thread);
      return;
    case vcpu::ExitKind::Fault:
      handle_memory_fault(thread, exit.fault);
      return;
    case vcpu::ExitKind::Misaligned: {
      const bool known = exit.fault.kind == ir::FaultKind::Misaligned;
      ir::Fault fault = known ? exit.fault : ir::Fault{ir::FaultKind::Misaligned, ir::Access::Read, exit.detail};
      if (fault.address == pc) fault.access = ir::Access::Execute;
      handle_memory_fault(thread, fault);
      return;
    }
    case vcpu::ExitKind::IllegalInstruction:
      deliver_fault(thread, fault_info(SIGILL, ILL_ILLOPC, pc), nullptr);
      return;
    case vcpu::ExitKind::Breakpoint:
      deliver_fault(thread, fault_info(SIGTRAP, TRAP_BRKPT, pc), nullptr);
      return;
    case vcpu::ExitKind::Wait:
      sched_yield();
      return;
    case vcpu::ExitKind::CodeSync:  // writes to code are noticed as they happen
    case vcpu::ExitKind::ModeChange:
    case vcpu::ExitKind::Stop:
    case vcpu::ExitKind::Budget:
    case vcpu::ExitKind::Exclusive:
      return;
  }
}

}  // namespace

void run_thread(Thread& thread) {
  Thread::set_current(&thread);
  vcpu::Engine& engine = thread.process().engine();
  ir::CpuHeader& cpu = thread.cpu();
  engine.attach(cpu);
  set_host_mask(thread.signals().mask);
  if (Debugger* const debugger = thread.process().debugger()) debugger->begin(thread);
  while (!thread.ended) {
    if ((cpu.stop_request.load(std::memory_order_relaxed) & kStopForSignal) != 0) deliver_pending(thread, {});
    Debugger* const debugger = thread.process().debugger();
    handle(thread, debugger != nullptr ? debugger->run(thread) : engine.run(cpu));
  }
  if (Debugger* const debugger = thread.process().debugger()) debugger->end(thread);
  set_exact_host_mask(~kFaultSignals);
  release_robust_list(thread);
  engine.detach(cpu);
  Thread::set_current(nullptr);
}

void announce_end(Process& process, uint64_t clear_child_tid) {
  if (clear_child_tid == 0) return;
  process.memory().prepare_host_write(clear_child_tid, sizeof(int));
  const int zero = 0;
  if (menura_guest_copy(reinterpret_cast<void*>(checked_address(clear_child_tid, sizeof zero)), &zero, sizeof zero) ==
      0) {
    host_call(SYS_futex, clear_child_tid, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  }
}

}  // namespace menura::linux_user
