#include "frontends/arm/decode/print.h"

namespace menura::arm {
namespace {

constexpr std::string_view kConditions[] = {"eq", "ne", "hs", "lo", "mi", "pl", "vs", "vc",
                                            "hi", "ls", "ge", "lt", "gt", "le", "al", "nv"};

std::string field_text(const frontends::PatternField& field, const FieldValues& fields) {
  switch (static_cast<FieldKind>(field.kind)) {
    case FieldKind::Unsigned:
      return std::to_string(fields[field.name]);
    case FieldKind::Signed:
      return std::to_string(fields.signed_value(field.name));
    case FieldKind::Condition:
      return std::string(kConditions[fields[field.name]]);
  }
  return {};
}

// {Xd}, {Wn|SP}, {Rt2}, {Vm}, ...: the letter says how, what follows which field.
std::optional<std::string> register_operand(std::string_view name, const FieldValues& fields) {
  const bool stack_pointer = name.ends_with("|SP");
  if (stack_pointer) name.remove_suffix(3);
  if (name.size() < 2 || name.size() > 3) return std::nullopt;
  const std::string field = "R" + std::string(name.substr(1));
  if (!fields.has(field)) return std::nullopt;
  const unsigned number = fields[field];
  switch (name[0]) {
    case 'X':
      return general_register(number, true, stack_pointer);
    case 'W':
      return general_register(number, false, stack_pointer);
    case 'R':  // tbz has the width in its bit number
      return general_register(number, fields.has("sf") ? fields["sf"] != 0 : fields["bit_pos"] > 31, stack_pointer);
    case 'F':
      return (fields["sz"] != 0 ? 'd' : 's') + std::to_string(number);
    case 'V':
    case 'Q':
    case 'D':
    case 'S':
    case 'H':
    case 'B':
      return static_cast<char>(name[0] - 'A' + 'a') + std::to_string(number);
    default:
      return std::nullopt;
  }
}

std::string operand(std::string_view name, const FieldValues& fields) {
  if (const auto text = general_operand(name, fields)) return *text;
  if (const auto text = simd_operand(name, fields)) return *text;
  if (const auto text = fp_operand(name, fields)) return *text;
  if (const auto text = register_operand(name, fields)) return *text;
  const frontends::PatternField* field = fields.find(name);
  return field != nullptr ? field_text(*field, fields) : "?" + std::string(name);
}

}  // namespace

unsigned FieldValues::operator[](std::string_view name) const {
  const frontends::PatternField* field = pattern_.find(name);
  return field == nullptr ? 0 : static_cast<unsigned>(field->extract(word_));
}

int64_t FieldValues::signed_value(std::string_view name) const {
  const frontends::PatternField* field = pattern_.find(name);
  if (field == nullptr) return 0;
  const unsigned shift = 64 - field->width;
  return static_cast<int64_t>(field->extract(word_) << shift) >> shift;
}

std::string general_register(unsigned number, bool is_64, bool stack_pointer) {
  if (number == 31 && stack_pointer) return is_64 ? "sp" : "wsp";
  if (number == 31) return is_64 ? "xzr" : "wzr";
  return (is_64 ? "x" : "w") + std::to_string(number);
}

std::string print(RowName name, uint32_t word) {
  if (name == RowName::None) return "<unknown>";
  const frontends::Row& found = row(name);
  const frontends::Pattern pattern = frontends::parse_pattern(found.pattern, kFields);
  const FieldValues fields(pattern, word);
  std::string text;
  for (size_t at = 0; at < found.assembly.size(); ++at) {
    if (found.assembly[at] != '{') {
      text += found.assembly[at];
      continue;
    }
    // Braces of register lists stand doubled.
    if (found.assembly.substr(at, 2) == "{{") {
      text += found.assembly[at++];
      continue;
    }
    const size_t end = found.assembly.find('}', at);
    text += operand(found.assembly.substr(at + 1, end - at - 1), fields);
    at = end;
    if (found.assembly.substr(at, 3) == "}}}") {  // {name} and the end of a list
      text += '}';
      at += 2;
    }
  }
  return text;
}

}  // namespace menura::arm
