// What an arm64 program may ask the kernel about its own CPU state: address tags and keys of pointer authentication.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

namespace menura::linux_user {
class Thread;
}

namespace menura::linux_user::arm64 {

// The address without its tag: bits 63 to 56 become copies of bit 55 (arch/arm64/include/asm/memory.h, untagged_addr:
// addresses of the kernel's half stay as they are).
constexpr uint64_t untagged(uint64_t pointer) {
  return pointer & static_cast<uint64_t>(static_cast<int64_t>(pointer << 8) >> 8);
}

// As Abi::prctl.
std::optional<int64_t> prctl(Thread& thread, int option, std::span<const uint64_t, 4> arguments);

}  // namespace menura::linux_user::arm64
