/* linux-user/abi/generic/layouts.def and its like against a guest's own headers: compiled for the guest, never run. The
   include path has linux-user/abi/<guest>. */
#define _GNU_SOURCE
#include <asm/termbits.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <linux/stat.h>
#include <mqueue.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
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
#include <time.h>

typedef struct stat GUEST_stat;
typedef struct epoll_event GUEST_epoll_event;
typedef struct semid_ds GUEST_semid_ds;

#define SIZE(type, bytes) _Static_assert(sizeof(type) == (bytes), #type);
#define FIELD(type, field, offset) _Static_assert(offsetof(type, field) == (offset), #type " " #field);
#include "linux-user/abi/generic/layouts.def"
#undef SIZE
#undef FIELD

/* The numbers, too: a row whose number is not the header's has the wrong name. Calls newer than the header are not checked. */
#include <asm/unistd.h>
#ifndef __NR_fchmodat2
#define __NR_fchmodat2 452
#endif
enum {
#define SYSCALL(number, name, signature) number_of_##name = 1 / ((number) == __NR_##name),
#define MISSING(number, name, signature)
#define __NR_riscv_hwprobe 258
#define __NR_fcntl __NR3264_fcntl
#include "linux-user/abi/generic/numbers.def"
#include "numbers.def"
};

/* Bits of the auxiliary vector; those that Debian 12's header does not have are not checked. */
#if __has_include("hwcap.def")
#include <asm/hwcap.h>
#define CAP(word, bit, constant, name, feature) CAP##word(bit, constant)
#define CAP1(bit, constant) _Static_assert((unsigned)HWCAP_##constant == 1U << (bit), #constant);
#define CAP2(bit, constant) _Static_assert((unsigned)HWCAP2_##constant == 1U << (bit), #constant);
#define NEWER(word, bit, constant, name, feature)
#include "hwcap.def"
#endif

/* Constants that handlers take for the host's. */
#define SAME(name, value) _Static_assert((name) == (value), #name);
#include "linux-user/abi/generic/constants.def"

/* Flags that differ from guest to guest. */
#define FLAG(name, value) _Static_assert((name) == (value), #name);
#include "constants.def"
