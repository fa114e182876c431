// ThreadSignals: what a guest thread keeps about signals. The host keeps the queues: a guest thread's host mask is the
// guest's mask (without the signals that faults raise, which Menura needs), and a host handler takes one signal at a
// time and blocks the rest until the run loop has delivered it (README.md).
#pragma once

#include <signal.h>

#include <array>
#include <atomic>
#include <cstdint>

namespace menura::linux_user {

struct ThreadSignals {
  uint64_t mask = 0;  // blocked for the guest; bit n - 1: signal n
  stack_t altstack = {.ss_sp = nullptr, .ss_flags = SS_DISABLE, .ss_size = 0};

  // A wait with a mask of its own (sigsuspend, ppoll, ...) was interrupted: `mask` is the wait's, under which the
  // signal is delivered; this is the thread's own, which the frame keeps.
  bool has_saved_mask = false;
  uint64_t saved_mask = 0;

  // The one signal that a host handler took and the run loop has not delivered yet; 0 = none.
  std::atomic<int> taken{0};
  siginfo_t taken_info = {};

  // Signals that the host could not hold back although the guest cannot have them yet: those that faults raise, sent by
  // someone while the guest blocks them, or while another waits to be delivered.
  uint64_t held = 0;
  std::array<siginfo_t, 65> held_info = {};  // by number
};

}  // namespace menura::linux_user
