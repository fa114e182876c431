// C4.1.96: Advanced SIMD copy, permute, extract, table lookup, modified immediate.
#include "frontends/arm/lift/lanes.h"

namespace menura::arm {
namespace lift {

// --- Copy

namespace {

void dup_element(Lifter& l, bool q, int64_t size, int64_t index, VReg vn, VReg vd) {
  const Lanes v(l, q, size);
  v.set(vd, v.splat_lane(vn, index));
}
void dup_general(Lifter& l, bool q, int64_t size, Reg rn, VReg vd) {
  const Lanes v(l, q, size);
  v.set(vd, v.splat(l.x(rn)));
}
void dup_scalar(Lifter& l, int64_t size, int64_t index, VReg vn, VReg vd) {
  const Lanes v(l, true, size);
  if (size == 3) return l.set_v(vd, l.b.convert(Op::VZext, Type::V128, index == 0 ? v.low(l.v(vn)) : v.high(l.v(vn))));
  v.set(vd, v.insert_lane(v.zero(), 0, l.v(vn), index));
}
void umov(Lifter& l, int64_t size, int64_t index, VReg vn, Reg rd) {
  l.set_x(rd, Lanes(l, true, size).extract(Type::I64, vn, index));
}
void smov(Lifter& l, bool is_64, int64_t size, int64_t index, VReg vn, Reg rd) {
  l.set_r(is_64, rd, Lanes(l, true, size).extract(Lifter::type_of(is_64), vn, index, kSigned));
}
void ins_general(Lifter& l, int64_t size, int64_t index, Reg rn, VReg vd) {
  const Lanes v(l, true, size);
  v.set(vd, v.insert(v.get(vd), index, l.x(rn)));
}
void ins_element(Lifter& l, int64_t size, int64_t index, int64_t from, VReg vn, VReg vd) {
  const Lanes v(l, true, size);
  v.set(vd, v.insert_lane(v.get(vd), index, v.get(vn), from));
}

}  // namespace

void dup_element_b(Lifter& l, Qbit q, Index<4> index, Vn vn, Vd vd) { dup_element(l, q != 0, 0, index, vn, vd); }
void dup_element_h(Lifter& l, Qbit q, Index<3> index, Vn vn, Vd vd) { dup_element(l, q != 0, 1, index, vn, vd); }
void dup_element_s(Lifter& l, Qbit q, Index<2> index, Vn vn, Vd vd) { dup_element(l, q != 0, 2, index, vn, vd); }
void dup_element_d(Lifter& l, Index<1> index, Vn vn, Vd vd) { dup_element(l, true, 3, index, vn, vd); }
void dup_general_b(Lifter& l, Qbit q, Rn rn, Vd vd) { dup_general(l, q != 0, 0, rn, vd); }
void dup_general_h(Lifter& l, Qbit q, Rn rn, Vd vd) { dup_general(l, q != 0, 1, rn, vd); }
void dup_general_s(Lifter& l, Qbit q, Rn rn, Vd vd) { dup_general(l, q != 0, 2, rn, vd); }
void dup_general_d(Lifter& l, Rn rn, Vd vd) { dup_general(l, true, 3, rn, vd); }
void smov_b_32(Lifter& l, Index<4> index, Vn vn, Rd rd) { smov(l, false, 0, index, vn, rd); }
void smov_h_32(Lifter& l, Index<3> index, Vn vn, Rd rd) { smov(l, false, 1, index, vn, rd); }
void smov_b_64(Lifter& l, Index<4> index, Vn vn, Rd rd) { smov(l, true, 0, index, vn, rd); }
void smov_h_64(Lifter& l, Index<3> index, Vn vn, Rd rd) { smov(l, true, 1, index, vn, rd); }
void smov_s_64(Lifter& l, Index<2> index, Vn vn, Rd rd) { smov(l, true, 2, index, vn, rd); }
void umov_b(Lifter& l, Index<4> index, Vn vn, Rd rd) { umov(l, 0, index, vn, rd); }
void umov_h(Lifter& l, Index<3> index, Vn vn, Rd rd) { umov(l, 1, index, vn, rd); }
void umov_s(Lifter& l, Index<2> index, Vn vn, Rd rd) { umov(l, 2, index, vn, rd); }
void umov_d(Lifter& l, Index<1> index, Vn vn, Rd rd) { umov(l, 3, index, vn, rd); }
void ins_general_b(Lifter& l, Index<4> index, Rn rn, Vd vd) { ins_general(l, 0, index, rn, vd); }
void ins_general_h(Lifter& l, Index<3> index, Rn rn, Vd vd) { ins_general(l, 1, index, rn, vd); }
void ins_general_s(Lifter& l, Index<2> index, Rn rn, Vd vd) { ins_general(l, 2, index, rn, vd); }
void ins_general_d(Lifter& l, Index<1> index, Rn rn, Vd vd) { ins_general(l, 3, index, rn, vd); }
void ins_element_b(Lifter& l, Index<4> to, ImmIndex<4> from, Vn vn, Vd vd) { ins_element(l, 0, to, from, vn, vd); }
void ins_element_h(Lifter& l, Index<3> to, ImmIndex<3> from, Vn vn, Vd vd) { ins_element(l, 1, to, from, vn, vd); }
void ins_element_s(Lifter& l, Index<2> to, ImmIndex<2> from, Vn vn, Vd vd) { ins_element(l, 2, to, from, vn, vd); }
void ins_element_d(Lifter& l, Index<1> to, ImmIndex<1> from, Vn vn, Vd vd) { ins_element(l, 3, to, from, vn, vd); }
void dup_scalar_b(Lifter& l, Index<4> index, Vn vn, Vd vd) { dup_scalar(l, 0, index, vn, vd); }
void dup_scalar_h(Lifter& l, Index<3> index, Vn vn, Vd vd) { dup_scalar(l, 1, index, vn, vd); }
void dup_scalar_s(Lifter& l, Index<2> index, Vn vn, Vd vd) { dup_scalar(l, 2, index, vn, vd); }
void dup_scalar_d(Lifter& l, Index<1> index, Vn vn, Vd vd) { dup_scalar(l, 3, index, vn, vd); }

// --- Permute

#define PERMUTE(name, opcode, half)                                 \
  void name(Lifter& l, Qbit q, Size size, Vm vm, Vn vn, Vd vd) {    \
    const Lanes v(l, q != 0, size);                                 \
    v.set(vd, v.op(opcode, v.get(vn), v.get(vm), {.index = half})); \
  }
PERMUTE(uzp1, Op::VUnzip, 0)
PERMUTE(uzp2, Op::VUnzip, 1)
PERMUTE(trn1, Op::VTranspose, 0)
PERMUTE(trn2, Op::VTranspose, 1)
PERMUTE(zip1, Op::VZip, 0)
PERMUTE(zip2, Op::VZip, 1)

// --- Extract

namespace {

void ext(Lifter& l, bool q, int64_t from, VReg vm, VReg vn, VReg vd) {
  const Lanes v(l, q, 0);
  v.set(vd, v.bytes(v.get(vn), v.get(vm), from));
}

}  // namespace

void ext_64(Lifter& l, Vm vm, ImmIndex<3> from, Vn vn, Vd vd) { ext(l, false, from, vm, vn, vd); }
void ext_128(Lifter& l, Vm vm, ImmIndex<4> from, Vn vn, Vd vd) { ext(l, true, from, vm, vn, vd); }

// --- Table lookup: numbers that a table does not have give 0, so the tables' results can be or-ed

namespace {

Value look_up(Lifter& l, unsigned tables, VReg vn, Value numbers) {
  const Lanes v(l, true, 0);
  Value result = ir::kNoValue;
  for (unsigned i = 0; i < tables; ++i) {
    const Value here = i == 0 ? numbers : v.sub(numbers, v.all(16 * i));
    const Value found = v.op(Op::VTable, l.v(VReg((vn.number + i) % 32)), here);
    result = i == 0 ? found : v.or_(result, found);
  }
  return result;
}

void tbl(Lifter& l, unsigned tables, bool q, VReg vm, VReg vn, VReg vd) {
  const Lanes v(l, q, 0);
  const Value result = look_up(l, tables, vn, l.v(vm));
  v.set(vd, q ? result : v.low(result));
}
void tbx(Lifter& l, unsigned tables, bool q, VReg vm, VReg vn, VReg vd) {
  const Lanes v(l, q, 0);
  const Lanes whole(l, true, 0);
  const Value in_range = whole.compare(ir::Cond::Ult, l.v(vm), whole.all(16 * tables));
  const Value result = whole.select(in_range, look_up(l, tables, vn, l.v(vm)), l.v(vd));
  v.set(vd, q ? result : v.low(result));
}

}  // namespace

void tbl_1(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { tbl(l, 1, q != 0, vm, vn, vd); }
void tbl_2(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { tbl(l, 2, q != 0, vm, vn, vd); }
void tbl_3(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { tbl(l, 3, q != 0, vm, vn, vd); }
void tbl_4(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { tbl(l, 4, q != 0, vm, vn, vd); }
void tbx_1(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { tbx(l, 1, q != 0, vm, vn, vd); }
void tbx_2(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { tbx(l, 2, q != 0, vm, vn, vd); }
void tbx_3(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { tbx(l, 3, q != 0, vm, vn, vd); }
void tbx_4(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { tbx(l, 4, q != 0, vm, vn, vd); }

// --- Modified immediate (AdvSIMDExpandImm)

namespace {

enum class Use { Move, MoveNot, Or, Clear };

void immediate(Lifter& l, Use use, bool q, int64_t size, int64_t value, VReg vd) {
  const Lanes v(l, q, size);
  switch (use) {
    case Use::Move:
      return v.set(vd, v.all(value));
    case Use::MoveNot:
      return v.set(vd, v.all(~value));
    case Use::Or:
      return v.set(vd, v.or_(v.get(vd), v.all(value)));
    case Use::Clear:
      return v.set(vd, v.and_(v.get(vd), v.all(~value)));
  }
}

// With ones below, 8 or 16 of them.
int64_t with_ones(int64_t imm8, int64_t msl) { return msl == 0 ? imm8 << 8 | 0xff : imm8 << 16 | 0xffff; }

// Each bit is a byte of ones or zeros.
int64_t byte_mask(int64_t imm8) {
  uint64_t mask = 0;
  for (unsigned bit = 0; bit < 8; ++bit) mask |= (imm8 >> bit & 1) != 0 ? uint64_t{0xff} << (8 * bit) : 0;
  return static_cast<int64_t>(mask);
}

}  // namespace

#define SHIFTED(name, use)                                                                                          \
  void name##_s(Lifter& l, Qbit q, Imm8 imm8, Lsl<5> lsl, Vd vd) { immediate(l, use, q != 0, 2, imm8 << lsl, vd); } \
  void name##_h(Lifter& l, Qbit q, Imm8 imm8, Lsl<4> lsl, Vd vd) { immediate(l, use, q != 0, 1, imm8 << lsl, vd); }
SHIFTED(movi, Use::Move)
SHIFTED(mvni, Use::MoveNot)
SHIFTED(orr_immediate, Use::Or)
SHIFTED(bic_immediate, Use::Clear)

void movi_s_ones(Lifter& l, Qbit q, Imm8 imm8, Msl msl, Vd vd) {
  immediate(l, Use::Move, q != 0, 2, with_ones(imm8, msl), vd);
}
void mvni_s_ones(Lifter& l, Qbit q, Imm8 imm8, Msl msl, Vd vd) {
  immediate(l, Use::MoveNot, q != 0, 2, with_ones(imm8, msl), vd);
}
void movi_b(Lifter& l, Qbit q, Imm8 imm8, Vd vd) { immediate(l, Use::Move, q != 0, 0, imm8, vd); }
void movi_scalar(Lifter& l, Imm8 imm8, Vd vd) { immediate(l, Use::Move, false, 3, byte_mask(imm8), vd); }
void movi_d(Lifter& l, Imm8 imm8, Vd vd) { immediate(l, Use::Move, true, 3, byte_mask(imm8), vd); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/simd_moves.inc"
#undef INST

}  // namespace menura::arm
