// Operands of the floating-point instructions: arrangements, immediates made of several fields.
#include <cmath>
#include <cstdio>

#include "frontends/arm/decode/print.h"

namespace menura::arm {
namespace {

using Text = std::string;

// Arrangements of vectors: by sz and Q, by Q alone.
Text by_size(const FieldValues& f) {
  constexpr const char* kArrangements[] = {"2s", "4s", "", "2d"};
  return kArrangements[f["szQ"]];
}
Text halves(const FieldValues& f) { return f["Q"] != 0 ? "8h" : "4h"; }
Text singles(const FieldValues& f) { return f["Q"] != 0 ? "4s" : "2s"; }
Text long_halves(const FieldValues& f) { return f["Q"] != 0 ? "4h" : "2h"; }
Text letter(const FieldValues& f) { return f["sz"] != 0 ? "d" : "s"; }
// Mnemonics that end in what Q says.
Text upper(const FieldValues& f) { return f["Q"] != 0 ? "2" : ""; }
Text bottom_or_top(const FieldValues& f) { return f["Q"] != 0 ? "t" : "b"; }

Text fraction_bits(const FieldValues& f) { return std::to_string((1U << f.find("fbits")->width) - f["fbits"]); }
// VFPExpandImm (shared/functions/float/vfpexpandimm), with LLVM's eight digits.
Text expanded(const FieldValues& f) {
  const unsigned imm = f["imm8"];
  const int exponent = static_cast<int>(imm >> 4 & 7) - ((imm & 0x40) != 0 ? 7 : -1);
  const double magnitude = std::ldexp(16 + (imm & 15), exponent - 4);
  char text[16];
  std::snprintf(text, sizeof text, "%.8f", (imm & 0x80) != 0 ? -magnitude : magnitude);
  return text;
}
Text add_rotation(const FieldValues& f) { return f["rot"] != 0 ? "270" : "90"; }
Text rotation(const FieldValues& f) { return std::to_string(90 * f["rot"]); }

constexpr struct {
  std::string_view name;
  Text (*text)(const FieldValues&);
} kOperands[] = {
    {"szQ", by_size},        {"Th", halves},
    {"Ts", singles},         {"T2h", long_halves},
    {"sz_letter", letter},   {"2", upper},
    {"bt", bottom_or_top},   {"fbits", fraction_bits},
    {"fp_imm8", expanded},   {"fcadd_rot", add_rotation},
    {"fcmla_rot", rotation},
};

}  // namespace

std::optional<std::string> fp_operand(std::string_view name, const FieldValues& fields) {
  for (const auto& each : kOperands) {
    if (each.name == name) return each.text(fields);
  }
  return std::nullopt;
}

}  // namespace menura::arm
