// Other processes, by descriptor or by memory.
#include <sys/uio.h>

#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"
#include "linux-user/syscalls/iovecs.h"

namespace menura::linux_user::sys {
namespace {

int64_t check_remote(Thread& thread, int pid, GuestPtr<iovec> vector, uint64_t count, Access access) {
  // In another process these are its addresses. In this one, Menura's are out of reach.
  return pid == host_call(SYS_getpid) ? check_iovecs(thread, vector, count, access) : 0;
}

}  // namespace

int64_t process_vm_readv(Thread& thread, int pid, GuestPtr<iovec> local, uint64_t local_count, GuestPtr<iovec> remote,
                         uint64_t remote_count, uint64_t flags) {
  if (const int64_t bad = check_iovecs(thread, local, local_count, Access::Write)) return bad;
  if (const int64_t bad = check_remote(thread, pid, remote, remote_count, Access::Read)) return bad;
  return host_call(SYS_process_vm_readv, pid, in(local), local_count, in(remote), remote_count, flags);
}

int64_t process_vm_writev(Thread& thread, int pid, GuestPtr<iovec> local, uint64_t local_count, GuestPtr<iovec> remote,
                          uint64_t remote_count, uint64_t flags) {
  if (const int64_t bad = check_iovecs(thread, local, local_count, Access::Read)) return bad;
  if (const int64_t bad = check_remote(thread, pid, remote, remote_count, Access::Write)) return bad;
  return host_call(SYS_process_vm_writev, pid, in(local), local_count, in(remote), remote_count, flags);
}

int64_t pidfd_open(Thread&, int pid, unsigned flags) { return host_call(SYS_pidfd_open, pid, flags); }
int64_t pidfd_getfd(Thread&, int pidfd, int fd, unsigned flags) { return host_call(SYS_pidfd_getfd, pidfd, fd, flags); }

}  // namespace menura::linux_user::sys
