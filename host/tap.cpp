#include "host/tap.h"

#include <fcntl.h>
#include <linux/if.h>
#include <linux/if_tun.h>
#include <poll.h>
#include <pthread.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace menura::host {
namespace {

unsigned mtu_of(ifreq request) {
  const int socket = ::socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
  const bool known = socket >= 0 && ::ioctl(socket, SIOCGIFMTU, &request) == 0;
  if (socket >= 0) ::close(socket);
  return known ? static_cast<unsigned>(request.ifr_mtu) : 1500;
}

}  // namespace

Result<std::unique_ptr<Tap>> Tap::open(const std::string& interface) {
  ifreq request = {};
  if (interface.empty() || interface.size() >= sizeof request.ifr_name) {
    return Error{"'" + interface + "' is no name of a TAP interface; expected one of up to 15 characters"};
  }
  const int fd = ::open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
  std::memcpy(request.ifr_name, interface.data(), interface.size());
  request.ifr_flags = IFF_TAP | IFF_NO_PI;
  if (fd < 0 || ::ioctl(fd, TUNSETIFF, &request) != 0) {
    const int error = errno;
    if (fd >= 0) ::close(fd);
    return Error{"the TAP interface " + interface + " cannot be used: " + std::strerror(error) +
                 "; make it with `ip tuntap add " + interface + " mode tap user $USER`, or use --net user"};
  }
  return std::unique_ptr<Tap>(new Tap(fd, mtu_of(request)));
}

Tap::Tap(int fd, unsigned mtu) : fd_(fd), mtu_(mtu), thread_([this] { run(); }) {}

Tap::~Tap() {
  end_ = true;
  wake_.set();
  thread_.join();
  ::close(fd_);
}

// What the host does not take at once is lost, as on a network.
void Tap::send(std::span<const uint8_t> frame) {
  [[maybe_unused]] const ssize_t done = ::write(fd_, frame.data(), frame.size());
}

void Tap::run() {
  pthread_setname_np(pthread_self(), "tap");
  std::vector<uint8_t> frame(mtu_ + 64);
  std::size_t size = 0;  // of the frame that waits for room
  while (!end_) {
    pollfd polled[2] = {{wake_.fd(), POLLIN, 0}, {fd_, POLLIN, 0}};
    if (::poll(polled, size == 0 ? 2 : 1, -1) < 0) continue;
    if ((polled[0].revents & POLLIN) != 0) wake_.clear();
    if (size != 0 && receive(std::span(frame).first(size))) size = 0;
    while (size == 0) {
      const ssize_t got = ::read(fd_, frame.data(), frame.size());
      if (got <= 0) break;
      size = static_cast<std::size_t>(got);
      if (receive(std::span(frame).first(size))) size = 0;
    }
    transmit();
  }
}

}  // namespace menura::host
