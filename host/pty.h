// A pseudo-terminal as a serial port: whoever opens its other end (`screen /dev/pts/5`) talks to the guest.
#pragma once

#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/char_stream.h"
#include "host/wake_event.h"
#include "ir/core/result.h"

namespace menura::host {

class Pty final : public CharStream {
 public:
  // Error: the host has none left.
  static Result<std::unique_ptr<Pty>> open();
  ~Pty() override;

  // Of the other end.
  const std::string& path() const { return path_; }

  // What nobody reads is lost, so that a guest does not wait for it.
  void write(std::span<const uint8_t> bytes) override;
  void set_receiver(Receiver receiver) override;
  void ready() override { wake_.set(); }

 private:
  Pty(int fd, int other, std::string path);
  void run();
  void deliver();

  const int fd_;
  const int other_;  // kept open, so that the pair lives while nobody has the other end
  const std::string path_;
  WakeEvent wake_;

  std::mutex mutex_;  // of the rest
  Receiver receiver_;
  std::vector<uint8_t> waiting_;  // for the receiver
  bool end_ = false;
  std::thread thread_;
};

}  // namespace menura::host
