// What differs from one guest's Linux ABI to the next, as the system call handlers see it. A guest folder defines one
// constant of this type. Structs that are the same for the guest and for the host are not here: the kernel gets the
// guest's own, and abi/<guest>/types.h asserts that they are the same.
#pragma once

#include <sys/epoll.h>
#include <sys/sem.h>
#include <sys/stat.h>

#include <cstddef>
#include <span>
#include <string>

#include "linux-user/syscalls/dispatch.h"

namespace menura::linux_user {

struct Abi {
  const char* machine;                // utsname::machine
  std::span<const Syscall> syscalls;  // by number
  std::string (*cpuinfo)(Thread&);    // the text of /proc/cpuinfo

  size_t stat_size;
  void (*encode_stat)(const struct stat& from, void* to);
  size_t epoll_event_size;
  void (*encode_epoll_event)(const epoll_event& from, void* to);
  void (*decode_epoll_event)(const void* from, epoll_event* to);
  size_t semid_ds_size;
  void (*encode_semid_ds)(const semid_ds& from, void* to);
  void (*decode_semid_ds)(const void* from, semid_ds* to);
};

}  // namespace menura::linux_user
