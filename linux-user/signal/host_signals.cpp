#include "linux-user/signal/host_signals.h"

#include <sys/mman.h>
#include <ucontext.h>
#include <unistd.h>

#include <cstdio>
#include <cstring>

#include "linux-user/debug/debugger.h"
#include "linux-user/process.h"
#include "linux-user/signal/signal_sets.h"
#include "linux-user/syscalls/guest_copy.h"
#include "linux-user/syscalls/host_call.h"

// The restorer of our handlers, and the stub of blocking system calls (syscalls/blocking.h). A signal that arrives
// between the look at the stop request and the syscall instruction finds the program counter in
// [menura_blocking_begin, menura_blocking_end) and is sent to menura_blocking_interrupted.
asm(R"(
  .text
  .p2align 4
  .globl menura_signal_restorer
  .type menura_signal_restorer, @function
menura_signal_restorer:
  movl $15, %eax
  syscall
  .size menura_signal_restorer, .-menura_signal_restorer

  .p2align 4
  .globl menura_blocking_syscall
  .type menura_blocking_syscall, @function
menura_blocking_syscall:
  movq %rdi, %rcx
  movq %rsi, %rax
  movq %rdx, %r11
  movq (%r11), %rdi
  movq 8(%r11), %rsi
  movq 16(%r11), %rdx
  movq 24(%r11), %r10
  movq 32(%r11), %r8
  movq 40(%r11), %r9
menura_blocking_begin:
  testl $1, (%rcx)
  jnz menura_blocking_interrupted
  syscall
menura_blocking_end:
  ret
menura_blocking_interrupted:
  movq $-4, %rax
  ret
  .size menura_blocking_syscall, .-menura_blocking_syscall
)");

extern "C" {
void menura_signal_restorer();
extern const char menura_blocking_begin[];
extern const char menura_blocking_end[];
extern const char menura_blocking_interrupted[];
}

namespace menura::linux_user {
namespace {

static_assert(kStopForSignal == 1);  // the stub tests it

// The host kernel's struct sigaction on x86-64.
struct HostSigaction {
  void (*handler)(int, siginfo_t*, void*) = nullptr;
  uint64_t flags = 0;
  void (*restorer)() = nullptr;
  uint64_t mask = 0;
};

constexpr uint64_t kPageFaultWrite = 2;  // error code of a page fault (Intel SDM vol. 3, 4.7)
constexpr uint64_t kPageFaultFetch = 16;

constexpr size_t kSignalStackSize = size_t{256} << 10;
thread_local void* signal_stack = nullptr;

bool catches_defaults = false;

uint64_t& mask_of(ucontext_t& context) { return *reinterpret_cast<uint64_t*>(&context.uc_sigmask); }

// Keeps the signal for the run loop and blocks all others until it has been delivered.
void take(int signal, const siginfo_t& info, ucontext_t& context) {
  Thread* const thread = Thread::current();
  if (thread == nullptr) return;  // before the first or after the last guest instruction
  ThreadSignals& signals = thread->signals();
  if (signals.taken.load(std::memory_order_relaxed) != 0) {
    // Only signals that are never blocked come here while one is waiting.
    signals.held |= signal_bit(signal);
    signals.held_info[static_cast<size_t>(signal)] = info;
  } else {
    signals.taken_info = info;
    signals.taken.store(signal, std::memory_order_release);
  }
  thread->cpu().stop_request.fetch_or(kStopForSignal, std::memory_order_relaxed);
  mask_of(context) = ~kFaultSignals;

  greg_t& rip = context.uc_mcontext.gregs[REG_RIP];
  if (rip >= reinterpret_cast<greg_t>(menura_blocking_begin) && rip < reinterpret_cast<greg_t>(menura_blocking_end)) {
    rip = reinterpret_cast<greg_t>(menura_blocking_interrupted);
  }
}

void on_signal(int signal, siginfo_t* info, void* context) { take(signal, *info, *static_cast<ucontext_t*>(context)); }

// Our own bug, or a host that has run out of memory: say so in plain words, and leave no doubt about the status.
[[noreturn]] void internal_fault(int signal, const siginfo_t& info, const ucontext_t& context) {
  char text[200];
  const int length =
      std::snprintf(text, sizeof text, "menura: internal error: %s at host address %#llx (host pc %#llx)\n",
                    strsignal(signal), static_cast<unsigned long long>(reinterpret_cast<uintptr_t>(info.si_addr)),
                    static_cast<unsigned long long>(context.uc_mcontext.gregs[REG_RIP]));
  if (write(STDERR_FILENO, text, static_cast<size_t>(length)) < 0) _exit(125);
  _exit(125);
}

void on_fault(int signal, siginfo_t* info, void* host_context) {
  ucontext_t& context = *static_cast<ucontext_t*>(host_context);
  if (info->si_code <= 0) {  // sent by somebody
    take(signal, *info, context);
    return;
  }
  Thread* const thread = Thread::current();
  const auto address = reinterpret_cast<uint64_t>(info->si_addr);
  const auto code = static_cast<uint64_t>(context.uc_mcontext.gregs[REG_ERR]);
  const bool is_write = (code & kPageFaultWrite) != 0;
  if (thread != nullptr) {
    Process& process = thread->process();
    if (signal == SIGSEGV && is_write && in_guest_range(address, 1) && process.memory().unprotect_for_write(address)) {
      return;
    }
    if (recover_guest_copy(&context)) return;
    const ir::Access access = is_write                        ? ir::Access::Write
                              : (code & kPageFaultFetch) != 0 ? ir::Access::Execute
                                                              : ir::Access::Read;
    ir::Fault fault{signal == SIGBUS               ? ir::FaultKind::Bus
                    : info->si_code == SEGV_ACCERR ? ir::FaultKind::Protection
                                                   : ir::FaultKind::Unmapped,
                    access, address};
    if (process.engine().take_host_fault(thread->cpu(), &context, fault)) return;
  }
  internal_fault(signal, *info, context);
}

void install(int signal, void (*handler)(int, siginfo_t*, void*), uint64_t flags, uint64_t mask) {
  const HostSigaction action{handler, flags | kRestorer, menura_signal_restorer, mask};
  host_call(SYS_rt_sigaction, signal, &action, nullptr, sizeof action.mask);
}

}  // namespace

void install_fault_handlers() {
  // Asynchronous signals wait until a fault has been dealt with.
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP}) {
    install(signal, on_fault, SA_SIGINFO | SA_ONSTACK | SA_NODEFER, ~kFaultSignals);
  }
}

void set_up_signal_stack() {
  void* const stack =
      ::mmap(nullptr, kSignalStackSize, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (stack == MAP_FAILED) return;
  const stack_t description = {.ss_sp = stack, .ss_flags = 0, .ss_size = kSignalStackSize};
  ::sigaltstack(&description, nullptr);
  signal_stack = stack;
}

void tear_down_signal_stack() {
  const stack_t none = {.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};
  ::sigaltstack(&none, nullptr);
  if (signal_stack != nullptr) ::munmap(signal_stack, kSignalStackSize);
  signal_stack = nullptr;
}

// Signals that stop a process do that, and those between the others are the host's C library's own.
bool catches_default(int signal) {
  constexpr uint64_t kStops = signal_bit(SIGTSTP) | signal_bit(SIGTTIN) | signal_bit(SIGTTOU);
  constexpr uint64_t kOthers =
      kStops | kUnblockable | kFaultSignals | kDefaultIgnored | signal_bit(32) | signal_bit(33);
  return catches_defaults && (signal_bit(signal) & kOthers) == 0;
}

void catch_default_signals(SignalActions& actions) {
  catches_defaults = true;
  for (int signal = 1; signal <= kSignalCount; ++signal) {
    if (catches_default(signal)) apply_action(signal, actions.get(signal));
  }
}

void apply_action(int signal, const GuestSigaction& action) {
  if ((signal_bit(signal) & kFaultSignals) != 0) return;
  const auto disposition = reinterpret_cast<sighandler_t>(action.handler);
  if ((disposition == SIG_DFL && !catches_default(signal)) || disposition == SIG_IGN) {
    set_host_disposition(signal, action.handler);
    return;
  }
  // Never SA_RESTART: the run loop restarts what the guest's flags say.
  install(signal, on_signal, SA_SIGINFO | SA_ONSTACK | (action.flags & (SA_NOCLDSTOP | SA_NOCLDWAIT)), ~kFaultSignals);
}

uint64_t inherited_disposition(int signal) {
  HostSigaction action;
  host_call(SYS_rt_sigaction, signal, nullptr, &action, sizeof action.mask);
  const auto ignore = reinterpret_cast<uint64_t>(SIG_IGN);
  return reinterpret_cast<uint64_t>(action.handler) == ignore ? ignore : reinterpret_cast<uint64_t>(SIG_DFL);
}

void set_host_disposition(int signal, uint64_t disposition) {
  const HostSigaction action{reinterpret_cast<void (*)(int, siginfo_t*, void*)>(disposition), kRestorer,
                             menura_signal_restorer, 0};
  host_call(SYS_rt_sigaction, signal, &action, nullptr, sizeof action.mask);
}

void set_host_mask(uint64_t guest_mask) { set_exact_host_mask(guest_mask & ~kFaultSignals); }

void set_exact_host_mask(uint64_t mask) { host_call(SYS_rt_sigprocmask, SIG_SETMASK, &mask, nullptr, sizeof mask); }

uint64_t host_mask() {
  uint64_t mask = 0;
  host_call(SYS_rt_sigprocmask, SIG_BLOCK, nullptr, &mask, sizeof mask);
  return mask;
}

void die_by_signal(int signal) {
  const Thread* const thread = Thread::current();
  if (thread != nullptr && !thread->process().is_vfork_child()) {
    const Process& process = thread->process();
    if (process.debugger() != nullptr) process.debugger()->ended(signal, true);
    if (process.options().timeline != nullptr) process.options().timeline->finish();
  }
  set_host_disposition(signal, reinterpret_cast<uint64_t>(SIG_DFL));
  set_exact_host_mask(~signal_bit(signal));
  host_call(SYS_tgkill, getpid(), static_cast<int>(host_call(SYS_gettid)), signal);
  // A signal that does not kill (the guest's init may not die of some): the status is the shell's for it.
  _exit(128 + signal);
}

}  // namespace menura::linux_user
