#include "linux-user/syscalls/dispatch.h"

#include "linux-user/process.h"
#include "linux-user/syscalls/strace.h"

namespace menura::linux_user {

int64_t dispatch(Thread& thread, uint64_t number, SyscallArguments arguments) {
  static constexpr Syscall kUnknown = {};
  const std::span<const Syscall> table = thread.process().abi().syscalls;
  const Syscall& row = number < table.size() ? table[number] : kUnknown;
  if (thread.process().options().strace) [[unlikely]]
    return traced_call(thread, row, number, arguments);
  return row.run != nullptr ? row.run(thread, arguments) : -ENOSYS;
}

}  // namespace menura::linux_user
