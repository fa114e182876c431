// layouts.def and constants.def against the structs that handlers use: no code, only checks.
#include <asm/termbits.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <mqueue.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/resource.h>
#include <sys/sem.h>
#include <sys/shm.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/sysinfo.h>
#include <sys/time.h>
#include <sys/times.h>
#include <sys/timex.h>
#include <sys/uio.h>
#include <sys/utsname.h>

#include <cstddef>

#include "linux-user/abi/generic/types.h"

namespace menura::linux_user::generic {
namespace {

using GUEST_stat = Stat;
using GUEST_epoll_event = EpollEvent;
using GUEST_semid_ds = SemidDs;

#define SIZE(type, bytes) static_assert(sizeof(type) == (bytes));
#define FIELD(type, field, offset) static_assert(offsetof(type, field) == (offset));
#include "linux-user/abi/generic/layouts.def"
#undef SIZE
#undef FIELD

#define SAME(name, value) static_assert((name) == (value));
#include "linux-user/abi/generic/constants.def"
#undef SAME

}  // namespace
}  // namespace menura::linux_user::generic
