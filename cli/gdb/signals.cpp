#include "cli/gdb/signals.h"

#include <csignal>

namespace menura::cli::gdb {

namespace {

constexpr struct {
  int linux_number;
  int gdb_number;
} kSignals[] = {
    {SIGHUP, 1},     {SIGINT, 2},   {SIGQUIT, 3},   {SIGILL, 4},   {SIGTRAP, 5},  {SIGABRT, 6},
    {SIGFPE, 8},     {SIGKILL, 9},  {SIGBUS, 10},   {SIGSEGV, 11}, {SIGSYS, 12},  {SIGPIPE, 13},
    {SIGALRM, 14},   {SIGTERM, 15}, {SIGURG, 16},   {SIGSTOP, 17}, {SIGTSTP, 18}, {SIGCONT, 19},
    {SIGCHLD, 20},   {SIGTTIN, 21}, {SIGTTOU, 22},  {SIGIO, 23},   {SIGXCPU, 24}, {SIGXFSZ, 25},
    {SIGVTALRM, 26}, {SIGPROF, 27}, {SIGWINCH, 28}, {SIGUSR1, 30}, {SIGUSR2, 31}, {SIGPWR, 32},
};

// Real-time signals: 33 to 63 lie together, 32 and 64 elsewhere.
constexpr int kFirstRealTime = 33;
constexpr int kGdbRealTime33 = 45;
constexpr int kGdbRealTime32 = 77;
constexpr int kGdbRealTime64 = 78;
constexpr int kGdbUnknown = 143;

}  // namespace

int to_gdb_signal(int signal) {
  for (const auto& row : kSignals) {
    if (row.linux_number == signal) return row.gdb_number;
  }
  if (signal == 32) return kGdbRealTime32;
  if (signal == 64) return kGdbRealTime64;
  return signal >= kFirstRealTime && signal < 64 ? signal - kFirstRealTime + kGdbRealTime33 : kGdbUnknown;
}

int from_gdb_signal(int number) {
  for (const auto& row : kSignals) {
    if (row.gdb_number == number) return row.linux_number;
  }
  if (number == kGdbRealTime32) return 32;
  if (number == kGdbRealTime64) return 64;
  return number >= kGdbRealTime33 && number < kGdbRealTime33 + 31 ? number - kGdbRealTime33 + kFirstRealTime : 0;
}

}  // namespace menura::cli::gdb
