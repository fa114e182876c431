// Names of fields in the manual's encoding diagrams (Arm ARM DDI 0487, C4.1), and the typed arguments of lift functions
// that go with them.
#pragma once

#include "frontends/common/field.h"
#include "frontends/common/pattern.h"

namespace menura::arm {

using frontends::FieldSpec;

// How a field prints where a template names it alone; registers are printed by the template's own names (print.h).
enum class FieldKind : uint8_t { Unsigned, Signed, Condition };

// Width 0: the pattern spells out the pieces. Offsets are scaled there: imm7[9:3] is a multiple of 8.
inline constexpr FieldSpec kFields[] = {
    {"Rd", 5},
    {"Rn", 5},
    {"Rm", 5},
    {"Ra", 5},
    {"Rt", 5},
    {"Rt2", 5},
    {"Rs", 5},
    {"sf", 1},
    {"sh", 1},
    {"N", 1},
    {"immr", 6},
    {"imms", 6},
    {"hw", 2},
    {"imm3", 3},
    {"imm4", 4},
    {"imm5", 5},
    {"imm6", 6},
    {"imm8", 8},
    {"imm12", 12},
    {"imm16", 16},
    {"simm8", 8, static_cast<uint8_t>(FieldKind::Signed)},
    {"shift", 2},
    {"option", 3},
    {"S", 1},
    {"mask", 4},
    {"nzcv", 4},
    {"cond", 4, static_cast<uint8_t>(FieldKind::Condition)},
    {"imm", 0, static_cast<uint8_t>(FieldKind::Signed)},   // adr, adrp
    {"imm7", 0, static_cast<uint8_t>(FieldKind::Signed)},  // pairs
    {"imm9", 9, static_cast<uint8_t>(FieldKind::Signed)},
    {"simm10", 0, static_cast<uint8_t>(FieldKind::Signed)},  // ldraa: S:imm9
    {"imm14", 0, static_cast<uint8_t>(FieldKind::Signed)},
    {"imm19", 0, static_cast<uint8_t>(FieldKind::Signed)},
    {"imm26", 0, static_cast<uint8_t>(FieldKind::Signed)},
    {"bit_pos", 0},  // tbz: b5:b40
    {"hint", 7},     // CRm:op2
    {"targets", 2},
    {"op2", 4},  // bti; mops
    {"CRm", 4},
    {"systemreg", 15},  // o0:op1:CRn:CRm:op2
    {"operation", 11},  // sys: CRn:CRm:op2
    {"prfop", 5},
    {"A", 1},
    {"R", 1},
    {"L", 1},
    {"size", 2},
    // Advanced SIMD
    {"Q", 1},
    {"immh", 4},
    {"immb", 3},
    {"imm2", 2},
    {"index", 0},  // lane number: H:L:M, Q:S:size and so on
    {"lsl", 0},    // cmode of shifted immediates: 0, 8, 16 or 24
    {"msl", 1},    // the same where ones enter: 0 = 8, 1 = 16
    // Floating point
    {"sz", 1},
    {"szQ", 0},  // sz:Q, where one double-precision lane in 64 bits is reserved
    {"rot", 2},
    {"fbits", 0},  // 2^width less the fraction bits of a fixed-point number
};

// Register numbers, 0 to 31. What 31 means is the instruction's business: Lifter::x() or x_sp().
struct Reg {
  unsigned number = 0;
  constexpr Reg() = default;
  constexpr explicit Reg(int64_t from) : number(static_cast<unsigned>(from)) {}
  bool operator==(const Reg&) const = default;
};
struct VReg {
  unsigned number = 0;
  constexpr VReg() = default;
  constexpr explicit VReg(int64_t from) : number(static_cast<unsigned>(from)) {}
  bool operator==(const VReg&) const = default;
};

inline constexpr Reg kZr{31};
inline constexpr Reg kLr{30};

using frontends::Field;

using Rd = Field<"Rd", 5, false, Reg>;
using Rn = Field<"Rn", 5, false, Reg>;
using Rm = Field<"Rm", 5, false, Reg>;
using Ra = Field<"Ra", 5, false, Reg>;
using Rt = Field<"Rt", 5, false, Reg>;
using Rt2 = Field<"Rt2", 5, false, Reg>;
using Rs = Field<"Rs", 5, false, Reg>;
using Vd = Field<"Rd", 5, false, VReg>;  // the same fields where they name vector registers
using Vn = Field<"Rn", 5, false, VReg>;
using Vm = Field<"Rm", 5, false, VReg>;
using Va = Field<"Ra", 5, false, VReg>;
using Vt = Field<"Rt", 5, false, VReg>;
using Vt2 = Field<"Rt2", 5, false, VReg>;

using Sf = Field<"sf", 1>;
using Sh = Field<"sh", 1>;
using Nbit = Field<"N", 1>;
using Immr = Field<"immr", 6>;
using Imms = Field<"imms", 6>;
using Hw = Field<"hw", 2>;
using Imm3 = Field<"imm3", 3>;
using Imm5 = Field<"imm5", 5>;
using Imm6 = Field<"imm6", 6>;
using Imm8 = Field<"imm8", 8>;
using Simm8 = Field<"simm8", 8, true>;
using Imm16 = Field<"imm16", 16>;
using Shift = Field<"shift", 2>;
using Option = Field<"option", 3>;
using Sbit = Field<"S", 1>;
using Mask = Field<"mask", 4>;
using Nzcv = Field<"nzcv", 4>;
using Condition = Field<"cond", 4>;
using ImmAdr = Field<"imm", 21, true>;
using ImmAdrp = Field<"imm", 33, true>;
// The width counts the zeros below: offsets are scaled.
template <unsigned Width = 12>
using Imm12 = Field<"imm12", Width>;
template <unsigned Width>
using Imm7 = Field<"imm7", Width, true>;
using Imm9 = Field<"imm9", 9, true>;
using Simm10 = Field<"simm10", 13, true>;
using Imm14 = Field<"imm14", 16, true>;
using Imm19 = Field<"imm19", 21, true>;
using Imm26 = Field<"imm26", 28, true>;
using BitPos = Field<"bit_pos", 6>;
using Hint = Field<"hint", 7>;
using Systemreg = Field<"systemreg", 15>;
using Operation = Field<"operation", 11>;
using Targets = Field<"targets", 2>;
using CopyOptions = Field<"op2", 4>;
using SetOptions = Field<"op2", 2>;
using CRm = Field<"CRm", 4>;
using Prfop = Field<"prfop", 5>;
using Abit = Field<"A", 1>;
using Rbit = Field<"R", 1>;

// Advanced SIMD
using Qbit = Field<"Q", 1>;
using Size = Field<"size", 2>;
using Immh = Field<"immh", 4>;
using ImmhNarrow = Field<"immh", 3>;
using Immb = Field<"immb", 3>;
using Imm2 = Field<"imm2", 2>;
template <unsigned Width>
using ImmIndex = Field<"imm4", Width>;
template <unsigned Width>
using Index = Field<"index", Width>;
template <unsigned Width>
using Lsl = Field<"lsl", Width>;
using Msl = Field<"msl", 1>;
// Floating point
using Sz = Field<"sz", 1>;
using SzQ = Field<"szQ", 2>;
using Rot = Field<"rot", 2>;
using Rot1 = Field<"rot", 1>;
template <unsigned Width>
struct Fbits : Field<"fbits", Width> {
  using Base = Field<"fbits", Width>;
  using Base::Base;
  static constexpr Fbits decode(int64_t raw) { return Fbits(raw); }
  constexpr unsigned count() const { return (1U << Width) - static_cast<unsigned>(this->value); }
};
using VmLow = Field<"Rm", 4, false, VReg>;  // v0 to v15, where halfword lanes are numbered

}  // namespace menura::arm
