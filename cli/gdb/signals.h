// gdb's own numbers of signals (gdb's include/gdb/signals.def), which are no host's.
#pragma once

namespace menura::cli::gdb {

inline constexpr int kGdbInt = 2;
inline constexpr int kGdbTrap = 5;

// From and to Linux's numbers as most architectures have them; what has none is gdb's "unknown signal" (143), and 0.
int to_gdb_signal(int signal);
int from_gdb_signal(int number);

}  // namespace menura::cli::gdb
