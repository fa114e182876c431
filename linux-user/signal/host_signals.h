// The host's side of signals: handlers, masks and dispositions, by direct system calls (the C library keeps signals 32
// and 33 from its users, but a guest's C library needs them).
#pragma once

#include <signal.h>

#include <cstdint>

#include "linux-user/signal/actions.h"

namespace menura::linux_user {

class Thread;

// Once per process, before any guest code runs.
void install_fault_handlers();
// On every host thread that runs guest code, and after it has.
void set_up_signal_stack();
void tear_down_signal_stack();

// Makes the host treat `signal` as the guest's action says: ignored, default, or caught. For signals that faults raise
// only Menura's own handler is ever installed.
void apply_action(int signal, const GuestSigaction& action);
// For debuggers: signals whose default is to end the process are caught, too, so that they are heard of first. Those
// that are the default's in `actions` at once, others when they become so.
void catch_default_signals(SignalActions& actions);
bool catches_default(int signal);

// What the process inherited: SIG_DFL or SIG_IGN.
uint64_t inherited_disposition(int signal);
void set_host_disposition(int signal, uint64_t disposition);

// The calling thread's host mask. The first keeps the fault signals open.
void set_host_mask(uint64_t guest_mask);
void set_exact_host_mask(uint64_t mask);
uint64_t host_mask();

// Dies of `signal` as the kernel would have it: the default action, whatever was installed.
[[noreturn]] void die_by_signal(int signal);

}  // namespace menura::linux_user
