// C4.1.96: Advanced SIMD shift by immediate, scalar shift by immediate.
#include <bit>

#include "frontends/arm/lift/lanes.h"

namespace menura::arm {
namespace lift {

namespace {

// immh:immb: the highest one of immh is the lane width; below it lies the amount of a left shift, or the lane width
// less that of a right shift.
struct Amount {
  int64_t size;
  unsigned left;
  unsigned right;

  Amount(int64_t immh, int64_t immb) : size(std::bit_width(static_cast<uint64_t>(immh)) - 1) {
    const auto width = 8U << size;
    left = static_cast<unsigned>(immh << 3 | immb) - width;
    right = width - left;
  }
};

// SRI and SLI: d where no bit of the operand arrives.
Value insert_right(const Lanes& v, Value d, Value n, unsigned amount) {
  if (amount == v.width()) return d;
  const uint64_t kept = ~(~uint64_t{0} >> (64 - v.width()) >> amount);
  return v.select(v.all(static_cast<int64_t>(kept)), d, v.shr(kUnsigned, n, amount));
}
Value insert_left(const Lanes& v, Value d, Value n, unsigned amount) {
  if (amount == 0) return n;
  return v.select(v.all(static_cast<int64_t>((uint64_t{1} << amount) - 1)), d, v.shl(n, amount));
}

}  // namespace

// From here on `v` are the lanes, n the operand, d the destination's value, `by` the amount.
#define VECTOR(name, direction, result)                                          \
  void name##_immediate(Lifter& l, Qbit q, Immh immh, Immb immb, Vn vn, Vd vd) { \
    const Amount amount(immh, immb);                                             \
    const unsigned by = amount.direction;                                        \
    const Lanes v(l, q != 0, amount.size);                                       \
    const Value n = v.get(vn);                                                   \
    v.set(vd, result);                                                           \
  }
#define VECTOR_INTO(name, direction, result)                                     \
  void name##_immediate(Lifter& l, Qbit q, Immh immh, Immb immb, Vn vn, Vd vd) { \
    const Amount amount(immh, immb);                                             \
    const unsigned by = amount.direction;                                        \
    const Lanes v(l, q != 0, amount.size);                                       \
    const Value n = v.get(vn);                                                   \
    const Value d = v.get(vd);                                                   \
    v.set(vd, result);                                                           \
  }
#define SCALAR_D(name, direction, result)                            \
  void name##_scalar_immediate(Lifter& l, Imm6 imm6, Vn vn, Vd vd) { \
    const Amount amount(8 | imm6 >> 3, imm6 & 7);                    \
    const unsigned by = amount.direction;                            \
    const Lanes v(l, false, 3);                                      \
    const Value n = v.get(vn);                                       \
    v.set(vd, result);                                               \
  }
#define SCALAR_D_INTO(name, direction, result)                       \
  void name##_scalar_immediate(Lifter& l, Imm6 imm6, Vn vn, Vd vd) { \
    const Amount amount(8 | imm6 >> 3, imm6 & 7);                    \
    const unsigned by = amount.direction;                            \
    const Lanes v(l, false, 3);                                      \
    const Value n = v.get(vn);                                       \
    const Value d = v.get(vd);                                       \
    v.set(vd, result);                                               \
  }
#define SCALAR(name, direction, result)                                         \
  void name##_scalar_immediate(Lifter& l, Immh immh, Immb immb, Vn vn, Vd vd) { \
    const Amount amount(immh, immb);                                            \
    const unsigned by = amount.direction;                                       \
    const Lanes v(l, false, amount.size);                                       \
    const Value n = v.get_scalar(vn);                                           \
    v.set(vd, result);                                                          \
  }
#define BOTH(name, direction, result) VECTOR(name, direction, result) SCALAR_D(name, direction, result)
#define BOTH_INTO(name, direction, result) VECTOR_INTO(name, direction, result) SCALAR_D_INTO(name, direction, result)

BOTH(sshr, right, v.shr(kSigned, n, by))
BOTH(ushr, right, v.shr(kUnsigned, n, by))
BOTH_INTO(ssra, right, v.add(d, v.shr(kSigned, n, by)))
BOTH_INTO(usra, right, v.add(d, v.shr(kUnsigned, n, by)))
BOTH(srshr, right, v.shr_rounding(kSigned, n, by))
BOTH(urshr, right, v.shr_rounding(kUnsigned, n, by))
BOTH_INTO(srsra, right, v.add(d, v.shr_rounding(kSigned, n, by)))
BOTH_INTO(ursra, right, v.add(d, v.shr_rounding(kUnsigned, n, by)))
BOTH_INTO(sri, right, insert_right(v, d, n, by))
BOTH(shl, left, v.shl(n, by))
BOTH_INTO(sli, left, insert_left(v, d, n, by))
VECTOR(sqshlu, left, v.shl_saturating(kSigned, true, n, by))
VECTOR(sqshl, left, v.shl_saturating(kSigned, false, n, by))
VECTOR(uqshl, left, v.shl_saturating(kUnsigned, true, n, by))
SCALAR(sqshlu, left, v.shl_saturating(kSigned, true, n, by))
SCALAR(sqshl, left, v.shl_saturating(kSigned, false, n, by))
SCALAR(uqshl, left, v.shl_saturating(kUnsigned, true, n, by))

// --- narrowing: immh says the width of the result; Q which half

#define NARROW(name, result)                                               \
  void name(Lifter& l, Qbit q, ImmhNarrow immh, Immb immb, Vn vn, Vd vd) { \
    const Amount amount(immh, immb);                                       \
    const unsigned by = amount.right;                                      \
    const Lanes v(l, true, amount.size + 1);                               \
    const Value n = v.get(vn);                                             \
    v.set_half(vd, q != 0, result);                                        \
  }
#define NARROW_SCALAR(name, result)                                         \
  void name##_scalar(Lifter& l, ImmhNarrow immh, Immb immb, Vn vn, Vd vd) { \
    const Amount amount(immh, immb);                                        \
    const unsigned by = amount.right;                                       \
    const Lanes v(l, true, amount.size + 1);                                \
    const Value n = v.get_scalar(vn);                                       \
    v.set_half(vd, false, result);                                          \
  }
#define NARROW_BOTH(name, result) NARROW(name, result) NARROW_SCALAR(name, result)
NARROW(shrn, v.narrow(v.shr(kUnsigned, n, by)))
NARROW(rshrn, v.narrow(v.shr_rounding(kUnsigned, n, by)))
NARROW_BOTH(sqshrn, v.narrow_saturating(kSigned, false, v.shr(kSigned, n, by)))
NARROW_BOTH(sqrshrn, v.narrow_saturating(kSigned, false, v.shr_rounding(kSigned, n, by)))
NARROW_BOTH(sqshrun, v.narrow_saturating(kSigned, true, v.shr(kSigned, n, by)))
NARROW_BOTH(sqrshrun, v.narrow_saturating(kSigned, true, v.shr_rounding(kSigned, n, by)))
NARROW_BOTH(uqshrn, v.narrow_saturating(kUnsigned, true, v.shr(kUnsigned, n, by)))
NARROW_BOTH(uqrshrn, v.narrow_saturating(kUnsigned, true, v.shr_rounding(kUnsigned, n, by)))

// --- widening

namespace {

void shift_left_long(Lifter& l, bool is_signed, bool upper, Amount amount, VReg vn, VReg vd) {
  const Lanes v(l, true, amount.size + 1);
  v.set(vd, v.shl(v.half().widen(is_signed, v.get_half(vn, upper)), amount.left));
}

}  // namespace

void sshll(Lifter& l, Qbit q, ImmhNarrow immh, Immb immb, Vn vn, Vd vd) {
  shift_left_long(l, kSigned, q != 0, {immh, immb}, vn, vd);
}
void ushll(Lifter& l, Qbit q, ImmhNarrow immh, Immb immb, Vn vn, Vd vd) {
  shift_left_long(l, kUnsigned, q != 0, {immh, immb}, vn, vd);
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/simd_shift.inc"
#undef INST

}  // namespace menura::arm
