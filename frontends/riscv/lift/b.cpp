// Bit manipulation: Zba, Zbb, Zbc, Zbs (Unprivileged 20240411, chapter 29), Zbkb (chapter 30).
#include "frontends/riscv/lift/lifter.h"

namespace menura::riscv {
namespace lift {

// --- Zba: address generation

namespace {

void shift_add(Lifter& l, XReg rd, XReg rs1, XReg rs2, int64_t amount) {
  l.set_x(rd, l.add(l.shl_by(l.x(rs1), amount), l.x(rs2)));
}
Value zext_word(Lifter& l, XReg reg) { return l.b.convert(Op::Zext, Type::I64, l.x_word(reg)); }
void shift_add_uw(Lifter& l, XReg rd, XReg rs1, XReg rs2, int64_t amount) {
  l.set_x(rd, l.add(l.shl_by(zext_word(l, rs1), amount), l.x(rs2)));
}

}  // namespace

void add_uw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.add(zext_word(l, rs1), l.x(rs2))); }
void sh1add(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { shift_add(l, rd, rs1, rs2, 1); }
void sh2add(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { shift_add(l, rd, rs1, rs2, 2); }
void sh3add(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { shift_add(l, rd, rs1, rs2, 3); }
void sh1add_uw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { shift_add_uw(l, rd, rs1, rs2, 1); }
void sh2add_uw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { shift_add_uw(l, rd, rs1, rs2, 2); }
void sh3add_uw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { shift_add_uw(l, rd, rs1, rs2, 3); }
void slli_uw(Lifter& l, Rd rd, Rs1 rs1, Shamt6 shamt) { l.set_x(rd, l.shl_by(zext_word(l, rs1), shamt)); }

// --- Zbb: basic bit manipulation

void andn(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.b.binary(Op::Andn, l.x(rs1), l.x(rs2))); }
void orn(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.or_(l.x(rs1), l.not_(l.x(rs2)))); }
void xnor(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.not_(l.xor_(l.x(rs1), l.x(rs2)))); }

void clz(Lifter& l, Rd rd, Rs1 rs1) { l.set_x(rd, l.b.unary(Op::Clz, l.x(rs1))); }
void ctz(Lifter& l, Rd rd, Rs1 rs1) { l.set_x(rd, l.b.unary(Op::Ctz, l.x(rs1))); }
void cpop(Lifter& l, Rd rd, Rs1 rs1) { l.set_x(rd, l.b.unary(Op::Popcnt, l.x(rs1))); }
void clzw(Lifter& l, Rd rd, Rs1 rs1) { l.set_x_word(rd, l.b.unary(Op::Clz, l.x_word(rs1))); }
void ctzw(Lifter& l, Rd rd, Rs1 rs1) { l.set_x_word(rd, l.b.unary(Op::Ctz, l.x_word(rs1))); }
void cpopw(Lifter& l, Rd rd, Rs1 rs1) { l.set_x_word(rd, l.b.unary(Op::Popcnt, l.x_word(rs1))); }

void max(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.b.binary(Op::MaxS, l.x(rs1), l.x(rs2))); }
void maxu(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.b.binary(Op::MaxU, l.x(rs1), l.x(rs2))); }
void min(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.b.binary(Op::MinS, l.x(rs1), l.x(rs2))); }
void minu(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.b.binary(Op::MinU, l.x(rs1), l.x(rs2))); }

namespace {

// The low bits of a register, extended to all of it.
void extend(Lifter& l, Op extension, Type from, XReg rd, XReg rs1) {
  l.set_x(rd, l.b.convert(extension, l.xtype(), l.b.convert(Op::Trunc, from, l.x(rs1))));
}

}  // namespace

void sext_b(Lifter& l, Rd rd, Rs1 rs1) { extend(l, Op::Sext, Type::I8, rd, rs1); }
void sext_h(Lifter& l, Rd rd, Rs1 rs1) { extend(l, Op::Sext, Type::I16, rd, rs1); }
void zext_h(Lifter& l, Rd rd, Rs1 rs1) { extend(l, Op::Zext, Type::I16, rd, rs1); }
void zext_h_32(Lifter& l, Rd rd, Rs1 rs1) { extend(l, Op::Zext, Type::I16, rd, rs1); }

void rol(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.b.binary(Op::Rotl, l.x(rs1), l.x(rs2))); }
void ror(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.b.binary(Op::Rotr, l.x(rs1), l.x(rs2))); }
void rori(Lifter& l, Rd rd, Rs1 rs1, Shamt6 shamt) { l.set_x(rd, l.b.binary(Op::Rotr, l.x(rs1), l.imm(shamt))); }
void rori_32(Lifter& l, Rd rd, Rs1 rs1, Shamt5 shamt) { l.set_x(rd, l.b.binary(Op::Rotr, l.x(rs1), l.imm(shamt))); }
void rolw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x_word(rd, l.b.binary(Op::Rotl, l.x_word(rs1), l.x_word(rs2))); }
void rorw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x_word(rd, l.b.binary(Op::Rotr, l.x_word(rs1), l.x_word(rs2))); }
void roriw(Lifter& l, Rd rd, Rs1 rs1, Shamt5 shamt) {
  l.set_x_word(rd, l.b.binary(Op::Rotr, l.x_word(rs1), l.b.constant(Type::I32, shamt)));
}

// Each byte becomes 0xff if any of its bits is set, else 0: a carry into bit 7 or bit 7 itself says "not 0"; that bit
// at the bottom of its byte, times 255, fills the byte.
void orc_b(Lifter& l, Rd rd, Rs1 rs1) {
  const Value x = l.x(rs1);
  const Value low_bits = l.imm(0x7f7f7f7f7f7f7f7f);
  const Value carried = l.or_(l.add(l.and_(x, low_bits), low_bits), x);
  const Value ones = l.and_(l.shr_by(carried, 7), l.imm(0x0101010101010101));
  l.set_x(rd, l.sub(l.shl_by(ones, 8), ones));
}
void rev8(Lifter& l, Rd rd, Rs1 rs1) { l.set_x(rd, l.b.unary(Op::Bswap, l.x(rs1))); }
void rev8_32(Lifter& l, Rd rd, Rs1 rs1) { l.set_x(rd, l.b.unary(Op::Bswap, l.x(rs1))); }

// --- Zbc: carry-less multiplication

void clmul(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.b.binary(Op::ClMul, l.x(rs1), l.x(rs2))); }
void clmulh(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { l.set_x(rd, l.b.binary(Op::ClMulHigh, l.x(rs1), l.x(rs2))); }
// Bits 2*XLEN-2 to XLEN-1 of the product.
void clmulr(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) {
  const Value a = l.x(rs1);
  const Value b = l.x(rs2);
  const Value high = l.shl_by(l.b.binary(Op::ClMulHigh, a, b), 1);
  l.set_x(rd, l.or_(high, l.shr_by(l.b.binary(Op::ClMul, a, b), l.xlen_bits() - 1)));
}

// --- Zbs: single bits; the index counts modulo XLEN, as IR shifts do

namespace {

Value bit(Lifter& l, Value index) { return l.shl(l.imm(1), index); }

void bit_clear(Lifter& l, XReg rd, XReg rs1, Value index) {
  l.set_x(rd, l.b.binary(Op::Andn, l.x(rs1), bit(l, index)));
}
void bit_extract(Lifter& l, XReg rd, XReg rs1, Value index) { l.set_x(rd, l.and_(l.shr(l.x(rs1), index), l.imm(1))); }
void bit_invert(Lifter& l, XReg rd, XReg rs1, Value index) { l.set_x(rd, l.xor_(l.x(rs1), bit(l, index))); }
void bit_set(Lifter& l, XReg rd, XReg rs1, Value index) { l.set_x(rd, l.or_(l.x(rs1), bit(l, index))); }

}  // namespace

void bclr(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { bit_clear(l, rd, rs1, l.x(rs2)); }
void bclri(Lifter& l, Rd rd, Rs1 rs1, Shamt6 shamt) { bit_clear(l, rd, rs1, l.imm(shamt)); }
void bclri_32(Lifter& l, Rd rd, Rs1 rs1, Shamt5 shamt) { bit_clear(l, rd, rs1, l.imm(shamt)); }
void bext(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { bit_extract(l, rd, rs1, l.x(rs2)); }
void bexti(Lifter& l, Rd rd, Rs1 rs1, Shamt6 shamt) { bit_extract(l, rd, rs1, l.imm(shamt)); }
void bexti_32(Lifter& l, Rd rd, Rs1 rs1, Shamt5 shamt) { bit_extract(l, rd, rs1, l.imm(shamt)); }
void binv(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { bit_invert(l, rd, rs1, l.x(rs2)); }
void binvi(Lifter& l, Rd rd, Rs1 rs1, Shamt6 shamt) { bit_invert(l, rd, rs1, l.imm(shamt)); }
void binvi_32(Lifter& l, Rd rd, Rs1 rs1, Shamt5 shamt) { bit_invert(l, rd, rs1, l.imm(shamt)); }
void bset(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) { bit_set(l, rd, rs1, l.x(rs2)); }
void bseti(Lifter& l, Rd rd, Rs1 rs1, Shamt6 shamt) { bit_set(l, rd, rs1, l.imm(shamt)); }
void bseti_32(Lifter& l, Rd rd, Rs1 rs1, Shamt5 shamt) { bit_set(l, rd, rs1, l.imm(shamt)); }

// --- Zbkb: bit manipulation for cryptography

void pack(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) {
  const Type half = l.is_rv64() ? Type::I32 : Type::I16;
  l.set_x(rd, l.b.emit(Op::Concat, l.xtype(),
                       {l.b.convert(Op::Trunc, half, l.x(rs1)), l.b.convert(Op::Trunc, half, l.x(rs2))}));
}
void packh(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) {
  const Value high = l.shl_by(l.and_(l.x(rs2), l.imm(0xff)), 8);
  l.set_x(rd, l.or_(l.and_(l.x(rs1), l.imm(0xff)), high));
}
void packw(Lifter& l, Rd rd, Rs1 rs1, Rs2 rs2) {
  l.set_x_word(rd,
               l.b.emit(Op::Concat, Type::I32,
                        {l.b.convert(Op::Trunc, Type::I16, l.x(rs1)), l.b.convert(Op::Trunc, Type::I16, l.x(rs2))}));
}
void brev8(Lifter& l, Rd rd, Rs1 rs1) { l.set_x(rd, l.b.unary(Op::BitRev8, l.x(rs1))); }

namespace {

// Exchanges the bits under `mask` with those `distance` above them.
Value swap_bits(Lifter& l, Value x, int64_t mask, int64_t distance) {
  const Value difference = l.and_(l.xor_(x, l.shr_by(x, distance)), l.imm(mask));
  return l.xor_(x, l.or_(difference, l.shl_by(difference, distance)));
}

}  // namespace

// RV32 only: bits of the low half to even places, of the high half to odd ones, in four steps; unzip takes them back.
void zip(Lifter& l, Rd rd, Rs1 rs1) {
  Value x = swap_bits(l, l.x(rs1), 0x0000ff00, 8);
  x = swap_bits(l, x, 0x00f000f0, 4);
  x = swap_bits(l, x, 0x0c0c0c0c, 2);
  l.set_x(rd, swap_bits(l, x, 0x22222222, 1));
}
void unzip(Lifter& l, Rd rd, Rs1 rs1) {
  Value x = swap_bits(l, l.x(rs1), 0x22222222, 1);
  x = swap_bits(l, x, 0x0c0c0c0c, 2);
  x = swap_bits(l, x, 0x00f000f0, 4);
  l.set_x(rd, swap_bits(l, x, 0x0000ff00, 8));
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/b.inc"
#undef INST

}  // namespace menura::riscv
