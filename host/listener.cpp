#include "host/listener.h"

#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <cerrno>
#include <cstring>

namespace menura::host {
namespace {

constexpr int kWaiting = 128;  // who may wait to be accepted

Descriptor make_socket(int family, int type) {
  return Descriptor(::socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
}

sockaddr_un address_of(const std::string& path) {
  sockaddr_un address = {};
  address.sun_family = AF_UNIX;
  path.copy(address.sun_path, sizeof address.sun_path - 1);
  return address;
}

template <typename Address>
Result<Descriptor> listen_at(Descriptor socket, const Address& address) {
  if (!socket || ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), kWaiting) != 0) {
    return Error{std::strerror(errno)};
  }
  return socket;
}

bool is_left_over(const std::string& path, int type) {
  struct stat info = {};
  if (::lstat(path.c_str(), &info) != 0 || !S_ISSOCK(info.st_mode)) return false;
  return !connect_to_path(path, type) && errno == ECONNREFUSED;
}

}  // namespace

std::size_t longest_socket_path() { return sizeof sockaddr_un::sun_path - 1; }

Descriptor connect_to_path(const std::string& path, int type) {
  const sockaddr_un address = address_of(path);
  Descriptor socket = make_socket(AF_UNIX, type);
  const bool connected =
      socket && ::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  if (connected) return socket;
  const int error = errno;
  socket = Descriptor();
  errno = error;
  return socket;
}

Result<Descriptor> listen_at_path(const std::string& path, int type) {
  if (path.empty() || path.size() > longest_socket_path()) {
    return Error{"a path has up to " + std::to_string(longest_socket_path()) + " characters"};
  }
  if (is_left_over(path, type)) ::unlink(path.c_str());
  return listen_at(make_socket(AF_UNIX, type), address_of(path));
}

Result<Descriptor> listen_at_port(uint16_t port) {
  sockaddr_in address = {};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  address.sin_port = htons(port);
  Descriptor socket = make_socket(AF_INET, SOCK_STREAM);
  const int on = 1;
  if (socket) ::setsockopt(socket.get(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  return listen_at(std::move(socket), address);
}

}  // namespace menura::host
