// The user's terminal as the machine's serial port: standard input and output, in raw mode while the machine runs.
// Ctrl-A begins a command, as under QEMU's -nographic.
#pragma once

#include <termios.h>

#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "host/char_stream.h"
#include "host/wake_event.h"

namespace menura::host {

// What its keys do, on its thread.
struct TerminalKeys {
  std::function<void()> quit;                              // Ctrl-A x
  std::function<std::string(const std::string&)> command;  // a line behind Ctrl-A c; the answer, of whole lines
};

class Terminal final : public CharStream {
 public:
  // `only_commands`: no guest is behind it, and all that is typed are commands.
  explicit Terminal(TerminalKeys keys, bool only_commands = false);
  ~Terminal() override;
  Terminal(const Terminal&) = delete;
  Terminal& operator=(const Terminal&) = delete;

  void write(std::span<const uint8_t> bytes) override;
  void set_receiver(Receiver receiver) override;
  void ready() override;

 private:
  void read_input();
  void deliver();
  void type(uint8_t key);
  void escaped(uint8_t key);
  void edit_command(uint8_t key);
  void run_command();

  const TerminalKeys keys_;
  const bool only_commands_;
  WakeEvent wake_;  // the thread looks again
  bool raw_ = false;
  bool escape_ = false;      // Ctrl-A was typed
  bool commanding_ = false;  // what is typed is a command
  std::string line_;         // of it

  std::mutex mutex_;  // of the rest
  Receiver receiver_;
  std::vector<uint8_t> waiting_;  // for the receiver
  bool end_ = false;
  std::thread thread_;
};

}  // namespace menura::host
