// Sockets. Constants, addresses, options and messages of 64-bit asm-generic ABIs are the host's.
#include <sys/socket.h>
#include <sys/time.h>

#include <algorithm>
#include <optional>

#include "linux-user/syscalls/blocking.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"
#include "linux-user/syscalls/iovecs.h"

namespace menura::linux_user::sys {
namespace {

// Memory for a result whose room the guest states in an integer. A negative or unreadable size is the kernel's to
// refuse.
void* out_sized(Thread& thread, GuestPtr<void> buffer, GuestPtr<int> size) {
  int room = 0;
  if (!buffer || load(&room, size) != 0 || room < 0) room = 0;
  return out(thread, buffer, static_cast<unsigned>(room));
}

// signal(7): a call on a socket is restarted after a signal unless a timeout was set for it.
template <typename... Arguments>
int64_t socket_call(Thread& thread, int timeout_option, long number, int fd, Arguments... arguments) {
  const int64_t result = restarting_call(thread, number, fd, arguments...);
  if (result != kRestart) return result;
  timeval timeout{};
  int size = sizeof timeout;
  host_call(SYS_getsockopt, fd, SOL_SOCKET, timeout_option, &timeout, &size);
  return timeout.tv_sec != 0 || timeout.tv_usec != 0 ? -EINTR : kRestart;
}

// A message that the kernel sends or receives, after a look at all that it points to.
class Message {
 public:
  Message(Thread& thread, GuestPtr<msghdr> message, Access access) : guest_(message) {
    error_ = look(thread, access == Access::Write);
    if (error_ != 0) return;
    elements_.emplace(thread, GuestPtr<iovec>{reinterpret_cast<uint64_t>(header_.msg_iov)}, header_.msg_iovlen, access);
    error_ = elements_->error();
    if (elements_->list() == header_.msg_iov) return;
    header_.msg_iov = const_cast<iovec*>(elements_->list());
    has_tags_ = true;
  }

  // 0, -EFAULT, or the count of elements that no kernel accepts: -EMSGSIZE.
  int64_t error() const { return error_; }
  // Whether an address in it, or that of its elements, has a tag (untagged_or_refused).
  bool has_tags() const { return has_tags_; }
  // For the kernel: the guest's own header, or one without tags.
  msghdr* header(Thread& thread) { return has_tags_ ? &header_ : out(thread, guest_); }
  // What the kernel has written to the header is the guest's.
  void received(Thread& thread) {
    if (!has_tags_) return;
    msghdr header{};
    if (load(&header, guest_) != 0) return;
    header.msg_namelen = header_.msg_namelen;
    header.msg_controllen = header_.msg_controllen;
    header.msg_flags = header_.msg_flags;
    store(thread, guest_, header);
  }

 private:
  int64_t look(Thread& thread, bool receives) {
    if (load(&header_, guest_) != 0) return -EFAULT;
    const auto reachable = [&](void*& pointer, uint64_t size) {
      const auto given = reinterpret_cast<uint64_t>(pointer);
      if (given == 0 || size == 0) return true;
      const uint64_t address = checked_address(given, size);
      if (address == kRefusedAddress) return false;
      if (receives) out(thread, GuestPtr<void>{address}, size);
      has_tags_ |= address != given;
      pointer = reinterpret_cast<void*>(address);
      return true;
    };
    // The kernel's checks by themselves: a negative name length, a control area beyond INT_MAX, too many elements.
    const uint64_t name_size = static_cast<int>(header_.msg_namelen) < 0 ? 0 : header_.msg_namelen;
    const uint64_t control_size = header_.msg_controllen > INT_MAX ? 0 : header_.msg_controllen;
    if (!reachable(header_.msg_name, name_size) || !reachable(header_.msg_control, control_size)) return -EFAULT;
    if (header_.msg_iovlen > kMaxIovecs) return -EMSGSIZE;
    if (receives) out(thread, guest_);
    return 0;
  }

  GuestPtr<msghdr> guest_;
  msghdr header_{};
  std::optional<Iovecs> elements_;
  bool has_tags_ = false;
  int64_t error_ = 0;
};

// Of several messages; tags inside are not taken.
int64_t check_messages(Thread& thread, GuestPtr<mmsghdr> messages, unsigned* count, Access access) {
  *count = std::min<unsigned>(*count, kMaxIovecs);  // as the kernel does
  for (unsigned i = 0; i < *count; ++i) {
    const uint64_t address = messages.address + i * sizeof(mmsghdr);
    const Message message(thread, {address}, access);
    if (const int64_t bad = message.has_tags() ? -EFAULT : message.error()) {
      if (i == 0) return bad;
      *count = i;  // those before it are transferred
    }
    out(thread, GuestPtr<mmsghdr>{address});  // msg_len
  }
  return 0;
}

}  // namespace

int64_t socket(Thread&, int family, int type, int protocol) { return host_call(SYS_socket, family, type, protocol); }
int64_t socketpair(Thread& thread, int family, int type, int protocol, GuestPtr<int> fds) {
  return host_call(SYS_socketpair, family, type, protocol, out(thread, fds, 2));
}
int64_t bind(Thread&, int fd, GuestPtr<void> address, unsigned size) {
  return host_call(SYS_bind, fd, in(address, size), size);
}
int64_t listen(Thread&, int fd, int backlog) { return host_call(SYS_listen, fd, backlog); }
int64_t accept(Thread& thread, int fd, GuestPtr<void> address, GuestPtr<int> size) {
  return socket_call(thread, SO_RCVTIMEO, SYS_accept, fd, out_sized(thread, address, size), out(thread, size));
}
int64_t accept4(Thread& thread, int fd, GuestPtr<void> address, GuestPtr<int> size, int flags) {
  return socket_call(thread, SO_RCVTIMEO, SYS_accept4, fd, out_sized(thread, address, size), out(thread, size), flags);
}
int64_t connect(Thread& thread, int fd, GuestPtr<void> address, unsigned size) {
  return socket_call(thread, SO_SNDTIMEO, SYS_connect, fd, in(address, size), size);
}
int64_t getsockname(Thread& thread, int fd, GuestPtr<void> address, GuestPtr<int> size) {
  return host_call(SYS_getsockname, fd, out_sized(thread, address, size), out(thread, size));
}
int64_t getpeername(Thread& thread, int fd, GuestPtr<void> address, GuestPtr<int> size) {
  return host_call(SYS_getpeername, fd, out_sized(thread, address, size), out(thread, size));
}
int64_t shutdown(Thread&, int fd, int how) { return host_call(SYS_shutdown, fd, how); }

int64_t sendto(Thread& thread, int fd, GuestPtr<void> data, size_t count, int flags, GuestPtr<void> address,
               unsigned size) {
  return socket_call(thread, SO_SNDTIMEO, SYS_sendto, fd, in(data, count), count, flags, in(address, size), size);
}
int64_t recvfrom(Thread& thread, int fd, GuestPtr<void> data, size_t count, int flags, GuestPtr<void> address,
                 GuestPtr<int> size) {
  return socket_call(thread, SO_RCVTIMEO, SYS_recvfrom, fd, out(thread, data, count), count, flags,
                     out_sized(thread, address, size), out(thread, size));
}
int64_t sendmsg(Thread& thread, int fd, GuestPtr<msghdr> message, int flags) {
  Message sent(thread, message, Access::Read);
  if (sent.error() != 0) return sent.error();
  return socket_call(thread, SO_SNDTIMEO, SYS_sendmsg, fd, sent.header(thread), flags);
}
int64_t recvmsg(Thread& thread, int fd, GuestPtr<msghdr> message, int flags) {
  Message received(thread, message, Access::Write);
  if (received.error() != 0) return received.error();
  const int64_t result = socket_call(thread, SO_RCVTIMEO, SYS_recvmsg, fd, received.header(thread), flags);
  if (result >= 0) received.received(thread);
  return result;
}
int64_t sendmmsg(Thread& thread, int fd, GuestPtr<mmsghdr> messages, unsigned count, int flags) {
  if (const int64_t bad = check_messages(thread, messages, &count, Access::Read)) return bad;
  return socket_call(thread, SO_SNDTIMEO, SYS_sendmmsg, fd, in(messages, count), count, flags);
}
int64_t recvmmsg(Thread& thread, int fd, GuestPtr<mmsghdr> messages, unsigned count, int flags,
                 GuestPtr<timespec> timeout) {
  if (const int64_t bad = check_messages(thread, messages, &count, Access::Write)) return bad;
  return socket_call(thread, SO_RCVTIMEO, SYS_recvmmsg, fd, in(messages, count), count, flags, out(thread, timeout));
}

int64_t setsockopt(Thread&, int fd, int level, int option, GuestPtr<void> value, unsigned size) {
  return host_call(SYS_setsockopt, fd, level, option, in(value, size), size);
}
int64_t getsockopt(Thread& thread, int fd, int level, int option, GuestPtr<void> value, GuestPtr<int> size) {
  return host_call(SYS_getsockopt, fd, level, option, out_sized(thread, value, size), out(thread, size));
}

}  // namespace menura::linux_user::sys
