#include "host/pty.h"

#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <utility>

namespace menura::host {
namespace {

constexpr std::size_t kMostWaiting = 4096;

}  // namespace

Result<std::unique_ptr<Pty>> Pty::open() {
  const int fd = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC | O_NONBLOCK);
  char path[64] = "";
  const bool usable = fd >= 0 && ::grantpt(fd) == 0 && ::unlockpt(fd) == 0 && ::ptsname_r(fd, path, sizeof path) == 0;
  const int other = usable ? ::open(path, O_RDWR | O_NOCTTY | O_CLOEXEC) : -1;
  termios mode = {};
  if (other < 0 || ::tcgetattr(other, &mode) != 0) {
    const int error = errno;
    if (fd >= 0) ::close(fd);
    if (other >= 0) ::close(other);
    return Error{std::string("a pseudo-terminal cannot be made: ") + std::strerror(error)};
  }
  ::cfmakeraw(&mode);
  ::tcsetattr(other, TCSANOW, &mode);
  return std::unique_ptr<Pty>(new Pty(fd, other, path));
}

Pty::Pty(int fd, int other, std::string path)
    : fd_(fd), other_(other), path_(std::move(path)), thread_([this] { run(); }) {}

Pty::~Pty() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  wake_.set();
  thread_.join();
  ::close(other_);
  ::close(fd_);
}

void Pty::write(std::span<const uint8_t> bytes) {
  [[maybe_unused]] const ssize_t done = ::write(fd_, bytes.data(), bytes.size());
}

void Pty::set_receiver(Receiver receiver) {
  const std::lock_guard lock(mutex_);
  receiver_ = std::move(receiver);
}

void Pty::deliver() {
  const std::lock_guard lock(mutex_);
  if (!receiver_ || waiting_.empty()) return;
  const std::size_t taken = receiver_(waiting_);
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
}

void Pty::run() {
  pthread_setname_np(pthread_self(), "pty");
  for (;;) {
    bool room = false;
    {
      const std::lock_guard lock(mutex_);
      if (end_) return;
      room = waiting_.size() < kMostWaiting;
    }
    pollfd wait[2] = {{wake_.fd(), POLLIN, 0}, {fd_, POLLIN, 0}};
    if (::poll(wait, room ? 2 : 1, -1) < 0) continue;  // EINTR
    if ((wait[0].revents & POLLIN) != 0) wake_.clear();
    if (room && (wait[1].revents & POLLIN) != 0) {
      uint8_t bytes[256];
      const ssize_t got = ::read(fd_, bytes, sizeof bytes);
      if (got > 0) {
        const std::lock_guard lock(mutex_);
        waiting_.insert(waiting_.end(), bytes, bytes + got);
      }
    }
    deliver();
  }
}

}  // namespace menura::host
