// Ids, limits, scheduling, the system as a whole.
#include "show.h"

#include <grp.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/sysinfo.h>
#include <sys/utsname.h>

int main(void) {
  printf("%d %d\n", getpid() == syscall(SYS_getpid), gettid() == getpid());
  printf("%d %d %d %d\n", getuid(), geteuid(), getgid(), getegid());
  unsigned r, e, s;
  SHOW(getresuid(&r, &e, &s));
  printf("  %u %u %u\n", r, e, s);
  SHOW(getresgid(&r, &e, &s));
  printf("  %u %u %u\n", r, e, s);
  SHOW(getpgid(0) == getpgrp());
  SHOW(getsid(0) > 0);
  SHOW(getpgid(-5));
  SHOW(getgroups(-1, NULL));
  SHOW(getgroups(0, NULL) >= 0);
  SHOW(setfsuid(-1));
  SHOW(setregid(-1, -1));
  SHOW(setreuid(-1, -1));
  struct utsname names;
  SHOW(uname(&names));
  printf("  %s %s %s\n", names.sysname, names.nodename, names.release);
  printf("  machine %d\n", strcmp(names.machine, OWN_MACHINE) == 0);
  struct sysinfo info;
  SHOW(sysinfo(&info));
  printf("  total %lu unit %u procs %d\n", info.totalram, info.mem_unit, info.procs > 0);
  char bytes[600] = {0};
  SHOW(getrandom(bytes, sizeof bytes, 0));
  int zeros = 0;
  for (unsigned i = 0; i < sizeof bytes; ++i) zeros += bytes[i] == 0;
  printf("  random %d\n", zeros < 50);
  SHOW(getrandom(bytes, 10, 0x777));
  SHOW(getrandom(bytes, 10, 6));
  struct rlimit limit;
  SHOW(getrlimit(RLIMIT_NOFILE, &limit));
  printf("  %lu\n", (unsigned long)limit.rlim_cur);
  limit.rlim_cur = 64;
  SHOW(setrlimit(RLIMIT_NOFILE, &limit));
  SHOW(getrlimit(RLIMIT_NOFILE, &limit));
  printf("  %lu\n", (unsigned long)limit.rlim_cur);
  SHOW(dup2(1, 70));
  SHOW(getrlimit(99, &limit));
  limit.rlim_cur = 10, limit.rlim_max = 5;
  SHOW(setrlimit(RLIMIT_CORE, &limit));
  SHOW(setrlimit(RLIMIT_STACK, &limit));
  limit.rlim_cur = limit.rlim_max = 0;
  SHOW(setrlimit(RLIMIT_CORE, &limit));
  SHOW(prlimit(99999999, RLIMIT_CORE, NULL, &limit));
  SHOW(syscall(SYS_prlimit64, 0, RLIMIT_STACK, NULL, &limit));
  printf("  %lu\n", (unsigned long)limit.rlim_cur);
  limit.rlim_cur = 4 << 20;
  SHOW(setrlimit(RLIMIT_STACK, &limit));
  SHOW(getrlimit(RLIMIT_STACK, &limit));
  printf("  %lu\n", (unsigned long)limit.rlim_cur);
  struct rusage usage;
  SHOW(getrusage(RUSAGE_SELF, &usage));
  printf("  %d %d\n", usage.ru_maxrss > 0, usage.ru_utime.tv_usec < 1000000);
  SHOW(getrusage(77, &usage));
  cpu_set_t set;
  CPU_ZERO(&set);
  SHOW(sched_getaffinity(0, sizeof set, &set));
  printf("  %d\n", CPU_COUNT(&set));
  SHOW(sched_setaffinity(0, sizeof set, &set));
  SHOW(sched_setaffinity(0, 0, &set));
  SHOW(syscall(SYS_sched_getaffinity, 0, 1, &set));
  SHOW(sched_getscheduler(0));
  struct sched_param param = {5};
  SHOW(sched_getparam(0, &param));
  printf("  %d\n", param.sched_priority);
  param.sched_priority = 5;
  SHOW(sched_setscheduler(0, SCHED_OTHER, &param));
  SHOW(sched_get_priority_max(SCHED_FIFO));
  SHOW(sched_get_priority_min(SCHED_FIFO));
  SHOW(sched_get_priority_min(77));
  SHOW(sched_yield());
  unsigned attr[12] = {0};
  SHOW(syscall(SYS_sched_getattr, 0, attr, sizeof attr, 0));
  printf("  %u %u\n", attr[0], attr[1]);
  SHOW(syscall(SYS_sched_setattr, 0, attr, 0));
  errno = 0;
  SHOW(getpriority(PRIO_PROCESS, 0));
  SHOW(setpriority(PRIO_PROCESS, 0, 3));
  SHOW(getpriority(PRIO_PROCESS, 0));
  unsigned cpu = 99, node = 99;
  SHOW(syscall(SYS_getcpu, &cpu, &node, NULL));
  printf("  %d %d\n", cpu < 64, node < 64);
  char name[20] = {0};
  SHOW(prctl(PR_SET_NAME, "a name that is too long"));
  SHOW(prctl(PR_GET_NAME, name));
  printf("  %s\n", name);
  SHOW(prctl(PR_SET_PDEATHSIG, SIGUSR1));
  int signal = 0;
  SHOW(prctl(PR_GET_PDEATHSIG, &signal));
  printf("  %d\n", signal);
  SHOW(prctl(PR_SET_DUMPABLE, 7));
  SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  SHOW(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0));
  SHOW(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
  SHOW(prctl(PR_GET_CHILD_SUBREAPER, &signal));
  SHOW(prctl(PR_CAPBSET_READ, 1));
  SHOW(prctl(99999, 1));
  struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
  struct __user_cap_data_struct data[2];
  SHOW(syscall(SYS_capget, &header, data));
  printf("  %x\n", data[0].effective);
  header.version = 1;
  SHOW(syscall(SYS_capget, &header, data));
  printf("  %x\n", header.version);
  SHOW(syscall(SYS_membarrier, 0, 0, 0) > 0);
  SHOW(syscall(SYS_membarrier, 16, 0, 0));
  SHOW(syscall(SYS_membarrier, 8, 0, 0));
  SHOW(syscall(SYS_personality, 0xffffffff));
  SHOW(syscall(9999));
  SHOW(sethostname("x", -1));
  int pidfd = syscall(434 /* pidfd_open */, getpid(), 0);
  SHOW(pidfd >= 0);
  SHOW(syscall(434, getpid(), 77));
  SHOW(syscall(438 /* pidfd_getfd */, pidfd, 1, 0) > 0);
  return 0;
}
