#include "host/socket_stream.h"

#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>

#include <cerrno>
#include <charconv>

#include "host/listener.h"

namespace menura::host {
namespace {

constexpr std::size_t kMostReceived = 4096;

Error cannot(const std::string& place, const std::string& why) {
  return Error{"the serial port cannot be at " + place + ": " + why +
               "; expected unix:PATH or tcp::PORT, a place that nobody else has"};
}

}  // namespace

Result<std::unique_ptr<SocketStream>> SocketStream::open(const std::string& place) {
  const std::string text = place.substr(0, place.find(','));
  std::string path;
  Result<Descriptor> listener = Descriptor();
  if (text.starts_with("unix:")) {
    path = text.substr(5);
    listener = listen_at_path(path);
  } else {
    // The host is this one, whatever it says: who connects is not asked for a name.
    const std::string number = text.substr(text.rfind(':') + 1);
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(number.data(), number.data() + number.size(), port);
    if (error != std::errc() || end != number.data() + number.size() || port == 0) return cannot(place, "no such port");
    listener = listen_at_port(port);
  }
  if (!listener) return cannot(place, listener.error().message);
  return std::unique_ptr<SocketStream>(new SocketStream(std::move(*listener), path));
}

SocketStream::SocketStream(Descriptor listener, std::string path)
    : listener_(std::move(listener)), path_(std::move(path)), thread_([this] { run(); }) {}

SocketStream::~SocketStream() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  wake_.set();
  thread_.join();
  if (!path_.empty()) ::unlink(path_.c_str());
}

void SocketStream::write(std::span<const uint8_t> bytes) {
  {
    const std::lock_guard lock(mutex_);
    written_.insert(written_.end(), bytes.begin(), bytes.end());
    if (written_.size() > kRoom) {
      written_.erase(written_.begin(), written_.begin() + static_cast<std::ptrdiff_t>(written_.size() - kRoom));
    }
  }
  wake_.set();
}

void SocketStream::set_receiver(Receiver receiver) {
  const std::lock_guard lock(mutex_);
  receiver_ = std::move(receiver);
}

void SocketStream::deliver() {
  const std::lock_guard lock(mutex_);
  if (!receiver_ || received_.empty()) return;
  const std::size_t taken = receiver_(received_);
  received_.erase(received_.begin(), received_.begin() + static_cast<std::ptrdiff_t>(taken));
}

void SocketStream::send() {
  const std::lock_guard lock(mutex_);
  if (!client_ || written_.empty()) return;
  const ssize_t done = ::send(client_.get(), written_.data(), written_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
  if (done > 0) written_.erase(written_.begin(), written_.begin() + done);
}

void SocketStream::read() {
  uint8_t bytes[256];
  const ssize_t got = ::recv(client_.get(), bytes, sizeof bytes, MSG_DONTWAIT);
  if (got > 0) {
    const std::lock_guard lock(mutex_);
    received_.insert(received_.end(), bytes, bytes + got);
  } else if (got == 0 || (errno != EAGAIN && errno != EINTR)) {
    client_ = Descriptor();
  }
}

void SocketStream::run() {
  pthread_setname_np(pthread_self(), "socket");
  for (;;) {
    bool room = false;
    bool more = false;
    {
      const std::lock_guard lock(mutex_);
      if (end_) break;
      room = received_.size() < kMostReceived;
      more = !written_.empty();
    }
    const int fd = client_ ? client_.get() : listener_.get();
    const int events = !client_ ? POLLIN : (room ? POLLIN : 0) | (more ? POLLOUT : 0);
    pollfd wait[2] = {{wake_.fd(), POLLIN, 0}, {fd, static_cast<short>(events), 0}};
    if (::poll(wait, 2, -1) < 0) continue;  // EINTR
    if ((wait[0].revents & POLLIN) != 0) wake_.clear();
    if (!client_ && wait[1].revents != 0) {
      client_ = Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
    } else if ((wait[1].revents & (POLLIN | POLLHUP | POLLERR)) != 0) {
      read();
    }
    send();
    deliver();
  }
  send();  // what the guest has said last
}

}  // namespace menura::host
