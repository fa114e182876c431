// The host's kernel, called without errno: handlers answer what it answers. Calls that may wait go through
// blocking_call() (blocking.h) instead.
#pragma once

#include <sys/syscall.h>

#include <cstdint>
#include <type_traits>

namespace menura::linux_user {

template <typename T>
inline long as_register(T value) {
  if constexpr (std::is_pointer_v<T>) {
    return reinterpret_cast<long>(value);
  } else if constexpr (std::is_null_pointer_v<T>) {
    return 0;
  } else {
    static_assert(std::is_integral_v<T> || std::is_enum_v<T>);
    return static_cast<long>(value);
  }
}

// Answers the kernel's result: a value or -errno.
inline int64_t host_call_registers(long number, long a, long b, long c, long d, long e, long f) {
  register long r10 asm("r10") = d;
  register long r8 asm("r8") = e;
  register long r9 asm("r9") = f;
  long result = 0;
  asm volatile("syscall"
               : "=a"(result)
               : "0"(number), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8), "r"(r9)
               : "rcx", "r11", "memory");
  return result;
}

template <typename... Arguments>
inline int64_t host_call(long number, Arguments... arguments) {
  static_assert(sizeof...(Arguments) <= 6);
  const long registers[6] = {as_register(arguments)...};
  return host_call_registers(number, registers[0], registers[1], registers[2], registers[3], registers[4],
                             registers[5]);
}

}  // namespace menura::linux_user
