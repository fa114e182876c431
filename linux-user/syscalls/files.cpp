// Descriptors and the bytes behind them: open, close, read, write, seek, lock, copy.
#include <fcntl.h>
#include <linux/openat2.h>

#include <algorithm>
#include <cstring>
#include <vector>

#include "linux-user/abi/abi.h"
#include "linux-user/syscalls/blocking.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/guest_path.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"
#include "linux-user/syscalls/iovecs.h"
#include "linux-user/syscalls/proc_files.h"

namespace menura::linux_user::sys {
namespace {

// The kernel transfers no more than this in one call (MAX_RW_COUNT); a longer count is legal and only asks for more.
constexpr uint64_t kMaxTransfer = 0x7fff'f000;

// What is asked for beyond that, or beyond the end of what a guest can map, can never be transferred.
uint64_t transfer_size(GuestPtr<void> buffer, uint64_t count) {
  if (count > kGuestEnd || buffer.address >= kGuestEnd) return count;  // refused
  return std::min({count, kMaxTransfer, kGuestEnd - buffer.address});
}

int host_open_flags(Thread& thread, int flags) {
  return static_cast<int>(thread.process().abi().open_flags_to_host(flags));
}

}  // namespace

int64_t openat(Thread& thread, int directory, GuestStr name, int guest_flags, unsigned mode) {
  const int flags = host_open_flags(thread, guest_flags);
  PathBuffer buffer;
  const char* path = guest_path(thread, name, buffer);
  if (const int64_t fd = open_proc_file(thread, path, flags); fd != kNotOurs) return fd;
  return restarting_call(thread, SYS_openat, directory, path, flags, mode);
}

int64_t openat2(Thread& thread, int directory, GuestStr name, GuestPtr<open_how> how, size_t size) {
  PathBuffer buffer;
  open_how wanted{};
  // Too small or too large a struct, or one that cannot be read: the kernel's to refuse.
  if (size < sizeof(open_how) || size > kPageSize || load(&wanted, how) != 0) {
    return restarting_call(thread, SYS_openat2, directory, in(name), in(GuestPtr<void>{how.address}, size), size);
  }
  // What is behind the part that is known here must be zeros, which the kernel sees to.
  std::vector<uint8_t> copy(size);
  if (load_bytes(copy.data(), how.address, size) != 0) return -EFAULT;
  wanted.flags = static_cast<uint64_t>(thread.process().abi().open_flags_to_host(static_cast<int64_t>(wanted.flags)));
  std::memcpy(copy.data(), &wanted, sizeof wanted);
  const char* path = in(name);
  // RESOLVE_* asks for a walk from this directory: such a path is taken as it is.
  if (wanted.resolve == 0) {
    path = guest_path(thread, name, buffer);
    if (const int64_t fd = open_proc_file(thread, path, static_cast<int>(wanted.flags)); fd != kNotOurs) return fd;
  }
  return restarting_call(thread, SYS_openat2, directory, path, copy.data(), size);
}

int64_t close(Thread&, int fd) { return host_call(SYS_close, fd); }

int64_t close_range(Thread&, unsigned first, unsigned last, unsigned flags) {
  return host_call(SYS_close_range, first, last, flags);
}

int64_t read(Thread& thread, int fd, GuestPtr<void> buffer, size_t count) {
  count = transfer_size(buffer, count);
  return restarting_call(thread, SYS_read, fd, out(thread, buffer, count), count);
}

int64_t write(Thread& thread, int fd, GuestPtr<void> buffer, size_t count) {
  count = transfer_size(buffer, count);
  return restarting_call(thread, SYS_write, fd, in(buffer, count), count);
}

int64_t pread64(Thread& thread, int fd, GuestPtr<void> buffer, size_t count, int64_t offset) {
  count = transfer_size(buffer, count);
  return restarting_call(thread, SYS_pread64, fd, out(thread, buffer, count), count, offset);
}

int64_t pwrite64(Thread& thread, int fd, GuestPtr<void> buffer, size_t count, int64_t offset) {
  count = transfer_size(buffer, count);
  return restarting_call(thread, SYS_pwrite64, fd, in(buffer, count), count, offset);
}

int64_t readv(Thread& thread, int fd, GuestPtr<iovec> vector, int count) {
  const Iovecs iovecs(thread, vector, static_cast<unsigned>(count), Access::Write);
  if (iovecs.error() != 0) return iovecs.error();
  return restarting_call(thread, SYS_readv, fd, iovecs.list(), count);
}

int64_t writev(Thread& thread, int fd, GuestPtr<iovec> vector, int count) {
  const Iovecs iovecs(thread, vector, static_cast<unsigned>(count), Access::Read);
  if (iovecs.error() != 0) return iovecs.error();
  return restarting_call(thread, SYS_writev, fd, iovecs.list(), count);
}

// The kernel takes the offset as two longs; on 64-bit ABIs the first one is the whole of it.
int64_t preadv(Thread& thread, int fd, GuestPtr<iovec> vector, int count, int64_t offset) {
  const Iovecs iovecs(thread, vector, static_cast<unsigned>(count), Access::Write);
  if (iovecs.error() != 0) return iovecs.error();
  return restarting_call(thread, SYS_preadv, fd, iovecs.list(), count, offset, 0);
}

int64_t pwritev(Thread& thread, int fd, GuestPtr<iovec> vector, int count, int64_t offset) {
  const Iovecs iovecs(thread, vector, static_cast<unsigned>(count), Access::Read);
  if (iovecs.error() != 0) return iovecs.error();
  return restarting_call(thread, SYS_pwritev, fd, iovecs.list(), count, offset, 0);
}

int64_t preadv2(Thread& thread, int fd, GuestPtr<iovec> vector, int count, int64_t offset, int64_t, int flags) {
  const Iovecs iovecs(thread, vector, static_cast<unsigned>(count), Access::Write);
  if (iovecs.error() != 0) return iovecs.error();
  return restarting_call(thread, SYS_preadv2, fd, iovecs.list(), count, offset, 0, flags);
}

int64_t pwritev2(Thread& thread, int fd, GuestPtr<iovec> vector, int count, int64_t offset, int64_t, int flags) {
  const Iovecs iovecs(thread, vector, static_cast<unsigned>(count), Access::Read);
  if (iovecs.error() != 0) return iovecs.error();
  return restarting_call(thread, SYS_pwritev2, fd, iovecs.list(), count, offset, 0, flags);
}

int64_t lseek(Thread&, int fd, int64_t offset, int whence) { return host_call(SYS_lseek, fd, offset, whence); }

int64_t dup(Thread&, int fd) { return host_call(SYS_dup, fd); }
int64_t dup3(Thread& thread, int from, int to, int flags) {
  return host_call(SYS_dup3, from, to, host_open_flags(thread, flags));
}
int64_t pipe2(Thread& thread, GuestPtr<int> fds, int flags) {
  return host_call(SYS_pipe2, out(thread, fds, 2), host_open_flags(thread, flags));
}

// The commands and struct flock of 64-bit asm-generic are those of the host.
int64_t fcntl(Thread& thread, int fd, int command, uint64_t argument) {
  switch (command) {
    case F_GETLK:
    case F_OFD_GETLK:
      return host_call(SYS_fcntl, fd, command, out(thread, GuestPtr<struct flock>{argument}));
    case F_SETLK:
    case F_OFD_SETLK:
      return host_call(SYS_fcntl, fd, command, in(GuestPtr<struct flock>{argument}));
    case F_SETLKW:
    case F_OFD_SETLKW:
      return restarting_call(thread, SYS_fcntl, fd, command, in(GuestPtr<struct flock>{argument}));
    case F_GETOWN_EX:
      return host_call(SYS_fcntl, fd, command, out(thread, GuestPtr<f_owner_ex>{argument}));
    case F_SETOWN_EX:
      return host_call(SYS_fcntl, fd, command, in(GuestPtr<f_owner_ex>{argument}));
    case F_GET_RW_HINT:
    case F_GET_FILE_RW_HINT:
      return host_call(SYS_fcntl, fd, command, out(thread, GuestPtr<uint64_t>{argument}));
    case F_SET_RW_HINT:
    case F_SET_FILE_RW_HINT:
      return host_call(SYS_fcntl, fd, command, in(GuestPtr<uint64_t>{argument}));
    case F_GETFL: {
      const int64_t flags = host_call(SYS_fcntl, fd, command);
      return flags < 0 ? flags : thread.process().abi().open_flags_to_guest(flags);
    }
    case F_SETFL:
      return host_call(SYS_fcntl, fd, command,
                       thread.process().abi().open_flags_to_host(static_cast<int64_t>(argument)));
    case F_DUPFD:
    case F_DUPFD_CLOEXEC:
    case F_GETFD:
    case F_SETFD:
    case F_GETOWN:
    case F_SETOWN:
    case F_GETSIG:
    case F_SETSIG:
    case F_GETLEASE:
    case F_SETLEASE:
    case F_NOTIFY:
    case F_SETPIPE_SZ:
    case F_GETPIPE_SZ:
    case F_ADD_SEALS:
    case F_GET_SEALS:
      return host_call(SYS_fcntl, fd, command, argument);
    default:
      return -EINVAL;
  }
}

int64_t flock(Thread& thread, int fd, int operation) { return restarting_call(thread, SYS_flock, fd, operation); }

int64_t sync(Thread&) { return host_call(SYS_sync); }
int64_t syncfs(Thread&, int fd) { return host_call(SYS_syncfs, fd); }
int64_t fsync(Thread&, int fd) { return host_call(SYS_fsync, fd); }
int64_t fdatasync(Thread&, int fd) { return host_call(SYS_fdatasync, fd); }
int64_t sync_file_range(Thread&, int fd, int64_t offset, int64_t count, unsigned flags) {
  return host_call(SYS_sync_file_range, fd, offset, count, flags);
}
int64_t truncate(Thread&, GuestStr path, int64_t size) { return host_call(SYS_truncate, in(path), size); }
int64_t ftruncate(Thread&, int fd, int64_t size) { return host_call(SYS_ftruncate, fd, size); }
int64_t fallocate(Thread& thread, int fd, int mode, int64_t offset, int64_t count) {
  return restarting_call(thread, SYS_fallocate, fd, mode, offset, count);
}
int64_t fadvise64(Thread&, int fd, int64_t offset, int64_t count, int advice) {
  return host_call(SYS_fadvise64, fd, offset, count, advice);
}
int64_t readahead(Thread&, int fd, int64_t offset, size_t count) { return host_call(SYS_readahead, fd, offset, count); }

int64_t sendfile(Thread& thread, int to, int from, GuestPtr<int64_t> offset, size_t count) {
  return restarting_call(thread, SYS_sendfile, to, from, out(thread, offset), count);
}
int64_t splice(Thread& thread, int from, GuestPtr<int64_t> from_offset, int to, GuestPtr<int64_t> to_offset,
               size_t count, unsigned flags) {
  return restarting_call(thread, SYS_splice, from, out(thread, from_offset), to, out(thread, to_offset), count, flags);
}
int64_t tee(Thread& thread, int from, int to, size_t count, unsigned flags) {
  return restarting_call(thread, SYS_tee, from, to, count, flags);
}
int64_t vmsplice(Thread& thread, int fd, GuestPtr<iovec> vector, size_t count, unsigned flags) {
  if (count > kMaxIovecs) return -EINVAL;
  // The direction is the pipe's; memory that may be written must be writable.
  const Iovecs iovecs(thread, vector, count, Access::Write);
  if (iovecs.error() != 0) return iovecs.error();
  return restarting_call(thread, SYS_vmsplice, fd, iovecs.list(), count, flags);
}
int64_t copy_file_range(Thread& thread, int from, GuestPtr<int64_t> from_offset, int to, GuestPtr<int64_t> to_offset,
                        size_t count, unsigned flags) {
  return restarting_call(thread, SYS_copy_file_range, from, out(thread, from_offset), to, out(thread, to_offset), count,
                         flags);
}

int64_t memfd_create(Thread&, GuestStr name, unsigned flags) { return host_call(SYS_memfd_create, in(name), flags); }

int64_t name_to_handle_at(Thread& thread, int directory, GuestStr name, GuestPtr<file_handle> handle,
                          GuestPtr<int> mount, int flags) {
  file_handle header{};
  uint64_t size = sizeof header;
  if (load(&header, handle) == 0) size += std::min<uint64_t>(header.handle_bytes, MAX_HANDLE_SZ);
  out(thread, GuestPtr<void>{handle.address}, size);
  return host_call(SYS_name_to_handle_at, directory, in(name), in(handle), out(thread, mount), flags);
}
int64_t open_by_handle_at(Thread& thread, int mount, GuestPtr<file_handle> handle, int flags) {
  return host_call(SYS_open_by_handle_at, mount, in(handle), host_open_flags(thread, flags));
}

}  // namespace menura::linux_user::sys
