// The signal mask of one wait: ppoll, pselect6 and epoll_pwait block other signals than the thread does, atomically. A
// guest thread's host mask is its own (signal/README.md), so that the host's kernel does the work.
#pragma once

#include <cstdint>

namespace menura::linux_user {

class Thread;

class WaitMask {
 public:
  // `address` of the guest's mask, 0 = the thread's own.
  WaitMask(Thread& thread, uint64_t address, uint64_t size);

  // What is wrong with the mask: 0, -EFAULT or -EINVAL.
  int64_t error() const { return error_; }
  // For the kernel: null where the guest gave none.
  const uint64_t* host_mask() const { return given_ ? &host_mask_ : nullptr; }

  // Takes and returns the result of the wait. After -EINTR the signal is delivered under the mask of the wait; the
  // thread's own mask comes back when the handler returns, as after rt_sigsuspend.
  int64_t finish(int64_t result);

 private:
  Thread& thread_;
  uint64_t guest_mask_ = 0;
  uint64_t host_mask_ = 0;
  int64_t error_ = 0;
  bool given_ = false;
};

}  // namespace menura::linux_user
