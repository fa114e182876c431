#include "host/unix_ports.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <string_view>

namespace menura::host {
namespace {

constexpr std::string_view kCommand = "CONNECT ";
constexpr std::size_t kLongestPort = 10;  // digits

Descriptor make_socket() { return Descriptor(::socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0)); }

// The path fits: see open().
sockaddr_un address_of(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

bool connected(const Descriptor& socket, const std::string& path) {
  const sockaddr_un address = address_of(path);
  return socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

// A socket that nobody listens at any more: who has made it was killed.
bool is_left_over(const std::string& path) {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  return !connected(make_socket(), path) && errno == ECONNREFUSED;
}

}  // namespace

Result<std::unique_ptr<UnixPorts>> UnixPorts::open(const std::string& path) {
  const std::size_t most = sizeof sockaddr_un::sun_path - 1 - 1 - kLongestPort;
  if (path.empty() || path.size() > most) {
    return Error{"the socket's path '" + path + "' cannot be; expected one of up to " + std::to_string(most) +
                 " characters"};
  }
  const sockaddr_un address = address_of(path);
  Descriptor socket = make_socket();
  const auto bind = [&] { return ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address); };
  bool bound = socket && bind() == 0;
  if (!bound && errno == EADDRINUSE && is_left_over(path)) {
    ::unlink(path.c_str());
    bound = bind() == 0;
  }
  if (!bound || ::listen(socket.get(), 128) != 0) {
    const int error = errno;
    return Error{"no socket can be made at " + path + ": " + std::strerror(error) +
                 (error == EADDRINUSE ? "; another machine may use it: expected a path of this one's own"
                                      : "; expected a path in a folder that this user may write to")};
  }
  return std::unique_ptr<UnixPorts>(new UnixPorts(path, std::move(socket)));
}

UnixPorts::~UnixPorts() { ::unlink(path_.c_str()); }

Descriptor UnixPorts::accept() const {
  return Descriptor(::accept4(listener_.get(), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

Descriptor UnixPorts::connect(uint32_t port) const {
  Descriptor socket = make_socket();
  return connected(socket, path_ + "_" + std::to_string(port)) ? std::move(socket) : Descriptor();
}

PortRequest::Answer PortRequest::read(int fd) {
  constexpr std::size_t kLongest = kCommand.size() + kLongestPort + 1;
  char bytes[kLongest];
  const ssize_t seen = ::recv(fd, bytes, kLongest - line_.size(), MSG_PEEK | MSG_DONTWAIT);
  if (seen < 0) return errno == EAGAIN || errno == EINTR ? Answer::NotYet : Answer::Bad;
  if (seen == 0) return Answer::Bad;
  const char* const end = bytes + seen;
  const char* const newline = std::find<const char*>(bytes, end, '\n');
  const auto size = static_cast<std::size_t>(newline - bytes) + (newline != end ? 1 : 0);
  line_.append(bytes, size);
  [[maybe_unused]] const ssize_t taken = ::recv(fd, bytes, size, MSG_DONTWAIT);
  if (newline == end) return line_.size() < kLongest ? Answer::NotYet : Answer::Bad;
  if (!line_.starts_with(kCommand)) return Answer::Bad;
  const char* const digits = line_.data() + kCommand.size();
  const char* const last = line_.data() + line_.size() - 1;
  const auto [stop, error] = std::from_chars(digits, last, port_);
  return error == std::errc() && stop == last ? Answer::Complete : Answer::Bad;
}

}  // namespace menura::host
