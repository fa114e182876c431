#include "linux-user/run/clone.h"

#include <linux/futex.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <memory>
#include <new>

#include "linux-user/process.h"
#include "linux-user/run/run_loop.h"
#include "linux-user/signal/host_signals.h"
#include "linux-user/signal/signal_sets.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/host_call.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

namespace menura::linux_user {
namespace {

// A host thread's stack: system call handlers keep paths on it, the translator does not recurse deeply.
constexpr int kHostCancelSignal = 32;  // glibc's SIGCANCEL and SIGSETXID
constexpr int kHostSetxidSignal = 33;
constexpr size_t kHostStackSize = size_t{1} << 20;

// What the host kernel may be asked for when a process is copied.
constexpr uint64_t kProcessFlags = CLONE_FS | CLONE_FILES | CLONE_PARENT | CLONE_NEWNS | CLONE_SYSVSEM |
                                   CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID |
                                   CLONE_NEWNET | CLONE_IO | CLONE_PTRACE | CLONE_UNTRACED | CLONE_PIDFD;

int own_tid() { return static_cast<int>(host_call(SYS_gettid)); }

// The guest state of a child: the parent's, answering 0.
void copy_state(Thread& parent, Thread& child, const CloneRequest& request) {
  const GuestCpu& guest = parent.process().guest();
  const size_t header = sizeof(ir::CpuHeader);
  const size_t size = guest.frontend().layout().size;
  ir::CpuHeader& from = parent.cpu();
  ir::CpuHeader& to = child.cpu();
  std::memcpy(reinterpret_cast<uint8_t*>(&to) + header, reinterpret_cast<const uint8_t*>(&from) + header,
              size - header);
  to.pc = from.pc;
  to.mode = from.mode;
  to.extra = from.extra;
  to.mxcsr = from.mxcsr;
  guest.set_syscall_result(to, 0);
  if (request.stack != 0) guest.set_stack_pointer(to, request.stack);
  if ((request.flags & CLONE_SETTLS) != 0) guest.set_thread_pointer(to, request.tls);
  child.signals().mask = parent.signals().mask;
  child.takes_tagged_addresses = parent.takes_tagged_addresses;
  if ((request.flags & CLONE_CHILD_CLEARTID) != 0) child.clear_child_tid = request.child_tid;
}

// --- threads

struct ThreadStart {
  std::unique_ptr<Thread> thread;
  CloneRequest request;
  std::atomic<int> tid{0};
};

void* run_guest_thread(void* argument) {
  auto* const start = static_cast<ThreadStart*>(argument);
  const std::unique_ptr<Thread> thread = std::move(start->thread);
  Process& process = thread->process();
  const CloneRequest& request = start->request;
  set_up_signal_stack();
  const int tid = own_tid();
  if ((request.flags & CLONE_FILES) == 0) unshare(CLONE_FILES);
  if ((request.flags & CLONE_FS) == 0) unshare(CLONE_FS);
  if ((request.flags & CLONE_PARENT_SETTID) != 0) store(*thread, GuestPtr<int>{request.parent_tid}, tid);
  if ((request.flags & CLONE_CHILD_SETTID) != 0) store(*thread, GuestPtr<int>{request.child_tid}, tid);
  start->tid.store(tid, std::memory_order_release);
  host_call(SYS_futex, &start->tid, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
  // `start` is the parent's again.

  run_thread(*thread);
  tear_down_signal_stack();
  const uint64_t clear_child_tid = thread->clear_child_tid;
  if (process.thread_count().fetch_sub(1) == 1) {
    // Which thread's status is the process's depends on the kernel's version: it is told this one's.
    process.run_exit_hook(thread->status);
    while (true) host_call(SYS_exit, thread->status);
  }
  announce_end(process, clear_child_tid);
  return nullptr;
}

int64_t start_thread(Thread& parent, const CloneRequest& request) {
  Process& process = parent.process();
  ThreadStart start;
  start.thread = std::make_unique<Thread>(process);
  start.request = request;
  process.guest().sharing_memory(parent.cpu());
  copy_state(parent, *start.thread, request);

  pthread_attr_t attributes;
  pthread_attr_init(&attributes);
  pthread_attr_setdetachstate(&attributes, PTHREAD_CREATE_DETACHED);
  pthread_attr_setstacksize(&attributes, kHostStackSize);
  // The new thread starts with everything blocked; its run loop opens what its guest mask allows.
  set_exact_host_mask(~kFaultSignals);
  process.thread_count().fetch_add(1);
  pthread_t handle;
  const int error = pthread_create(&handle, &attributes, run_guest_thread, &start);
  pthread_attr_destroy(&attributes);
  // The host's C library takes the signals that it keeps for itself when it starts its first thread; the guest's
  // library (and Go's runtime) use the same ones.
  for (const int signal : {kHostCancelSignal, kHostSetxidSignal}) apply_action(signal, process.actions().get(signal));
  if (error != 0) {
    process.thread_count().fetch_sub(1);
  } else {
    while (start.tid.load(std::memory_order_acquire) == 0) {
      host_call(SYS_futex, &start.tid, FUTEX_WAIT_PRIVATE, 0, nullptr, nullptr, 0);
    }
  }
  const bool waiting = parent.signals().taken.load(std::memory_order_relaxed) != 0;
  if (!waiting) set_host_mask(parent.signals().mask);
  return error != 0 ? -EAGAIN : start.tid.load(std::memory_order_relaxed);
}

// --- processes

// In the child of a fork: what is not inherited, or must be new.
void become_child(Thread& thread, const CloneRequest& request) {
  Process& process = thread.process();
  const GuestCpu& guest = process.guest();
  process.thread_count().store(1);
  guest.set_syscall_result(thread.cpu(), 0);
  if (request.stack != 0) guest.set_stack_pointer(thread.cpu(), request.stack);
  if ((request.flags & CLONE_SETTLS) != 0) guest.set_thread_pointer(thread.cpu(), request.tls);
  thread.clear_child_tid = (request.flags & CLONE_CHILD_CLEARTID) != 0 ? request.child_tid : 0;
  if (process.debugger() != nullptr) {
    process.set_debugger(nullptr);
    process.engine().set_breakpoints({});
  }
  // What was pending is the parent's.
  thread.signals().held = 0;
  thread.signals().taken = 0;
  thread.cpu().stop_request.fetch_and(~kStopForSignal, std::memory_order_relaxed);
  thread.robust_list = 0;
  if ((request.flags & CLONE_CHILD_SETTID) != 0) {
    store(thread, GuestPtr<int>{request.child_tid}, own_tid());
  }
}

int64_t copy_process(Thread& thread, const CloneRequest& request) {
  Process& process = thread.process();
  vcpu::Engine& engine = process.engine();
  const uint64_t host_flags = request.flags & kProcessFlags;
  int pidfd = -1;

  set_exact_host_mask(~kFaultSignals);
  engine.before_fork();
  process.memory().lock_for_fork();
  process.actions().lock_for_fork();
  int64_t result = 0;
  if (host_flags == 0 && request.exit_signal == SIGCHLD) {
    result = fork();
    if (result < 0) result = -errno;
  } else {
    result = host_call(SYS_clone, host_flags | static_cast<uint64_t>(request.exit_signal), nullptr, &pidfd, nullptr,
                       nullptr);
  }
  process.actions().unlock_after_fork();
  process.memory().unlock_after_fork();
  if (result == 0) {
    engine.after_fork_child();
    become_child(thread, request);
    set_host_mask(thread.signals().mask);
    return 0;
  }
  engine.after_fork_parent();
  if (result > 0) {
    if ((request.flags & CLONE_PARENT_SETTID) != 0) {
      store(thread, GuestPtr<int>{request.parent_tid}, static_cast<int>(result));
    }
    if ((request.flags & CLONE_PIDFD) != 0) store(thread, GuestPtr<int>{request.pidfd}, pidfd);
  }
  if (thread.signals().taken.load(std::memory_order_relaxed) == 0) set_host_mask(thread.signals().mask);
  return result;
}

// --- vfork: the child runs in this address space, on a host stack of its own, while this thread waits

struct VforkStart {
  Thread* child = nullptr;
  const CloneRequest* request = nullptr;
};

int run_vfork_child(void* argument) {
  const auto* const start = static_cast<const VforkStart*>(argument);
  Thread& child = *start->child;
  if ((start->request->flags & CLONE_CHILD_SETTID) != 0) {
    store(child, GuestPtr<int>{start->request->child_tid}, own_tid());
  }
  run_thread(child);
  announce_end(child.process(), child.clear_child_tid);
  return child.status;  // which clone() exits with
}

int64_t vfork_process(Thread& thread, const CloneRequest& request) {
  void* const stack = ::mmap(nullptr, kHostStackSize, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_STACK, -1, 0);
  if (stack == MAP_FAILED) return -ENOMEM;
  const std::unique_ptr<Process> process = thread.process().vfork_child();
  Thread child(*process);
  copy_state(thread, child, request);
  const VforkStart start{&child, &request};

  // The child uses this thread's thread-local storage and signal stack until it is gone, and no signal may be
  // delivered here in the meantime.
  set_exact_host_mask(~kFaultSignals);
  const int flags =
      static_cast<int>((request.flags & kProcessFlags & ~uint64_t{CLONE_PIDFD}) | CLONE_VM | CLONE_VFORK) |
      request.exit_signal;
  const int pid =
      ::clone(run_vfork_child, static_cast<char*>(stack) + kHostStackSize, flags, const_cast<VforkStart*>(&start));
  const int64_t result = pid < 0 ? -errno : pid;
  Thread::set_current(&thread);
  if (child.cpu().engine != nullptr) thread.process().engine().detach(child.cpu());
#if defined(__SANITIZE_ADDRESS__)
  // The child never left its frames, and whatever is mapped here next is no stack.
  __asan_unpoison_memory_region(stack, kHostStackSize);
#endif
  ::munmap(stack, kHostStackSize);
  if (result > 0 && (request.flags & CLONE_PARENT_SETTID) != 0) {
    store(thread, GuestPtr<int>{request.parent_tid}, static_cast<int>(result));
  }
  if (thread.signals().taken.load(std::memory_order_relaxed) == 0) set_host_mask(thread.signals().mask);
  return result;
}

}  // namespace

int64_t clone_thread_or_process(Thread& thread, const CloneRequest& request) {
  const uint64_t flags = request.flags;
  if ((flags & CLONE_SIGHAND) != 0 && (flags & CLONE_VM) == 0) return -EINVAL;
  if ((flags & CLONE_THREAD) != 0 && (flags & CLONE_SIGHAND) == 0) return -EINVAL;
  if ((flags & (CLONE_FS | CLONE_NEWNS)) == (CLONE_FS | CLONE_NEWNS)) return -EINVAL;
  if (request.exit_signal < 0 || request.exit_signal > kSignalCount) return -EINVAL;
  if ((flags & CLONE_THREAD) != 0) return start_thread(thread, request);
  if ((flags & CLONE_VFORK) != 0 && (flags & CLONE_VM) != 0 && (flags & (CLONE_SIGHAND | CLONE_PIDFD)) == 0) {
    return vfork_process(thread, request);
  }
  // Two processes that share their memory and both run on: nothing here can keep them apart.
  if ((flags & CLONE_VM) != 0 && (flags & CLONE_VFORK) == 0) return -EINVAL;
  return copy_process(thread, request);
}

}  // namespace menura::linux_user
