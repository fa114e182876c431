// C4.1.96: Advanced SIMD two-register miscellaneous, across lanes, scalar pairwise.
#include "frontends/arm/helpers/helpers.h"
#include "frontends/arm/lift/lanes.h"

namespace menura::arm {
namespace lift {

using ir::Cond;

// From here on `v` are the lanes, n the operand, d the destination's value.
#define VECTOR(name, result)                              \
  void name(Lifter& l, Qbit q, Size size, Vn vn, Vd vd) { \
    const Lanes v(l, q != 0, size);                       \
    const Value n = v.get(vn);                            \
    v.set(vd, result);                                    \
  }
#define VECTOR_INTO(name, result)                         \
  void name(Lifter& l, Qbit q, Size size, Vn vn, Vd vd) { \
    const Lanes v(l, q != 0, size);                       \
    const Value n = v.get(vn);                            \
    const Value d = v.get(vd);                            \
    v.set(vd, result);                                    \
  }
#define SCALAR(name, result)                      \
  void name(Lifter& l, Size size, Vn vn, Vd vd) { \
    const Lanes v(l, false, size);                \
    const Value n = v.get_scalar(vn);             \
    v.set(vd, result);                            \
  }
#define SCALAR_INTO(name, result)                 \
  void name(Lifter& l, Size size, Vn vn, Vd vd) { \
    const Lanes v(l, false, size);                \
    const Value n = v.get_scalar(vn);             \
    const Value d = v.get_scalar(vd);             \
    v.set(vd, result);                            \
  }
#define SCALAR_D(name, result)         \
  void name(Lifter& l, Vn vn, Vd vd) { \
    const Lanes v(l, false, 3);        \
    const Value n = v.get(vn);         \
    v.set(vd, result);                 \
  }
// Lanes of a fixed width.
#define FIXED(name, size_log2, result)         \
  void name(Lifter& l, Qbit q, Vn vn, Vd vd) { \
    const Lanes v(l, q != 0, size_log2);       \
    const Value n = v.get(vn);                 \
    v.set(vd, result);                         \
  }

// --- bits and bytes

namespace {

// The lanes in reverse order within each container of so many bits.
Value reverse(const Lanes& v, Value n, unsigned container) {
  return v.op(Op::VReverse, n, {.index = container / v.width()});
}

}  // namespace

VECTOR(rev64_vector, reverse(v, n, 64))
VECTOR(rev32_vector, reverse(v, n, 32))
FIXED(rev16_vector, 0, reverse(v, n, 16))
VECTOR(cls_vector, v.count_sign_bits(n))
VECTOR(clz_vector, v.count_zeros(n))
FIXED(cnt_vector, 0, v.op(Op::VPopcnt, n))
FIXED(not_vector, 0, v.not_(n))
FIXED(rbit_vector, 0, v.op(Op::VBitRev8, n))

// --- arithmetic

VECTOR(saddlp_vector, v.add_pairs(kSigned, n))
VECTOR(uaddlp_vector, v.add_pairs(kUnsigned, n))
VECTOR_INTO(sadalp_vector, v.wider().add(d, v.add_pairs(kSigned, n)))
VECTOR_INTO(uadalp_vector, v.wider().add(d, v.add_pairs(kUnsigned, n)))
VECTOR_INTO(suqadd_vector, v.add_mixed_saturating(kSigned, d, n))
VECTOR_INTO(usqadd_vector, v.add_mixed_saturating(kUnsigned, d, n))
VECTOR(sqabs_vector, v.abs_saturating(n))
VECTOR(sqneg_vector, v.neg_saturating(n))
VECTOR(abs_vector, v.abs(n))
VECTOR(neg_vector, v.neg(n))
SCALAR_INTO(suqadd_scalar, v.add_mixed_saturating(kSigned, d, n))
SCALAR_INTO(usqadd_scalar, v.add_mixed_saturating(kUnsigned, d, n))
SCALAR(sqabs_scalar, v.abs_saturating(n))
SCALAR(sqneg_scalar, v.neg_saturating(n))
SCALAR_D(abs_scalar, v.abs(n))
SCALAR_D(neg_scalar, v.neg(n))

namespace {

// Two words at a time.
void estimate(Lifter& l, HelperName helper, bool q, VReg vn, VReg vd) {
  const Lanes v(l, true, 3);
  const Value low = l.b.call(static_cast<ir::HelperId>(helper), {v.extract(Type::I64, vn, 0)});
  Value result = v.insert(v.zero(), 0, low);
  if (q) result = v.insert(result, 1, l.b.call(static_cast<ir::HelperId>(helper), {v.extract(Type::I64, vn, 1)}));
  v.set(vd, result);
}

}  // namespace

void urecpe_vector(Lifter& l, Qbit q, Vn vn, Vd vd) { estimate(l, HelperName::Urecpe, q != 0, vn, vd); }
void ursqrte_vector(Lifter& l, Qbit q, Vn vn, Vd vd) { estimate(l, HelperName::Ursqrte, q != 0, vn, vd); }

// --- comparisons with zero

#define COMPARE_ZERO(name, cond)                           \
  VECTOR(name##_zero_vector, v.compare(cond, n, v.zero())) \
  SCALAR_D(name##_zero_scalar, v.compare(cond, n, v.zero()))
COMPARE_ZERO(cmgt, Cond::Sgt)
COMPARE_ZERO(cmge, Cond::Sge)
COMPARE_ZERO(cmeq, Cond::Eq)
COMPARE_ZERO(cmle, Cond::Sle)
COMPARE_ZERO(cmlt, Cond::Slt)

// --- narrowing, widening: Q says which half

#define NARROW(name, result)                              \
  void name(Lifter& l, Qbit q, Size size, Vn vn, Vd vd) { \
    const Lanes v(l, true, size + 1);                     \
    const Value n = v.get(vn);                            \
    v.set_half(vd, q != 0, result);                       \
  }
// Of one lane: the others are zeros, which are narrowed to zeros.
#define NARROW_SCALAR(name, result)               \
  void name(Lifter& l, Size size, Vn vn, Vd vd) { \
    const Lanes v(l, true, size + 1);             \
    const Value n = v.get_scalar(vn);             \
    v.set_half(vd, false, result);                \
  }
NARROW(xtn_vector, v.narrow(n))
NARROW(sqxtn_vector, v.narrow_saturating(kSigned, false, n))
NARROW(sqxtun_vector, v.narrow_saturating(kSigned, true, n))
NARROW(uqxtn_vector, v.narrow_saturating(kUnsigned, true, n))
NARROW_SCALAR(sqxtn_scalar, v.narrow_saturating(kSigned, false, n))
NARROW_SCALAR(sqxtun_scalar, v.narrow_saturating(kSigned, true, n))
NARROW_SCALAR(uqxtn_scalar, v.narrow_saturating(kUnsigned, true, n))

void shll_vector(Lifter& l, Qbit q, Size size, Vn vn, Vd vd) {
  const Lanes v(l, true, size + 1);
  v.set(vd, v.shl(v.half().widen(kUnsigned, v.get_half(vn, q != 0)), v.width() / 2));
}

// --- Across lanes

#define ACROSS(name, result)                              \
  void name(Lifter& l, Qbit q, Size size, Vn vn, Vd vd) { \
    const Lanes v(l, q != 0, size);                       \
    const Value n = v.get(vn);                            \
    v.set(vd, result);                                    \
  }                                                       \
  void name##_4s(Lifter& l, Vn vn, Vd vd) {               \
    const Lanes v(l, true, 2);                            \
    const Value n = v.get(vn);                            \
    v.set(vd, result);                                    \
  }
ACROSS(addv, v.op(Op::VAddAcross, n))
ACROSS(saddlv, v.wider().op(Op::VAddAcross, v.add_pairs(kSigned, n)))
ACROSS(uaddlv, v.wider().op(Op::VAddAcross, v.add_pairs(kUnsigned, n)))
ACROSS(smaxv, v.op(Op::VMaxAcross, n, {.sign_extend = kSigned}))
ACROSS(umaxv, v.op(Op::VMaxAcross, n, {.sign_extend = kUnsigned}))
ACROSS(sminv, v.op(Op::VMinAcross, n, {.sign_extend = kSigned}))
ACROSS(uminv, v.op(Op::VMinAcross, n, {.sign_extend = kUnsigned}))

// --- Scalar pairwise

void addp_scalar(Lifter& l, Vn vn, Vd vd) {
  const Lanes v(l, false, 3);
  v.set(vd, v.add(v.get_half(vn, false), v.get_half(vn, true)));
}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/simd_two_register.inc"
#undef INST

}  // namespace menura::arm
