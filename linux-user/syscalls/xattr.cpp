// Extended attributes.
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user::sys {

int64_t setxattr(Thread&, GuestStr path, GuestStr name, GuestPtr<void> value, size_t size, int flags) {
  return host_call(SYS_setxattr, in(path), in(name), in(value, size), size, flags);
}
int64_t lsetxattr(Thread&, GuestStr path, GuestStr name, GuestPtr<void> value, size_t size, int flags) {
  return host_call(SYS_lsetxattr, in(path), in(name), in(value, size), size, flags);
}
int64_t fsetxattr(Thread&, int fd, GuestStr name, GuestPtr<void> value, size_t size, int flags) {
  return host_call(SYS_fsetxattr, fd, in(name), in(value, size), size, flags);
}
int64_t getxattr(Thread& thread, GuestStr path, GuestStr name, GuestPtr<void> value, size_t size) {
  return host_call(SYS_getxattr, in(path), in(name), out(thread, value, size), size);
}
int64_t lgetxattr(Thread& thread, GuestStr path, GuestStr name, GuestPtr<void> value, size_t size) {
  return host_call(SYS_lgetxattr, in(path), in(name), out(thread, value, size), size);
}
int64_t fgetxattr(Thread& thread, int fd, GuestStr name, GuestPtr<void> value, size_t size) {
  return host_call(SYS_fgetxattr, fd, in(name), out(thread, value, size), size);
}
int64_t listxattr(Thread& thread, GuestStr path, GuestPtr<char> list, size_t size) {
  return host_call(SYS_listxattr, in(path), out(thread, list, size), size);
}
int64_t llistxattr(Thread& thread, GuestStr path, GuestPtr<char> list, size_t size) {
  return host_call(SYS_llistxattr, in(path), out(thread, list, size), size);
}
int64_t flistxattr(Thread& thread, int fd, GuestPtr<char> list, size_t size) {
  return host_call(SYS_flistxattr, fd, out(thread, list, size), size);
}
int64_t removexattr(Thread&, GuestStr path, GuestStr name) { return host_call(SYS_removexattr, in(path), in(name)); }
int64_t lremovexattr(Thread&, GuestStr path, GuestStr name) { return host_call(SYS_lremovexattr, in(path), in(name)); }
int64_t fremovexattr(Thread&, int fd, GuestStr name) { return host_call(SYS_fremovexattr, fd, in(name)); }

}  // namespace menura::linux_user::sys
