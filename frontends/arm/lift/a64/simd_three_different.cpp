// C4.1.96: Advanced SIMD three different, vector x indexed element, and their scalar forms. Q of a widening or
// narrowing instruction says which half of the narrower vectors it takes or makes.
#include "frontends/arm/lift/lanes.h"

namespace menura::arm {
namespace lift {

// --- Three different: long and wide. From here on `h` are the narrower lanes in 64 bits, `v` the wider ones in 128; n
// and m the operands, d the destination's value.

#define LONG(name, result)                                       \
  void name(Lifter& l, Qbit q, Size size, Vm vm, Vn vn, Vd vd) { \
    const Lanes v(l, true, size + 1);                            \
    const Lanes h = v.half();                                    \
    const Value n = v.get_half(vn, q != 0);                      \
    const Value m = v.get_half(vm, q != 0);                      \
    v.set(vd, result);                                           \
  }
#define LONG_INTO(name, result)                                  \
  void name(Lifter& l, Qbit q, Size size, Vm vm, Vn vn, Vd vd) { \
    const Lanes v(l, true, size + 1);                            \
    const Lanes h = v.half();                                    \
    const Value n = v.get_half(vn, q != 0);                      \
    const Value m = v.get_half(vm, q != 0);                      \
    const Value d = v.get(vd);                                   \
    v.set(vd, result);                                           \
  }
#define WIDE(name, result)                                       \
  void name(Lifter& l, Qbit q, Size size, Vm vm, Vn vn, Vd vd) { \
    const Lanes v(l, true, size + 1);                            \
    const Lanes h = v.half();                                    \
    const Value n = v.get(vn);                                   \
    const Value m = v.get_half(vm, q != 0);                      \
    v.set(vd, result);                                           \
  }
LONG(saddl, v.add(h.widen(kSigned, n), h.widen(kSigned, m)))
LONG(uaddl, v.add(h.widen(kUnsigned, n), h.widen(kUnsigned, m)))
LONG(ssubl, v.sub(h.widen(kSigned, n), h.widen(kSigned, m)))
LONG(usubl, v.sub(h.widen(kUnsigned, n), h.widen(kUnsigned, m)))
WIDE(saddw, v.add(n, h.widen(kSigned, m)))
WIDE(uaddw, v.add(n, h.widen(kUnsigned, m)))
WIDE(ssubw, v.sub(n, h.widen(kSigned, m)))
WIDE(usubw, v.sub(n, h.widen(kUnsigned, m)))
// A difference as an unsigned number fits in the narrower lane.
LONG(sabdl, h.widen(kUnsigned, h.absolute_difference(kSigned, n, m)))
LONG(uabdl, h.widen(kUnsigned, h.absolute_difference(kUnsigned, n, m)))
LONG_INTO(sabal, v.add(d, h.widen(kUnsigned, h.absolute_difference(kSigned, n, m))))
LONG_INTO(uabal, v.add(d, h.widen(kUnsigned, h.absolute_difference(kUnsigned, n, m))))

// --- Three different: high halves

#define HIGH_HALVES(name, result)                                \
  void name(Lifter& l, Qbit q, Size size, Vm vm, Vn vn, Vd vd) { \
    const Lanes v(l, true, size + 1);                            \
    const Value n = v.get(vn);                                   \
    const Value m = v.get(vm);                                   \
    v.set_half(vd, q != 0, v.narrow_high(result));               \
  }
HIGH_HALVES(addhn, v.add(n, m))
HIGH_HALVES(subhn, v.sub(n, m))
HIGH_HALVES(raddhn, v.add(v.add(n, m), v.all(int64_t{1} << (v.width() / 2 - 1))))
HIGH_HALVES(rsubhn, v.add(v.sub(n, m), v.all(int64_t{1} << (v.width() / 2 - 1))))

// --- Three different: products

LONG(smull, h.mul_long(kSigned, n, m))
LONG(umull, h.mul_long(kUnsigned, n, m))
LONG_INTO(smlal, v.add(d, h.mul_long(kSigned, n, m)))
LONG_INTO(umlal, v.add(d, h.mul_long(kUnsigned, n, m)))
LONG_INTO(smlsl, v.sub(d, h.mul_long(kSigned, n, m)))
LONG_INTO(umlsl, v.sub(d, h.mul_long(kUnsigned, n, m)))
LONG(sqdmull, h.mul_doubling_long(n, m))
LONG_INTO(sqdmlal, v.add_saturating(kSigned, d, h.mul_doubling_long(n, m)))
LONG_INTO(sqdmlsl, v.sub_saturating(kSigned, d, h.mul_doubling_long(n, m)))

void pmull_8(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) {
  const Lanes h(l, false, 0);
  l.set_v(vd, h.polynomial_mul_long(h.get_half(vn, q != 0), h.get_half(vm, q != 0)));
}
void pmull_64(Lifter& l, Qbit q, Vm vm, Vn vn, Vd vd) {
  const Lanes h(l, false, 3);
  l.set_v(vd, h.polynomial_mul_long(h.get_half(vn, q != 0), h.get_half(vm, q != 0)));
}

// --- Scalar three different: the lanes above the first are zeros, which neither saturate nor change

namespace {

enum class Accumulate { None, Add, Subtract };

void scalar_long(Lifter& l, Accumulate how, int64_t size, Value m, VReg vn, VReg vd) {
  const Lanes v(l, true, size + 1);
  const Lanes h = v.half();
  const Value product = h.mul_doubling_long(h.get_scalar(vn), m);
  if (how == Accumulate::None) return v.set(vd, product);
  const Value d = v.get_scalar(vd);
  v.set(vd, how == Accumulate::Add ? v.add_saturating(kSigned, d, product) : v.sub_saturating(kSigned, d, product));
}

}  // namespace

#define SCALAR_LONG(name, how)                                               \
  void name(Lifter& l, Size size, Vm vm, Vn vn, Vd vd) {                     \
    scalar_long(l, how, size, Lanes(l, false, size).get_scalar(vm), vn, vd); \
  }
SCALAR_LONG(sqdmull_scalar, Accumulate::None)
SCALAR_LONG(sqdmlal_scalar, Accumulate::Add)
SCALAR_LONG(sqdmlsl_scalar, Accumulate::Subtract)

// --- Vector x indexed element: m is the element in all lanes

#define HALFWORDS(name, body) \
  void name##_h(Lifter& l, Qbit q, Index<3> index, VmLow vm, Vn vn, Vd vd) { body(l, q != 0, 1, index, vm, vn, vd); }
#define WORDS(name, body) \
  void name##_s(Lifter& l, Qbit q, Index<2> index, Vm vm, Vn vn, Vd vd) { body(l, q != 0, 2, index, vm, vn, vd); }

#define ELEMENT(name, result)                                                                    \
  namespace {                                                                                    \
  void name##_lanes(Lifter& l, bool q, int64_t size, int64_t index, VReg vm, VReg vn, VReg vd) { \
    const Lanes v(l, q, size);                                                                   \
    const Value n = v.get(vn);                                                                   \
    const Value m = v.splat_lane(vm, index);                                                     \
    v.set(vd, result);                                                                           \
  }                                                                                              \
  }                                                                                              \
  HALFWORDS(name, name##_lanes)                                                                  \
  WORDS(name, name##_lanes)
ELEMENT(mul_element, v.mul(n, m))
ELEMENT(mla_element, v.add(v.get(vd), v.mul(n, m)))
ELEMENT(mls_element, v.sub(v.get(vd), v.mul(n, m)))
ELEMENT(sqdmulh_element, v.mul_doubling_high(false, n, m))
ELEMENT(sqrdmulh_element, v.mul_doubling_high(true, n, m))
ELEMENT(sqrdmlah_element, v.mul_doubling_high_add(false, v.get(vd), n, m))
ELEMENT(sqrdmlsh_element, v.mul_doubling_high_add(true, v.get(vd), n, m))

#define ELEMENT_LONG(name, result)                                                               \
  namespace {                                                                                    \
  void name##_lanes(Lifter& l, bool q, int64_t size, int64_t index, VReg vm, VReg vn, VReg vd) { \
    const Lanes v(l, true, size + 1);                                                            \
    const Lanes h = v.half();                                                                    \
    const Value n = v.get_half(vn, q);                                                           \
    const Value m = h.splat_lane(vm, index);                                                     \
    v.set(vd, result);                                                                           \
  }                                                                                              \
  }                                                                                              \
  HALFWORDS(name, name##_lanes)                                                                  \
  WORDS(name, name##_lanes)
ELEMENT_LONG(smull_element, h.mul_long(kSigned, n, m))
ELEMENT_LONG(umull_element, h.mul_long(kUnsigned, n, m))
ELEMENT_LONG(smlal_element, v.add(v.get(vd), h.mul_long(kSigned, n, m)))
ELEMENT_LONG(umlal_element, v.add(v.get(vd), h.mul_long(kUnsigned, n, m)))
ELEMENT_LONG(smlsl_element, v.sub(v.get(vd), h.mul_long(kSigned, n, m)))
ELEMENT_LONG(umlsl_element, v.sub(v.get(vd), h.mul_long(kUnsigned, n, m)))
ELEMENT_LONG(sqdmull_element, h.mul_doubling_long(n, m))
ELEMENT_LONG(sqdmlal_element, v.add_saturating(kSigned, v.get(vd), h.mul_doubling_long(n, m)))
ELEMENT_LONG(sqdmlsl_element, v.sub_saturating(kSigned, v.get(vd), h.mul_doubling_long(n, m)))

#define DOT_ELEMENT(name, sign_n, sign_m)                                   \
  void name(Lifter& l, Qbit q, Index<2> index, Vm vm, Vn vn, Vd vd) {       \
    const Lanes v(l, q != 0, 2);                                            \
    v.set(vd, v.op(Op::VDot, v.get(vd), v.get(vn), v.splat_lane(vm, index), \
                   {.sign_extend = sign_n, .sign_extend2 = sign_m}));       \
  }
DOT_ELEMENT(sdot_element, kSigned, kSigned)
DOT_ELEMENT(udot_element, kUnsigned, kUnsigned)
DOT_ELEMENT(usdot_element, kUnsigned, kSigned)
DOT_ELEMENT(sudot_element, kSigned, kUnsigned)

// --- Scalar x indexed element

#define SCALAR_H(name, body) \
  void name##_h(Lifter& l, Index<3> index, VmLow vm, Vn vn, Vd vd) { body(l, 1, index, vm, vn, vd); }
#define SCALAR_S(name, body) \
  void name##_s(Lifter& l, Index<2> index, Vm vm, Vn vn, Vd vd) { body(l, 2, index, vm, vn, vd); }

#define SCALAR_ELEMENT(name, result)                                                    \
  namespace {                                                                           \
  void name##_lane(Lifter& l, int64_t size, int64_t index, VReg vm, VReg vn, VReg vd) { \
    const Lanes v(l, false, size);                                                      \
    const Value n = v.get_scalar(vn);                                                   \
    const Value m = v.splat_lane(vm, index);                                            \
    v.set(vd, result);                                                                  \
  }                                                                                     \
  }                                                                                     \
  SCALAR_H(name, name##_lane)                                                           \
  SCALAR_S(name, name##_lane)
SCALAR_ELEMENT(sqdmulh_scalar_element, v.mul_doubling_high(false, n, m))
SCALAR_ELEMENT(sqrdmulh_scalar_element, v.mul_doubling_high(true, n, m))
SCALAR_ELEMENT(sqrdmlah_scalar_element, v.mul_doubling_high_add(false, v.get_scalar(vd), n, m))
SCALAR_ELEMENT(sqrdmlsh_scalar_element, v.mul_doubling_high_add(true, v.get_scalar(vd), n, m))

#define SCALAR_ELEMENT_LONG(name, how)                                                  \
  namespace {                                                                           \
  void name##_lane(Lifter& l, int64_t size, int64_t index, VReg vm, VReg vn, VReg vd) { \
    scalar_long(l, how, size, Lanes(l, false, size).splat_lane(vm, index), vn, vd);     \
  }                                                                                     \
  }                                                                                     \
  SCALAR_H(name, name##_lane)                                                           \
  SCALAR_S(name, name##_lane)
SCALAR_ELEMENT_LONG(sqdmull_scalar_element, Accumulate::None)
SCALAR_ELEMENT_LONG(sqdmlal_scalar_element, Accumulate::Add)
SCALAR_ELEMENT_LONG(sqdmlsl_scalar_element, Accumulate::Subtract)

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/simd_three_different.inc"
#undef INST

}  // namespace menura::arm
