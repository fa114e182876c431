// Tokens of one line of IR text.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace menura::ir {

class LineLexer {
 public:
  explicit LineLexer(std::string_view line);

  // What comes next, spaces skipped; nothing is consumed.
  bool at_end();
  char peek();  // '\0' at the end
  // For messages: the next word or character.
  std::string_view found();

  // Each consumes what it returns, and nothing if it is not there.
  bool take(char c);
  bool take(std::string_view text);
  std::string_view take_word();                  // a letter, then letters, digits, `.`, `#`, and `-` before a letter
  std::string_view take_name();                  // everything up to a space, comma or bracket
  std::optional<uint32_t> take_id(char prefix);  // v12 with prefix 'v'
  std::optional<uint64_t> take_number();         // [+-] decimal or 0x...; negative ones as two's complement

 private:
  void skip_spaces();
  std::string_view word_at(std::size_t at) const;

  std::string_view line_;
  std::size_t at_ = 0;
};

}  // namespace menura::ir
