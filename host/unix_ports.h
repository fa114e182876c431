// Numbered ports for a guest and programs of this host to meet, without a network: Unix sockets. A program connects to
// PATH and says "CONNECT <port>\n" for the guest's port; the guest reaches the program that listens at PATH_<port>.
// Sockets of whole messages (SOCK_SEQPACKET) are at PATH_seqpacket, and at PATH_<port>, too.
// Others that give virtio's socket device to users without rights on the host (Firecracker, Cloud Hypervisor) have the
// same.
#pragma once

#include <sys/socket.h>

#include <cstdint>
#include <memory>
#include <string>

#include "host/descriptor.h"
#include "ir/core/result.h"

namespace menura::host {

class UnixPorts {
 public:
  // Error: nothing can listen at the path, or something else does already.
  static Result<std::unique_ptr<UnixPorts>> open(const std::string& path);
  ~UnixPorts();

  // `type` is SOCK_STREAM or SOCK_SEQPACKET.
  int fd(int type) const { return listener(type).get(); }  // readable: accept() has somebody
  // The next program that wants the guest, non-blocking. Empty: none, errno is EAGAIN, or there is no room for it.
  Descriptor accept(int type) const;
  // The program that listens at this port, non-blocking. Empty: none does, or it is too busy.
  Descriptor connect(uint32_t port, int type) const;

 private:
  UnixPorts(std::string path, Descriptor streams, Descriptor messages)
      : path_(std::move(path)), streams_(std::move(streams)), messages_(std::move(messages)) {}
  const Descriptor& listener(int type) const { return type == SOCK_SEQPACKET ? messages_ : streams_; }

  const std::string path_;
  const Descriptor streams_, messages_;
};

// What a program says first: "CONNECT <port>\n", in as many pieces as it likes.
class PortRequest {
 public:
  enum class Answer : uint8_t { NotYet, Bad, Complete };
  // What has come, and nothing behind the line.
  Answer read(int fd);
  uint32_t port() const { return port_; }

 private:
  std::string line_;
  uint32_t port_ = 0;
};

}  // namespace menura::host
