// Sockets of this host at which others connect: non-blocking, and closed by execve.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <string>

#include "host/descriptor.h"
#include "ir/core/result.h"

namespace menura::host {

// Error: why there is none; whoever asks says where and what to try. A socket that nobody listens at any more, because
// who has made it was killed, is replaced; nothing else is.
// `type`: SOCK_STREAM or SOCK_SEQPACKET.
Result<Descriptor> listen_at_path(const std::string& path, int type = SOCK_STREAM);
// For programs of this host only.
Result<Descriptor> listen_at_port(uint16_t port);

// The longest path that a socket may have.
std::size_t longest_socket_path();
// To who listens there, non-blocking. Empty: nobody does, or is too busy; errno says which.
Descriptor connect_to_path(const std::string& path, int type = SOCK_STREAM);

}  // namespace menura::host
