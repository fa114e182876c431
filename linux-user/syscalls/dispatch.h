// From a guest's registers to a typed handler and back. A guest ABI is a table of rows by number
// (abi/<guest>/numbers.def); a handler is a function `int64_t sys::name(Thread&, typed arguments...)`, and the row's
// caller, made here from the handler's type, converts the registers. A call costs an index into the table and two
// indirect jumps at most.
#pragma once

#include <cerrno>
#include <cstdint>
#include <span>
#include <type_traits>
#include <utility>

#include "linux-user/syscalls/guest_pointer.h"

namespace menura::linux_user {

class Thread;

// What a handler answers: a value, or -errno (-4095..-1). Three more answers are for the run loop only and never reach
// the guest. They follow the kernel's ERESTARTSYS family (include/linux/errno.h).
inline constexpr int64_t kRestart = -512;        // a signal came first: the call starts again, or answers EINTR if the
                                                 // handler of that signal was installed without SA_RESTART
inline constexpr int64_t kRestartAlways = -513;  // the same, but the call starts again whatever the handler's flags say
inline constexpr int64_t kNoResult = -4096;      // registers are as the guest must see them (sigreturn, execve)

inline constexpr unsigned kSyscallArguments = 6;
using SyscallArguments = std::span<const uint64_t, kSyscallArguments>;

struct Syscall {
  const char* name = nullptr;
  const char* signature = nullptr;  // how -strace shows the arguments (abi/generic/numbers.def explains the letters)
  int64_t (*run)(Thread&, SyscallArguments) = nullptr;  // null: answers ENOSYS
};

// Runs system call `number` of the process's ABI for `thread`. A number without a row and a row without a handler
// answer -ENOSYS. With -strace the call is shown on standard error, with --trace on the timeline.
int64_t dispatch(Thread& thread, uint64_t number, SyscallArguments arguments);

// --- registers -> typed arguments

template <typename T>
struct ArgumentOf {
  static_assert(std::is_integral_v<T>);
  static T from(uint64_t value) { return static_cast<T>(value); }  // the kernel takes the low bits as well
};
template <typename T>
struct ArgumentOf<GuestPtr<T>> {
  static GuestPtr<T> from(uint64_t value) { return GuestPtr<T>{value}; }
};
template <>
struct ArgumentOf<GuestStr> {
  static GuestStr from(uint64_t value) { return GuestStr{value}; }
};

template <auto kHandler>
struct SyscallCaller;

template <typename... Arguments, int64_t (*kHandler)(Thread&, Arguments...)>
struct SyscallCaller<kHandler> {
  static_assert(sizeof...(Arguments) <= kSyscallArguments);
  static int64_t run(Thread& thread, SyscallArguments registers) {
    return [&]<size_t... kIndex>(std::index_sequence<kIndex...>) {
      (void)registers;
      return kHandler(thread, ArgumentOf<Arguments>::from(registers[kIndex])...);
    }
    (std::index_sequence_for<Arguments...>{});
  }
};

}  // namespace menura::linux_user
