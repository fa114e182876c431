#include "cli/gdb/packet.h"

#include "cli/gdb/hex.h"

namespace menura::cli::gdb {

namespace {

constexpr char kEscape = '}';
constexpr char kEscapeBit = 0x20;
constexpr char kInterrupt = 3;

constexpr bool is_special(char byte) { return byte == '$' || byte == '#' || byte == kEscape || byte == '*'; }

}  // namespace

std::string frame(std::string_view payload) {
  std::string text = "$";
  for (const char byte : payload) {
    if (is_special(byte)) {
      text += kEscape;
      text += static_cast<char>(byte ^ kEscapeBit);
    } else {
      text += byte;
    }
  }
  uint8_t sum = 0;
  for (std::size_t i = 1; i < text.size(); ++i) sum = static_cast<uint8_t>(sum + static_cast<uint8_t>(text[i]));
  text += '#';
  append_hex(&text, &sum, 1);
  return text;
}

PacketReader::Event PacketReader::finish() {
  state_ = State::Between;
  return damaged_ ? Event::Damaged : Event::Packet;
}

PacketReader::Event PacketReader::take(char byte) {
  switch (state_) {
    case State::Between:
      if (byte == kInterrupt) return Event::Interrupt;
      if (byte == '-') return Event::Again;
      if (byte != '$') return Event::None;
      break;
    case State::Payload:
    case State::Escaped:
      // A new packet begins: of the last one something was lost.
      if (byte == '$') break;
      if (byte == '#') {
        state_ = State::Sum1;
        return Event::None;
      }
      sum_ = static_cast<uint8_t>(sum_ + static_cast<uint8_t>(byte));
      if (state_ == State::Payload && byte == kEscape) {
        state_ = State::Escaped;
        return Event::None;
      }
      if (payload_.size() >= kLongestPayload) {
        damaged_ = true;
      } else {
        payload_ += state_ == State::Escaped ? static_cast<char>(byte ^ kEscapeBit) : byte;
      }
      state_ = State::Payload;
      return Event::None;
    case State::Sum1:
      digit_ = byte;
      state_ = State::Sum2;
      return Event::None;
    case State::Sum2: {
      const int high = hex_digit(digit_);
      const int low = hex_digit(byte);
      if (high < 0 || low < 0 || high * 16 + low != sum_) damaged_ = true;
      return finish();
    }
  }
  state_ = State::Payload;
  payload_.clear();
  damaged_ = false;
  sum_ = 0;
  return Event::None;
}

}  // namespace menura::cli::gdb
