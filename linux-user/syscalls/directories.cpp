// Names and directories: create, remove, rename, link, list, mount.
#include <fcntl.h>

#include <algorithm>
#include <climits>
#include <cstring>
#include <string>

#include "linux-user/syscalls/blocking.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/guest_path.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"
#include "linux-user/syscalls/proc_files.h"

namespace menura::linux_user::sys {

int64_t mkdirat(Thread&, int directory, GuestStr path, unsigned mode) {
  return host_call(SYS_mkdirat, directory, in(path), mode);
}
int64_t mknodat(Thread&, int directory, GuestStr path, unsigned mode, unsigned device) {
  return host_call(SYS_mknodat, directory, in(path), mode, device);
}
int64_t unlinkat(Thread&, int directory, GuestStr path, int flags) {
  return host_call(SYS_unlinkat, directory, in(path), flags);
}
int64_t symlinkat(Thread&, GuestStr target, int directory, GuestStr path) {
  return host_call(SYS_symlinkat, in(target), directory, in(path));
}
int64_t linkat(Thread&, int from_directory, GuestStr from, int to_directory, GuestStr to, int flags) {
  return host_call(SYS_linkat, from_directory, in(from), to_directory, in(to), flags);
}
int64_t renameat(Thread&, int from_directory, GuestStr from, int to_directory, GuestStr to) {
  return host_call(SYS_renameat, from_directory, in(from), to_directory, in(to));
}
int64_t renameat2(Thread&, int from_directory, GuestStr from, int to_directory, GuestStr to, unsigned flags) {
  return host_call(SYS_renameat2, from_directory, in(from), to_directory, in(to), flags);
}

int64_t readlinkat(Thread& thread, int directory, GuestStr name, GuestPtr<char> buffer, int size) {
  PathBuffer path_buffer;
  const char* path = guest_path(thread, name, path_buffer, LastComponent::Link);
  if (is_own_exe_link(thread, path)) {
    if (size <= 0) return -EINVAL;
    const std::string_view target = thread.process().exe_path();
    const size_t length = std::min(target.size(), static_cast<size_t>(size));
    const int64_t stored = store_bytes(thread, buffer.address, target.data(), length);
    return stored != 0 ? stored : static_cast<int64_t>(length);
  }
  return host_call(SYS_readlinkat, directory, path, out(thread, buffer, static_cast<unsigned>(std::max(size, 0))),
                   size);
}

int64_t getcwd(Thread& thread, GuestPtr<char> buffer, size_t size) {
  char host[PATH_MAX];
  const int64_t length = host_call(SYS_getcwd, host, sizeof host);
  if (length < 0) return length;
  std::string path(thread.process().paths().to_guest(host));
  path.push_back('\0');
  if (size < path.size()) return -ERANGE;
  const int64_t stored = store_bytes(thread, buffer.address, path.data(), path.size());
  return stored != 0 ? stored : static_cast<int64_t>(path.size());
}

// The host's directory comes first: what the guest makes there, it makes on the host.
int64_t chdir(Thread& thread, GuestStr name) {
  const int64_t result = host_call(SYS_chdir, in(name));
  if (result != -ENOENT) return result;
  PathBuffer buffer;
  return host_call(SYS_chdir, guest_path(thread, name, buffer));
}
int64_t fchdir(Thread&, int fd) { return host_call(SYS_fchdir, fd); }
int64_t chroot(Thread&, GuestStr path) { return host_call(SYS_chroot, in(path)); }
int64_t umask(Thread&, unsigned mask) { return host_call(SYS_umask, mask); }

int64_t getdents64(Thread& thread, int fd, GuestPtr<void> buffer, unsigned size) {
  return host_call(SYS_getdents64, fd, out(thread, buffer, size), size);
}

int64_t mount(Thread&, GuestStr source, GuestStr target, GuestStr type, uint64_t flags, GuestPtr<void> data) {
  return host_call(SYS_mount, in(source), in(target), in(type), flags, in(data));
}
int64_t umount2(Thread&, GuestStr target, int flags) { return host_call(SYS_umount2, in(target), flags); }
int64_t pivot_root(Thread&, GuestStr new_root, GuestStr put_old) {
  return host_call(SYS_pivot_root, in(new_root), in(put_old));
}

}  // namespace menura::linux_user::sys
