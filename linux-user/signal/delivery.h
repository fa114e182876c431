// The guest's side of signals: from a signal that was taken, or a fault, to the guest's handler and back.
#pragma once

#include <signal.h>

#include <cstdint>

#include "ir/core/memory_port.h"

namespace menura::linux_user {

class Thread;

// How the system call that was interrupted goes on (the run loop's kRestart).
struct InterruptedCall {
  bool restarts = false;        // the call answered kRestart
  uint64_t first_argument = 0;  // what the result would replace
};

// Delivers what stop_request announced: the signal that was taken, and then held ones. Clears the request.
void deliver_pending(Thread& thread, const InterruptedCall& call);

// A signal that the guest's own instruction raised; it cannot be blocked or ignored: then the guest dies of it.
// `fault`: the access that did, if it was one.
void deliver_fault(Thread& thread, siginfo_t info, const ir::Fault* fault);

// The thread's mask has become `mask`: the host's follows, and held signals that are open now become due.
void change_mask(Thread& thread, uint64_t mask);

// rt_sigreturn: the state before the handler. False: there is no such frame (the guest gets SIGSEGV).
bool return_from_handler(Thread& thread);

}  // namespace menura::linux_user
