// Host system calls that may wait. They are entered from one stub with a known range of instructions: a signal that
// arrives between the look at stop_request and the kernel's entry makes the call answer -EINTR as if it had begun, so
// no wake-up is lost (the house's decision 22).
#pragma once

#include "linux-user/process.h"
#include "linux-user/syscalls/dispatch.h"
#include "linux-user/syscalls/host_call.h"

extern "C" {
// The stub: -EINTR if *stop_request is not 0, else the kernel's answer.
int64_t menura_blocking_syscall(const std::atomic<uint32_t>* stop_request, long number, const long* arguments);
}

namespace menura::linux_user {

// Answers the kernel's result: a value or -errno; -EINTR: a signal came first. For calls that a signal always ends
// (signal(7): poll, epoll_wait, nanosleep, sigtimedwait, msgrcv, ...) this is the guest's answer, too.
template <typename... Arguments>
int64_t blocking_call(Thread& thread, long number, Arguments... arguments) {
  const long registers[6] = {as_register(arguments)...};
  return menura_blocking_syscall(&thread.cpu().stop_request, number, registers);
}

// As blocking_call, for the calls that SA_RESTART restarts (read, write, wait, accept, futex without timeout, ...).
template <typename... Arguments>
int64_t restarting_call(Thread& thread, long number, Arguments... arguments) {
  const int64_t result = blocking_call(thread, number, arguments...);
  return result == -EINTR ? kRestart : result;
}

}  // namespace menura::linux_user
