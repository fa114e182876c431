#include "linux-user/syscalls/wait_mask.h"

#include "linux-user/signal/signal_sets.h"
#include "linux-user/syscalls/guest_access.h"

namespace menura::linux_user {
WaitMask::WaitMask(Thread& thread, uint64_t address, uint64_t size) : thread_(thread) {
  if (address == 0) return;
  if (size != sizeof(uint64_t)) {
    error_ = -EINVAL;
  } else if (load(&guest_mask_, GuestPtr<uint64_t>{address}) != 0) {
    error_ = -EFAULT;
  } else {
    given_ = true;
    guest_mask_ &= ~kUnblockable;
    host_mask_ = guest_mask_ & ~kFaultSignals;
  }
}

int64_t WaitMask::finish(int64_t result) {
  // A stop and a continuation interrupt, too, and deliver nothing.
  const bool taken = (thread_.cpu().stop_request.load(std::memory_order_relaxed) & kStopForSignal) != 0;
  if (given_ && taken && result == -EINTR) {
    ThreadSignals& signals = thread_.signals();
    signals.has_saved_mask = true;
    signals.saved_mask = signals.mask;
    signals.mask = guest_mask_;
  }
  return result;
}

}  // namespace menura::linux_user
