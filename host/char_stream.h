// A stream of characters between a guest's serial device and the host: a terminal, a file, a socket.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <span>

namespace menura::host {

class CharStream {
 public:
  virtual ~CharStream() = default;

  // What the guest sends. Any thread; may block while the host is slow to take it.
  virtual void write(std::span<const uint8_t> bytes) = 0;

  // Who gets what comes in: called on a thread of the host side with at least one byte, returns how many it took.
  // After fewer than all, the rest waits for ready(). An empty function: nobody; it is not called any more when this
  // returns.
  using Receiver = std::function<std::size_t(std::span<const uint8_t>)>;
  virtual void set_receiver(Receiver receiver) = 0;
  // The receiver has room again. Any thread, also from within the receiver.
  virtual void ready() = 0;
};

}  // namespace menura::host
