// Operands of the Advanced SIMD instructions: registers with an arrangement, lists, immediates made of several fields.
#include <bit>

#include "frontends/arm/decode/print.h"

namespace menura::arm {
namespace {

using Text = std::string;

constexpr char kLaneLetters[] = "bhsdq";

Text vector_register(unsigned number) { return "v" + std::to_string(number % 32); }

// ".8h": lanes of 8 << size bits in 64 or 128.
Text arrangement(unsigned size, bool q) { return "." + std::to_string((q ? 16 : 8) >> size) + kLaneLetters[size]; }

// log2 of a lane's bytes, by immh where the row has it, else by size.
unsigned size_by_immh(const FieldValues& f) { return static_cast<unsigned>(std::bit_width(f["immh"])) - 1; }

// {Vd.T}: register and what comes behind the dot, as the manual calls it:
//   T   by size and Q; 64-bit lanes only in 128 bits    Td  the same, with 1d
//   Tb  by size and Q, Ta  lanes of twice the width in 128 bits, Tp  in as many bits (results of pairwise sums)
//   Ti, Tia  as Tb and Ta, by immh                      B H S D  these lanes, as many as Q says
//   V, Va, Vi, Via  a scalar of the width that T, Ta, Ti, Tia have
std::optional<Text> arranged(unsigned number, std::string_view code, const FieldValues& f) {
  const bool q = f["Q"] != 0;
  if (code.size() == 1) {
    constexpr std::string_view kFixed = "BHSD";
    if (const size_t size = kFixed.find(code[0]); size != kFixed.npos) {
      return vector_register(number) + arrangement(static_cast<unsigned>(size), q);
    }
  }
  const bool by_immh = code.size() > 1 && code[1] == 'i';
  const unsigned size = by_immh ? size_by_immh(f) : f["size"];
  const bool wide = code.ends_with('a');
  if (code[0] == 'V') return kLaneLetters[size + (wide ? 1 : 0)] + std::to_string(number);
  if (code[0] != 'T') return std::nullopt;
  if (wide) return vector_register(number) + arrangement(size + 1, true);
  if (code == "Tp") return vector_register(number) + arrangement(size + 1, q);
  return vector_register(number) + arrangement(size, q);
}

// { v1.8b, v2.8b }
template <typename Each>
Text list(unsigned count, Each each) {
  Text text = "{ ";
  for (unsigned i = 0; i < count; ++i) text += (i == 0 ? "" : ", ") + each(i);
  return text + " }";
}

// {list2.T}, {list2.b}: Rt and the registers behind it, whole or a lane of each.
std::optional<Text> structure_list(std::string_view name, const FieldValues& f) {
  const auto count = static_cast<unsigned>(name[4] - '0');
  const std::string_view code = name.substr(6);
  return list(count, [&](unsigned i) {
    const unsigned number = (f["Rt"] + i) % 32;
    if (code[0] != 'T') return vector_register(number) + "." + Text(code);
    return *arranged(number, code, f);
  });
}

Text immediate(unsigned value) { return std::to_string(value); }
// C4.1.96, shift by immediate: immh:immb is twice the lane width less a right shift, or the lane width and a left
// shift.
Text shr(const FieldValues& f) { return immediate((16U << size_by_immh(f)) - (f["immh"] << 3 | f["immb"])); }
Text shl(const FieldValues& f) { return immediate((f["immh"] << 3 | f["immb"]) - (8U << size_by_immh(f))); }
Text shr64(const FieldValues& f) { return immediate(64 - f["imm6"]); }
Text esize(const FieldValues& f) { return immediate(8U << f["size"]); }
Text lsl(const FieldValues& f) { return f["lsl"] == 0 ? "" : ", lsl #" + std::to_string(f["lsl"]); }
Text msl(const FieldValues& f) { return f["msl"] == 0 ? ", msl #8" : ", msl #16"; }
// Each bit of imm8 is a byte of ones or zeros. LLVM writes 14 digits at least, and 0 as printf does.
Text byte_mask(const FieldValues& f) {
  const unsigned imm8 = f["imm8"];
  if (imm8 == 0) return "0000000000000000";
  Text text = "0x";
  for (unsigned bit = 8; bit-- > 0;) {
    const bool is_set = (imm8 >> bit & 1) != 0;
    if (is_set || bit < 7) text += is_set ? "ff" : "00";
  }
  return text;
}
Text upper(const FieldValues& f) { return f["Q"] != 0 ? "2" : ""; }

// C4.1.95: bytes of the structures that a word of these groups accesses.
unsigned structure_bytes(const FieldValues& f) {
  const uint32_t word = f.word();
  if ((word >> 24 & 1) == 0) {  // multiple structures
    constexpr uint8_t kRegisters[] = {4, 0, 4, 0, 3, 0, 3, 1, 2, 0, 2};
    return kRegisters[word >> 12 & 15] * (f["Q"] != 0 ? 16 : 8);
  }
  const unsigned registers = (word >> 12 & 2) + (word >> 21 & 1) + 1;
  const unsigned scale = word >> 14 & 3;
  const unsigned size = word >> 10 & 3;
  const unsigned lane = scale == 3 ? size : scale == 2 && (size & 1) != 0 ? 3 : scale;
  return registers << lane;
}
Text post_index(const FieldValues& f) {
  return f["Rm"] == 31 ? "#" + std::to_string(structure_bytes(f)) : general_register(f["Rm"], true);
}

constexpr struct {
  std::string_view name;
  Text (*text)(const FieldValues&);
} kOperands[] = {
    {"2", upper},
    {"shr", shr},
    {"shl", shl},
    {"shr64", shr64},
    {"esize", esize},
    {"lsl", lsl},
    {"msl", msl},
    {"byte_mask", byte_mask},
    {"post_index", post_index},
};

}  // namespace

std::optional<Text> simd_operand(std::string_view name, const FieldValues& fields) {
  for (const auto& each : kOperands) {
    if (each.name == name) return each.text(fields);
  }
  if (name.starts_with("list")) return structure_list(name, fields);
  if (name.starts_with("table")) {
    return list(static_cast<unsigned>(name[5] - '0'),
                [&](unsigned i) { return vector_register(fields["Rn"] + i) + ".16b"; });
  }
  const size_t dot = name.find('.');
  if (name[0] != 'V' || dot == name.npos) return std::nullopt;
  const std::string field = "R" + std::string(name.substr(1, dot - 1));
  return arranged(fields[field], name.substr(dot + 1), fields);
}

}  // namespace menura::arm
