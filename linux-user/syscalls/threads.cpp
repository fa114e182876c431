// Threads: clone, futexes, and what the kernel does when a thread ends.
#include <linux/futex.h>
#include <sched.h>

#include <array>
#include <cstring>

#include "linux-user/run/clone.h"
#include "linux-user/syscalls/blocking.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"

namespace menura::linux_user::sys {
namespace {

// struct clone_args (include/uapi/linux/sched.h)
struct CloneArguments {
  uint64_t flags;
  uint64_t pidfd;
  uint64_t child_tid;
  uint64_t parent_tid;
  uint64_t exit_signal;
  uint64_t stack;
  uint64_t stack_size;
  uint64_t tls;
  uint64_t set_tid;
  uint64_t set_tid_size;
  uint64_t cgroup;
};
constexpr size_t kLeastCloneArguments = 64;  // CLONE_ARGS_SIZE_VER0

bool is_zero(const uint8_t* data, size_t size) {
  for (size_t i = 0; i < size; ++i) {
    if (data[i] != 0) return false;
  }
  return true;
}

}  // namespace

int64_t clone(Thread& thread, uint64_t flags, uint64_t stack, GuestPtr<int> parent_tid, uint64_t tls,
              GuestPtr<int> child_tid) {
  CloneRequest request;
  request.flags = flags & ~uint64_t{CSIGNAL};
  request.exit_signal = static_cast<int>(flags & CSIGNAL);
  request.stack = stack;
  request.tls = tls;
  request.parent_tid = parent_tid.address;
  request.child_tid = child_tid.address;
  request.pidfd = parent_tid.address;  // clone has one place for both
  if ((flags & CLONE_PIDFD) != 0 && (flags & CLONE_PARENT_SETTID) != 0) return -EINVAL;
  return clone_thread_or_process(thread, request);
}

int64_t clone3(Thread& thread, GuestPtr<void> arguments, size_t size) {
  if (size > kPageSize) return -E2BIG;
  if (size < kLeastCloneArguments) return -EINVAL;
  std::array<uint8_t, kPageSize> bytes = {};
  if (const int64_t error = load_bytes(bytes.data(), arguments.address, size)) return error;
  CloneArguments given;
  if (!is_zero(bytes.data() + sizeof given, bytes.size() - sizeof given)) return -E2BIG;
  std::memcpy(&given, bytes.data(), sizeof given);
  if (given.set_tid != 0 || given.set_tid_size != 0 || given.cgroup != 0) return -EINVAL;
  if ((given.flags & CSIGNAL) != 0 || given.exit_signal > kSignalCount) return -EINVAL;
  if ((given.stack == 0) != (given.stack_size == 0)) return -EINVAL;
  CloneRequest request;
  request.flags = given.flags;
  request.exit_signal = static_cast<int>(given.exit_signal);
  request.stack = given.stack == 0 ? 0 : given.stack + given.stack_size;
  request.tls = given.tls;
  request.parent_tid = given.parent_tid;
  request.child_tid = given.child_tid;
  request.pidfd = given.pidfd;
  if ((request.flags & (CLONE_THREAD | CLONE_PARENT)) != 0 && request.exit_signal != 0) return -EINVAL;
  return clone_thread_or_process(thread, request);
}

int64_t set_tid_address(Thread& thread, uint64_t address) {
  thread.clear_child_tid = address;
  return host_call(SYS_gettid);
}

int64_t set_robust_list(Thread& thread, uint64_t head, size_t size) {
  if (size != sizeof(robust_list_head)) return -EINVAL;
  thread.robust_list = head;
  return host_call(SYS_set_robust_list, checked_address(head, size), size);
}

int64_t get_robust_list(Thread& thread, int tid, GuestPtr<uint64_t> head, GuestPtr<uint64_t> size) {
  return host_call(SYS_get_robust_list, tid, out(thread, head), out(thread, size));
}

int64_t futex(Thread& thread, GuestPtr<unsigned> word, int operation, unsigned value, uint64_t timeout_or_value2,
              GuestPtr<unsigned> word2, unsigned value3) {
  const uint64_t first = checked_address(word.address, sizeof(uint32_t));
  const uint64_t second = checked_address(word2.address, sizeof(uint32_t));
  switch (operation & FUTEX_CMD_MASK) {
    case FUTEX_WAIT:
    case FUTEX_WAIT_BITSET:
    case FUTEX_WAIT_REQUEUE_PI: {
      const uint64_t timeout = checked_address(timeout_or_value2, sizeof(timespec));
      const int64_t result = blocking_call(thread, SYS_futex, first, operation, value, timeout, second, value3);
      return result == -EINTR && timeout == 0 ? kRestart : result;
    }
    case FUTEX_LOCK_PI:
    case FUTEX_LOCK_PI2: {
      const uint64_t timeout = checked_address(timeout_or_value2, sizeof(timespec));
      const int64_t result = blocking_call(thread, SYS_futex, first, operation, value, timeout, second, value3);
      return result == -EINTR ? kRestartAlways : result;
    }
    default:
      return host_call(SYS_futex, first, operation, value, timeout_or_value2, second, value3);
  }
}

}  // namespace menura::linux_user::sys
