// C4.1.95: Loads and Stores of SIMD and floating-point registers. A load clears the register above what it reads.
#include "frontends/arm/lift/lifter.h"

namespace menura::arm {
namespace lift {

namespace {

using Address = Lifter::Address;
using Indexing = Lifter::Indexing;

Value loaded(Lifter& l, Address at, unsigned size_log2) { return l.load(Type::V128, at, size_log2); }

void load_at(Lifter& l, unsigned size_log2, Address at, VReg rt) { l.set_v(rt, loaded(l, at, size_log2)); }
void store_at(Lifter& l, unsigned size_log2, Address at, VReg rt) { l.store(at, l.v(rt), size_log2); }

using Transfer = void (*)(Lifter& l, unsigned size_log2, Address at, VReg rt);

void offset(Lifter& l, Transfer transfer, unsigned size_log2, Reg rn, int64_t imm, VReg rt) {
  transfer(l, size_log2, l.address(l.x_sp(rn), imm), rt);
}
// Writeback comes last: a fault leaves the base as it was.
void indexed(Lifter& l, Transfer transfer, unsigned size_log2, Indexing indexing, Reg rn, int64_t imm, VReg rt) {
  const Value base = l.x_sp(rn);
  transfer(l, size_log2, l.address(base, indexing == Indexing::Pre ? imm : 0), rt);
  l.set_x_sp(rn, l.add(base, l.imm(imm)));
}
void register_offset(Lifter& l, Transfer transfer, unsigned size_log2, Reg rn, Reg rm, int64_t option, int64_t s,
                     VReg rt) {
  transfer(l, size_log2, l.address(l.add(l.x_sp(rn), l.index(rm, option, s != 0 ? size_log2 : 0))), rt);
}

void load_pair(Lifter& l, unsigned size_log2, Indexing indexing, Reg rn, int64_t imm, VReg rt, VReg rt2) {
  const Value base = l.x_sp(rn);
  const int64_t first = indexing == Indexing::Post ? 0 : imm;
  const Value low = loaded(l, l.address(base, first), size_log2);
  const Value high = loaded(l, l.address(base, first + (int64_t{1} << size_log2)), size_log2);
  if (indexing != Indexing::Offset) l.set_x_sp(rn, l.add(base, l.imm(imm)));
  l.set_v(rt, low);
  l.set_v(rt2, high);
}
// Where the second access faults the first has been made; the base is as it was, so that the instruction can be
// repeated.
void store_pair(Lifter& l, unsigned size_log2, Indexing indexing, Reg rn, int64_t imm, VReg rt, VReg rt2) {
  const Value base = l.x_sp(rn);
  const int64_t first = indexing == Indexing::Post ? 0 : imm;
  store_at(l, size_log2, l.address(base, first), rt);
  store_at(l, size_log2, l.address(base, first + (int64_t{1} << size_log2)), rt2);
  if (indexing != Indexing::Offset) l.set_x_sp(rn, l.add(base, l.imm(imm)));
}

}  // namespace

// The forms of one access; the scale of the unsigned offset is in the width of its field.
#define FORMS(name, unscaled_name, transfer, size_log2)                                                    \
  void name##_unsigned(Lifter& l, Imm12<12 + (size_log2)> imm12, Rn rn, Vt rt) {                           \
    offset(l, transfer, size_log2, rn, imm12, rt);                                                         \
  }                                                                                                        \
  void name##_post(Lifter& l, Imm9 imm9, Rn rn, Vt rt) {                                                   \
    indexed(l, transfer, size_log2, Indexing::Post, rn, imm9, rt);                                         \
  }                                                                                                        \
  void name##_pre(Lifter& l, Imm9 imm9, Rn rn, Vt rt) {                                                    \
    indexed(l, transfer, size_log2, Indexing::Pre, rn, imm9, rt);                                          \
  }                                                                                                        \
  void unscaled_name(Lifter& l, Imm9 imm9, Rn rn, Vt rt) { offset(l, transfer, size_log2, rn, imm9, rt); } \
  void name##_register(Lifter& l, Rm rm, Option option, Sbit s, Rn rn, Vt rt) {                            \
    register_offset(l, transfer, size_log2, rn, rm, option, s, rt);                                        \
  }
FORMS(ldr_b, ldur_b, load_at, 0)
FORMS(ldr_h, ldur_h, load_at, 1)
FORMS(ldr_s, ldur_s, load_at, 2)
FORMS(ldr_d, ldur_d, load_at, 3)
FORMS(ldr_q, ldur_q, load_at, 4)
FORMS(str_b, stur_b, store_at, 0)
FORMS(str_h, stur_h, store_at, 1)
FORMS(str_s, stur_s, store_at, 2)
FORMS(str_d, stur_d, store_at, 3)
FORMS(str_q, stur_q, store_at, 4)
#undef FORMS

// The no-allocate hint is about caches.
#define PAIR(name, transfer, letter, size_log2)                                                  \
  void name##np_##letter(Lifter& l, Imm7<7 + (size_log2)> imm7, Vt2 rt2, Rn rn, Vt rt) {         \
    transfer(l, size_log2, Indexing::Offset, rn, imm7, rt, rt2);                                 \
  }                                                                                              \
  void name##p_##letter##_offset(Lifter& l, Imm7<7 + (size_log2)> imm7, Vt2 rt2, Rn rn, Vt rt) { \
    transfer(l, size_log2, Indexing::Offset, rn, imm7, rt, rt2);                                 \
  }                                                                                              \
  void name##p_##letter##_post(Lifter& l, Imm7<7 + (size_log2)> imm7, Vt2 rt2, Rn rn, Vt rt) {   \
    transfer(l, size_log2, Indexing::Post, rn, imm7, rt, rt2);                                   \
  }                                                                                              \
  void name##p_##letter##_pre(Lifter& l, Imm7<7 + (size_log2)> imm7, Vt2 rt2, Rn rn, Vt rt) {    \
    transfer(l, size_log2, Indexing::Pre, rn, imm7, rt, rt2);                                    \
  }
PAIR(ld, load_pair, s, 2)
PAIR(ld, load_pair, d, 3)
PAIR(ld, load_pair, q, 4)
PAIR(st, store_pair, s, 2)
PAIR(st, store_pair, d, 3)
PAIR(st, store_pair, q, 4)
#undef PAIR

// --- Load register (literal)

void ldr_literal_s(Lifter& l, Imm19 imm19, Vt rt) { load_at(l, 2, {l.b.pc_value(l.target(imm19))}, rt); }
void ldr_literal_d(Lifter& l, Imm19 imm19, Vt rt) { load_at(l, 3, {l.b.pc_value(l.target(imm19))}, rt); }
void ldr_literal_q(Lifter& l, Imm19 imm19, Vt rt) { load_at(l, 4, {l.b.pc_value(l.target(imm19))}, rt); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/simd_loads_stores.inc"
#undef INST

}  // namespace menura::arm
