// Zfa: additional floating-point instructions (Unprivileged 20240411, chapter 25).
#include <bit>
#include <limits>

#include "frontends/riscv/helpers/helpers.h"
#include "frontends/riscv/lift/fp.h"

namespace menura::riscv {
namespace lift {

using ir::FpCond;
using ir::MinMax;

namespace {

// Table 30: the constants of fli. Numbers 1 (the smallest normal number) and 31 depend on the format.
constexpr double kFliConstants[32] = {-1.0, 0,      0x1p-16, 0x1p-15, 0x1p-8, 0x1p-7, 0.0625, 0.125,
                                      0.25, 0.3125, 0.375,   0.4375,  0.5,    0.625,  0.75,   0.875,
                                      1.0,  1.25,   1.5,     1.75,    2.0,    2.5,    3.0,    4.0,
                                      8.0,  16.0,   128.0,   256.0,   0x1p15, 0x1p16, 0,      0};

// The bits of a constant in a format.
template <typename Float, typename Bits>
int64_t fli_bits(int64_t number) {
  using Limits = std::numeric_limits<Float>;
  auto value = static_cast<Float>(kFliConstants[number]);
  if (number == 1) value = Limits::min();
  if (number == 30) value = Limits::infinity();
  if (number == 31) value = Limits::quiet_NaN();  // the canonical one
  return static_cast<int64_t>(std::bit_cast<Bits>(value));
}

}  // namespace

void fli_s(Lifter& l, Fd fd, Fli fli) {
  const Value bits = l.b.constant(Type::I32, fli_bits<float, uint32_t>(fli));
  l.set_f32(fd, l.b.convert(Op::Bitcast, Type::F32, bits));
}
void fli_d(Lifter& l, Fd fd, Fli fli) {
  const Value bits = l.b.constant(Type::I64, fli_bits<double, uint64_t>(fli));
  l.set_f64(fd, l.b.convert(Op::Bitcast, Type::F64, bits));
}

void fminm_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { min_max(l, Op::FMin, MinMax::Propagate, Type::F32, fd, fs1, fs2); }
void fmaxm_s(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { min_max(l, Op::FMax, MinMax::Propagate, Type::F32, fd, fs1, fs2); }
void fminm_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { min_max(l, Op::FMin, MinMax::Propagate, Type::F64, fd, fs1, fs2); }
void fmaxm_d(Lifter& l, Fd fd, Fs1 fs1, Fs2 fs2) { min_max(l, Op::FMax, MinMax::Propagate, Type::F64, fd, fs1, fs2); }
void fround_s(Lifter& l, Fd fd, Fs1 fs1, Rm rm) { round(l, false, Type::F32, fd, fs1, rm); }
void froundnx_s(Lifter& l, Fd fd, Fs1 fs1, Rm rm) { round(l, true, Type::F32, fd, fs1, rm); }
void fround_d(Lifter& l, Fd fd, Fs1 fs1, Rm rm) { round(l, false, Type::F64, fd, fs1, rm); }
void froundnx_d(Lifter& l, Fd fd, Fs1 fs1, Rm rm) { round(l, true, Type::F64, fd, fs1, rm); }

// 25.4: as fcvt.w.d with its flags, but the result is modulo 2^32.
void fcvtmod_w_d(Lifter& l, Rd rd, Fs1 fs1) {
  l.set_x_word(rd, l.b.call(static_cast<ir::HelperId>(HelperName::FcvtmodWD), {l.f_bits(fs1)}));
}
// 25.5: only RV32 needs them.
void fmvh_x_d(Lifter& l, Rd rd, Fs1 fs1) {
  l.set_x(rd, l.b.convert(Op::Trunc, Type::I32, l.shr_by(l.f_bits(fs1), 32)));
}
void fmvp_d_x(Lifter& l, Fd fd, Rs1 rs1, Rs2 rs2) {
  l.set_f64(fd, l.b.convert(Op::Bitcast, Type::F64, l.b.emit(Op::Concat, Type::I64, {l.x(rs1), l.x(rs2)})));
}

void fleq_s(Lifter& l, Rd rd, Fs1 fs1, Fs2 fs2) { compare(l, FpCond::Le, false, Type::F32, rd, fs1, fs2); }
void fltq_s(Lifter& l, Rd rd, Fs1 fs1, Fs2 fs2) { compare(l, FpCond::Lt, false, Type::F32, rd, fs1, fs2); }
void fleq_d(Lifter& l, Rd rd, Fs1 fs1, Fs2 fs2) { compare(l, FpCond::Le, false, Type::F64, rd, fs1, fs2); }
void fltq_d(Lifter& l, Rd rd, Fs1 fs1, Fs2 fs2) { compare(l, FpCond::Lt, false, Type::F64, rd, fs1, fs2); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/zfa.inc"
#undef INST

}  // namespace menura::riscv
