// C4.1.96: Advanced SIMD three same, scalar three same.
#include "frontends/arm/lift/lanes.h"

namespace menura::arm {
namespace lift {

using ir::Cond;

// From here on `v` are the lanes, n and m the operands, d the destination's value.
#define VECTOR(name, result)                                     \
  void name(Lifter& l, Qbit q, Size size, Vm vm, Vn vn, Vd vd) { \
    const Lanes v(l, q != 0, size);                              \
    const Value n = v.get(vn);                                   \
    const Value m = v.get(vm);                                   \
    v.set(vd, result);                                           \
  }
#define ACCUMULATE(name, result)                                 \
  void name(Lifter& l, Qbit q, Size size, Vm vm, Vn vn, Vd vd) { \
    const Lanes v(l, q != 0, size);                              \
    const Value n = v.get(vn);                                   \
    const Value m = v.get(vm);                                   \
    const Value d = v.get(vd);                                   \
    v.set(vd, result);                                           \
  }
// One 64-bit lane; one lane of any width.
#define SCALAR_D(name, result)                \
  void name(Lifter& l, Vm vm, Vn vn, Vd vd) { \
    const Lanes v(l, false, 3);               \
    const Value n = v.get(vn);                \
    const Value m = v.get(vm);                \
    v.set(vd, result);                        \
  }
#define SCALAR(name, result)                             \
  void name(Lifter& l, Size size, Vm vm, Vn vn, Vd vd) { \
    const Lanes v(l, false, size);                       \
    const Value n = v.get_scalar(vn);                    \
    const Value m = v.get_scalar(vm);                    \
    v.set(vd, result);                                   \
  }
#define VECTOR_AND_SCALAR_D(name, result) VECTOR(name##_vector, result) SCALAR_D(name##_scalar, result)
#define VECTOR_AND_SCALAR(name, result) VECTOR(name##_vector, result) SCALAR(name##_scalar, result)

// --- halving, saturating

VECTOR(shadd_vector, v.halving_add(kSigned, false, n, m))
VECTOR(uhadd_vector, v.halving_add(kUnsigned, false, n, m))
VECTOR(srhadd_vector, v.halving_add(kSigned, true, n, m))
VECTOR(urhadd_vector, v.halving_add(kUnsigned, true, n, m))
VECTOR(shsub_vector, v.halving_sub(kSigned, n, m))
VECTOR(uhsub_vector, v.halving_sub(kUnsigned, n, m))
VECTOR_AND_SCALAR(sqadd, v.add_saturating(kSigned, n, m))
VECTOR_AND_SCALAR(uqadd, v.add_saturating(kUnsigned, n, m))
VECTOR_AND_SCALAR(sqsub, v.sub_saturating(kSigned, n, m))
VECTOR_AND_SCALAR(uqsub, v.sub_saturating(kUnsigned, n, m))

// --- comparisons

VECTOR_AND_SCALAR_D(cmgt, v.compare(Cond::Sgt, n, m))
VECTOR_AND_SCALAR_D(cmhi, v.compare(Cond::Ugt, n, m))
VECTOR_AND_SCALAR_D(cmge, v.compare(Cond::Sge, n, m))
VECTOR_AND_SCALAR_D(cmhs, v.compare(Cond::Uge, n, m))
VECTOR_AND_SCALAR_D(cmtst, v.test(n, m))
VECTOR_AND_SCALAR_D(cmeq, v.compare(Cond::Eq, n, m))

// --- shifts

VECTOR_AND_SCALAR_D(sshl, v.shift(kSigned, false, n, m))
VECTOR_AND_SCALAR_D(ushl, v.shift(kUnsigned, false, n, m))
VECTOR_AND_SCALAR_D(srshl, v.shift(kSigned, true, n, m))
VECTOR_AND_SCALAR_D(urshl, v.shift(kUnsigned, true, n, m))
VECTOR_AND_SCALAR(sqshl, v.shift_saturating(kSigned, false, n, m))
VECTOR_AND_SCALAR(uqshl, v.shift_saturating(kUnsigned, false, n, m))
VECTOR_AND_SCALAR(sqrshl, v.shift_saturating(kSigned, true, n, m))
VECTOR_AND_SCALAR(uqrshl, v.shift_saturating(kUnsigned, true, n, m))

// --- minimum, maximum, differences

VECTOR(smax_vector, v.max(kSigned, n, m))
VECTOR(umax_vector, v.max(kUnsigned, n, m))
VECTOR(smin_vector, v.min(kSigned, n, m))
VECTOR(umin_vector, v.min(kUnsigned, n, m))
VECTOR(sabd_vector, v.absolute_difference(kSigned, n, m))
VECTOR(uabd_vector, v.absolute_difference(kUnsigned, n, m))
ACCUMULATE(saba_vector, v.add(d, v.absolute_difference(kSigned, n, m)))
ACCUMULATE(uaba_vector, v.add(d, v.absolute_difference(kUnsigned, n, m)))

// --- sums and products

VECTOR_AND_SCALAR_D(add, v.add(n, m))
VECTOR_AND_SCALAR_D(sub, v.sub(n, m))
ACCUMULATE(mla_vector, v.add(d, v.mul(n, m)))
ACCUMULATE(mls_vector, v.sub(d, v.mul(n, m)))
VECTOR(mul_vector, v.mul(n, m))
VECTOR_AND_SCALAR(sqdmulh, v.mul_doubling_high(false, n, m))
VECTOR_AND_SCALAR(sqrdmulh, v.mul_doubling_high(true, n, m))

void pmul_vector(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) {
  const Lanes v(l, q != 0, 0);
  v.set(vd, v.polynomial_mul(v.get(vn), v.get(vm)));
}

// --- pairwise

VECTOR(smaxp_vector, v.pairwise_max(kSigned, n, m))
VECTOR(umaxp_vector, v.pairwise_max(kUnsigned, n, m))
VECTOR(sminp_vector, v.pairwise_min(kSigned, n, m))
VECTOR(uminp_vector, v.pairwise_min(kUnsigned, n, m))
VECTOR(addp_vector, v.pairwise_add(n, m))

// --- bitwise

#define BITWISE(name, result)                         \
  void name(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { \
    const Lanes v(l, q != 0, 0);                      \
    const Value n = v.get(vn);                        \
    const Value m = v.get(vm);                        \
    v.set(vd, result);                                \
  }
#define BITWISE_INTO(name, result)                    \
  void name(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) { \
    const Lanes v(l, q != 0, 0);                      \
    const Value n = v.get(vn);                        \
    const Value m = v.get(vm);                        \
    const Value d = v.get(vd);                        \
    v.set(vd, result);                                \
  }
BITWISE(and_vector, v.and_(n, m))
BITWISE(bic_vector, v.andn(n, m))
BITWISE(orr_vector, VReg(vn) == VReg(vm) ? n : v.or_(n, m))
BITWISE(orn_vector, v.or_(n, v.not_(m)))
BITWISE(eor_vector, v.xor_(n, m))
BITWISE_INTO(bsl_vector, v.select(d, n, m))
BITWISE_INTO(bit_vector, v.select(m, n, d))
BITWISE_INTO(bif_vector, v.select(m, d, n))

// --- Three same (extra)

ACCUMULATE(sqrdmlah_vector, v.mul_doubling_high_add(false, d, n, m))
ACCUMULATE(sqrdmlsh_vector, v.mul_doubling_high_add(true, d, n, m))

#define SCALAR_INTO(name, result)                        \
  void name(Lifter& l, Size size, Vm vm, Vn vn, Vd vd) { \
    const Lanes v(l, false, size);                       \
    const Value n = v.get_scalar(vn);                    \
    const Value m = v.get_scalar(vm);                    \
    const Value d = v.get_scalar(vd);                    \
    v.set(vd, result);                                   \
  }
SCALAR_INTO(sqrdmlah_scalar, v.mul_doubling_high_add(false, d, n, m))
SCALAR_INTO(sqrdmlsh_scalar, v.mul_doubling_high_add(true, d, n, m))

#define DOT(name, sign_n, sign_m)                                                                                \
  void name(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) {                                                            \
    const Lanes v(l, q != 0, 2);                                                                                 \
    v.set(vd, v.op(Op::VDot, v.get(vd), v.get(vn), v.get(vm), {.sign_extend = sign_n, .sign_extend2 = sign_m})); \
  }
DOT(sdot_vector, kSigned, kSigned)
DOT(udot_vector, kUnsigned, kUnsigned)
DOT(usdot_vector, kUnsigned, kSigned)

namespace {

// MatMulAdd (shared/functions/vector): 2 x 2 words plus 2 x 8 bytes times 8 x 2 bytes. Row i of the first is doubleword
// i of n, column j of the second doubleword j of m.
void matrix_mul(Lifter& l, LaneDesc signs, VReg vm, VReg vn, VReg vd) {
  const Lanes v(l, true, 2);
  const Value n = v.get(vn);
  const Value m = v.get(vm);
  const auto transposed = [&](unsigned half) { return v.op(Op::VTranspose, n, n, {.index = half}); };
  const Value first_halves = v.op(Op::VDot, v.get(vd), transposed(0), v.even(m, m), signs);
  v.set(vd, v.op(Op::VDot, first_halves, transposed(1), v.odd(m, m), signs));
}

}  // namespace

void smmla(Lifter& l, Vm vm, Vn vn, Vd vd) { matrix_mul(l, {.sign_extend = 1, .sign_extend2 = 1}, vm, vn, vd); }
void ummla(Lifter& l, Vm vm, Vn vn, Vd vd) { matrix_mul(l, {}, vm, vn, vd); }
void usmmla(Lifter& l, Vm vm, Vn vn, Vd vd) { matrix_mul(l, {.sign_extend2 = 1}, vm, vn, vd); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/simd_three_same.inc"
#undef INST

}  // namespace menura::arm
