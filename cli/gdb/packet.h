// Packets of gdb's remote serial protocol (gdb's manual, appendix E.1): $ payload # checksum, with escapes.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace menura::cli::gdb {

// The longest payload, as it is sent: what qSupported announces.
inline constexpr std::size_t kLongestPayload = 0x4000;

std::string frame(std::string_view payload);

// Takes a stream apart, byte by byte.
class PacketReader {
 public:
  enum class Event : uint8_t {
    None,
    Packet,     // payload() is whole
    Damaged,    // a wrong checksum, or too long: it is to be sent again
    Interrupt,  // Ctrl-C between packets
    Again,      // the other side wants the last answer again
  };

  Event take(char byte);
  const std::string& payload() const { return payload_; }

 private:
  enum class State : uint8_t { Between, Payload, Escaped, Sum1, Sum2 };
  Event finish();

  State state_ = State::Between;
  std::string payload_;
  bool damaged_ = false;
  uint8_t sum_ = 0;
  char digit_ = 0;
};

}  // namespace menura::cli::gdb
