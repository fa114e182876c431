// Signals: tables and masks (signal/README.md says how the host's and the guest's go together).
#include <signal.h>

#include <array>

#include "linux-user/signal/delivery.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signal_sets.h"
#include "linux-user/syscalls/blocking.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"

namespace menura::linux_user::sys {
namespace {

constexpr size_t kMaskSize = sizeof(uint64_t);
constexpr int kAutodisarm = static_cast<int>(1U << 31);  // SS_AUTODISARM

bool is_on_altstack(Thread& thread) {
  const stack_t& stack = thread.signals().altstack;
  const uint64_t pointer = thread.process().guest().stack_pointer(thread.cpu());
  const auto begin = reinterpret_cast<uint64_t>(stack.ss_sp);
  return (stack.ss_flags & SS_DISABLE) == 0 && pointer > begin && pointer - begin <= stack.ss_size;
}

// Takes one of the held signals in `mask`, if any: its number, or 0.
int take_held(Thread& thread, uint64_t mask, siginfo_t* info) {
  ThreadSignals& signals = thread.signals();
  const uint64_t due = signals.held & mask;
  if (due == 0) return 0;
  const int signal = __builtin_ctzll(due) + 1;
  signals.held &= ~signal_bit(signal);
  *info = signals.held_info[static_cast<size_t>(signal)];
  return signal;
}

// struct sigaction as guests have it (include/uapi/asm-generic/signal.h): handler, flags, restorer (not always), mask.
int64_t load_action(GuestSigaction* to, uint64_t from, bool has_restorer) {
  std::array<uint64_t, 4> words = {};
  if (const int64_t error = load_bytes(words.data(), from, (has_restorer ? 4 : 3) * sizeof words[0])) return error;
  *to = {words[0], words[1], has_restorer ? words[2] : 0, has_restorer ? words[3] : words[2]};
  if (!has_restorer) to->flags &= ~kRestorer;
  return 0;
}
int64_t store_action(Thread& thread, uint64_t to, const GuestSigaction& from, bool has_restorer) {
  std::array<uint64_t, 4> words = {from.handler, from.flags, from.restorer, from.mask};
  if (!has_restorer) words[2] = from.mask;
  return store_bytes(thread, to, words.data(), (has_restorer ? 4 : 3) * sizeof words[0]);
}

bool is_function(const GuestSigaction& action) {
  return action.handler != reinterpret_cast<uint64_t>(SIG_DFL) && action.handler != reinterpret_cast<uint64_t>(SIG_IGN);
}

}  // namespace

int64_t rt_sigaction(Thread& thread, int signal, GuestPtr<void> action, GuestPtr<void> old, size_t mask_size) {
  if (mask_size != kMaskSize) return -EINVAL;
  const bool has_restorer = thread.process().abi().has_restorer;
  GuestSigaction wanted;
  if (action) {
    if (const int64_t error = load_action(&wanted, action.address, has_restorer)) return error;
  }
  if (signal < 1 || signal > kSignalCount) return -EINVAL;
  if (action && (signal_bit(signal) & kUnblockable) != 0) return -EINVAL;

  SignalActions& actions = thread.process().actions();
  GuestSigaction before;
  if (action) {
    wanted.mask &= ~kUnblockable;
    if (is_function(wanted) && (signal == SIGSEGV || signal == SIGBUS)) {
      thread.process().engine().require_precise_faults();
    }
    // The table first: a signal that arrives in between finds the handler that the host will call it for.
    before = actions.set(signal, wanted);
    apply_action(signal, wanted);
  } else {
    before = actions.get(signal);
  }
  return old ? store_action(thread, old.address, before, has_restorer) : 0;
}

int64_t rt_sigprocmask(Thread& thread, int how, GuestPtr<uint64_t> mask, GuestPtr<uint64_t> old, size_t mask_size) {
  if (mask_size != kMaskSize) return -EINVAL;
  const uint64_t before = thread.signals().mask;
  if (mask) {
    uint64_t given = 0;
    if (const int64_t error = load(&given, mask)) return error;
    uint64_t wanted = given;
    if (how == SIG_BLOCK) {
      wanted = before | given;
    } else if (how == SIG_UNBLOCK) {
      wanted = before & ~given;
    } else if (how != SIG_SETMASK) {
      return -EINVAL;
    }
    wanted &= ~kUnblockable;
    if (wanted != before) change_mask(thread, wanted);
  }
  return old ? store(thread, old, before) : 0;
}

int64_t rt_sigpending(Thread& thread, GuestPtr<uint64_t> mask, size_t mask_size) {
  if (mask_size > kMaskSize) return -EINVAL;
  uint64_t pending = 0;
  const int64_t result = host_call(SYS_rt_sigpending, &pending, sizeof pending);
  if (result != 0) return result;
  pending = (pending | thread.signals().held) & thread.signals().mask;
  return store_bytes(thread, mask.address, &pending, mask_size);
}

int64_t rt_sigsuspend(Thread& thread, GuestPtr<uint64_t> mask, size_t mask_size) {
  if (mask_size != kMaskSize) return -EINVAL;
  uint64_t wanted = 0;
  if (const int64_t error = load(&wanted, mask)) return error;
  wanted &= ~kUnblockable;
  ThreadSignals& signals = thread.signals();
  const uint64_t own = signals.mask;
  if ((signals.held & ~wanted) == 0) {
    const uint64_t host = wanted & ~kFaultSignals;
    blocking_call(thread, SYS_rt_sigsuspend, &host, kMaskSize);
  } else {
    thread.cpu().stop_request.fetch_or(kStopForSignal, std::memory_order_relaxed);
  }
  signals.has_saved_mask = true;
  signals.saved_mask = own;
  signals.mask = wanted;
  return -EINTR;
}

int64_t rt_sigtimedwait(Thread& thread, GuestPtr<uint64_t> mask, GuestPtr<void> info, GuestPtr<timespec> timeout,
                        size_t mask_size) {
  if (mask_size != kMaskSize) return -EINVAL;
  uint64_t wanted = 0;
  if (const int64_t error = load(&wanted, mask)) return error;
  siginfo_t found = {};
  int64_t result = take_held(thread, wanted, &found);
  if (result == 0) {
    // Fault signals are caught by Menura's handlers, never waited for; the rest is the kernel's.
    const uint64_t host = wanted & ~kFaultSignals;
    result = blocking_call(thread, SYS_rt_sigtimedwait, &host, &found, in(timeout), kMaskSize);
    if (result == -EINTR) {
      if (const int signal = take_held(thread, wanted, &found)) result = signal;
    }
  }
  if (result > 0 && info) {
    if (const int64_t error = store(thread, GuestPtr<siginfo_t>{info.address}, found)) return error;
  }
  return result;
}

int64_t rt_sigqueueinfo(Thread&, int pid, int signal, GuestPtr<void> info) {
  return host_call(SYS_rt_sigqueueinfo, pid, signal, in(info, sizeof(siginfo_t)));
}

int64_t rt_tgsigqueueinfo(Thread&, int pid, int tid, int signal, GuestPtr<void> info) {
  return host_call(SYS_rt_tgsigqueueinfo, pid, tid, signal, in(info, sizeof(siginfo_t)));
}

int64_t pidfd_send_signal(Thread&, int pidfd, int signal, GuestPtr<void> info, unsigned flags) {
  return host_call(SYS_pidfd_send_signal, pidfd, signal, in(info, sizeof(siginfo_t)), flags);
}

int64_t kill(Thread&, int pid, int signal) { return host_call(SYS_kill, pid, signal); }

int64_t tkill(Thread&, int tid, int signal) { return host_call(SYS_tkill, tid, signal); }

int64_t tgkill(Thread&, int pid, int tid, int signal) { return host_call(SYS_tgkill, pid, tid, signal); }

int64_t sigaltstack(Thread& thread, GuestPtr<void> stack, GuestPtr<void> old) {
  stack_t before = thread.signals().altstack;
  const bool in_use = is_on_altstack(thread);
  if ((before.ss_flags & SS_DISABLE) == 0) before.ss_flags = in_use ? SS_ONSTACK : 0;
  if (stack) {
    stack_t wanted = {};
    if (const int64_t error = load(&wanted, GuestPtr<stack_t>{stack.address})) return error;
    const int flags = wanted.ss_flags & ~kAutodisarm;
    if (in_use) return -EPERM;
    if (flags != SS_DISABLE && flags != SS_ONSTACK && flags != 0) return -EINVAL;
    if (flags == SS_DISABLE) {
      wanted = {.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
    } else {
      if (wanted.ss_size < thread.process().abi().least_signal_stack) return -ENOMEM;
      wanted.ss_flags = 0;
    }
    thread.signals().altstack = wanted;
  }
  return old ? store(thread, GuestPtr<stack_t>{old.address}, before) : 0;
}

int64_t rt_sigreturn(Thread& thread) {
  if (!return_from_handler(thread)) {
    siginfo_t info = {};
    info.si_signo = SIGSEGV;
    info.si_code = SI_KERNEL;
    deliver_fault(thread, info, nullptr);
  }
  return kNoResult;
}

}  // namespace menura::linux_user::sys
