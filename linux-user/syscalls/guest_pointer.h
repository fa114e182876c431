// Guest addresses in handler signatures, and the range that is the guest's. Nothing here touches guest memory; the
// accessors are in guest_access.h.
#pragma once

#include <cstdint>

namespace menura::linux_user {

// Guest mappings live below this address, Menura and its caches above it.
inline constexpr uint64_t kGuestEnd = 0x5000'0000'0000;

constexpr bool in_guest_range(uint64_t address, uint64_t size) {
  return address <= kGuestEnd && size <= kGuestEnd - address;
}

// A guest pointer to T objects (void: bytes). It may be null, wild or hostile.
template <typename T>
struct GuestPtr {
  uint64_t address = 0;
  explicit operator bool() const { return address != 0; }
};

// A guest pointer to a string that ends with a zero byte.
struct GuestStr {
  uint64_t address = 0;
  explicit operator bool() const { return address != 0; }
};

}  // namespace menura::linux_user
