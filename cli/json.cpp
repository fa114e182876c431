#include "cli/json.h"

#include <algorithm>
#include <charconv>
#include <cstdio>

namespace menura::cli {

void Json::separate() {
  if (!first_) text_ += ',';
  first_ = false;
}

Json& Json::open(char bracket) {
  separate();
  text_ += bracket;
  first_ = true;
  return *this;
}

Json& Json::close(char bracket) {
  text_ += bracket;
  first_ = false;
  return *this;
}

void Json::quote(std::string_view text) {
  text_ += '"';
  for (;;) {
    const auto special = std::find_if(
        text.begin(), text.end(), [](char c) { return c == '"' || c == '\\' || static_cast<unsigned char>(c) < 0x20; });
    text_.append(text.begin(), special);
    if (special == text.end()) break;
    if (static_cast<unsigned char>(*special) < 0x20) {
      char escape[8];
      std::snprintf(escape, sizeof escape, "\\u%04x", static_cast<unsigned>(*special));
      text_ += escape;
    } else {
      text_ += '\\';
      text_ += *special;
    }
    text.remove_prefix(static_cast<std::size_t>(special - text.begin()) + 1);
  }
  text_ += '"';
}

Json& Json::key(std::string_view name) {
  separate();
  quote(name);
  text_ += ':';
  first_ = true;
  return *this;
}

Json& Json::value(std::string_view text) {
  separate();
  quote(text);
  return *this;
}

Json& Json::value(uint64_t number) {
  separate();
  text_ += std::to_string(number);
  return *this;
}

Json& Json::value(int64_t number) {
  separate();
  text_ += std::to_string(number);
  return *this;
}

Json& Json::thousandths(uint64_t number) {
  separate();
  const auto digit = [](uint64_t value) { return static_cast<char>('0' + value % 10); };
  const char fraction[] = {'.', digit(number / 100), digit(number / 10), digit(number)};
  text_ += std::to_string(number / 1000);
  text_.append(fraction, sizeof fraction);
  return *this;
}

Json& Json::hexadecimal(uint64_t number) {
  char digits[16];
  char* const end = std::to_chars(digits, digits + sizeof digits, number, 16).ptr;
  separate();
  text_ += "\"0x";
  text_.append(digits, static_cast<std::size_t>(end - digits));
  text_ += '"';
  return *this;
}

Json& Json::new_line() {
  text_ += '\n';
  return *this;
}

}  // namespace menura::cli
