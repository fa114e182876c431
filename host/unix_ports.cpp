#include "host/unix_ports.h"

#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <string_view>

#include "host/listener.h"

namespace menura::host {
namespace {

constexpr std::string_view kCommand = "CONNECT ";
constexpr std::size_t kLongestPort = 10;  // digits
constexpr std::string_view kMessages = "_seqpacket";
static_assert(kMessages.size() <= 1 + kLongestPort);

}  // namespace

Result<std::unique_ptr<UnixPorts>> UnixPorts::open(const std::string& path) {
  const std::size_t most = longest_socket_path() - 1 - kLongestPort;
  if (path.empty() || path.size() > most) {
    return Error{"the socket's path '" + path + "' cannot be; expected one of up to " + std::to_string(most) +
                 " characters"};
  }
  const auto listen = [](const std::string& at, int type) -> Result<Descriptor> {
    auto listener = listen_at_path(at, type);
    if (listener) return listener;
    return Error{"no socket can be made at " + at + ": " + listener.error().message +
                 "; expected a path of this machine's own in a folder that this user may write to"};
  };
  auto streams = listen(path, SOCK_STREAM);
  if (!streams) return streams.error();
  auto messages = listen(path + std::string(kMessages), SOCK_SEQPACKET);
  if (!messages) {
    ::unlink(path.c_str());
    return messages.error();
  }
  return std::unique_ptr<UnixPorts>(new UnixPorts(path, std::move(*streams), std::move(*messages)));
}

UnixPorts::~UnixPorts() {
  ::unlink(path_.c_str());
  ::unlink((path_ + std::string(kMessages)).c_str());
}

Descriptor UnixPorts::accept(int type) const {
  return Descriptor(::accept4(fd(type), nullptr, nullptr, SOCK_NONBLOCK | SOCK_CLOEXEC));
}

Descriptor UnixPorts::connect(uint32_t port, int type) const {
  return connect_to_path(path_ + "_" + std::to_string(port), type);
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
