// Prints an instruction from its row's assembly template, in LLVM's syntax without aliases (but with those that LLVM
// always prints: moves of immediates, shifts, bitfields).
//
// {name} in a template is one of
//   {Xd} {Wn|SP} {Rd}    the general-purpose register in field Rd, Rn, ...: 64 bits, 32 bits, or by the row's sf;
//                        |SP: 31 is the stack pointer, else the zero register
//   {Vd} {Qd} {Dd} {Sd} {Hd} {Bd}   the vector register in that field, as a vector or as a scalar
//   {Vd.T} {Vn.Ta} ...   the same with an arrangement: print_simd.cpp
//   {Fd}                 a single- or double-precision register, by sz
//   {imm12}              a field, as its FieldKind says
//   {extend_register}    an operand made of several fields: print_a64.cpp, print_simd.cpp and print_fp.cpp list them
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "frontends/arm/decode/decode.h"

namespace menura::arm {

std::string print(RowName name, uint32_t word);

// The fields of one instruction by name.
class FieldValues {
 public:
  FieldValues(const frontends::Pattern& pattern, uint32_t word) : pattern_(pattern), word_(word) {}

  bool has(std::string_view name) const { return pattern_.has(name); }
  // Zero-extended; 0 where the row has no such field.
  unsigned operator[](std::string_view name) const;
  int64_t signed_value(std::string_view name) const;
  const frontends::PatternField* find(std::string_view name) const { return pattern_.find(name); }
  uint32_t word() const { return word_; }

 private:
  const frontends::Pattern& pattern_;
  uint32_t word_;
};

// "x3", "wzr", "sp".
std::string general_register(unsigned number, bool is_64, bool stack_pointer = false);

// An operand made of several fields, or nothing: the general-purpose instructions' (print_a64.cpp).
std::optional<std::string> general_operand(std::string_view name, const FieldValues& fields);
// The same of the Advanced SIMD instructions (print_simd.cpp).
std::optional<std::string> simd_operand(std::string_view name, const FieldValues& fields);
// The same of the floating-point instructions (print_fp.cpp).
std::optional<std::string> fp_operand(std::string_view name, const FieldValues& fields);

}  // namespace menura::arm
