// Conversions of the structs of types.h, for guests that have them all from include/uapi/asm-generic.
#pragma once

#include "linux-user/abi/abi.h"
#include "linux-user/abi/generic/types.h"

namespace menura::linux_user::generic {

void encode_stat(const struct stat& from, void* to);
void encode_epoll_event(const epoll_event& from, void* to);
void decode_epoll_event(const void* from, epoll_event* to);
void encode_semid_ds(const semid_ds& from, void* to);
void decode_semid_ds(const void* from, semid_ds* to);

inline constexpr Structs kStructs = {
    .stat_size = sizeof(Stat),
    .encode_stat = encode_stat,
    .epoll_event_size = sizeof(EpollEvent),
    .encode_epoll_event = encode_epoll_event,
    .decode_epoll_event = decode_epoll_event,
    .semid_ds_size = sizeof(SemidDs),
    .encode_semid_ds = encode_semid_ds,
    .decode_semid_ds = decode_semid_ds,
};

}  // namespace menura::linux_user::generic
