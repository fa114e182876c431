#include "cli/gdb/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "cli/gdb/signals.h"
#include "host/descriptor.h"

namespace menura::cli::gdb {

namespace {

Error cannot(const std::string& place, const std::string& why) {
  return Error{"gdb cannot be waited for at " + place + ": " + why +
               "; expected a free port of this host, as in 1234, or a path for a socket"};
}

Result<int> listen_at_path(const std::string& place, const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  if (path.size() >= sizeof address.sun_path) return cannot(place, "the path is too long");
  std::memcpy(address.sun_path, path.c_str(), path.size() + 1);
  // A guest that was killed leaves its socket behind: nobody listens there.
  const int probe = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (::connect(probe, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 && errno == ECONNREFUSED) {
    struct stat status = {};
    if (::lstat(path.c_str(), &status) == 0 && S_ISSOCK(status.st_mode)) ::unlink(path.c_str());
  }
  ::close(probe);
  const int file = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (file < 0 || ::bind(file, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(file, 1) != 0) {
    const int error = errno;
    if (file >= 0) ::close(file);
    return cannot(place, std::strerror(error));
  }
  return host::out_of_the_way(file);
}

// Debuggers may do anything to a guest, and a guest anything its user may: this host only.
Result<int> listen_at_port(const std::string& place, uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  const int file = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  if (file >= 0) ::setsockopt(file, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  if (file < 0 || ::bind(file, reinterpret_cast<sockaddr*>(&address), sizeof address) != 0 || ::listen(file, 1) != 0) {
    const int error = errno;
    if (file >= 0) ::close(file);
    return cannot(place, std::strerror(error));
  }
  return host::out_of_the_way(file);
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const std::string& place, vcpu::DebugTarget& target) {
  std::string path;
  if (place.starts_with("unix:")) path = place.substr(5, place.find(',') - 5);
  if (place.find('/') != std::string::npos && path.empty()) path = place;
  Result<int> listener = -1;
  if (!path.empty()) {
    listener = listen_at_path(place, path);
  } else {
    // "tcp:host:port" as QEMU has it: the host is this one, whatever it says.
    std::string text = place.substr(0, place.find(','));
    if (text.starts_with("tcp:")) text = text.substr(text.rfind(':') + 1);
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) return cannot(place, "no such port");
    listener = listen_at_port(place, port);
  }
  if (!listener) return listener.error();
  return std::unique_ptr<Server>(new Server(target, *listener, path));
}

Server::Server(vcpu::DebugTarget& target, int listener, std::string path)
    : target_(target), listener_(listener), path_(std::move(path)) {
  // The guest's signals are its own.
  sigset_t all;
  sigset_t old;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &old);
  thread_ = std::thread([this] {
    pthread_setname_np(pthread_self(), "gdb");
    run();
  });
  pthread_sigmask(SIG_SETMASK, &old, nullptr);
}

Server::~Server() {
  end_.store(true);
  stopped();
  thread_.join();
  ::close(listener_);
  if (!path_.empty()) ::unlink(path_.c_str());
}

void Server::stopped() { wake_.set(); }

void Server::ended(int status, bool by_signal) {
  {
    const std::lock_guard lock(send_mutex_);
    if (session_ != nullptr && session_->running()) {
      char text[8];
      std::snprintf(text, sizeof text, by_signal ? "X%02x" : "W%02x",
                    static_cast<unsigned>(by_signal ? to_gdb_signal(status) : status) & 0xff);
      transmit(frame(text));
    }
  }
  // A process that ends so runs no destructors.
  if (!path_.empty()) ::unlink(path_.c_str());
}

bool Server::wait(int connection, bool* readable) {
  if (end_.load()) return false;
  pollfd files[] = {{connection, POLLIN, 0}, {wake_.fd(), POLLIN, 0}};
  while (::poll(files, 2, -1) < 0 && errno == EINTR) {
  }
  if ((files[1].revents & POLLIN) != 0) wake_.clear();
  *readable = files[0].revents != 0;
  return !end_.load();
}

void Server::run() {
  bool readable = false;
  while (wait(listener_, &readable)) {
    if (!readable) continue;
    const int connection = host::out_of_the_way(::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC));
    if (connection < 0) continue;
    const int on = 1;
    ::setsockopt(connection, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    connection_ = connection;
    serve(connection);
    connection_ = -1;
    ::close(connection);
  }
}

void Server::serve(int connection) {
  target_.set_listener(this);
  Session session(target_, [this](std::string payload) { send(std::move(payload)); });
  const auto announce = [this](const Session* current) {
    const std::lock_guard lock(send_mutex_);
    session_ = current;
  };
  announce(&session);
  PacketReader reader;
  bool readable = false;
  while (!session.over() && wait(connection, &readable)) {
    session.stopped();
    if (readable) {
      char data[4096];
      const ssize_t got = ::recv(connection, data, sizeof data, 0);
      if (got <= 0) {
        // It has gone without a word: the guest goes on without it.
        target_.detach();
        break;
      }
      receive(session, reader, data, static_cast<std::size_t>(got));
    }
  }
  announce(nullptr);
}

void Server::answer_at_once(const std::string& bytes) {
  const std::lock_guard lock(send_mutex_);
  transmit(bytes);
}

void Server::receive(Session& session, PacketReader& reader, const char* data, std::size_t size) {
  for (std::size_t i = 0; i < size && !session.over(); ++i) {
    switch (reader.take(data[i])) {
      case PacketReader::Event::None:
        break;
      case PacketReader::Event::Packet:
        if (session.wants_acknowledgements()) answer_at_once("+");
        session.take(reader.payload());
        break;
      case PacketReader::Event::Damaged:
        answer_at_once("-");
        break;
      case PacketReader::Event::Interrupt:
        session.interrupt();
        break;
      case PacketReader::Event::Again:
        answer_at_once(last_frame_);
        break;
    }
  }
}

void Server::send(std::string payload) {
  const std::lock_guard lock(send_mutex_);
  last_frame_ = frame(payload);
  transmit(last_frame_);
}

void Server::transmit(const std::string& bytes) {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t now = ::send(connection_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now < 0 && errno == EINTR) continue;
    if (now <= 0) return;  // the reader will find it gone
    sent += static_cast<std::size_t>(now);
  }
}

}  // namespace menura::cli::gdb
