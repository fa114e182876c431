// Names of flags and constants for -strace. Values of asm-generic ABIs are the host's.
#pragma once

#include <fcntl.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include <cstdint>

namespace menura::linux_user {

struct FlagName {
  const char* name;
  uint64_t value;
  uint64_t mask;  // which bits of an argument say so
};
inline constexpr uint64_t kWholeValue = ~uint64_t{0};

// clang-format off
inline constexpr FlagName kOpenFlags[] = {
    {"O_RDONLY", O_RDONLY, O_ACCMODE},
    {"O_WRONLY", O_WRONLY, O_ACCMODE},
    {"O_RDWR", O_RDWR, O_ACCMODE},
    {"O_CREAT", O_CREAT, O_CREAT},
    {"O_EXCL", O_EXCL, O_EXCL},
    {"O_NOCTTY", O_NOCTTY, O_NOCTTY},
    {"O_TRUNC", O_TRUNC, O_TRUNC},
    {"O_APPEND", O_APPEND, O_APPEND},
    {"O_NONBLOCK", O_NONBLOCK, O_NONBLOCK},
    {"O_SYNC", O_SYNC, O_SYNC},
    {"O_DSYNC", O_DSYNC, O_DSYNC},
    {"O_ASYNC", O_ASYNC, O_ASYNC},
    {"O_DIRECT", O_DIRECT, O_DIRECT},
    {"O_TMPFILE", O_TMPFILE, O_TMPFILE},
    {"O_DIRECTORY", O_DIRECTORY, O_DIRECTORY},
    {"O_NOFOLLOW", O_NOFOLLOW, O_NOFOLLOW},
    {"O_NOATIME", O_NOATIME, O_NOATIME},
    {"O_CLOEXEC", O_CLOEXEC, O_CLOEXEC},
    {"O_PATH", O_PATH, O_PATH},
    {"O_LARGEFILE", 0x8000, 0x8000},  // the kernel's; the C library's is 0 on 64-bit hosts
};

inline constexpr FlagName kAtFlags[] = {
    {"AT_SYMLINK_NOFOLLOW", AT_SYMLINK_NOFOLLOW, AT_SYMLINK_NOFOLLOW},
    {"AT_REMOVEDIR", AT_REMOVEDIR, AT_REMOVEDIR},
    {"AT_SYMLINK_FOLLOW", AT_SYMLINK_FOLLOW, AT_SYMLINK_FOLLOW},
    {"AT_NO_AUTOMOUNT", AT_NO_AUTOMOUNT, AT_NO_AUTOMOUNT},
    {"AT_EMPTY_PATH", AT_EMPTY_PATH, AT_EMPTY_PATH},
};

inline constexpr FlagName kAccessModes[] = {
    {"F_OK", F_OK, kWholeValue},
    {"R_OK", R_OK, R_OK},
    {"W_OK", W_OK, W_OK},
    {"X_OK", X_OK, X_OK},
};

inline constexpr FlagName kProtections[] = {
    {"PROT_NONE", PROT_NONE, kWholeValue},
    {"PROT_READ", PROT_READ, PROT_READ},
    {"PROT_WRITE", PROT_WRITE, PROT_WRITE},
    {"PROT_EXEC", PROT_EXEC, PROT_EXEC},
};

inline constexpr FlagName kMapFlags[] = {
    {"MAP_SHARED", MAP_SHARED, MAP_TYPE},
    {"MAP_PRIVATE", MAP_PRIVATE, MAP_TYPE},
    {"MAP_SHARED_VALIDATE", MAP_SHARED_VALIDATE, MAP_TYPE},
    {"MAP_FIXED", MAP_FIXED, MAP_FIXED},
    {"MAP_ANONYMOUS", MAP_ANONYMOUS, MAP_ANONYMOUS},
    {"MAP_GROWSDOWN", MAP_GROWSDOWN, MAP_GROWSDOWN},
    {"MAP_DENYWRITE", MAP_DENYWRITE, MAP_DENYWRITE},
    {"MAP_LOCKED", MAP_LOCKED, MAP_LOCKED},
    {"MAP_NORESERVE", MAP_NORESERVE, MAP_NORESERVE},
    {"MAP_POPULATE", MAP_POPULATE, MAP_POPULATE},
    {"MAP_NONBLOCK", MAP_NONBLOCK, MAP_NONBLOCK},
    {"MAP_STACK", MAP_STACK, MAP_STACK},
    {"MAP_HUGETLB", MAP_HUGETLB, MAP_HUGETLB},
    {"MAP_FIXED_NOREPLACE", MAP_FIXED_NOREPLACE, MAP_FIXED_NOREPLACE},
};

inline constexpr FlagName kClockNames[] = {
    {"CLOCK_REALTIME", static_cast<uint64_t>(CLOCK_REALTIME), kWholeValue},
    {"CLOCK_MONOTONIC", static_cast<uint64_t>(CLOCK_MONOTONIC), kWholeValue},
    {"CLOCK_PROCESS_CPUTIME_ID", static_cast<uint64_t>(CLOCK_PROCESS_CPUTIME_ID), kWholeValue},
    {"CLOCK_THREAD_CPUTIME_ID", static_cast<uint64_t>(CLOCK_THREAD_CPUTIME_ID), kWholeValue},
    {"CLOCK_MONOTONIC_RAW", static_cast<uint64_t>(CLOCK_MONOTONIC_RAW), kWholeValue},
    {"CLOCK_REALTIME_COARSE", static_cast<uint64_t>(CLOCK_REALTIME_COARSE), kWholeValue},
    {"CLOCK_MONOTONIC_COARSE", static_cast<uint64_t>(CLOCK_MONOTONIC_COARSE), kWholeValue},
    {"CLOCK_BOOTTIME", static_cast<uint64_t>(CLOCK_BOOTTIME), kWholeValue},
    {"CLOCK_REALTIME_ALARM", static_cast<uint64_t>(CLOCK_REALTIME_ALARM), kWholeValue},
    {"CLOCK_BOOTTIME_ALARM", static_cast<uint64_t>(CLOCK_BOOTTIME_ALARM), kWholeValue},
    {"CLOCK_TAI", static_cast<uint64_t>(CLOCK_TAI), kWholeValue},
};

inline constexpr FlagName kWhence[] = {
    {"SEEK_SET", static_cast<uint64_t>(SEEK_SET), kWholeValue},
    {"SEEK_CUR", static_cast<uint64_t>(SEEK_CUR), kWholeValue},
    {"SEEK_END", static_cast<uint64_t>(SEEK_END), kWholeValue},
    {"SEEK_DATA", static_cast<uint64_t>(SEEK_DATA), kWholeValue},
    {"SEEK_HOLE", static_cast<uint64_t>(SEEK_HOLE), kWholeValue},
};

inline constexpr FlagName kFcntlCommands[] = {
    {"F_DUPFD", static_cast<uint64_t>(F_DUPFD), kWholeValue},
    {"F_GETFD", static_cast<uint64_t>(F_GETFD), kWholeValue},
    {"F_SETFD", static_cast<uint64_t>(F_SETFD), kWholeValue},
    {"F_GETFL", static_cast<uint64_t>(F_GETFL), kWholeValue},
    {"F_SETFL", static_cast<uint64_t>(F_SETFL), kWholeValue},
    {"F_GETLK", static_cast<uint64_t>(F_GETLK), kWholeValue},
    {"F_SETLK", static_cast<uint64_t>(F_SETLK), kWholeValue},
    {"F_SETLKW", static_cast<uint64_t>(F_SETLKW), kWholeValue},
    {"F_SETOWN", static_cast<uint64_t>(F_SETOWN), kWholeValue},
    {"F_GETOWN", static_cast<uint64_t>(F_GETOWN), kWholeValue},
    {"F_SETSIG", static_cast<uint64_t>(F_SETSIG), kWholeValue},
    {"F_GETSIG", static_cast<uint64_t>(F_GETSIG), kWholeValue},
    {"F_SETOWN_EX", static_cast<uint64_t>(F_SETOWN_EX), kWholeValue},
    {"F_GETOWN_EX", static_cast<uint64_t>(F_GETOWN_EX), kWholeValue},
    {"F_OFD_GETLK", static_cast<uint64_t>(F_OFD_GETLK), kWholeValue},
    {"F_OFD_SETLK", static_cast<uint64_t>(F_OFD_SETLK), kWholeValue},
    {"F_OFD_SETLKW", static_cast<uint64_t>(F_OFD_SETLKW), kWholeValue},
    {"F_SETLEASE", static_cast<uint64_t>(F_SETLEASE), kWholeValue},
    {"F_GETLEASE", static_cast<uint64_t>(F_GETLEASE), kWholeValue},
    {"F_NOTIFY", static_cast<uint64_t>(F_NOTIFY), kWholeValue},
    {"F_DUPFD_CLOEXEC", static_cast<uint64_t>(F_DUPFD_CLOEXEC), kWholeValue},
    {"F_SETPIPE_SZ", static_cast<uint64_t>(F_SETPIPE_SZ), kWholeValue},
    {"F_GETPIPE_SZ", static_cast<uint64_t>(F_GETPIPE_SZ), kWholeValue},
    {"F_ADD_SEALS", static_cast<uint64_t>(F_ADD_SEALS), kWholeValue},
    {"F_GET_SEALS", static_cast<uint64_t>(F_GET_SEALS), kWholeValue},
};

inline constexpr FlagName kIoctlNames[] = {
    {"TCGETS", static_cast<uint64_t>(TCGETS), kWholeValue},
    {"TCSETS", static_cast<uint64_t>(TCSETS), kWholeValue},
    {"TCSETSW", static_cast<uint64_t>(TCSETSW), kWholeValue},
    {"TCSETSF", static_cast<uint64_t>(TCSETSF), kWholeValue},
    {"TIOCGPGRP", static_cast<uint64_t>(TIOCGPGRP), kWholeValue},
    {"TIOCSPGRP", static_cast<uint64_t>(TIOCSPGRP), kWholeValue},
    {"TIOCGWINSZ", static_cast<uint64_t>(TIOCGWINSZ), kWholeValue},
    {"TIOCSWINSZ", static_cast<uint64_t>(TIOCSWINSZ), kWholeValue},
    {"TIOCSCTTY", static_cast<uint64_t>(TIOCSCTTY), kWholeValue},
    {"TIOCNOTTY", static_cast<uint64_t>(TIOCNOTTY), kWholeValue},
    {"FIONREAD", static_cast<uint64_t>(FIONREAD), kWholeValue},
    {"FIONBIO", static_cast<uint64_t>(FIONBIO), kWholeValue},
    {"FIOCLEX", static_cast<uint64_t>(FIOCLEX), kWholeValue},
    {"FIONCLEX", static_cast<uint64_t>(FIONCLEX), kWholeValue},
};

inline constexpr FlagName kSocketFamilies[] = {
    {"AF_UNSPEC", static_cast<uint64_t>(AF_UNSPEC), kWholeValue},
    {"AF_UNIX", static_cast<uint64_t>(AF_UNIX), kWholeValue},
    {"AF_INET", static_cast<uint64_t>(AF_INET), kWholeValue},
    {"AF_INET6", static_cast<uint64_t>(AF_INET6), kWholeValue},
    {"AF_NETLINK", static_cast<uint64_t>(AF_NETLINK), kWholeValue},
    {"AF_PACKET", static_cast<uint64_t>(AF_PACKET), kWholeValue},
    {"AF_VSOCK", static_cast<uint64_t>(AF_VSOCK), kWholeValue},
};

inline constexpr FlagName kSocketTypes[] = {
    {"SOCK_STREAM", SOCK_STREAM, 0xf},
    {"SOCK_DGRAM", SOCK_DGRAM, 0xf},
    {"SOCK_RAW", SOCK_RAW, 0xf},
    {"SOCK_SEQPACKET", SOCK_SEQPACKET, 0xf},
    {"SOCK_CLOEXEC", SOCK_CLOEXEC, SOCK_CLOEXEC},
    {"SOCK_NONBLOCK", SOCK_NONBLOCK, SOCK_NONBLOCK},
};

inline constexpr FlagName kSignalNames[] = {
    {"SIGHUP", static_cast<uint64_t>(SIGHUP), kWholeValue},
    {"SIGINT", static_cast<uint64_t>(SIGINT), kWholeValue},
    {"SIGQUIT", static_cast<uint64_t>(SIGQUIT), kWholeValue},
    {"SIGILL", static_cast<uint64_t>(SIGILL), kWholeValue},
    {"SIGTRAP", static_cast<uint64_t>(SIGTRAP), kWholeValue},
    {"SIGABRT", static_cast<uint64_t>(SIGABRT), kWholeValue},
    {"SIGBUS", static_cast<uint64_t>(SIGBUS), kWholeValue},
    {"SIGFPE", static_cast<uint64_t>(SIGFPE), kWholeValue},
    {"SIGKILL", static_cast<uint64_t>(SIGKILL), kWholeValue},
    {"SIGUSR1", static_cast<uint64_t>(SIGUSR1), kWholeValue},
    {"SIGSEGV", static_cast<uint64_t>(SIGSEGV), kWholeValue},
    {"SIGUSR2", static_cast<uint64_t>(SIGUSR2), kWholeValue},
    {"SIGPIPE", static_cast<uint64_t>(SIGPIPE), kWholeValue},
    {"SIGALRM", static_cast<uint64_t>(SIGALRM), kWholeValue},
    {"SIGTERM", static_cast<uint64_t>(SIGTERM), kWholeValue},
    {"SIGSTKFLT", static_cast<uint64_t>(SIGSTKFLT), kWholeValue},
    {"SIGCHLD", static_cast<uint64_t>(SIGCHLD), kWholeValue},
    {"SIGCONT", static_cast<uint64_t>(SIGCONT), kWholeValue},
    {"SIGSTOP", static_cast<uint64_t>(SIGSTOP), kWholeValue},
    {"SIGTSTP", static_cast<uint64_t>(SIGTSTP), kWholeValue},
    {"SIGTTIN", static_cast<uint64_t>(SIGTTIN), kWholeValue},
    {"SIGTTOU", static_cast<uint64_t>(SIGTTOU), kWholeValue},
    {"SIGURG", static_cast<uint64_t>(SIGURG), kWholeValue},
    {"SIGXCPU", static_cast<uint64_t>(SIGXCPU), kWholeValue},
    {"SIGXFSZ", static_cast<uint64_t>(SIGXFSZ), kWholeValue},
    {"SIGVTALRM", static_cast<uint64_t>(SIGVTALRM), kWholeValue},
    {"SIGPROF", static_cast<uint64_t>(SIGPROF), kWholeValue},
    {"SIGWINCH", static_cast<uint64_t>(SIGWINCH), kWholeValue},
    {"SIGIO", static_cast<uint64_t>(SIGIO), kWholeValue},
    {"SIGPWR", static_cast<uint64_t>(SIGPWR), kWholeValue},
    {"SIGSYS", static_cast<uint64_t>(SIGSYS), kWholeValue},
};

// clang-format on

}  // namespace menura::linux_user
