// The user's terminal as the machine's serial port: standard input and output, in raw mode while the machine runs.
// Ctrl-A begins a command, as under QEMU's -nographic.
#pragma once

#include <termios.h>

#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "host/char_stream.h"
#include "host/wake_event.h"

namespace menura::host {

class Terminal final : public CharStream {
 public:
  // `quit` is called on its thread when the user types Ctrl-A x.
  explicit Terminal(std::function<void()> quit);
  ~Terminal() override;
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void write(std::span<const uint8_t> bytes) override;
  void set_receiver(Receiver receiver) override;
  void ready() override;

 private:
  void read_input();
  void deliver();
  void command(uint8_t key);

  const std::function<void()> quit_;
  WakeEvent wake_;  // the thread looks again
  bool raw_ = false;
  bool escape_ = false;  // Ctrl-A was typed

  std::mutex mutex_;  // of the rest
  Receiver receiver_;
  std::vector<uint8_t> waiting_;  // for the receiver
  bool end_ = false;
  std::thread thread_;
};

}  // namespace menura::host
