#include "linux-user/signal/delivery.h"

#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>

#include "linux-user/debug/debugger.h"
#include "linux-user/process.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signal_sets.h"
#include "linux-user/syscalls/host_call.h"
#include "linux-user/syscalls/strace.h"

namespace menura::linux_user {
namespace {

const auto kDefault = reinterpret_cast<uint64_t>(SIG_DFL);
const auto kIgnore = reinterpret_cast<uint64_t>(SIG_IGN);

bool is_on_stack(const stack_t& stack, uint64_t pointer) {
  const auto begin = reinterpret_cast<uint64_t>(stack.ss_sp);
  return (stack.ss_flags & SS_DISABLE) == 0 && pointer > begin && pointer - begin <= stack.ss_size;
}

siginfo_t stack_overflow(uint64_t stack) {
  siginfo_t info = {};
  info.si_signo = SIGSEGV;
  info.si_code = SI_KERNEL;
  info.si_addr = reinterpret_cast<void*>(stack);
  return info;
}

// What -strace shows of a signal, as strace(1) does, and the timeline.
void trace(Thread& thread, const siginfo_t& info) {
  if (vcpu::Timeline* const timeline = thread.process().options().timeline) {
    using Value = vcpu::TimelineValue;
    timeline->instant({"signal",
                       {"signal", sigabbrev_np(info.si_signo)},
                       {Value::address("pc", thread.cpu().pc), Value::signed_number("si_signo", info.si_signo),
                        Value::signed_number("si_code", info.si_code),
                        Value::address("si_addr", reinterpret_cast<uint64_t>(info.si_addr))}},
                      vcpu::Timeline::kThread);
  }
  if (!thread.process().options().strace) return;
  std::fprintf(stderr, "--- SIG%s {si_code=%d, si_addr=%p} at pc %#llx ---\n", sigabbrev_np(info.si_signo),
               info.si_code, info.si_addr, static_cast<unsigned long long>(thread.cpu().pc));
}

// Sends the thread to the handler of `action`.
void call_handler(Thread& thread, const GuestSigaction& action, const siginfo_t& info, const ir::Fault* fault) {
  ThreadSignals& signals = thread.signals();
  const GuestCpu& guest = thread.process().guest();
  const int signal = info.si_signo;
  if (thread.process().options().strace) trace_signal(signal, action.handler);

  const uint64_t pointer = guest.stack_pointer(thread.cpu());
  GuestCpu::Delivery delivery;
  delivery.signal = signal;
  delivery.info = &info;
  delivery.fault = fault;
  delivery.handler = action.handler;
  delivery.restorer = (action.flags & kRestorer) != 0 ? action.restorer : thread.process().sigreturn_address();
  delivery.mask = signals.has_saved_mask ? signals.saved_mask : signals.mask;
  delivery.stack = pointer;
  delivery.altstack = signals.altstack;
  delivery.altstack.ss_flags = (signals.altstack.ss_flags & SS_DISABLE) != 0 ? SS_DISABLE
                               : is_on_stack(signals.altstack, pointer)      ? SS_ONSTACK
                                                                             : 0;
  if ((action.flags & SA_ONSTACK) != 0 && (signals.altstack.ss_flags & SS_DISABLE) == 0 &&
      !is_on_stack(signals.altstack, pointer)) {
    delivery.stack = reinterpret_cast<uint64_t>(signals.altstack.ss_sp) + signals.altstack.ss_size;
  }
  signals.has_saved_mask = false;
  if (!guest.push_frame(thread, delivery)) {
    if (signal == SIGSEGV) die_by_signal(SIGSEGV);
    deliver_fault(thread, stack_overflow(delivery.stack), nullptr);
    return;
  }
  if ((action.flags & SA_RESETHAND) != 0) {
    GuestSigaction reset = action;
    reset.handler = kDefault;
    thread.process().actions().set(signal, reset);
    apply_action(signal, reset);
  }
  uint64_t mask = signals.mask | action.mask;
  if ((action.flags & SA_NODEFER) == 0) mask |= signal_bit(signal);
  signals.mask = mask & ~kUnblockable;
}

// A debugger hears of it first, and may have another one delivered. 0: none.
int ask_debugger(Thread& thread, int signal) {
  Debugger* const debugger = thread.process().debugger();
  return debugger != nullptr ? debugger->choose_signal(thread, signal) : signal;
}

// Returns whether a handler was called.
bool deliver(Thread& thread, siginfo_t info, const InterruptedCall& call) {
  const int signal = info.si_signo = ask_debugger(thread, info.si_signo);
  if (signal == 0) return false;
  const GuestSigaction action = thread.process().actions().get(signal);
  trace(thread, info);
  if (action.handler == kIgnore) return false;
  if (action.handler == kDefault) {
    if ((signal_bit(signal) & kDefaultIgnored) != 0) return false;
    if ((signal_bit(signal) & kFaultSignals) != 0 || catches_default(signal)) die_by_signal(signal);
    // The guest went back to the default after the signal was taken: the kernel acts on it (it may stop only).
    set_host_mask(thread.signals().mask & ~signal_bit(signal));
    host_call(SYS_tgkill, getpid(), static_cast<int>(host_call(SYS_gettid)), signal);
    return false;
  }
  if (call.restarts) {
    const GuestCpu& guest = thread.process().guest();
    if ((action.flags & SA_RESTART) != 0) {
      guest.restart_syscall(thread.cpu(), call.first_argument);
    } else {
      guest.set_syscall_result(thread.cpu(), static_cast<uint64_t>(-EINTR));
    }
  }
  call_handler(thread, action, info, nullptr);
  return true;
}

}  // namespace

void deliver_pending(Thread& thread, const InterruptedCall& call) {
  ThreadSignals& signals = thread.signals();
  thread.cpu().stop_request.fetch_and(~kStopForSignal, std::memory_order_relaxed);
  InterruptedCall left = call;
  if (signals.taken.load(std::memory_order_relaxed) != 0) {
    // Everything but fault signals is blocked, so this is ours alone until the mask changes below.
    const int signal = signals.taken.load(std::memory_order_acquire);
    const siginfo_t info = signals.taken_info;
    signals.taken.store(0, std::memory_order_relaxed);
    if ((signal_bit(signal) & kFaultSignals & signals.mask) != 0) {
      signals.held |= signal_bit(signal);
      signals.held_info[static_cast<size_t>(signal)] = info;
    } else if (deliver(thread, info, left)) {
      left.restarts = false;
    }
  }
  while (const uint64_t due = signals.held & ~signals.mask) {
    const int signal = __builtin_ctzll(due) + 1;
    signals.held &= ~signal_bit(signal);
    if (deliver(thread, signals.held_info[static_cast<size_t>(signal)], left)) left.restarts = false;
  }
  if (left.restarts) thread.process().guest().restart_syscall(thread.cpu(), left.first_argument);
  if (signals.has_saved_mask) {
    signals.mask = signals.saved_mask;
    signals.has_saved_mask = false;
  }
  set_host_mask(signals.mask);
}

void deliver_fault(Thread& thread, siginfo_t info, const ir::Fault* fault) {
  const int signal = info.si_signo = ask_debugger(thread, info.si_signo);
  if (signal == 0) return;
  const GuestSigaction action = thread.process().actions().get(signal);
  trace(thread, info);
  if (action.handler == kDefault || action.handler == kIgnore || (thread.signals().mask & signal_bit(signal)) != 0) {
    die_by_signal(signal);
  }
  call_handler(thread, action, info, fault);
  set_host_mask(thread.signals().mask);
}

void change_mask(Thread& thread, uint64_t mask) {
  ThreadSignals& signals = thread.signals();
  signals.mask = mask & ~kUnblockable;
  if ((signals.held & ~signals.mask) != 0) {
    thread.cpu().stop_request.fetch_or(kStopForSignal, std::memory_order_relaxed);
  }
  // While a signal waits for the run loop all others stay blocked: it sets the mask.
  if (signals.taken.load(std::memory_order_relaxed) == 0) set_host_mask(signals.mask);
  if (signals.taken.load(std::memory_order_relaxed) != 0) set_exact_host_mask(~kFaultSignals);
}

bool return_from_handler(Thread& thread) {
  uint64_t mask = 0;
  stack_t altstack = {};
  if (!thread.process().guest().pop_frame(thread, &mask, &altstack)) return false;
  change_mask(thread, mask);
  // As the kernel's restore_altstack: what the handler wrote into the frame counts.
  altstack.ss_flags &= SS_DISABLE;
  thread.signals().altstack = altstack;
  return true;
}

}  // namespace menura::linux_user
