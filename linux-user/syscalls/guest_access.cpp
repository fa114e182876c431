#include "linux-user/syscalls/guest_access.h"

#include "linux-user/abi/abi.h"

namespace menura::linux_user {

uint64_t untagged_or_refused(uint64_t address, uint64_t size) {
  const Thread* const thread = Thread::current();
  if (thread == nullptr || !thread->takes_tagged_addresses) return kRefusedAddress;
  address = thread->process().abi().untagged(address);
  return in_guest_range(address, size) ? address : kRefusedAddress;
}

}  // namespace menura::linux_user
