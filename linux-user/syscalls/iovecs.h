// Scatter/gather lists of the guest. Their layout is the host's, so the kernel gets the guest's own list after every
// element has been looked at.
#pragma once

#include <sys/uio.h>

#include <vector>

#include "ir/core/memory_port.h"
#include "linux-user/syscalls/guest_access.h"

namespace menura::linux_user {

using ir::Access;

inline constexpr uint64_t kMaxIovecs = 1024;  // UIO_MAXIOV

class Iovecs {
 public:
  // `access` is what the kernel will do with the memory of the elements. A count that the kernel refuses, or a list it
  // cannot read, is left to the kernel.
  Iovecs(Thread& thread, GuestPtr<iovec> vector, uint64_t count, Access access);

  // 0, or the error that the kernel would give for an element out of reach: -EFAULT.
  int64_t error() const { return error_; }
  // For the kernel.
  const iovec* list() const { return copy_.empty() ? list_ : copy_.data(); }

 private:
  const iovec* list_;
  std::vector<iovec> copy_;  // where an element has a tag (untagged_or_refused)
  int64_t error_ = 0;
};

}  // namespace menura::linux_user
