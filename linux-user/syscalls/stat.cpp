// What is known about a file, and changing it: stat, access, owner, mode, times.
#include <fcntl.h>
#include <linux/stat.h>
#include <sys/stat.h>
#include <sys/statfs.h>

#include "linux-user/abi/abi.h"
#include "linux-user/syscalls/blocking.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/guest_path.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user::sys {
namespace {

constexpr size_t kLargestStat = 144;

int64_t store_stat(Thread& thread, GuestPtr<void> to, const struct stat& from) {
  const Structs& structs = thread.process().abi().structs;
  std::byte encoded[kLargestStat] = {};
  structs.encode_stat(from, encoded);
  return store_bytes(thread, to.address, encoded, structs.stat_size);
}

LastComponent last_component(int flags) {
  return (flags & AT_SYMLINK_NOFOLLOW) != 0 ? LastComponent::Link : LastComponent::Target;
}

}  // namespace

int64_t fstat(Thread& thread, int fd, GuestPtr<void> to) {
  struct stat host {};
  const int64_t result = host_call(SYS_fstat, fd, &host);
  return result < 0 ? result : store_stat(thread, to, host);
}

int64_t newfstatat(Thread& thread, int directory, GuestStr name, GuestPtr<void> to, int flags) {
  PathBuffer buffer;
  struct stat host {};
  const char* path = guest_path(thread, name, buffer, last_component(flags));
  const int64_t result = host_call(SYS_newfstatat, directory, path, &host, flags);
  return result < 0 ? result : store_stat(thread, to, host);
}

int64_t statx(Thread& thread, int directory, GuestStr name, int flags, unsigned mask, GuestPtr<struct statx> to) {
  PathBuffer buffer;
  const char* path = guest_path(thread, name, buffer, last_component(flags));
  return host_call(SYS_statx, directory, path, flags, mask, out(thread, to));
}

int64_t statfs(Thread& thread, GuestStr name, GuestPtr<struct statfs> to) {
  PathBuffer buffer;
  return host_call(SYS_statfs, guest_path(thread, name, buffer), out(thread, to));
}
int64_t fstatfs(Thread& thread, int fd, GuestPtr<struct statfs> to) {
  return host_call(SYS_fstatfs, fd, out(thread, to));
}

int64_t faccessat(Thread& thread, int directory, GuestStr name, int mode) {
  PathBuffer buffer;
  return host_call(SYS_faccessat, directory, guest_path(thread, name, buffer), mode);
}
int64_t faccessat2(Thread& thread, int directory, GuestStr name, int mode, int flags) {
  PathBuffer buffer;
  return host_call(SYS_faccessat2, directory, guest_path(thread, name, buffer, last_component(flags)), mode, flags);
}

int64_t fchmod(Thread&, int fd, unsigned mode) { return host_call(SYS_fchmod, fd, mode); }
int64_t fchmodat(Thread&, int directory, GuestStr path, unsigned mode) {
  return host_call(SYS_fchmodat, directory, in(path), mode);
}
int64_t fchmodat2(Thread&, int directory, GuestStr path, unsigned mode, int flags) {
  constexpr long kFchmodat2 = 452;  // newer than the host's headers
  return host_call(kFchmodat2, directory, in(path), mode, flags);
}
int64_t fchown(Thread&, int fd, int owner, int group) { return host_call(SYS_fchown, fd, owner, group); }
int64_t fchownat(Thread&, int directory, GuestStr path, int owner, int group, int flags) {
  return host_call(SYS_fchownat, directory, in(path), owner, group, flags);
}
int64_t utimensat(Thread&, int directory, GuestStr path, GuestPtr<timespec> times, int flags) {
  return host_call(SYS_utimensat, directory, in(path), in(times, 2), flags);
}

}  // namespace menura::linux_user::sys
