// Sets of signals as the kernel's masks: bit n - 1 is signal n.
#pragma once

#include <signal.h>

#include <cstdint>

namespace menura::linux_user {

constexpr uint64_t signal_bit(int signal) { return uint64_t{1} << (signal - 1); }

// What a guest may not block.
inline constexpr uint64_t kUnblockable = signal_bit(SIGKILL) | signal_bit(SIGSTOP);
// What faults raise. The host never blocks them: Menura's own work raises them, too.
inline constexpr uint64_t kFaultSignals =
    signal_bit(SIGSEGV) | signal_bit(SIGBUS) | signal_bit(SIGFPE) | signal_bit(SIGILL) | signal_bit(SIGTRAP);
// What is ignored unless somebody asks for it.
inline constexpr uint64_t kDefaultIgnored =
    signal_bit(SIGCHLD) | signal_bit(SIGCONT) | signal_bit(SIGURG) | signal_bit(SIGWINCH);

// Bits of CpuHeader::stop_request. Engines have bits of their own.
inline constexpr uint32_t kStopForSignal = 1;

}  // namespace menura::linux_user
