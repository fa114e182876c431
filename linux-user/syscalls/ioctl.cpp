// ioctl: request numbers and structs of asm-generic ABIs are the host's (arch/x86 uses the generic headers). What the
// request does with its argument is in the number itself since Linux 2.0 (asm-generic/ioctl.h); the older numbers, of
// terminals and sockets, are in a table.
#include <asm/ioctls.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <linux/sockios.h>
#include <net/if.h>
#include <sys/ioctl.h>

#include <algorithm>
#include <iterator>

#include "linux-user/syscalls/blocking.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user::sys {
namespace {

enum class Argument : uint8_t { Value, In, Out };

struct Request {
  unsigned number;
  Argument argument;
  unsigned size;  // bytes behind the pointer
};

constexpr unsigned kTermios = 36;  // struct termios of asm-generic/termbits.h
constexpr unsigned kTermio = 18;   // struct termio

// Sorted by number.
constexpr Request kOldRequests[] = {
    {FIBMAP, Argument::Out, 4},
    {FIGETBSZ, Argument::Out, 4},
    {BLKROSET, Argument::In, 4},
    {BLKROGET, Argument::Out, 4},
    {BLKRRPART, Argument::Value, 0},
    {BLKGETSIZE, Argument::Out, 8},
    {BLKFLSBUF, Argument::Value, 0},
    {BLKRASET, Argument::Value, 0},
    {BLKRAGET, Argument::Out, 8},
    {BLKFRASET, Argument::Value, 0},
    {BLKFRAGET, Argument::Out, 8},
    {BLKSECTGET, Argument::Out, 2},
    {BLKSSZGET, Argument::Out, 4},
    {BLKDISCARD, Argument::In, 16},
    {BLKIOMIN, Argument::Out, 4},
    {BLKIOOPT, Argument::Out, 4},
    {BLKALIGNOFF, Argument::Out, 4},
    {BLKPBSZGET, Argument::Out, 4},
    {TCGETS, Argument::Out, kTermios},
    {TCSETS, Argument::In, kTermios},
    {TCSETSW, Argument::In, kTermios},
    {TCSETSF, Argument::In, kTermios},
    {TCGETA, Argument::Out, kTermio},
    {TCSETA, Argument::In, kTermio},
    {TCSETAW, Argument::In, kTermio},
    {TCSETAF, Argument::In, kTermio},
    {TCSBRK, Argument::Value, 0},
    {TCXONC, Argument::Value, 0},
    {TCFLSH, Argument::Value, 0},
    {TIOCEXCL, Argument::Value, 0},
    {TIOCNXCL, Argument::Value, 0},
    {TIOCSCTTY, Argument::Value, 0},
    {TIOCGPGRP, Argument::Out, 4},
    {TIOCSPGRP, Argument::In, 4},
    {TIOCOUTQ, Argument::Out, 4},
    {TIOCSTI, Argument::In, 1},
    {TIOCGWINSZ, Argument::Out, sizeof(winsize)},
    {TIOCSWINSZ, Argument::In, sizeof(winsize)},
    {TIOCMGET, Argument::Out, 4},
    {TIOCMBIS, Argument::In, 4},
    {TIOCMBIC, Argument::In, 4},
    {TIOCMSET, Argument::In, 4},
    {TIOCGSOFTCAR, Argument::Out, 4},
    {TIOCSSOFTCAR, Argument::In, 4},
    {FIONREAD, Argument::Out, 4},
    {TIOCCONS, Argument::Value, 0},
    {TIOCPKT, Argument::In, 4},
    {FIONBIO, Argument::In, 4},
    {TIOCNOTTY, Argument::Value, 0},
    {TIOCSETD, Argument::In, 4},
    {TIOCGETD, Argument::Out, 4},
    {TCSBRKP, Argument::Value, 0},
    {TIOCSBRK, Argument::Value, 0},
    {TIOCCBRK, Argument::Value, 0},
    {TIOCGSID, Argument::Out, 4},
    {TIOCVHANGUP, Argument::Value, 0},
    {FIONCLEX, Argument::Value, 0},
    {FIOCLEX, Argument::Value, 0},
    {FIOASYNC, Argument::In, 4},
    {FIOQSIZE, Argument::Out, 8},
    {FIOSETOWN, Argument::In, 4},
    {SIOCSPGRP, Argument::In, 4},
    {FIOGETOWN, Argument::Out, 4},
    {SIOCGPGRP, Argument::Out, 4},
    {SIOCATMARK, Argument::Out, 4},
    {SIOCGSTAMP_OLD, Argument::Out, 16},
    {SIOCGSTAMPNS_OLD, Argument::Out, 16},
    {SIOCGIFCONF, Argument::Out, sizeof(ifconf)},
};
static_assert(std::is_sorted(std::begin(kOldRequests), std::end(kOldRequests),
                             [](const Request& a, const Request& b) { return a.number < b.number; }));

bool is_interface_request(unsigned number) { return number >= SIOCGIFNAME && number <= SIOCWANDEV; }

// What is known about a request; nothing known: refused as a request that the device does not have.
bool describe(unsigned number, Request* request) {
  const auto* row = std::lower_bound(std::begin(kOldRequests), std::end(kOldRequests), number,
                                     [](const Request& known, unsigned wanted) { return known.number < wanted; });
  if (row != std::end(kOldRequests) && row->number == number) {
    *request = *row;
    return true;
  }
  if (is_interface_request(number)) {
    *request = {number, Argument::Out, sizeof(ifreq)};
    return true;
  }
  if (_IOC_SIZE(number) == 0 && _IOC_DIR(number) != _IOC_NONE) return false;
  if (_IOC_DIR(number) == _IOC_NONE) {
    *request = {number, Argument::Value, 0};
    return _IOC_TYPE(number) != 0;
  }
  *request = {number, (_IOC_DIR(number) & _IOC_READ) != 0 ? Argument::Out : Argument::In, _IOC_SIZE(number)};
  return true;
}

}  // namespace

int64_t ioctl(Thread& thread, int fd, unsigned number, uint64_t argument) {
  Request request{};
  if (!describe(number, &request)) return host_call(SYS_fcntl, fd, F_GETFD) < 0 ? -EBADF : -ENOTTY;
  switch (request.argument) {
    case Argument::Value:
      // Not known to be a pointer; if it is one into Menura's memory, the kernel refuses it.
      return restarting_call(thread, SYS_ioctl, fd, number, checked_address(argument, 0));
    case Argument::In:
      return restarting_call(thread, SYS_ioctl, fd, number, in(GuestPtr<void>{argument}, request.size));
    case Argument::Out:
      break;
  }
  if (number == SIOCGIFCONF) {
    ifconf list{};
    if (load(&list, GuestPtr<ifconf>{argument}) != 0) return -EFAULT;
    const auto buffer = reinterpret_cast<uint64_t>(list.ifc_ifcu.ifcu_buf);
    const uint64_t size = list.ifc_len < 0 ? 0 : static_cast<unsigned>(list.ifc_len);
    if (!in_guest_range(buffer, size)) return -EFAULT;
    out(thread, GuestPtr<void>{buffer}, size);
  }
  return restarting_call(thread, SYS_ioctl, fd, number, out(thread, GuestPtr<void>{argument}, request.size));
}

}  // namespace menura::linux_user::sys
