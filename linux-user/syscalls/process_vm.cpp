// Other processes, by descriptor or by memory.
#include <sys/uio.h>

#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"
#include "linux-user/syscalls/iovecs.h"

namespace menura::linux_user::sys {
namespace {

int64_t transfer(Thread& thread, long number, int pid, const Iovecs& local, uint64_t local_count,
                 GuestPtr<iovec> remote, uint64_t remote_count, Access access, uint64_t flags) {
  if (local.error() != 0) return local.error();
  // In another process these are its addresses. In this one, Menura's are out of reach.
  if (pid != host_call(SYS_getpid)) {
    return host_call(number, pid, local.list(), local_count, in(remote), remote_count, flags);
  }
  const Iovecs own(thread, remote, remote_count, access);
  if (own.error() != 0) return own.error();
  return host_call(number, pid, local.list(), local_count, own.list(), remote_count, flags);
}

}  // namespace

int64_t process_vm_readv(Thread& thread, int pid, GuestPtr<iovec> local, uint64_t local_count, GuestPtr<iovec> remote,
                         uint64_t remote_count, uint64_t flags) {
  return transfer(thread, SYS_process_vm_readv, pid, Iovecs(thread, local, local_count, Access::Write), local_count,
                  remote, remote_count, Access::Read, flags);
}

int64_t process_vm_writev(Thread& thread, int pid, GuestPtr<iovec> local, uint64_t local_count, GuestPtr<iovec> remote,
                          uint64_t remote_count, uint64_t flags) {
  return transfer(thread, SYS_process_vm_writev, pid, Iovecs(thread, local, local_count, Access::Read), local_count,
                  remote, remote_count, Access::Write, flags);
}

int64_t pidfd_open(Thread&, int pid, unsigned flags) { return host_call(SYS_pidfd_open, pid, flags); }
int64_t pidfd_getfd(Thread&, int pidfd, int fd, unsigned flags) { return host_call(SYS_pidfd_getfd, pidfd, fd, flags); }

}  // namespace menura::linux_user::sys
