// Bit patterns as the manuals draw them, most significant bit first, parsed at compile time:
//
//   "imm[12|10:5] rs2 rs1 000 imm[4:1|11] 1100011"     "011 nzimm[17] rd!=2 nzimm[16:12] 01"
//
//   010      fixed bits                        -         one bit that the instruction ignores
//   rd       a field of the width that the guest's field table gives it
//   imm[..]  a piece of a field: the field's bits that lie here, first piece first; what no piece covers is 0
//   rd!=2    a field with a value that belongs to another instruction or is reserved; rd!={0,2} for several
//
// A field that the guest's table calls nonzero (nzimm) excludes 0 without saying so.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

namespace menura::frontends {

// One name of a guest's field table.
struct FieldSpec {
  std::string_view name;
  uint8_t width = 0;     // bits of the field where it stands without [..]; 0: it always has [..]
  uint8_t kind = 0;      // how the guest prints it; the guest's own enum
  bool nonzero = false;  // 0 is never a value of it
};

struct Slice {
  uint8_t word_bit = 0;   // lowest bit in the instruction word
  uint8_t field_bit = 0;  // lowest bit in the field's value
  uint8_t count = 0;
};

struct PatternField {
  static constexpr unsigned kMaxSlices = 9;

  std::string_view name;
  uint8_t kind = 0;
  uint8_t width = 0;  // one more than the highest bit of the value
  uint8_t low = 0;    // the lowest bit that is in the pattern
  uint8_t slice_count = 0;
  std::array<Slice, kMaxSlices> slices = {};

  // The value in an instruction word, zero-extended.
  constexpr uint64_t extract(uint64_t word) const {
    uint64_t value = 0;
    for (unsigned i = 0; i < slice_count; ++i) {
      value |= ((word >> slices[i].word_bit) & ((uint64_t{1} << slices[i].count) - 1)) << slices[i].field_bit;
    }
    return value;
  }
  // The instruction-word bits that hold `value`.
  constexpr uint64_t insert(uint64_t value) const {
    uint64_t word = 0;
    for (unsigned i = 0; i < slice_count; ++i) {
      word |= ((value >> slices[i].field_bit) & ((uint64_t{1} << slices[i].count) - 1)) << slices[i].word_bit;
    }
    return word;
  }
};

// The word does not belong to the row where (word & mask) == bits.
struct Exclusion {
  uint64_t mask = 0;
  uint64_t bits = 0;
};

struct Pattern {
  static constexpr unsigned kMaxFields = 8;
  static constexpr unsigned kMaxExclusions = 3;

  uint64_t mask = 0;   // fixed bits ...
  uint64_t match = 0;  // ... and their values
  uint8_t bits = 0;    // length of the pattern
  uint8_t field_count = 0;
  uint8_t exclusion_count = 0;
  std::array<PatternField, kMaxFields> fields = {};
  std::array<Exclusion, kMaxExclusions> exclusions = {};

  // field_count: there is none.
  constexpr unsigned index_of(std::string_view name) const {
    unsigned i = 0;
    while (i < field_count && fields[i].name != name) ++i;
    return i;
  }
  constexpr const PatternField* find(std::string_view name) const {
    const unsigned i = index_of(name);
    return i < field_count ? &fields[i] : nullptr;
  }
  constexpr bool has(std::string_view name) const {
    for (unsigned i = 0; i < field_count; ++i) {
      if (fields[i].name == name) return true;
    }
    return false;
  }
  constexpr bool matches(uint64_t word) const {
    if ((word & mask) != match) return false;
    for (unsigned i = 0; i < exclusion_count; ++i) {
      if ((word & exclusions[i].mask) == exclusions[i].bits) return false;
    }
    return true;
  }
};

// The error of a pattern that cannot be read. At compile time the throw itself stops the compiler at this row.
struct BadPattern {
  const char* why;
};

namespace detail {

class PatternParser {
 public:
  constexpr PatternParser(std::string_view text, std::span<const FieldSpec> specs) : text_(text), specs_(specs) {}

  constexpr Pattern parse() {
    unsigned total = 0;
    for (size_t at = 0; at < text_.size();) total += width_of(next(at));
    if (total == 0 || total > 64) throw BadPattern{"a pattern has 1 to 64 bits"};
    result_.bits = static_cast<uint8_t>(total);
    unsigned top = total;
    for (size_t at = 0; at < text_.size();) {
      const std::string_view token = next(at);
      top -= width_of(token);
      place(token, top);
    }
    exclude();
    return result_;
  }

 private:
  static constexpr bool is_digit(char c) { return c >= '0' && c <= '9'; }
  // Where `c` comes first at or behind `at`, or the end. Not string_view::find: with -fsanitize=undefined GCC 12 takes
  // the null checks inside it for no constants.
  static constexpr size_t find(std::string_view text, char c, size_t at = 0) {
    while (at < text.size() && text[at] != c) ++at;
    return at;
  }

  constexpr std::string_view next(size_t& at) const {
    const size_t end = find(text_, ' ', at);
    if (end == at) throw BadPattern{"fields are separated by one space"};
    const std::string_view token = text_.substr(at, end - at);
    at = end + 1;
    return token;
  }

  static constexpr std::string_view name_of(std::string_view token) {
    return token.substr(0, std::min(find(token, '['), find(token, '!')));
  }
  static constexpr std::string_view slices_of(std::string_view token) {
    const size_t open = find(token, '[');
    if (open == token.size()) return {};
    return token.substr(open + 1, find(token, ']') - open - 1);
  }
  static constexpr unsigned number(std::string_view text, size_t& at) {
    if (at >= text.size() || !is_digit(text[at])) throw BadPattern{"a number was expected"};
    unsigned value = 0;
    while (at < text.size() && is_digit(text[at])) value = 10 * value + static_cast<unsigned>(text[at++] - '0');
    return value;
  }

  constexpr const FieldSpec& spec(std::string_view name) const {
    for (const FieldSpec& candidate : specs_) {
      if (candidate.name == name) return candidate;
    }
    throw BadPattern{"this field is not in the guest's field table"};
  }

  // Calls visit(high, low) for each piece of "12|10:5".
  template <typename Visit>
  static constexpr void for_each_piece(std::string_view slices, Visit visit) {
    for (size_t at = 0; at < slices.size();) {
      const unsigned high = number(slices, at);
      unsigned low = high;
      if (at < slices.size() && slices[at] == ':') low = number(slices, ++at);
      if (low > high) throw BadPattern{"a piece is written high:low"};
      visit(high, low);
      if (at < slices.size() && slices[at++] != '|') throw BadPattern{"pieces are separated by |"};
    }
  }

  constexpr unsigned width_of(std::string_view token) const {
    if (is_digit(token[0]) || token[0] == '-') return static_cast<unsigned>(token.size());
    const std::string_view slices = slices_of(token);
    if (slices.empty()) {
      const unsigned width = spec(name_of(token)).width;
      if (width == 0) throw BadPattern{"this field has no width of its own: say which bits, as in imm[11:0]"};
      return width;
    }
    unsigned width = 0;
    for_each_piece(slices, [&](unsigned high, unsigned low) { width += high - low + 1; });
    return width;
  }

  constexpr PatternField& field(std::string_view name) {
    for (unsigned i = 0; i < result_.field_count; ++i) {
      if (result_.fields[i].name == name) return result_.fields[i];
    }
    PatternField& added = result_.fields[result_.field_count++];
    added.name = name;
    added.kind = spec(name).kind;
    added.low = 255;
    return added;
  }

  static constexpr void add_slice(PatternField& to, unsigned word_bit, unsigned high, unsigned low) {
    to.slices[to.slice_count++] = {static_cast<uint8_t>(word_bit), static_cast<uint8_t>(low),
                                   static_cast<uint8_t>(high - low + 1)};
    to.width = std::max(to.width, static_cast<uint8_t>(high + 1));
    to.low = std::min(to.low, static_cast<uint8_t>(low));
  }

  constexpr void place(std::string_view token, unsigned bit) {
    if (token[0] == '-') return;
    if (is_digit(token[0])) {
      for (size_t i = 0; i < token.size(); ++i) {
        if (token[i] != '0' && token[i] != '1') throw BadPattern{"fixed bits are 0 and 1"};
        const uint64_t place = uint64_t{1} << (bit + token.size() - 1 - i);
        result_.mask |= place;
        if (token[i] == '1') result_.match |= place;
      }
      return;
    }
    PatternField& to = field(name_of(token));
    const std::string_view slices = slices_of(token);
    if (slices.empty()) {
      add_slice(to, bit, spec(to.name).width - 1U, 0);
      return;
    }
    unsigned above = bit + width_of(token);
    for_each_piece(slices, [&](unsigned high, unsigned low) {
      above -= high - low + 1;
      add_slice(to, above, high, low);
    });
  }

  constexpr void add_exclusion(const PatternField& of, uint64_t value) {
    if (result_.exclusion_count == Pattern::kMaxExclusions) throw BadPattern{"too many excluded values"};
    result_.exclusions[result_.exclusion_count++] = {of.insert(~uint64_t{0}), of.insert(value)};
  }

  // All pieces are known now: turns nonzero fields and != into exclusions.
  constexpr void exclude() {
    for (unsigned i = 0; i < result_.field_count; ++i) {
      if (spec(result_.fields[i].name).nonzero) add_exclusion(result_.fields[i], 0);
    }
    for (size_t at = 0; at < text_.size();) {
      const std::string_view token = next(at);
      const size_t sign = find(token, '!');  // "!="
      if (sign == token.size()) continue;
      const std::string_view values = token.substr(sign + 1);
      for (size_t i = 0; i < values.size();) {
        if (!is_digit(values[i])) {
          ++i;
          continue;
        }
        add_exclusion(field(name_of(token)), number(values, i));
      }
    }
  }

  std::string_view text_;
  std::span<const FieldSpec> specs_;
  Pattern result_;
};

}  // namespace detail

constexpr Pattern parse_pattern(std::string_view text, std::span<const FieldSpec> specs) {
  return detail::PatternParser(text, specs).parse();
}

}  // namespace menura::frontends
