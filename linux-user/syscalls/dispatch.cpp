#include "linux-user/syscalls/dispatch.h"

#include "linux-user/process.h"
#include "linux-user/syscalls/strace.h"

namespace menura::linux_user {

namespace {

int64_t run(Thread& thread, const Syscall& row, uint64_t number, SyscallArguments arguments) {
  if (thread.process().options().strace) [[unlikely]]
    return traced_call(thread, row, number, arguments);
  return row.run != nullptr ? row.run(thread, arguments) : -ENOSYS;
}

}  // namespace

int64_t dispatch(Thread& thread, uint64_t number, SyscallArguments arguments) {
  static constexpr Syscall kUnknown = {};
  const std::span<const Syscall> table = thread.process().abi().syscalls;
  const Syscall& row = number < table.size() ? table[number] : kUnknown;
  const Options& options = thread.process().options();
  if (options.timeline != nullptr) [[unlikely]] {
    using Value = vcpu::TimelineValue;
    const char* const name = row.name != nullptr ? row.name : "unknown system call";
    vcpu::TimelineSpan span(options.timeline, {"system call", {name}, {Value::number("number", number)}});
    const int64_t result = run(thread, row, number, arguments);
    span.end({Value::signed_number("result", result)});
    return result;
  }
  return run(thread, row, number, arguments);
}

}  // namespace menura::linux_user
