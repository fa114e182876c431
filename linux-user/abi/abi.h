// What differs from one guest's Linux ABI to the next, as the system call handlers see it. A guest folder defines one
// constant of this type. Structs that are the same for the guest and for the host are not here: the kernel gets the
// guest's own, and abi/generic/layouts.def states that they are the same.
#pragma once

#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/stat.h>

#include <cstddef>
#include <optional>
#include <span>
#include <string>

#include "linux-user/syscalls/dispatch.h"

namespace menura::linux_user {

// Structs that are laid out otherwise than the host's.
struct Structs {
  size_t stat_size;
  void (*encode_stat)(const struct stat& from, void* to);
  size_t epoll_event_size;
  void (*encode_epoll_event)(const epoll_event& from, void* to);
  void (*decode_epoll_event)(const void* from, epoll_event* to);
  size_t semid_ds_size;
  void (*encode_semid_ds)(const semid_ds& from, void* to);
  void (*decode_semid_ds)(const void* from, semid_ds* to);
};

struct Abi {
  const char* machine;                // utsname::machine
  std::span<const Syscall> syscalls;  // by number
  std::string (*cpuinfo)(Thread&);    // the text of /proc/cpuinfo
  Structs structs;

  // O_* flags between guest and host, either way.
  int64_t (*open_flags_to_host)(int64_t flags);
  int64_t (*open_flags_to_guest)(int64_t flags);

  // Signals: whether struct sigaction has sa_restorer (between sa_flags and sa_mask), and MINSIGSTKSZ.
  bool has_restorer;
  uint64_t least_signal_stack;

  // The address that a pointer means where the kernel only looks up a mapping by it (munmap, mprotect, ...): without
  // the tag that some guests allow.
  uint64_t (*untagged)(uint64_t pointer);

  // prctl options that only this guest has; nothing: the option is not one of them.
  std::optional<int64_t> (*prctl)(Thread& thread, int option, std::span<const uint64_t, 4> arguments);
};

}  // namespace menura::linux_user
