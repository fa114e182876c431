// C4.1.93: Data Processing -- Immediate.
#include "frontends/arm/lift/lifter.h"

namespace menura::arm {
namespace lift {

using Result = Lifter::Result;

// --- PC-rel. addressing

void adr(Lifter& l, Rd rd, ImmAdr imm) { l.set_x(rd, l.b.pc_value(l.target(imm))); }
// C6.2.12: relative to the 4 KiB page.
void adrp(Lifter& l, Rd rd, ImmAdrp imm) {
  constexpr uint64_t kPage = 4096;
  l.set_x(rd, l.b.pc_value((l.b.pc() & ~(kPage - 1)) + static_cast<uint64_t>(int64_t{imm})));
}

// --- Add/subtract (immediate)

namespace {

Value shifted(Lifter& l, bool sf, int64_t imm12, bool sh) { return l.imm(sf, imm12 << (sh ? 12 : 0)); }
Result use_of(Reg rd) { return rd == kZr ? Result::Dropped : Result::Kept; }

}  // namespace

void add_immediate(Lifter& l, Sf sf, Sh sh, Imm12<> imm12, Rn rn, Rd rd) {
  const Value a = l.r_sp(sf, rn);
  l.set_r_sp(sf, rd, imm12 == 0 ? a : l.add(a, shifted(l, sf, imm12, sh)));
}
void sub_immediate(Lifter& l, Sf sf, Sh sh, Imm12<> imm12, Rn rn, Rd rd) {
  const Value a = l.r_sp(sf, rn);
  l.set_r_sp(sf, rd, imm12 == 0 ? a : l.add(a, shifted(l, sf, -imm12, sh)));
}
void adds_immediate(Lifter& l, Sf sf, Sh sh, Imm12<> imm12, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.add_flags(l.r_sp(sf, rn), shifted(l, sf, imm12, sh), use_of(rd)));
}
void subs_immediate(Lifter& l, Sf sf, Sh sh, Imm12<> imm12, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.sub_flags(l.r_sp(sf, rn), shifted(l, sf, imm12, sh), use_of(rd)));
}

// --- Min/max (immediate)

void smax_immediate(Lifter& l, Sf sf, Simm8 imm, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.b.binary(Op::MaxS, l.r(sf, rn), l.imm(sf, imm)));
}
void umax_immediate(Lifter& l, Sf sf, Imm8 imm, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.b.binary(Op::MaxU, l.r(sf, rn), l.imm(sf, imm)));
}
void smin_immediate(Lifter& l, Sf sf, Simm8 imm, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.b.binary(Op::MinS, l.r(sf, rn), l.imm(sf, imm)));
}
void umin_immediate(Lifter& l, Sf sf, Imm8 imm, Rn rn, Rd rd) {
  l.set_r(sf, rd, l.b.binary(Op::MinU, l.r(sf, rn), l.imm(sf, imm)));
}

// --- Logical (immediate)

namespace {

// is_reserved() has refused immediates that decode to nothing.
Value mask(Lifter& l, bool sf, int64_t n, int64_t immr, int64_t imms) {
  uint64_t bits = 0;
  decode_bit_masks(static_cast<unsigned>(n), static_cast<unsigned>(imms), static_cast<unsigned>(immr), sf ? 64 : 32,
                   bits);
  return l.imm(sf, sf ? static_cast<int64_t>(bits) : static_cast<int32_t>(bits));
}

}  // namespace

void and_immediate(Lifter& l, Sf sf, Nbit n, Immr immr, Imms imms, Rn rn, Rd rd) {
  l.set_r_sp(sf, rd, l.and_(l.r(sf, rn), mask(l, sf, n, immr, imms)));
}
void orr_immediate(Lifter& l, Sf sf, Nbit n, Immr immr, Imms imms, Rn rn, Rd rd) {
  const Value bits = mask(l, sf, n, immr, imms);
  l.set_r_sp(sf, rd, Reg(rn) == kZr ? bits : l.or_(l.r(sf, rn), bits));
}
void eor_immediate(Lifter& l, Sf sf, Nbit n, Immr immr, Imms imms, Rn rn, Rd rd) {
  l.set_r_sp(sf, rd, l.xor_(l.r(sf, rn), mask(l, sf, n, immr, imms)));
}
void ands_immediate(Lifter& l, Sf sf, Nbit n, Immr immr, Imms imms, Rn rn, Rd rd) {
  const Value result = l.and_(l.r(sf, rn), mask(l, sf, n, immr, imms));
  l.logic_flags(result);
  l.set_r(sf, rd, result);
}

// --- Move wide (immediate)

namespace {

uint64_t wide(int64_t imm16, int64_t hw) { return static_cast<uint64_t>(imm16) << (16 * hw); }

}  // namespace

void movn(Lifter& l, Sf sf, Hw hw, Imm16 imm16, Rd rd) {
  const uint64_t value = ~wide(imm16, hw);
  l.set_x(rd, l.imm(static_cast<int64_t>(sf != 0 ? value : static_cast<uint32_t>(value))));
}
void movz(Lifter& l, Sf, Hw hw, Imm16 imm16, Rd rd) { l.set_x(rd, l.imm(static_cast<int64_t>(wide(imm16, hw)))); }
void movk(Lifter& l, Sf sf, Hw hw, Imm16 imm16, Rd rd) {
  const Value cleared = l.and_(l.r(sf, rd), l.imm(sf, static_cast<int64_t>(~wide(0xffff, hw))));
  l.set_r(sf, rd, l.or_(cleared, l.imm(sf, static_cast<int64_t>(wide(imm16, hw)))));
}

// --- Bitfield

namespace {

// Where the bits go: C6.2.354 and others. immr <= imms: a field moves down to bit 0, else the low imms + 1 bits move
// up.
struct Bitfield {
  unsigned width;
  unsigned from;  // lowest bit in the source
  unsigned to;    // lowest bit in the result
  unsigned count;

  Bitfield(bool sf, int64_t immr, int64_t imms) : width(sf ? 64 : 32) {
    const auto r = static_cast<unsigned>(immr);
    const auto s = static_cast<unsigned>(imms);
    from = r <= s ? r : 0;
    to = r <= s ? 0 : width - r;
    count = r <= s ? s - r + 1 : s + 1;
  }
  uint64_t ones() const { return ~uint64_t{0} >> (64 - count); }
};

// The field at the top of a register, then down to where it goes: the sign or zeros enter.
Value moved(Lifter& l, Bitfield f, Value source, bool is_signed) {
  const Value top = l.shl_by(source, f.width - f.from - f.count);
  const unsigned down = f.width - f.to - f.count;
  return is_signed ? l.sar_by(top, down) : l.shr_by(top, down);
}

}  // namespace

void sbfm(Lifter& l, Sf sf, Nbit, Immr immr, Imms imms, Rn rn, Rd rd) {
  const Bitfield f(sf, immr, imms);
  const Type narrow = f.count == 8 ? Type::I8 : f.count == 16 ? Type::I16 : Type::I32;
  if (f.from == 0 && f.to == 0 && (f.count == 8 || f.count == 16 || (f.count == 32 && f.width == 64))) {
    return l.set_r(sf, rd, l.b.convert(Op::Sext, l.type_of(sf), l.b.convert(Op::Trunc, narrow, l.x(rn))));
  }
  l.set_r(sf, rd, moved(l, f, l.r(sf, rn), true));
}
void ubfm(Lifter& l, Sf sf, Nbit, Immr immr, Imms imms, Rn rn, Rd rd) {
  const Bitfield f(sf, immr, imms);
  const Value source = l.r(sf, rn);
  if (f.from + f.count == f.width || f.to + f.count == f.width) return l.set_r(sf, rd, moved(l, f, source, false));
  const Value field = l.and_(l.shr_by(source, f.from), l.imm(sf, static_cast<int64_t>(f.ones())));
  l.set_r(sf, rd, l.shl_by(field, f.to));
}
void bfm(Lifter& l, Sf sf, Nbit, Immr immr, Imms imms, Rn rn, Rd rd) {
  const Bitfield f(sf, immr, imms);
  if (f.count == f.width) return l.set_r(sf, rd, l.r(sf, rn));
  const uint64_t place = f.ones() << f.to;
  Value field = l.shl_by(l.shr_by(l.r(sf, rn), f.from), f.to);
  field = l.and_(field, l.imm(sf, static_cast<int64_t>(place)));
  l.set_r(sf, rd, l.or_(l.and_(l.r(sf, rd), l.imm(sf, static_cast<int64_t>(~place))), field));
}

// --- Extract

void extr(Lifter& l, Sf sf, Nbit, Rm rm, Imms imms, Rn rn, Rd rd) {
  const Value low = l.r(sf, rm);
  if (imms == 0) return l.set_r(sf, rd, low);
  if (Reg(rn) == Reg(rm)) return l.set_r(sf, rd, l.rotr_by(low, imms));
  const int64_t width = sf != 0 ? 64 : 32;
  l.set_r(sf, rd, l.or_(l.shr_by(low, imms), l.shl_by(l.r(sf, rn), width - imms)));
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/data_processing_immediate.inc"
#undef INST

}  // namespace menura::arm
