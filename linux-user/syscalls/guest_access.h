// The only way from a guest pointer to memory. Guest address = host address, so most system calls hand the guest's own
// pointer to the kernel, which checks it: in() and out() give the host pointer for that. An address range that is not
// the guest's becomes a pointer that the kernel refuses with EFAULT, at the point of the call where it would refuse any
// other wild pointer. load() and store() copy structs that a handler looks at or converts.
#pragma once

#include <cstring>

#include "linux-user/process.h"
#include "linux-user/syscalls/guest_copy.h"
#include "linux-user/syscalls/guest_pointer.h"

namespace menura::linux_user {

// In the kernel's half of the address space: never mapped, refused by every system call.
inline constexpr uint64_t kRefusedAddress = ~uint64_t{0xffff};

template <typename T>
inline constexpr size_t kSizeOf = sizeof(T);
template <>
inline constexpr size_t kSizeOf<void> = 1;
template <>
inline constexpr size_t kSizeOf<const void> = 1;

// The address to give to the kernel for `size` bytes at `address`. Null stays null: to many calls it means "none".
// An address out of range may be one with a tag that the thread asked the kernel to take.
uint64_t untagged_or_refused(uint64_t address, uint64_t size);
inline uint64_t checked_address(uint64_t address, uint64_t size) {
  return in_guest_range(address, size) ? address : untagged_or_refused(address, size);
}

// Memory that the kernel reads: `count` objects (bytes for void).
template <typename T>
const T* in(GuestPtr<T> pointer, uint64_t count = 1) {
  const uint64_t size = count > kGuestEnd ? kGuestEnd + 1 : count * kSizeOf<T>;
  return reinterpret_cast<const T*>(checked_address(pointer.address, size));
}

inline const char* in(GuestStr text) { return reinterpret_cast<const char*>(checked_address(text.address, 1)); }

// Memory that the kernel writes, and may read.
template <typename T>
T* out(Thread& thread, GuestPtr<T> pointer, uint64_t count = 1) {
  const uint64_t size = count > kGuestEnd ? kGuestEnd + 1 : count * kSizeOf<T>;
  const uint64_t address = checked_address(pointer.address, size);
  if (address != 0 && address != kRefusedAddress && size != 0) {
    thread.process().memory().prepare_host_write(address, size);
  }
  return reinterpret_cast<T*>(address);
}

// Copies `size` bytes in or out; 0 or -EFAULT.
inline int64_t load_bytes(void* to, uint64_t from, uint64_t size) {
  return menura_guest_copy(to, reinterpret_cast<const void*>(checked_address(from, size)), size);
}
inline int64_t store_bytes(Thread& thread, uint64_t to, const void* from, uint64_t size) {
  return menura_guest_copy(out(thread, GuestPtr<void>{to}, size), from, size);
}

template <typename T>
int64_t load(T* to, GuestPtr<T> from) {
  static_assert(std::is_trivially_copyable_v<T>);
  return load_bytes(to, from.address, sizeof(T));
}
template <typename T>
int64_t store(Thread& thread, GuestPtr<T> to, const std::type_identity_t<T>& from) {
  static_assert(std::is_trivially_copyable_v<T>);
  return store_bytes(thread, to.address, &from, sizeof(T));
}

}  // namespace menura::linux_user
