// A serial port at which a program of this host may connect, by a Unix socket or a port: one at a time, and the next
// when it has gone.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/char_stream.h"
#include "host/descriptor.h"
#include "host/wake_event.h"
#include "ir/core/result.h"

namespace menura::host {

class SocketStream final : public CharStream {
 public:
  // `place`: "unix:PATH" or "tcp:[HOST]:PORT", as QEMU has it; what follows a comma there says that who listens is
  // this end, and is so anyway. Error: nobody can listen there.
  static Result<std::unique_ptr<SocketStream>> open(const std::string& place);
  ~SocketStream() override;

  // What is written while nobody is there, or faster than it is read, waits: the last kRoom bytes of it.
  void write(std::span<const uint8_t> bytes) override;
  void set_receiver(Receiver receiver) override;
  void ready() override { wake_.set(); }

 private:
  static constexpr std::size_t kRoom = 1 << 20;

  SocketStream(Descriptor listener, std::string path);
  void run();
  void read();
  void deliver();
  void send();

  const Descriptor listener_;
  const std::string path_;  // of a Unix socket; empty: none
  WakeEvent wake_;
  Descriptor client_;  // the thread's

  std::mutex mutex_;  // of the rest
  Receiver receiver_;
  std::vector<uint8_t> received_;  // for the receiver
  std::vector<uint8_t> written_;   // for the client
  bool end_ = false;
  std::thread thread_;
};

}  // namespace menura::host
