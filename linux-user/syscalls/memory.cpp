// Memory: the answers are GuestMemory's.
#include "linux-user/abi/abi.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user::sys {
namespace {

// Which mapping a pointer means: its tag, if the guest knows such, is no part of that. What makes new mappings (mmap,
// brk, shmat, the new address of mremap) takes none (Documentation/arm64/tagged-address-abi.rst).
uint64_t untagged(Thread& thread, uint64_t address) { return thread.process().abi().untagged(address); }

}  // namespace

int64_t mmap(Thread& thread, uint64_t address, size_t length, int protection, int flags, int fd, uint64_t offset) {
  thread.process().guest().protection_asked(thread.cpu(), protection);
  return thread.process().memory().mmap(address, length, protection, flags, fd, offset);
}

int64_t munmap(Thread& thread, uint64_t address, size_t length) {
  return thread.process().memory().munmap(untagged(thread, address), length);
}

int64_t mremap(Thread& thread, uint64_t address, size_t old_size, size_t new_size, int flags, uint64_t new_address) {
  return thread.process().memory().mremap(untagged(thread, address), old_size, new_size, flags, new_address);
}

int64_t mprotect(Thread& thread, uint64_t address, size_t length, int protection) {
  thread.process().guest().protection_asked(thread.cpu(), protection);
  return thread.process().memory().mprotect(untagged(thread, address), length, protection);
}

int64_t brk(Thread& thread, uint64_t address) { return thread.process().memory().brk(address); }

int64_t madvise(Thread& thread, uint64_t address, size_t length, int advice) {
  return thread.process().memory().madvise(untagged(thread, address), length, advice);
}

int64_t msync(Thread& thread, uint64_t address, size_t length, int flags) {
  return thread.process().memory().msync(untagged(thread, address), length, flags);
}

int64_t mincore(Thread& thread, uint64_t address, size_t length, uint64_t vector) {
  address = untagged(thread, address);
  if (address % kPageSize != 0) return -EINVAL;
  if (!in_guest_range(address, length)) return -ENOMEM;
  return host_call(SYS_mincore, address, length, out(thread, GuestPtr<uint8_t>{vector}, page_ceil(length) / kPageSize));
}

int64_t mlock(Thread& thread, uint64_t address, size_t length) {
  address = untagged(thread, address);
  return in_guest_range(address, length) ? host_call(SYS_mlock, address, length) : -ENOMEM;
}

int64_t mlock2(Thread& thread, uint64_t address, size_t length, unsigned flags) {
  address = untagged(thread, address);
  return in_guest_range(address, length) ? host_call(SYS_mlock2, address, length, flags) : -ENOMEM;
}

int64_t munlock(Thread& thread, uint64_t address, size_t length) {
  address = untagged(thread, address);
  return in_guest_range(address, length) ? host_call(SYS_munlock, address, length) : -ENOMEM;
}

int64_t mlockall(Thread&, int flags) { return host_call(SYS_mlockall, flags); }

int64_t munlockall(Thread&) { return host_call(SYS_munlockall); }

int64_t shmat(Thread& thread, int segment, uint64_t address, int flags) {
  return thread.process().memory().shmat(segment, address, flags);
}

int64_t shmdt(Thread& thread, uint64_t address) { return thread.process().memory().shmdt(address); }

}  // namespace menura::linux_user::sys
