#include "ir/text/lexer.h"

namespace menura::ir {

namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; }
bool is_space(char c) { return c == ' ' || c == '\t' || c == '\r'; }

unsigned digit_of(char c) {
  if (is_digit(c)) return static_cast<unsigned>(c - '0');
  if (c >= 'a' && c <= 'f') return static_cast<unsigned>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') return static_cast<unsigned>(c - 'A') + 10;
  return 99;
}

}  // namespace

LineLexer::LineLexer(std::string_view line) : line_(line.substr(0, line.find(';'))) {}

void LineLexer::skip_spaces() {
  while (at_ < line_.size() && is_space(line_[at_])) ++at_;
}

bool LineLexer::at_end() {
  skip_spaces();
  return at_ == line_.size();
}

char LineLexer::peek() { return at_end() ? '\0' : line_[at_]; }

std::string_view LineLexer::found() {
  if (at_end()) return "the end of the line";
  constexpr std::size_t longest = 40;
  const std::string_view word = word_at(at_);
  return word.empty() ? line_.substr(at_, 1) : word.substr(0, longest);
}

bool LineLexer::take(char c) {
  if (at_end() || line_[at_] != c) return false;
  ++at_;
  return true;
}

bool LineLexer::take(std::string_view text) {
  skip_spaces();
  if (!line_.substr(at_).starts_with(text)) return false;
  at_ += text.size();
  return true;
}

std::string_view LineLexer::word_at(std::size_t at) const {
  std::size_t end = at;
  const auto belongs = [&](std::size_t i) {
    const char c = line_[i];
    if (is_letter(c)) return true;
    if (i == at) return false;
    if (c == '-') return i + 1 < line_.size() && is_letter(line_[i + 1]);
    return is_digit(c) || c == '.' || c == '#';
  };
  while (end < line_.size() && belongs(end)) ++end;
  return line_.substr(at, end - at);
}

std::string_view LineLexer::take_word() {
  skip_spaces();
  const std::string_view word = word_at(at_);
  at_ += word.size();
  return word;
}

std::string_view LineLexer::take_name() {
  const std::size_t begin = at_;
  constexpr std::string_view ends = " \t\r,()";
  while (at_ < line_.size() && ends.find(line_[at_]) == std::string_view::npos) ++at_;
  return line_.substr(begin, at_ - begin);
}

std::optional<uint32_t> LineLexer::take_id(char prefix) {
  skip_spaces();
  const std::string_view word = word_at(at_);
  constexpr std::size_t most_digits = 9;  // fits 32 bits
  if (word.size() < 2 || word.size() > most_digits + 1 || word[0] != prefix) return std::nullopt;
  uint32_t id = 0;
  for (const char c : word.substr(1)) {
    if (!is_digit(c)) return std::nullopt;
    id = id * 10 + static_cast<uint32_t>(c - '0');
  }
  at_ += word.size();
  return id;
}

std::optional<uint64_t> LineLexer::take_number() {
  skip_spaces();
  std::size_t at = at_;
  const bool negative = at < line_.size() && line_[at] == '-';
  if (at < line_.size() && (line_[at] == '+' || line_[at] == '-')) ++at;
  unsigned base = 10;
  if (line_.substr(at).starts_with("0x")) {
    base = 16;
    at += 2;
  }
  const std::size_t digits = at;
  uint64_t value = 0;
  for (; at < line_.size() && digit_of(line_[at]) < base; ++at) {
    const unsigned digit = digit_of(line_[at]);
    if (value > (UINT64_MAX - digit) / base) return std::nullopt;
    value = value * base + digit;
  }
  if (at == digits || (negative && value > uint64_t{1} << 63)) return std::nullopt;
  at_ = at;
  return negative ? ~value + 1 : value;
}

}  // namespace menura::ir
