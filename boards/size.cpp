#include "boards/size.h"

#include <charconv>
#include <cstring>

namespace menura::boards {

std::optional<uint64_t> parse_size(std::string_view text) {
  uint64_t number = 0;
  const char* const last = text.data() + text.size();
  const auto [end, error] = std::from_chars(text.data(), last, number);
  unsigned shift = 20;
  if (error != std::errc() || number == 0 || last - end > 1) return std::nullopt;
  if (end != last) {
    const char* const unit = std::strchr("kKmMgGtT", *end);
    if (unit == nullptr || *unit == '\0') return std::nullopt;
    shift = 10 * (1 + static_cast<unsigned>(unit - "kKmMgGtT") / 2);
  }
  if (number > (~uint64_t{0} >> 1) >> shift) return std::nullopt;
  return number << shift;
}

}  // namespace menura::boards
