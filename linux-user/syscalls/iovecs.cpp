#include "linux-user/syscalls/iovecs.h"

namespace menura::linux_user {

int64_t check_iovecs(Thread& thread, GuestPtr<iovec> vector, uint64_t count, Access access) {
  if (count > kMaxIovecs) return 0;
  if (!in_guest_range(vector.address, count * sizeof(iovec))) return -EFAULT;
  for (uint64_t i = 0; i < count; ++i) {
    iovec element{};
    if (load(&element, GuestPtr<iovec>{vector.address + i * sizeof(iovec)}) != 0) return 0;
    const auto base = reinterpret_cast<uint64_t>(element.iov_base);
    if (element.iov_len == 0) continue;
    if (static_cast<int64_t>(element.iov_len) < 0) return 0;  // the kernel's EINVAL
    if (!in_guest_range(base, element.iov_len)) return -EFAULT;
    if (access == Access::Write) out(thread, GuestPtr<void>{base}, element.iov_len);
  }
  return 0;
}

}  // namespace menura::linux_user
