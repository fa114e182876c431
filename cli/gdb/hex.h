// Numbers and bytes as packets spell them, and packets taken apart.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace menura::cli::gdb {

constexpr int hex_digit(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  if (digit >= 'A' && digit <= 'F') return digit - 'A' + 10;
  return -1;
}

inline void append_hex(std::string* text, const void* bytes, std::size_t size) {
  constexpr const char* kDigits = "0123456789abcdef";
  for (std::size_t i = 0; i < size; ++i) {
    const uint8_t byte = static_cast<const uint8_t*>(bytes)[i];
    *text += kDigits[byte >> 4];
    *text += kDigits[byte & 15];
  }
}
inline std::string to_hex(std::string_view bytes) {
  std::string text;
  append_hex(&text, bytes.data(), bytes.size());
  return text;
}

// The number without leading zeros, the highest digit first.
inline std::string hex_number(uint64_t number) {
  std::string text;
  do {
    text.insert(text.begin(), "0123456789abcdef"[number & 15]);
    number >>= 4;
  } while (number != 0);
  return text;
}

// Reads a packet from the left; what does not fit is found by `ok`, once.
class Fields {
 public:
  explicit Fields(std::string_view text) : rest_(text) {}

  bool ok() const { return ok_; }
  bool at_end() const { return rest_.empty(); }
  std::string_view rest() const { return rest_; }

  bool skip(char expected) {
    if (rest_.empty() || rest_[0] != expected) return false;
    rest_.remove_prefix(1);
    return true;
  }
  void expect(char expected) { ok_ = skip(expected) && ok_; }
  char character() {
    if (rest_.empty()) {
      ok_ = false;
      return 0;
    }
    const char first = rest_[0];
    rest_.remove_prefix(1);
    return first;
  }
  // Hexadecimal, of at most 64 bits.
  uint64_t number() {
    uint64_t value = 0;
    std::size_t digits = 0;
    while (digits < rest_.size() && hex_digit(rest_[digits]) >= 0) {
      if (value >> 60 != 0) ok_ = false;
      value = value << 4 | static_cast<unsigned>(hex_digit(rest_[digits++]));
    }
    if (digits == 0) ok_ = false;
    rest_.remove_prefix(digits);
    return value;
  }
  // Up to `end`, which is taken, too; the whole rest if it does not come.
  std::string_view until(char end) {
    const std::size_t at = rest_.find(end);
    const std::string_view text = rest_.substr(0, at);
    rest_.remove_prefix(at == std::string_view::npos ? rest_.size() : at + 1);
    return text;
  }
  // Pairs of digits as far as they go.
  std::vector<uint8_t> bytes() {
    std::vector<uint8_t> result;
    while (rest_.size() >= 2 && hex_digit(rest_[0]) >= 0 && hex_digit(rest_[1]) >= 0) {
      result.push_back(static_cast<uint8_t>(hex_digit(rest_[0]) << 4 | hex_digit(rest_[1])));
      rest_.remove_prefix(2);
    }
    return result;
  }

 private:
  std::string_view rest_;
  bool ok_ = true;
};

}  // namespace menura::cli::gdb
