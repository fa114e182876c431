#include "linux-user/syscalls/wait_mask.h"

#include "linux-user/syscalls/guest_access.h"

namespace menura::linux_user {
namespace {

constexpr uint64_t bit(int signal) { return uint64_t{1} << (signal - 1); }
constexpr uint64_t kUnblockable = bit(SIGKILL) | bit(SIGSTOP);
// Menura's own: the host never blocks them (signal/README.md).
constexpr uint64_t kFaults = bit(SIGSEGV) | bit(SIGBUS) | bit(SIGFPE) | bit(SIGILL) | bit(SIGTRAP);

}  // namespace

WaitMask::WaitMask(uint64_t address, uint64_t size) {
  if (address == 0) return;
  if (size != sizeof(uint64_t)) {
    error_ = -EINVAL;
  } else if (load(&guest_mask_, GuestPtr<uint64_t>{address}) != 0) {
    error_ = -EFAULT;
  } else {
    given_ = true;
    guest_mask_ &= ~kUnblockable;
    host_mask_ = guest_mask_ & ~kFaults;
  }
}

}  // namespace menura::linux_user
