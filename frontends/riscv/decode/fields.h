// Names of fields in the manual's instruction formats (Unprivileged 20240411, 2.2, 2.3, 2.5, 16.2), and the typed
// arguments of lift functions that go with them.
#pragma once

#include "frontends/common/field.h"
#include "frontends/common/pattern.h"

namespace menura::riscv {

using frontends::FieldSpec;

// How a field is printed.
enum class FieldKind : uint8_t { XReg, XRegC, FReg, FRegC, Signed, Unsigned, Rm, Aq, Rl, Csr, FenceSet, FliConstant };

// A register field is x- or f-something by its first letter; ' as in the manual: one of 3 bits for x8-x15 or f8-f15.
// The immediates have their pieces spelled out in each pattern; nz: zero is reserved or belongs to another instruction.
inline constexpr FieldSpec kFields[] = {
    {"rd", 5, static_cast<uint8_t>(FieldKind::XReg)},
    {"rs1", 5, static_cast<uint8_t>(FieldKind::XReg)},
    {"rs2", 5, static_cast<uint8_t>(FieldKind::XReg)},
    {"rd'", 3, static_cast<uint8_t>(FieldKind::XRegC)},
    {"rs1'", 3, static_cast<uint8_t>(FieldKind::XRegC)},
    {"rs2'", 3, static_cast<uint8_t>(FieldKind::XRegC)},
    {"fd", 5, static_cast<uint8_t>(FieldKind::FReg)},
    {"fs1", 5, static_cast<uint8_t>(FieldKind::FReg)},
    {"fs2", 5, static_cast<uint8_t>(FieldKind::FReg)},
    {"fs3", 5, static_cast<uint8_t>(FieldKind::FReg)},
    {"fd'", 3, static_cast<uint8_t>(FieldKind::FRegC)},
    {"fs2'", 3, static_cast<uint8_t>(FieldKind::FRegC)},
    {"imm", 0, static_cast<uint8_t>(FieldKind::Signed)},
    {"nzimm", 0, static_cast<uint8_t>(FieldKind::Signed), true},
    {"uimm", 0, static_cast<uint8_t>(FieldKind::Unsigned)},
    {"nzuimm", 0, static_cast<uint8_t>(FieldKind::Unsigned), true},
    {"shamt", 0, static_cast<uint8_t>(FieldKind::Unsigned)},
    {"zimm", 5, static_cast<uint8_t>(FieldKind::Unsigned)},
    {"rm", 3, static_cast<uint8_t>(FieldKind::Rm)},
    {"aq", 1, static_cast<uint8_t>(FieldKind::Aq)},
    {"rl", 1, static_cast<uint8_t>(FieldKind::Rl)},
    {"csr", 12, static_cast<uint8_t>(FieldKind::Csr)},
    {"pred", 4, static_cast<uint8_t>(FieldKind::FenceSet)},
    {"succ", 4, static_cast<uint8_t>(FieldKind::FenceSet)},
    {"fli", 5, static_cast<uint8_t>(FieldKind::FliConstant)},
};

// Register numbers, 0 to 31.
struct XReg {
  unsigned number = 0;
  constexpr XReg() = default;
  constexpr explicit XReg(int64_t from) : number(static_cast<unsigned>(from)) {}
  constexpr bool is_zero() const { return number == 0; }
  bool operator==(const XReg&) const = default;
};
struct FReg {
  unsigned number = 0;
  constexpr FReg() = default;
  constexpr explicit FReg(int64_t from) : number(static_cast<unsigned>(from)) {}
  bool operator==(const FReg&) const = default;
};

inline constexpr XReg kX0{0};
inline constexpr XReg kRa{1};
inline constexpr XReg kSp{2};

using frontends::Field;

using Rd = Field<"rd", 5, false, XReg>;
using Rs1 = Field<"rs1", 5, false, XReg>;
using Rs2 = Field<"rs2", 5, false, XReg>;
using RdC = Field<"rd'", 3, false, XReg, 8>;  // rd' and so on: x8 to x15
using Rs1C = Field<"rs1'", 3, false, XReg, 8>;
using Rs2C = Field<"rs2'", 3, false, XReg, 8>;
using Fd = Field<"fd", 5, false, FReg>;
using Fs1 = Field<"fs1", 5, false, FReg>;
using Fs2 = Field<"fs2", 5, false, FReg>;
using Fs3 = Field<"fs3", 5, false, FReg>;
using FdC = Field<"fd'", 3, false, FReg, 8>;
using Fs2C = Field<"fs2'", 3, false, FReg, 8>;

// Immediates are scaled and placed by their pieces in the pattern: the width counts the zeros below.
using ImmI = Field<"imm", 12, true>;
using ImmS = Field<"imm", 12, true>;
using ImmB = Field<"imm", 13, true>;
using ImmU = Field<"imm", 32, true>;
using ImmJ = Field<"imm", 21, true>;
using Imm6 = Field<"imm", 6, true>;  // CI format
using NzImm6 = Field<"nzimm", 6, true>;
using NzImm10 = Field<"nzimm", 10, true>;  // c.addi16sp
using NzImm18 = Field<"nzimm", 18, true>;  // c.lui
using ImmCB = Field<"imm", 9, true>;
using ImmCJ = Field<"imm", 12, true>;
template <unsigned Width>
using Uimm = Field<"uimm", Width>;
template <unsigned Width>
using NzUimm = Field<"nzuimm", Width>;
using Shamt5 = Field<"shamt", 5>;
using Shamt6 = Field<"shamt", 6>;
using Zimm = Field<"zimm", 5>;  // Zicsr's 5-bit immediate
using Rm = Field<"rm", 3>;
using Aq = Field<"aq", 1>;
using Rl = Field<"rl", 1>;
using Csr = Field<"csr", 12>;
using Pred = Field<"pred", 4>;
using Succ = Field<"succ", 4>;
using Fli = Field<"fli", 5>;

}  // namespace menura::riscv
