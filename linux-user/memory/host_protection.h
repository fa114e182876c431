// What the host is told for a guest protection: nothing is executable (the engine compiles it elsewhere), and what the
// guest may execute, the translator must read.
#pragma once

#include <sys/mman.h>

#include <cstdint>

namespace menura::linux_user {

constexpr int host_protection(int guest) {
  return (guest & (PROT_READ | PROT_WRITE)) | ((guest & PROT_EXEC) != 0 ? PROT_READ : 0);
}

inline int protect_host(uint64_t address, uint64_t length, int guest) {
  return ::mprotect(reinterpret_cast<void*>(address), length, host_protection(guest));
}

}  // namespace menura::linux_user
