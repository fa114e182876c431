// Scatter/gather lists of the guest. Their layout is the host's, so the kernel gets the guest's own list after every
// element has been looked at.
#pragma once

#include <sys/uio.h>

#include "ir/core/memory_port.h"
#include "linux-user/syscalls/guest_access.h"

namespace menura::linux_user {

using ir::Access;

inline constexpr uint64_t kMaxIovecs = 1024;  // UIO_MAXIOV

// `access` is what the kernel will do with the memory of the elements. 0, or the error that the kernel would give for
// an element out of reach: -EFAULT. A count that the kernel refuses, or a list it cannot read, is left to the kernel.
int64_t check_iovecs(Thread& thread, GuestPtr<iovec> vector, uint64_t count, Access access);

}  // namespace menura::linux_user
