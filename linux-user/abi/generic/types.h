// Structs of asm-generic ABIs that are not laid out as the host's. layouts.def states all offsets.
#pragma once

#include <sys/ipc.h>
#include <time.h>

#include <cstdint>

namespace menura::linux_user::generic {

// struct stat of include/uapi/asm-generic/stat.h
struct Stat {
  uint64_t st_dev;
  uint64_t st_ino;
  uint32_t st_mode;
  uint32_t st_nlink;
  uint32_t st_uid;
  uint32_t st_gid;
  uint64_t st_rdev;
  uint64_t pad1;
  int64_t st_size;
  int32_t st_blksize;
  int32_t pad2;
  int64_t st_blocks;
  timespec st_atim;
  timespec st_mtim;
  timespec st_ctim;
  uint32_t unused[2];
};

// Not packed, as it is on x86-64 alone.
struct EpollEvent {
  uint32_t events;
  uint32_t pad;
  uint64_t data;
};

// struct semid64_ds of include/uapi/asm-generic/sembuf.h: x86 has two more words.
struct SemidDs {
  ipc_perm sem_perm;
  int64_t sem_otime;
  int64_t sem_ctime;
  uint64_t sem_nsems;
  uint64_t unused[2];
};

}  // namespace menura::linux_user::generic
