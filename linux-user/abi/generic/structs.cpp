#include "linux-user/abi/generic/structs.h"

#include <cstring>

#include "linux-user/abi/generic/types.h"

namespace menura::linux_user::generic {
void encode_stat(const struct stat& from, void* to) {
  const Stat guest = {
      .st_dev = from.st_dev,
      .st_ino = from.st_ino,
      .st_mode = from.st_mode,
      .st_nlink = static_cast<uint32_t>(from.st_nlink),
      .st_uid = from.st_uid,
      .st_gid = from.st_gid,
      .st_rdev = from.st_rdev,
      .pad1 = 0,
      .st_size = from.st_size,
      .st_blksize = static_cast<int32_t>(from.st_blksize),
      .pad2 = 0,
      .st_blocks = from.st_blocks,
      .st_atim = from.st_atim,
      .st_mtim = from.st_mtim,
      .st_ctim = from.st_ctim,
      .unused = {},
  };
  std::memcpy(to, &guest, sizeof guest);
}

void encode_epoll_event(const epoll_event& from, void* to) {
  const EpollEvent guest = {.events = from.events, .pad = 0, .data = from.data.u64};
  std::memcpy(to, &guest, sizeof guest);
}

void decode_epoll_event(const void* from, epoll_event* to) {
  EpollEvent guest;
  std::memcpy(&guest, from, sizeof guest);
  to->events = guest.events;
  to->data.u64 = guest.data;
}

void encode_semid_ds(const semid_ds& from, void* to) {
  const SemidDs guest = {.sem_perm = from.sem_perm,
                         .sem_otime = from.sem_otime,
                         .sem_ctime = from.sem_ctime,
                         .sem_nsems = from.sem_nsems,
                         .unused = {}};
  std::memcpy(to, &guest, sizeof guest);
}

void decode_semid_ds(const void* from, semid_ds* to) {
  SemidDs guest;
  std::memcpy(&guest, from, sizeof guest);
  to->sem_perm = guest.sem_perm;
  to->sem_otime = guest.sem_otime;
  to->sem_ctime = guest.sem_ctime;
  to->sem_nsems = guest.sem_nsems;
}

}  // namespace menura::linux_user::generic
