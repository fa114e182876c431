// The run loop of a guest thread: engine, system calls, signals, in turns.
#pragma once

#include "linux-user/process.h"

namespace menura::linux_user {

// Runs `thread` on the calling host thread, with its state as it is, until it calls exit. The thread is attached to the
// engine meanwhile. On return all signals are blocked.
void run_thread(Thread& thread);

// What CLONE_CHILD_CLEARTID promised, once the thread no longer touches guest memory.
void announce_end(Process& process, uint64_t clear_child_tid);

}  // namespace menura::linux_user
