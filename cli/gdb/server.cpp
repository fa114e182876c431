#include "cli/gdb/server.h"

#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <cstring>

#include "cli/gdb/signals.h"
#include "host/descriptor.h"
#include "host/listener.h"

namespace menura::cli::gdb {

namespace {

Error cannot(const std::string& place, const std::string& why) {
  return Error{"gdb cannot be waited for at " + place + ": " + why +
               "; expected a free port of this host, as in 1234, or a path for a socket"};
}

}  // namespace

Result<std::unique_ptr<Server>> Server::start(const std::string& place, vcpu::DebugTarget& target) {
  std::string path;
  if (place.starts_with("unix:")) path = place.substr(5, place.find(',') - 5);
  if (place.find('/') != std::string::npos && path.empty()) path = place;
  Result<host::Descriptor> listener = host::Descriptor();
  if (!path.empty()) {
    listener = host::listen_at_path(path);
  } else {
    // "tcp:host:port" as QEMU has it: the host is this one, whatever it says.
    std::string text = place.substr(0, place.find(','));
    if (text.starts_with("tcp:")) text = text.substr(text.rfind(':') + 1);
    uint16_t port = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
    if (error != std::errc() || end != text.data() + text.size() || port == 0) return cannot(place, "no such port");
    // Debuggers may do anything to a guest, and a guest anything its user may: this host only.
    listener = host::listen_at_port(port);
  }
  if (!listener) return cannot(place, listener.error().message);
  return std::unique_ptr<Server>(new Server(target, host::out_of_the_way(listener->release()), path));
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
