// The system as a whole: names, memory and load, random numbers, limits, usage, scheduling, prctl.
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

#include <algorithm>
#include <array>
#include <cstring>

#include "linux-user/abi/abi.h"
#include "linux-user/syscalls/blocking.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user::sys {

int64_t uname(Thread& thread, GuestPtr<utsname> to) {
  utsname names{};
  const int64_t result = host_call(SYS_uname, &names);
  if (result < 0) return result;
  std::memset(names.machine, 0, sizeof names.machine);
  std::strncpy(names.machine, thread.process().abi().machine, sizeof names.machine - 1);
  return store(thread, to, names);
}
int64_t sethostname(Thread&, GuestPtr<char> name, int size) {
  return host_call(SYS_sethostname, in(name, static_cast<unsigned>(std::max(size, 0))), size);
}
int64_t setdomainname(Thread&, GuestPtr<char> name, int size) {
  return host_call(SYS_setdomainname, in(name, static_cast<unsigned>(std::max(size, 0))), size);
}
// The kernel's struct is the same on all 64-bit ABIs.
int64_t sysinfo(Thread& thread, GuestPtr<struct sysinfo> to) { return host_call(SYS_sysinfo, out(thread, to)); }
int64_t syslog(Thread& thread, int type, GuestPtr<char> buffer, int size) {
  return restarting_call(thread, SYS_syslog, type, out(thread, buffer, static_cast<unsigned>(std::max(size, 0))), size);
}
int64_t vhangup(Thread&) { return host_call(SYS_vhangup); }

int64_t getrandom(Thread& thread, GuestPtr<void> buffer, size_t size, unsigned flags) {
  constexpr unsigned kFlags = 1 | 2 | 4;  // GRND_NONBLOCK, GRND_RANDOM, GRND_INSECURE
  if ((flags & ~kFlags) != 0 || (flags & 6) == 6) return -EINVAL;
  size = std::min<size_t>(size, INT_MAX);
  std::byte chunk[256];
  for (size_t done = 0; done < size;) {
    const size_t part = std::min(size - done, sizeof chunk);
    thread.process().door().entropy({chunk, part});
    if (store_bytes(thread, buffer.address + done, chunk, part) != 0) {
      return done != 0 ? static_cast<int64_t>(done) : -EFAULT;
    }
    done += part;
  }
  return static_cast<int64_t>(size);
}

int64_t getcpu(Thread& thread, GuestPtr<unsigned> cpu, GuestPtr<unsigned> node, GuestPtr<void>) {
  return host_call(SYS_getcpu, out(thread, cpu), out(thread, node), nullptr);
}
int64_t membarrier(Thread&, int command, unsigned flags, int cpu) {
  return host_call(SYS_membarrier, command, flags, cpu);
}
int64_t personality(Thread&, unsigned persona) { return host_call(SYS_personality, persona); }

// --- limits and usage

namespace {

// Limits of the address space would hit Menura, which needs more of it than its guest: they are accepted and not kept.
bool is_address_space_limit(unsigned resource) { return resource == RLIMIT_AS || resource == RLIMIT_DATA; }

// What Menura's own threads need of a stack: the limit is the host process's, too.
constexpr rlim64_t kLeastStack = 1 << 20;

}  // namespace

int64_t prlimit64(Thread& thread, int pid, unsigned resource, GuestPtr<rlimit64> limit, GuestPtr<rlimit64> old) {
  const bool own = pid == 0 || pid == host_call(SYS_getpid);
  if (!limit || !own || (!is_address_space_limit(resource) && resource != RLIMIT_STACK)) {
    return host_call(SYS_prlimit64, pid, resource, in(limit), out(thread, old));
  }
  rlimit64 wanted{};
  if (load(&wanted, limit) != 0) return -EFAULT;
  if (wanted.rlim_cur > wanted.rlim_max) return -EINVAL;
  if (is_address_space_limit(resource)) return host_call(SYS_prlimit64, pid, resource, nullptr, out(thread, old));
  wanted.rlim_cur = std::max(wanted.rlim_cur, std::min(kLeastStack, wanted.rlim_max));
  return host_call(SYS_prlimit64, pid, resource, &wanted, out(thread, old));
}
int64_t getrlimit(Thread& thread, unsigned resource, GuestPtr<rlimit64> to) {
  if (!to) return resource < RLIM_NLIMITS ? -EFAULT : -EINVAL;
  return prlimit64(thread, 0, resource, {}, to);
}
int64_t setrlimit(Thread& thread, unsigned resource, GuestPtr<rlimit64> from) {
  if (!from) return -EFAULT;
  return prlimit64(thread, 0, resource, from, {});
}
int64_t getrusage(Thread& thread, int who, GuestPtr<rusage> to) {
  return host_call(SYS_getrusage, who, out(thread, to));
}

// --- scheduling

int64_t getpriority(Thread&, int which, int who) { return host_call(SYS_getpriority, which, who); }
int64_t setpriority(Thread&, int which, int who, int value) { return host_call(SYS_setpriority, which, who, value); }
int64_t ioprio_get(Thread&, int which, int who) { return host_call(SYS_ioprio_get, which, who); }
int64_t ioprio_set(Thread&, int which, int who, int value) { return host_call(SYS_ioprio_set, which, who, value); }
int64_t sched_yield(Thread&) { return host_call(SYS_sched_yield); }
int64_t sched_getscheduler(Thread&, int pid) { return host_call(SYS_sched_getscheduler, pid); }
int64_t sched_setscheduler(Thread&, int pid, int policy, GuestPtr<int> parameter) {
  return host_call(SYS_sched_setscheduler, pid, policy, in(parameter));
}
int64_t sched_getparam(Thread& thread, int pid, GuestPtr<int> to) {
  return host_call(SYS_sched_getparam, pid, out(thread, to));
}
int64_t sched_setparam(Thread&, int pid, GuestPtr<int> from) { return host_call(SYS_sched_setparam, pid, in(from)); }
int64_t sched_getattr(Thread& thread, int pid, GuestPtr<void> to, unsigned size, unsigned flags) {
  return host_call(SYS_sched_getattr, pid, out(thread, to, size), size, flags);
}
int64_t sched_setattr(Thread& thread, int pid, GuestPtr<void> from, unsigned flags) {
  unsigned size = 0;  // the struct's first word; the kernel writes it on E2BIG
  load(&size, GuestPtr<unsigned>{from.address});
  return host_call(SYS_sched_setattr, pid, out(thread, from, std::min(size, 4096U)), flags);
}
int64_t sched_getaffinity(Thread& thread, int pid, unsigned size, GuestPtr<void> to) {
  return host_call(SYS_sched_getaffinity, pid, size, out(thread, to, size));
}
int64_t sched_setaffinity(Thread&, int pid, unsigned size, GuestPtr<void> from) {
  return host_call(SYS_sched_setaffinity, pid, size, in(from, size));
}
int64_t sched_get_priority_max(Thread&, int policy) { return host_call(SYS_sched_get_priority_max, policy); }
int64_t sched_get_priority_min(Thread&, int policy) { return host_call(SYS_sched_get_priority_min, policy); }
int64_t sched_rr_get_interval(Thread& thread, int pid, GuestPtr<timespec> to) {
  return host_call(SYS_sched_rr_get_interval, pid, out(thread, to));
}

// --- prctl

int64_t prctl(Thread& thread, int option, uint64_t a, uint64_t b, uint64_t c, uint64_t d) {
  constexpr size_t kNameSize = 16;  // TASK_COMM_LEN
  if (const std::optional<int64_t> answer = thread.process().abi().prctl(thread, option, std::array{a, b, c, d})) {
    return *answer;
  }
  switch (option) {
    case PR_SET_NAME:
      return host_call(SYS_prctl, option, in(GuestStr{a}), b, c, d);
    case PR_GET_NAME:
      return host_call(SYS_prctl, option, out(thread, GuestPtr<char>{a}, kNameSize), b, c, d);
    case PR_GET_PDEATHSIG:
    case PR_GET_CHILD_SUBREAPER:
      return host_call(SYS_prctl, option, out(thread, GuestPtr<int>{a}), b, c, d);
    case PR_SET_VMA:
      return host_call(SYS_prctl, option, a, checked_address(b, c), c, in(GuestStr{d}));
    case PR_SET_PDEATHSIG:
    case PR_GET_DUMPABLE:
    case PR_SET_DUMPABLE:
    case PR_GET_KEEPCAPS:
    case PR_SET_KEEPCAPS:
    case PR_GET_TIMING:
    case PR_SET_TIMING:
    case PR_CAPBSET_READ:
    case PR_CAPBSET_DROP:
    case PR_CAP_AMBIENT:
    case PR_GET_SECUREBITS:
    case PR_SET_SECUREBITS:
    case PR_GET_TIMERSLACK:
    case PR_SET_TIMERSLACK:
    case PR_MCE_KILL:
    case PR_MCE_KILL_GET:
    case PR_SET_CHILD_SUBREAPER:
    case PR_GET_NO_NEW_PRIVS:
    case PR_SET_NO_NEW_PRIVS:
    case PR_GET_THP_DISABLE:
    case PR_SET_THP_DISABLE:
    case PR_SET_PTRACER:
    case PR_GET_IO_FLUSHER:
    case PR_SET_IO_FLUSHER:
    case PR_GET_SPECULATION_CTRL:
      return host_call(SYS_prctl, option, a, b, c, d);
    case PR_GET_SECCOMP:
      return 0;  // SECCOMP_MODE_DISABLED
    default:
      // The rest changes how the host's CPU or Menura's own memory and system calls work (seccomp, PR_SET_MM, syscall
      // dispatch), or belongs to another guest: an unknown option answers EINVAL.
      return -EINVAL;
  }
}

}  // namespace menura::linux_user::sys
