// -strace: one line per system call on standard error, as `PID name(arguments) = result`.
#pragma once

#include "linux-user/syscalls/dispatch.h"

namespace menura::linux_user {

// Runs the row (which may be without a handler) and shows it. The arguments are shown before the call, so that one that
// waits can be seen waiting; another thread's line in between is marked as strace(1) does.
int64_t traced_call(Thread& thread, const Syscall& row, uint64_t number, SyscallArguments arguments);

// A signal on its way to the guest.
void trace_signal(int signal, uint64_t handler);

}  // namespace menura::linux_user
