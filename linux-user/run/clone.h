// New guest threads and processes: what clone, clone3 and their relatives ask for.
#pragma once

#include <cstdint>

namespace menura::linux_user {

class Thread;

struct CloneRequest {
  uint64_t flags = 0;  // CLONE_*, without the exit signal
  int exit_signal = 0;
  uint64_t stack = 0;  // the child's stack pointer; 0: the parent's
  uint64_t tls = 0;
  uint64_t parent_tid = 0;  // guest addresses
  uint64_t child_tid = 0;
  uint64_t pidfd = 0;
};

// Returns the child's id to the parent (the child's own answer is 0), or -errno.
int64_t clone_thread_or_process(Thread& thread, const CloneRequest& request);

}  // namespace menura::linux_user
