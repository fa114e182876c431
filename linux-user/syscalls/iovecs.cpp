#include "linux-user/syscalls/iovecs.h"

namespace menura::linux_user {

Iovecs::Iovecs(Thread& thread, GuestPtr<iovec> vector, uint64_t count, Access access)
    : list_(in(vector, count > kMaxIovecs ? 0 : count)) {
  if (count > kMaxIovecs) return;
  const auto begin = reinterpret_cast<uint64_t>(list_);
  if (begin == kRefusedAddress) {
    error_ = -EFAULT;
    return;
  }
  for (uint64_t i = 0; i < count; ++i) {
    iovec element{};
    if (load(&element, GuestPtr<iovec>{begin + i * sizeof(iovec)}) != 0) return;
    if (element.iov_len == 0) continue;
    if (static_cast<int64_t>(element.iov_len) < 0) return;  // the kernel's EINVAL
    const auto given = reinterpret_cast<uint64_t>(element.iov_base);
    const uint64_t base = checked_address(given, element.iov_len);
    if (base == kRefusedAddress) {
      error_ = -EFAULT;
      return;
    }
    if (base != given) {
      if (copy_.empty()) {
        copy_.resize(count);
        if (load_bytes(copy_.data(), begin, count * sizeof(iovec)) != 0) {
          copy_.clear();
          return;
        }
      }
      copy_[i].iov_base = reinterpret_cast<void*>(base);
    }
    if (access == Access::Write) out(thread, GuestPtr<void>{base}, element.iov_len);
  }
}

}  // namespace menura::linux_user
