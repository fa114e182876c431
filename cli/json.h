// Writes JSON (RFC 8259), one value after the other.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace menura::cli {

class Json {
 public:
  Json& begin_object() { return open('{'); }
  Json& end_object() { return close('}'); }
  Json& begin_array() { return open('['); }
  Json& end_array() { return close(']'); }
  Json& key(std::string_view name);
  Json& value(std::string_view text);
  Json& value(uint64_t number);
  Json& value(int64_t number);
  Json& thousandths(uint64_t number);  // as a decimal fraction
  Json& hexadecimal(uint64_t number);  // as text: "0x2a"
  Json& member(std::string_view name, std::string_view text) { return key(name).value(text); }
  Json& member(std::string_view name, uint64_t number) { return key(name).value(number); }

  // What follows begins a line.
  Json& new_line();

  void reserve(std::size_t bytes) { text_.reserve(bytes); }
  const std::string& text() const { return text_; }

 private:
  Json& open(char bracket);
  Json& close(char bracket);
  void separate();
  void quote(std::string_view text);

  std::string text_;
  bool first_ = true;  // nothing goes before what comes next
};

}  // namespace menura::cli
