// Waiting for events: poll, select, epoll, and the descriptors that events come from.
#include <poll.h>
#include <sys/epoll.h>
#include <sys/select.h>

#include <algorithm>
#include <memory>

#include "linux-user/abi/abi.h"
#include "linux-user/syscalls/blocking.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/guest_path.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"
#include "linux-user/syscalls/wait_mask.h"

namespace menura::linux_user::sys {

// What pselect6 gets in place of a sixth and a seventh argument.
struct MaskArgument {
  uint64_t mask;
  uint64_t size;
};

namespace {

// epoll events of the host, converted to the guest's on the way out. Few on the stack, many on the heap.
class EventBuffer {
 public:
  explicit EventBuffer(size_t count) {
    if (count > kFew) {
      many_ = std::make_unique_for_overwrite<epoll_event[]>(count);
      events_ = many_.get();
    }
  }
  epoll_event* events() { return events_; }

  // Answers `count`, or -EFAULT.
  int64_t store_to(Thread& thread, uint64_t address, int64_t count) const {
    const Structs& structs = thread.process().abi().structs;
    std::byte encoded[kLargestEvent * kFew] = {};
    for (int64_t first = 0; first < count; first += kFew) {
      const int64_t end = std::min<int64_t>(count, first + kFew);
      for (int64_t i = first; i < end; ++i) {
        structs.encode_epoll_event(events_[i], encoded + (i - first) * structs.epoll_event_size);
      }
      const uint64_t to = address + first * structs.epoll_event_size;
      if (store_bytes(thread, to, encoded, (end - first) * structs.epoll_event_size) != 0) return -EFAULT;
    }
    return count;
  }

 private:
  static constexpr size_t kFew = 64;
  static constexpr size_t kLargestEvent = 16;
  epoll_event few_[kFew];
  std::unique_ptr<epoll_event[]> many_;
  epoll_event* events_ = few_;
};

// The kernel's EP_MAX_EVENTS, and the most that one call of ours hands over: fewer than asked for is always legal.
constexpr int kMaxEpollEvents = INT_MAX / 16;
constexpr int kEpollBatch = 1 << 16;

template <typename Timeout>
int64_t epoll_wait_masked(Thread& thread, long number, int fd, uint64_t events, int count, Timeout timeout,
                          GuestPtr<void> mask, size_t mask_size) {
  if (count <= 0 || count > kMaxEpollEvents) return -EINVAL;
  const size_t event_size = thread.process().abi().structs.epoll_event_size;
  if (!in_guest_range(events, count * event_size)) return -EFAULT;
  count = std::min(count, kEpollBatch);
  EventBuffer buffer(static_cast<size_t>(count));
  WaitMask wait(thread, mask.address, mask_size);
  if (wait.error() != 0) return wait.error();
  const int64_t ready = wait.finish(
      blocking_call(thread, number, fd, buffer.events(), count, timeout, wait.host_mask(), sizeof(uint64_t)));
  return ready <= 0 ? ready : buffer.store_to(thread, events, ready);
}

}  // namespace

int64_t ppoll(Thread& thread, GuestPtr<pollfd> fds, unsigned count, GuestPtr<timespec> timeout, GuestPtr<void> mask,
              size_t mask_size) {
  WaitMask wait(thread, mask.address, mask_size);
  if (wait.error() != 0) return wait.error();
  return wait.finish(blocking_call(thread, SYS_ppoll, out(thread, fds, count), count, out(thread, timeout),
                                   wait.host_mask(), sizeof(uint64_t)));
}

int64_t pselect6(Thread& thread, int count, GuestPtr<void> read, GuestPtr<void> write, GuestPtr<void> except,
                 GuestPtr<timespec> timeout, GuestPtr<MaskArgument> mask_argument) {
  MaskArgument mask{};
  if (mask_argument && load(&mask, mask_argument) != 0) return -EFAULT;
  WaitMask wait(thread, mask.mask, mask.size);
  if (wait.error() != 0) return wait.error();
  const MaskArgument host_mask = {reinterpret_cast<uint64_t>(wait.host_mask()), sizeof(uint64_t)};
  const uint64_t bytes = count <= 0 ? 0 : (static_cast<uint64_t>(count) + 63) / 64 * 8;
  return wait.finish(blocking_call(thread, SYS_pselect6, count, out(thread, read, bytes), out(thread, write, bytes),
                                   out(thread, except, bytes), out(thread, timeout), &host_mask));
}

int64_t epoll_create1(Thread&, int flags) { return host_call(SYS_epoll_create1, flags); }

int64_t epoll_ctl(Thread& thread, int epoll, int operation, int fd, GuestPtr<void> event) {
  if (operation == EPOLL_CTL_DEL) return host_call(SYS_epoll_ctl, epoll, operation, fd, nullptr);
  const Structs& structs = thread.process().abi().structs;
  std::byte encoded[16] = {};
  epoll_event host{};
  if (load_bytes(encoded, event.address, structs.epoll_event_size) != 0) return -EFAULT;
  structs.decode_epoll_event(encoded, &host);
  return host_call(SYS_epoll_ctl, epoll, operation, fd, &host);
}

int64_t epoll_pwait(Thread& thread, int fd, GuestPtr<void> events, int count, int timeout, GuestPtr<void> mask,
                    size_t mask_size) {
  return epoll_wait_masked(thread, SYS_epoll_pwait, fd, events.address, count, timeout, mask, mask_size);
}

int64_t epoll_pwait2(Thread& thread, int fd, GuestPtr<void> events, int count, GuestPtr<timespec> timeout,
                     GuestPtr<void> mask, size_t mask_size) {
  return epoll_wait_masked(thread, SYS_epoll_pwait2, fd, events.address, count, in(timeout), mask, mask_size);
}

int64_t eventfd2(Thread&, unsigned initial, int flags) { return host_call(SYS_eventfd2, initial, flags); }

// A guest thread's signal mask is its host thread's, so the host's signalfd sees what the guest blocked.
int64_t signalfd4(Thread&, int fd, GuestPtr<uint64_t> mask, size_t mask_size, int flags) {
  return host_call(SYS_signalfd4, fd, in(mask), mask_size, flags);
}

int64_t inotify_init1(Thread&, int flags) { return host_call(SYS_inotify_init1, flags); }
int64_t inotify_add_watch(Thread& thread, int fd, GuestStr name, unsigned mask) {
  PathBuffer buffer;
  return host_call(SYS_inotify_add_watch, fd, guest_path(thread, name, buffer), mask);
}
int64_t inotify_rm_watch(Thread&, int fd, int watch) { return host_call(SYS_inotify_rm_watch, fd, watch); }

int64_t fanotify_init(Thread& thread, unsigned flags, unsigned event_flags) {
  return host_call(SYS_fanotify_init, flags, thread.process().abi().open_flags_to_host(event_flags));
}
int64_t fanotify_mark(Thread&, int fd, unsigned flags, uint64_t mask, int directory, GuestStr path) {
  return host_call(SYS_fanotify_mark, fd, flags, mask, directory, in(path));
}

}  // namespace menura::linux_user::sys
