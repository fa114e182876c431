// Operands made of several fields, and the aliases that LLVM always prints, of the general-purpose instructions.
#include <cinttypes>
#include <cstdio>

#include "frontends/arm/decode/print.h"
#include "frontends/arm/system_registers.h"

namespace menura::arm {
namespace {

using Text = std::string;

Text reg(const FieldValues& f, std::string_view name, bool stack_pointer = false) {
  return general_register(f[name], f["sf"] != 0, stack_pointer);
}
Text immediate(int64_t value) { return "#" + std::to_string(value); }
unsigned width(const FieldValues& f) { return f["sf"] != 0 ? 64 : 32; }
int64_t of_width(const FieldValues& f, uint64_t value) {
  return f["sf"] != 0 ? static_cast<int64_t>(value) : static_cast<int32_t>(value);
}

Text sh(const FieldValues& f) { return f["sh"] != 0 ? ", lsl #12" : ""; }
Text hw(const FieldValues& f) { return f["hw"] != 0 ? ", lsl #" + std::to_string(16 * f["hw"]) : ""; }

uint64_t mask_of(const FieldValues& f) {
  uint64_t mask = 0;
  decode_bit_masks(f["N"], f["imms"], f["immr"], width(f), mask);
  return mask;
}
Text hexadecimal(uint64_t value) {
  char digits[20];
  std::snprintf(digits, sizeof digits, "0x%" PRIx64, value);
  return digits;
}
Text bitmask(const FieldValues& f) { return hexadecimal(mask_of(f)); }
Text exception_number(const FieldValues& f) { return hexadecimal(f["imm16"]); }

// A value that MOVZ (or MOVN, of its complement) with this shift gives.
bool is_movz(uint64_t value, unsigned shift) {
  if (value == 0 && shift != 0) return false;
  return (value & ~(uint64_t{0xffff} << shift)) == 0;
}
bool is_any_movz(uint64_t value, unsigned bits) {
  for (unsigned shift = 0; shift < bits; shift += 16) {
    if (is_movz(value, shift)) return true;
  }
  return false;
}
uint64_t complement(const FieldValues& f, uint64_t value) {
  return f["sf"] != 0 ? ~value : static_cast<uint32_t>(~value);
}

Text move(const FieldValues& f, uint64_t value, bool stack_pointer) {
  return "mov " + reg(f, "Rd", stack_pointer) + ", " + immediate(of_width(f, value));
}
Text movz(const FieldValues& f) {
  const unsigned shift = 16 * f["hw"];
  const uint64_t value = uint64_t{f["imm16"]} << shift;
  if (is_movz(value, shift)) return move(f, value, false);
  return "movz " + reg(f, "Rd") + ", " + immediate(f["imm16"]) + hw(f);
}
// MOVZ takes precedence where both can make the value.
Text movn(const FieldValues& f) {
  const unsigned shift = 16 * f["hw"];
  const uint64_t inverse = uint64_t{f["imm16"]} << shift;
  const uint64_t value = complement(f, inverse);
  if (!is_any_movz(value, width(f)) && is_movz(inverse, shift)) return move(f, value, false);
  return "movn " + reg(f, "Rd") + ", " + immediate(f["imm16"]) + hw(f);
}
Text orr_immediate(const FieldValues& f) {
  const uint64_t value = mask_of(f);
  const bool by_move = is_any_movz(value, width(f)) || is_any_movz(complement(f, value), width(f));
  if (f["Rn"] == 31 && !by_move) return move(f, value, true);
  return "orr " + reg(f, "Rd", true) + ", " + reg(f, "Rn") + ", #" + bitmask(f);
}

Text two_immediates(const FieldValues& f, std::string_view mnemonic, unsigned a, unsigned b) {
  return std::string(mnemonic) + " " + reg(f, "Rd") + ", " + reg(f, "Rn") + ", " + immediate(a) + ", " + immediate(b);
}
// SBFM and UBFM: extensions, then shifts, then insertions in zeros, else extractions.
Text bitfield(const FieldValues& f, char kind) {
  const unsigned r = f["immr"];
  const unsigned s = f["imms"];
  const bool is_signed = kind == 's';
  const bool is_64 = f["sf"] != 0;
  if (r == 0 && (is_signed || !is_64)) {
    const char* extension = s == 7 ? "xtb" : s == 15 ? "xth" : s == 31 && is_64 ? "xtw" : nullptr;
    if (extension != nullptr)
      return kind + Text(extension) + " " + reg(f, "Rd") + ", " + general_register(f["Rn"], false);
  }
  const unsigned top = width(f) - 1;
  const auto shift = [&](const char* mnemonic, unsigned amount) {
    return Text(mnemonic) + " " + reg(f, "Rd") + ", " + reg(f, "Rn") + ", " + immediate(amount);
  };
  if (!is_signed && s != top && s + 1 == r) return shift("lsl", top - s);
  if (s == top) return shift(is_signed ? "asr" : "lsr", r);
  if (r > s) return two_immediates(f, kind + Text("bfiz"), width(f) - r, s + 1);
  return two_immediates(f, kind + Text("bfx"), r, s - r + 1);
}
Text sbfm(const FieldValues& f) { return bitfield(f, 's'); }
Text ubfm(const FieldValues& f) { return bitfield(f, 'u'); }
Text bfm(const FieldValues& f) {
  const unsigned r = f["immr"];
  const unsigned s = f["imms"];
  const unsigned low = (width(f) - r) % width(f);
  if (f["Rn"] == 31 && (r == 0 || s < r)) {
    return "bfc " + reg(f, "Rd") + ", " + immediate(low) + ", " + immediate(s + 1);
  }
  if (s < r) return two_immediates(f, "bfi", low, s + 1);
  return two_immediates(f, "bfxil", r, s - r + 1);
}

// Rm, option, S: an index register. The access size is in the word's top bits, and in bit 23 for 128-bit registers;
// option<1> is always set.
Text extend_register(const FieldValues& f) {
  const bool is_64 = (f["option"] & 1) != 0;
  const bool is_signed = (f["option"] & 4) != 0;
  Text text = general_register(f["Rm"], is_64);
  const bool plain = is_64 && !is_signed;
  if (plain && f["S"] == 0) return text;
  text += plain ? ", lsl" : Text(is_signed ? ", sxt" : ", uxt") + (is_64 ? "x" : "w");
  if (f["S"] != 0) {
    const bool is_q = (f.word() >> 26 & 1) != 0 && (f.word() >> 23 & 1) != 0;
    text += " #" + std::to_string(is_q ? 4 : f.word() >> 30);
  }
  return text;
}

// Names of prefetch operations (C6.2.240): type, level, policy.
Text prfop(const FieldValues& f) {
  const unsigned value = f["prfop"];
  const unsigned type = value >> 3;
  const unsigned level = value >> 1 & 3;
  if (type == 3) return immediate(value);
  constexpr const char* kTypes[] = {"pld", "pli", "pst"};
  constexpr const char* kLevels[] = {"l1", "l2", "l3", "slc"};
  return Text(kTypes[type]) + kLevels[level] + ((value & 1) != 0 ? "strm" : "keep");
}

// Rm, shift, imm6: what follows the register.
Text shift(const FieldValues& f) {
  constexpr const char* kShifts[] = {"lsl", "lsr", "asr", "ror"};
  if (f["shift"] == 0 && f["imm6"] == 0) return "";
  return Text(", ") + kShifts[f["shift"]] + " #" + std::to_string(f["imm6"]);
}

// Rm, option, imm3. UXTX (UXTW for words) is LSL where the stack pointer is an operand, and goes without saying if by
// 0.
Text extended(const FieldValues& f) {
  constexpr const char* kExtensions[] = {"uxtb", "uxth", "uxtw", "uxtx", "sxtb", "sxth", "sxtw", "sxtx"};
  const bool is_64 = f["sf"] != 0;
  const bool wide = (f["option"] & 3) == 3;
  Text text = general_register(f["Rm"], is_64 && wide);
  const bool sets_flags = (f.word() >> 29 & 1) != 0;
  const bool stack_pointer = f["Rn"] == 31 || (f["Rd"] == 31 && !sets_flags);
  const bool plain = stack_pointer && f["option"] == (is_64 ? 3U : 2U);
  if (plain && f["imm3"] == 0) return text;
  text += Text(", ") + (plain ? "lsl" : kExtensions[f["option"]]);
  if (f["imm3"] != 0) text += " #" + std::to_string(f["imm3"]);
  return text;
}

// Barriers by their domain and type; the reserved ones by number.
Text barrier(const FieldValues& f) {
  constexpr const char* kNames[] = {"", "oshld", "oshst", "osh", "", "nshld", "nshst", "nsh",
                                    "", "ishld", "ishst", "ish", "", "ld",    "st",    "sy"};
  const Text name = kNames[f["CRm"]];
  return name.empty() ? immediate(f["CRm"]) : name;
}
Text isb(const FieldValues& f) { return f["CRm"] == 15 ? "sy" : immediate(f["CRm"]); }
Text bti(const FieldValues& f) { return std::to_string(32 + 2 * f["targets"]); }
Text sys_operation(const FieldValues& f) {
  const unsigned value = f["operation"];
  return "c" + std::to_string(value >> 7) + ", c" + std::to_string(value >> 3 & 15) + ", #" + std::to_string(value & 7);
}
Text systemreg(const FieldValues& f) { return system_register_name(f["systemreg"], (f.word() >> 21 & 1) == 0); }

Text acquire_release(const FieldValues& f) { return Text(f["A"] != 0 ? "a" : "") + (f["R"] != 0 ? "l" : ""); }

// Two consecutive registers of CASP.
Text register_pair(unsigned first, bool is_64) {
  return general_register(first, is_64) + ", " + general_register(first + 1, is_64);
}
Text w_pair_s(const FieldValues& f) { return register_pair(f["Rs"], false); }
Text w_pair_t(const FieldValues& f) { return register_pair(f["Rt"], false); }
Text x_pair_s(const FieldValues& f) { return register_pair(f["Rs"], true); }
Text x_pair_t(const FieldValues& f) { return register_pair(f["Rt"], true); }

// C6.2.78: unprivileged (wt, rt, t), then non-temporal (wn, rn, n).
Text copy_options(const FieldValues& f) {
  constexpr const char* kPrivileges[] = {"", "wt", "rt", "t"};
  constexpr const char* kTemporal[] = {"", "wn", "rn", "n"};
  return Text(kPrivileges[f["op2"] & 3]) + kTemporal[f["op2"] >> 2];
}
Text set_options(const FieldValues& f) {
  return Text((f["op2"] & 1) != 0 ? "t" : "") + ((f["op2"] & 2) != 0 ? "n" : "");
}

constexpr struct {
  std::string_view name;
  Text (*text)(const FieldValues&);
} kOperands[] = {
    {"sh", sh},
    {"hw", hw},
    {"bitmask", bitmask},
    {"movz", movz},
    {"movn", movn},
    {"orr_immediate", orr_immediate},
    {"sbfm", sbfm},
    {"ubfm", ubfm},
    {"bfm", bfm},
    {"extend_register", extend_register},
    {"prfop", prfop},
    {"shift", shift},
    {"extended", extended},
    {"barrier", barrier},
    {"isb", isb},
    {"bti", bti},
    {"sys_operation", sys_operation},
    {"systemreg", systemreg},
    {"acquire_release", acquire_release},
    {"w_pair_s", w_pair_s},
    {"w_pair_t", w_pair_t},
    {"x_pair_s", x_pair_s},
    {"x_pair_t", x_pair_t},
    {"copy_options", copy_options},
    {"set_options", set_options},
    {"exception_number", exception_number},
};

}  // namespace

std::optional<std::string> general_operand(std::string_view name, const FieldValues& fields) {
  for (const auto& each : kOperands) {
    if (each.name == name) return each.text(fields);
  }
  return std::nullopt;
}

}  // namespace menura::arm
