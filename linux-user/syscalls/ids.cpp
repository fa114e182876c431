// Who a process is and what it may do. Ids and credentials are the host's; like the kernel's, these calls change the
// calling thread only (the guest's C library tells its other threads).
#include <linux/capability.h>

#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user::sys {

int64_t getpid(Thread&) { return host_call(SYS_getpid); }
int64_t getppid(Thread&) { return host_call(SYS_getppid); }
int64_t gettid(Thread&) { return host_call(SYS_gettid); }
int64_t getuid(Thread&) { return host_call(SYS_getuid); }
int64_t geteuid(Thread&) { return host_call(SYS_geteuid); }
int64_t getgid(Thread&) { return host_call(SYS_getgid); }
int64_t getegid(Thread&) { return host_call(SYS_getegid); }
int64_t getpgid(Thread&, int pid) { return host_call(SYS_getpgid, pid); }
int64_t setpgid(Thread&, int pid, int group) { return host_call(SYS_setpgid, pid, group); }
int64_t getsid(Thread&, int pid) { return host_call(SYS_getsid, pid); }
int64_t setsid(Thread&) { return host_call(SYS_setsid); }

int64_t setuid(Thread&, unsigned id) { return host_call(SYS_setuid, id); }
int64_t setgid(Thread&, unsigned id) { return host_call(SYS_setgid, id); }
int64_t setreuid(Thread&, unsigned real, unsigned effective) { return host_call(SYS_setreuid, real, effective); }
int64_t setregid(Thread&, unsigned real, unsigned effective) { return host_call(SYS_setregid, real, effective); }
int64_t setresuid(Thread&, unsigned real, unsigned effective, unsigned saved) {
  return host_call(SYS_setresuid, real, effective, saved);
}
int64_t setresgid(Thread&, unsigned real, unsigned effective, unsigned saved) {
  return host_call(SYS_setresgid, real, effective, saved);
}
int64_t getresuid(Thread& thread, GuestPtr<unsigned> real, GuestPtr<unsigned> effective, GuestPtr<unsigned> saved) {
  return host_call(SYS_getresuid, out(thread, real), out(thread, effective), out(thread, saved));
}
int64_t getresgid(Thread& thread, GuestPtr<unsigned> real, GuestPtr<unsigned> effective, GuestPtr<unsigned> saved) {
  return host_call(SYS_getresgid, out(thread, real), out(thread, effective), out(thread, saved));
}
int64_t setfsuid(Thread&, unsigned id) { return host_call(SYS_setfsuid, id); }
int64_t setfsgid(Thread&, unsigned id) { return host_call(SYS_setfsgid, id); }

int64_t getgroups(Thread& thread, int count, GuestPtr<unsigned> groups) {
  return host_call(SYS_getgroups, count, out(thread, groups, count < 0 ? 0 : static_cast<unsigned>(count)));
}
int64_t setgroups(Thread&, int count, GuestPtr<unsigned> groups) {
  return host_call(SYS_setgroups, count, in(groups, count < 0 ? 0 : static_cast<unsigned>(count)));
}

int64_t capget(Thread& thread, GuestPtr<__user_cap_header_struct> header, GuestPtr<__user_cap_data_struct> data) {
  return host_call(SYS_capget, out(thread, header), out(thread, data, _LINUX_CAPABILITY_U32S_3));
}
int64_t capset(Thread& thread, GuestPtr<__user_cap_header_struct> header, GuestPtr<__user_cap_data_struct> data) {
  return host_call(SYS_capset, out(thread, header), in(data, _LINUX_CAPABILITY_U32S_3));
}

int64_t unshare(Thread&, unsigned flags) { return host_call(SYS_unshare, flags); }
int64_t setns(Thread&, int fd, int type) { return host_call(SYS_setns, fd, type); }

}  // namespace menura::linux_user::sys
