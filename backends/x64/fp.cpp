// Floating-point arithmetic on the host's FPU. MXCSR holds the guest's rounding mode and collects its sticky flags
// while compiled code runs. What the host cannot do in place goes to Thunk::FpSlow.
#include "ir/interp/fp.h"

#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::CpuHeader;
using ir::FpDesc;
using ir::NanPolicy;
using ir::Op;
using ir::RoundingSource;
using ir::Type;

namespace {

// In the data of cold code, beside a type: its value is made with ones above.
constexpr uint64_t kBoxed = 256;

bool has_host_form(Type type) { return type == Type::F32 || type == Type::F64; }

}  // namespace

// Whether an op with an FpDesc is left to the shared exact functions.
bool Emitter::needs_slow(const Inst& inst) const {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const Type operand = inst.arg_count > 0 ? type_of(inst.args[0]) : inst.type;
  const bool host_types =
      (has_host_form(inst.type) || !ir::is_float(inst.type)) && (has_host_form(operand) || !ir::is_float(operand));
  if (desc.alternative_half != 0) return true;
  const bool raises = static_cast<ir::FlagPolicy>(desc.flags) != ir::FlagPolicy::None;
  switch (inst.op) {
    case Op::FMa:
      if (!host_.fma) return true;
      [[fallthrough]];
    case Op::FMul:
      if (is_quiet_scaling(inst)) return false;
      if ((desc.defined != 0 || desc.halved != 0) && (!has_defined(inst) || !is_recomputed(inst))) return true;
      break;
    case Op::FAdd:
    case Op::FSub:
    case Op::FDiv:
    case Op::FSqrt:
    case Op::FCvt:
      break;
    case Op::FMin:
    case Op::FMax:
      return !host_types || !raises;
    case Op::FCmp:
      return !host_types;
    case Op::FRound:
    case Op::F2I:
    case Op::I2F:
      if (inst.op != Op::FRound && ir::bits(inst.op == Op::F2I ? inst.type : operand) < 32) return true;
      if (inst.op == Op::F2I && static_cast<ir::Saturation>(desc.saturation) == ir::Saturation::Indefinite) {
        return true;
      }
      break;
    default:
      return false;
  }
  if (!raises) return true;
  if (!host_types) {
    // Half precision converts exactly to single, and singles to halves by MXCSR's mode.
    const bool half =
        inst.op == Op::FCvt && host_.f16c &&
        ((operand == Type::F16 && has_host_form(inst.type)) || (operand == Type::F32 && inst.type == Type::F16));
    if (!half) return true;
  }
  if (static_cast<RoundingSource>(desc.rounding) != RoundingSource::NearestAway) return false;
  if (inst.op == Op::FRound) return !host_.avx512 || desc.exact != 0;
  return inst.op != Op::F2I && inst.op != Op::I2F;
}

void Emitter::emit_fp_slow(Value v, const Inst& inst) {
  take(kRax);
  for (unsigned i = 0; i < inst.arg_count; ++i) store_argument(i, inst.args[i]);
  const auto op = ir::fp_slow_op(inst.op, inst.type, type_of(inst.args[0]), ir::unpack<FpDesc>(inst.aux));
  a_.mov(x86::rax, static_cast<uint64_t>(op));
  call_thunk(runtime::Thunk::FpSlow);
  if (in_vec(inst.type)) {
    const Reg dst = dest(v);
    move(dst, kRax);
    define(v, dst);
  } else {
    define_copy(v, kRax);
  }
}

// The slow path for one operand, out of line: rax, which must have been taken, holds the result. Registers are as they
// were in the place that the code belongs to.
void Emitter::call_fp_slow(ir::FpSlowOp op, Reg operand, Type type) {
  if (is_vec(operand)) {
    if (ir::bits(type) < 64) a_.mov(spill_memory(0), 0);
    store_memory(spill_memory(0), operand, type);
  } else {
    a_.mov(spill_memory(0), g64(operand));
  }
  a_.mov(x86::rax, static_cast<uint64_t>(op));
  call_thunk(runtime::Thunk::FpSlow);
}

// A rounding mode other than the live one, for one operation. Clobbers rax, which must have been taken.
void Emitter::set_rounding(RoundingSource source) {
  if (source == RoundingSource::Live) return;
  uint32_t mode = 0;
  switch (source) {
    case RoundingSource::Down:
      mode = 1;
      break;
    case RoundingSource::Up:
      mode = 2;
      break;
    case RoundingSource::Zero:
      mode = 3;
      break;
    default:
      break;
  }
  a_.emit(host_.avx ? Id::kIdVstmxcsr : Id::kIdStmxcsr, spill_memory(kSavedMxcsr, 4));
  a_.mov(x86::eax, spill_memory(kSavedMxcsr, 4));
  a_.and_(x86::eax, ~ir::kMxcsrMode);
  if (mode != 0) a_.or_(x86::eax, mode << ir::kMxcsrModeShift);
  a_.mov(spill_memory(kOtherMxcsr, 4), x86::eax);
  a_.emit(host_.avx ? Id::kIdVldmxcsr : Id::kIdLdmxcsr, spill_memory(kOtherMxcsr, 4));
}

// Back to the live mode; flags that came up meanwhile stay.
void Emitter::restore_rounding() {
  a_.emit(host_.avx ? Id::kIdVstmxcsr : Id::kIdStmxcsr, spill_memory(kOtherMxcsr, 4));
  a_.mov(x86::eax, spill_memory(kOtherMxcsr, 4));
  a_.and_(x86::eax, ir::kMxcsrFlags);
  a_.or_(spill_memory(kSavedMxcsr, 4), x86::eax);
  a_.emit(host_.avx ? Id::kIdVldmxcsr : Id::kIdLdmxcsr, spill_memory(kSavedMxcsr, 4));
}

void Emitter::emit_fp_binary(Value v, const Inst& inst) {
  if (needs_slow(inst)) return emit_fp_slow(v, inst);
  const auto rounding = static_cast<RoundingSource>(ir::unpack<FpDesc>(inst.aux).rounding);
  const bool single = inst.type == Type::F32;
  InstId avx = 0;
  InstId sse = 0;
  bool commutative = false;
  switch (inst.op) {
    case Op::FAdd:
      avx = single ? Id::kIdVaddss : Id::kIdVaddsd;
      sse = single ? Id::kIdAddss : Id::kIdAddsd;
      commutative = true;
      break;
    case Op::FSub:
      avx = single ? Id::kIdVsubss : Id::kIdVsubsd;
      sse = single ? Id::kIdSubss : Id::kIdSubsd;
      break;
    case Op::FMul:
      avx = single ? Id::kIdVmulss : Id::kIdVmulsd;
      sse = single ? Id::kIdMulss : Id::kIdMulsd;
      commutative = true;
      break;
    default:
      avx = single ? Id::kIdVdivss : Id::kIdVdivsd;
      sse = single ? Id::kIdDivss : Id::kIdDivsd;
      break;
  }
  // Where NaN results are made anew, the order of operands does not matter here.
  Value a = rep(inst.args[0]);
  Value b = rep(inst.args[1]);
  if (commutative && !in_reg(a) && in_reg(b)) std::swap(a, b);
  // The bits above a scalar result are those of the first operand.
  if (commutative && in_reg(b) && zero_above(b, inst.type) && !zero_above(a, inst.type)) std::swap(a, b);
  if (commutative && single && in_reg(b) && is_boxed(b) && !is_boxed(a)) std::swap(a, b);
  if (rounding != RoundingSource::Live) take(kRax);
  const Reg ra = use(a);
  if (is_recomputed(inst)) {
    const Reg second = use(b);
    const Reg operands[2] = {ra, second};
    const Reg copies[2] = {flushed(inst, a, ra), flushed(inst, b, second)};
    const bool swapped = a != rep(inst.args[0]);
    const FpResult result = begin_result(v, inst, {swapped ? second : ra, swapped ? ra : second}, 0);
    if (rounding != RoundingSource::Live) set_rounding(rounding);
    vec3(avx, sse, result.raw, copies[0], xm(copies[1]));
    if (rounding != RoundingSource::Live) restore_rounding();
    release_copies(operands, copies, 2, result.raw);
    made_zero_ = host_.avx && zero_above(a, inst.type);
    return end_result(v, inst, result);
  }
  const Operand rb = use_rm(b, single ? 32 : 64);
  if (rounding != RoundingSource::Live) set_rounding(rounding);
  const Reg dst = dest(v, {a, b});
  if (commutative && !host_.avx && rb.isReg() && rb.as<x86::Reg>().id() == xm(dst).id()) {
    a_.emit(sse, xm(dst), xm(ra));
  } else {
    vec3(avx, sse, dst, ra, rb);
  }
  made_boxed_ = host_.avx && is_boxed(a);
  made_zero_ = host_.avx && zero_above(a, inst.type);
  if (rounding != RoundingSource::Live) restore_rounding();
  fix_nan(v, dst, inst.type);
  define(v, dst);
}

void Emitter::emit_fp_unary(Value v, const Inst& inst) {
  if (needs_slow(inst)) return emit_fp_slow(v, inst);
  const auto rounding = static_cast<RoundingSource>(ir::unpack<FpDesc>(inst.aux).rounding);
  const bool single = inst.type == Type::F32;
  if (rounding != RoundingSource::Live) take(kRax);
  const Reg ra = use_flushed(inst, inst.args[0]);
  const bool recomputed = is_recomputed(inst);
  const FpResult result = recomputed ? begin_result(v, inst, {ra}, 0) : FpResult{};
  if (rounding != RoundingSource::Live) set_rounding(rounding);
  const Reg dst = recomputed ? result.raw : dest(v, {inst.args[0]});
  made_boxed_ = host_.avx && is_boxed(inst.args[0]);
  made_zero_ = host_.avx && zero_above(inst.args[0], inst.type);
  if (host_.avx) {
    a_.emit(single ? Id::kIdVsqrtss : Id::kIdVsqrtsd, xm(dst), xm(ra), xm(ra));
  } else {
    a_.emit(single ? Id::kIdSqrtss : Id::kIdSqrtsd, xm(dst), xm(ra));
  }
  if (rounding != RoundingSource::Live) restore_rounding();
  if (recomputed) return end_result(v, inst, result);
  fix_nan(v, dst, inst.type);
  define(v, dst);
}

// The operands may be negated by instructions that only this one uses: the host has a form for each combination. A
// negated NaN operand gives the same result, since NaNs become canonical.
void Emitter::emit_fma(Value v, const Inst& inst) {
  if (needs_slow(inst)) return emit_fp_slow(v, inst);
  const auto rounding = static_cast<RoundingSource>(ir::unpack<FpDesc>(inst.aux).rounding);
  const bool single = inst.type == Type::F32;
  bool negate_product = false;
  bool negate_addend = false;
  unsigned negated = 0;
  Value operand[3];
  for (unsigned i = 0; i < 3; ++i) {
    operand[i] = rep(inst.args[i]);
    if (info_[operand[i]].fused && region_->insts[operand[i]].op == Op::FNeg) {
      (i < 2 ? negate_product : negate_addend) ^= true;
      negated |= 1U << i;
      operand[i] = rep(region_->insts[operand[i]].args[0]);
    }
  }
  if (rounding != RoundingSource::Live) take(kRax);
  const Reg ra = use(operand[0]);
  const Reg rb = use(operand[1]);
  const Reg rc = use(operand[2]);
  const Reg operands[3] = {ra, rb, rc};
  const Reg copies[3] = {flushed(inst, operand[0], ra), flushed(inst, operand[1], rb), flushed(inst, operand[2], rc)};
  // The factors are looked at again where the result is a NaN.
  const bool recomputed = is_recomputed(inst);
  const FpResult result = recomputed ? begin_result(v, inst, {ra, rb, rc}, negated) : FpResult{};
  if (rounding != RoundingSource::Live) set_rounding(rounding);
  const Reg dst = recomputed ? result.raw : dest(v, {operand[2]}, mask_of(ra) | mask_of(rb));
  vec_move(dst, copies[2]);
  made_zero_ = zero_above(operand[2], inst.type);
  made_boxed_ = is_boxed(operand[2]);
  static constexpr InstId forms[2][2][2] = {
      {{Id::kIdVfmadd231sd, Id::kIdVfmsub231sd}, {Id::kIdVfnmadd231sd, Id::kIdVfnmsub231sd}},
      {{Id::kIdVfmadd231ss, Id::kIdVfmsub231ss}, {Id::kIdVfnmadd231ss, Id::kIdVfnmsub231ss}}};
  a_.emit(forms[single ? 1 : 0][negate_product ? 1 : 0][negate_addend ? 1 : 0], xm(dst), xm(copies[0]), xm(copies[1]));
  if (rounding != RoundingSource::Live) restore_rounding();
  release_copies(operands, copies, 3, dst);
  if (ir::unpack<FpDesc>(inst.aux).halved != 0) {
    vec3(single ? Form{Id::kIdVmulss, Id::kIdMulss} : Form{Id::kIdVmulsd, Id::kIdMulsd}, dst, dst, half_of(single));
  }
  if (recomputed) return end_result(v, inst, result);
  a_.emit(single ? Id::kIdVucomiss : Id::kIdVucomisd, xm(dst), xm(dst));
  const Label back = a_.newLabel();
  a_.jp(cold(
      [](Emitter& e, const Cold& c) {
        const auto out = static_cast<Reg>(c.data[0]);
        const auto type = static_cast<Type>(c.data[1] & ~kBoxed);
        const auto x = static_cast<Reg>(c.data[2]);
        const auto y = static_cast<Reg>(c.data[3]);
        // Infinity times zero is invalid even where a quiet NaN is added, and the host says nothing then. The product
        // alone says it; its other flags must not be seen.
        e.a_.vstmxcsr(e.spill_memory(kSavedMxcsr, 4));
        e.a_.emit(type == Type::F32 ? Id::kIdVmulss : Id::kIdVmulsd, xm(out), xm(x), xm(y));
        e.a_.vstmxcsr(e.spill_memory(kOtherMxcsr, 4));
        e.a_.vldmxcsr(e.spill_memory(kSavedMxcsr, 4));
        const Label valid = e.a_.newLabel();
        e.a_.test(e.spill_memory(kOtherMxcsr, 1), 1);
        e.a_.jz(valid);
        e.a_.or_(e.spill_memory(kSavedMxcsr, 4), 1);
        e.a_.vldmxcsr(e.spill_memory(kSavedMxcsr, 4));
        e.a_.bind(valid);
        e.move_nan(out, type, (c.data[1] & kBoxed) != 0);
        e.a_.jmp(c.back);
      },
      {dst, static_cast<uint64_t>(inst.type) | (info_[v].boxed ? kBoxed : 0), ra, rb}, &back));
  a_.bind(back);
  define(v, dst);
}

// Ordered and different operands inline, the rest out of line: equal ones, of which one zero may be the right one, and
// NaNs.
void Emitter::emit_fp_min_max(Value v, const Inst& inst) {
  if (needs_slow(inst)) return emit_fp_slow(v, inst);
  const bool single = inst.type == Type::F32;
  const bool min = inst.op == Op::FMin;
  Reg ra = use(inst.args[0]);
  Reg rb = use(inst.args[1]);
  ra = flushed(inst, inst.args[0], ra);
  rb = flushed(inst, inst.args[1], rb);
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const Reg dst = dest(v, {});
  const InstId compare =
      host_.avx ? (single ? Id::kIdVucomiss : Id::kIdVucomisd) : (single ? Id::kIdUcomiss : Id::kIdUcomisd);
  a_.emit(compare, xm(ra), xm(rb));
  const Label back = a_.newLabel();
  // minimumNumber with canonical NaNs is done here, all other treatments of NaNs by the slow path.
  const bool number = static_cast<NanPolicy>(desc.nan) == NanPolicy::Canonical &&
                      static_cast<ir::MinMax>(desc.min_max) == ir::MinMax::Number;
  const Label nans = number ? Label() : cold_recompute(inst, dst, {ra, rb}, 0, back);
  a_.je(cold(
      [](Emitter& e, const Cold& c) {
        const auto x = static_cast<Reg>(c.data[0] & 0xff);
        const auto y = static_cast<Reg>(c.data[0] >> 8);
        const auto out = static_cast<Reg>(c.data[1]);
        const auto type = static_cast<Type>(c.data[2] & ~kBoxed);
        const bool is_single = type == Type::F32;
        const InstId unordered = e.host_.avx ? (is_single ? Id::kIdVucomiss : Id::kIdVucomisd)
                                             : (is_single ? Id::kIdUcomiss : Id::kIdUcomisd);
        const bool is_min = (c.data[3] & 1) != 0;
        const bool is_number = c.data[3] >> 1 == 0;
        const Label nan = is_number ? e.a_.newLabel() : Label(static_cast<uint32_t>(c.data[3] >> 1) - 1);
        const Label x_is_nan = e.a_.newLabel();
        e.a_.jp(nan);
        // Equal, but for the sign of zeros: min is negative if either is, max only if both are.
        const Reg other = out == y ? x : y;
        if (out != y) e.vec_move(out, x);
        e.a_.emit(is_min ? Id::kIdOrps : Id::kIdAndps, xm(out), xm(other));
        e.a_.jmp(c.back);
        if (!is_number) return;
        e.a_.bind(nan);
        e.a_.emit(unordered, xm(x), xm(x));
        e.a_.jp(x_is_nan);
        e.vec_move(out, x);
        e.a_.jmp(c.back);
        e.a_.bind(x_is_nan);
        e.vec_move(out, y);
        e.a_.emit(unordered, xm(y), xm(y));
        e.a_.jnp(c.back);
        e.move_nan(out, type, (c.data[2] & kBoxed) != 0);
        e.a_.jmp(c.back);
      },
      {ra | static_cast<uint64_t>(rb) << 8, dst, static_cast<uint64_t>(inst.type) | (info_[v].boxed ? kBoxed : 0),
       (min ? 1U : 0U) | (number ? 0 : uint64_t{nans.id() + 1} << 1)},
      &back));
  const InstId avx = single ? (min ? Id::kIdVminss : Id::kIdVmaxss) : (min ? Id::kIdVminsd : Id::kIdVmaxsd);
  const InstId sse = single ? (min ? Id::kIdMinss : Id::kIdMaxss) : (min ? Id::kIdMinsd : Id::kIdMaxsd);
  vec3(avx, sse, dst, ra, xm(rb));
  made_boxed_ = number && host_.avx && is_boxed(inst.args[0]) && is_boxed(inst.args[1]);
  made_zero_ = host_.avx && zero_above(inst.args[0], inst.type) && zero_above(inst.args[1], inst.type);
  a_.bind(back);
  define(v, dst);
}

// Sign bits: no rounding, no flags, any format.
void Emitter::emit_fp_sign(Value v, const Inst& inst) {
  const unsigned bits = ir::bits(inst.type);
  const uint64_t sign = uint64_t{1} << (bits - 1);
  const Value a = rep(inst.args[0]);
  const Reg ra = use(a);
  if (inst.op == Op::FCopySign) {
    const Reg rb = use(inst.args[1]);
    const Reg t = temp_vec();
    // t = b & sign; result = (a & ~sign) | t
    load_memory(t, pool(sign, 0, 16), Type::V128);
    vec3(Id::kIdVandps, Id::kIdAndps, t, t, xm(rb));
    const Reg dst = dest(v, {a}, mask_of(t) | mask_of(rb));
    vec3(Id::kIdVandps, Id::kIdAndps, dst, ra, pool(~sign, 0, 16));
    vec3(Id::kIdVorps, Id::kIdOrps, dst, dst, xm(t));
    made_boxed_ = is_boxed(a);
    made_zero_ = zero_above(inst.args[0], inst.type);
    define(v, dst);
    return;
  }
  const Reg dst = dest(v, {a});
  made_zero_ = zero_above(inst.args[0], inst.type);
  if (inst.op == Op::FNeg) {
    vec3(Id::kIdVxorps, Id::kIdXorps, dst, ra, pool(sign, 0, 16));
  } else {
    // A box keeps the ones above it.
    vec3(Id::kIdVandps, Id::kIdAndps, dst, ra, pool(is_boxed(a) ? ~sign : sign - 1, 0, 16));
    made_zero_ = !is_boxed(a);
  }
  made_boxed_ = is_boxed(a);
  define(v, dst);
}

// Between the sticky flags in MXCSR and the two orders of fpflags: with one bit matrix, or bit by bit.
namespace {

struct FlagOrder {
  uint64_t from_mxcsr;  // vgf2p8affineqb: row i from the top makes bit i
  uint64_t to_mxcsr;
};
constexpr FlagOrder kFlagOrders[2] = {{0x0104081020000000, 0x0100020408100000},
                                      {0x2010080401000000, 0x1000080402010000}};
// Bit numbers in MXCSR of invalid, division by zero, overflow, underflow, inexact.
constexpr unsigned kMxcsrBits[5] = {0, 2, 3, 4, 5};

}  // namespace

void Emitter::emit_fp_flags_get(Value v, const Inst& inst) {
  const Reg dst = dest(v, {}, 0);
  a_.emit(host_.avx ? Id::kIdVstmxcsr : Id::kIdStmxcsr, spill_memory(kSavedMxcsr, 4));
  if (host_.gfni) {
    const Reg x = temp_vec();
    const uint64_t matrix = kFlagOrders[inst.imm].from_mxcsr;
    a_.vmovd(xm(x), spill_memory(kSavedMxcsr, 4));
    a_.vgf2p8affineqb(xm(x), xm(x), pool(matrix, matrix, 16), 0);
    a_.vpextrb(g32(dst), xm(x), 0);
  } else if (inst.imm == 0) {
    // MXCSR has the denormal flag between invalid and the others.
    const Reg t = temp_int();
    a_.mov(g32(dst), spill_memory(kSavedMxcsr, 4));
    a_.mov(g32(t), g32(dst));
    a_.shr(g32(t), 1);
    a_.and_(g32(t), 0x1e);
    a_.and_(g32(dst), 1);
    a_.or_(g32(dst), g32(t));
  } else {
    const Reg t = temp_int();
    const Reg all = temp_int();
    a_.mov(g32(all), spill_memory(kSavedMxcsr, 4));
    a_.mov(g32(dst), g32(all));
    a_.shr(g32(dst), kMxcsrBits[4]);
    a_.and_(g32(dst), 1);
    for (unsigned flag = 0; flag < 4; ++flag) {
      a_.mov(g32(t), g32(all));
      a_.and_(g32(t), 1U << kMxcsrBits[flag]);
      const int left = 4 - static_cast<int>(flag + kMxcsrBits[flag]);
      if (left > 0) a_.shl(g32(t), left);
      if (left < 0) a_.shr(g32(t), -left);
      a_.or_(g32(dst), g32(t));
    }
  }
  define(v, dst);
}

// The control bits of MXCSR are also in the header at all times: storing MXCSR waits for everything before it.
void Emitter::emit_fp_flags_set(const Inst& inst) {
  take(kRax);
  const bool reversed = inst.imm != 0;
  if (is_const(inst.args[0])) {
    const uint32_t flags = ir::fp_flags_in_order(static_cast<uint32_t>(const_bits(inst.args[0])), reversed);
    a_.mov(x86::eax, state(offsetof(CpuHeader, mxcsr), 4));
    a_.and_(x86::eax, ~ir::kMxcsrFlags);
    if (flags != 0) a_.or_(x86::eax, ir::fp_with_flags(0, flags));
  } else {
    const Reg value = use(inst.args[0]);
    const Reg t = temp_int();
    if (host_.gfni) {
      const Reg x = temp_vec();
      const uint64_t matrix = kFlagOrders[inst.imm].to_mxcsr;
      a_.vmovd(xm(x), g32(value));
      a_.vgf2p8affineqb(xm(x), xm(x), pool(matrix, matrix, 16), 0);
      a_.vpextrb(x86::eax, xm(x), 0);
    } else {
      a_.xor_(x86::eax, x86::eax);
      for (unsigned flag = 0; flag < 5; ++flag) {
        const unsigned from = reversed ? 4 - flag : flag;
        a_.mov(g32(t), g32(value));
        a_.and_(g32(t), 1U << from);
        const int left = static_cast<int>(kMxcsrBits[flag]) - static_cast<int>(from);
        if (left > 0) a_.shl(g32(t), left);
        if (left < 0) a_.shr(g32(t), -left);
        a_.or_(x86::eax, g32(t));
      }
    }
    a_.mov(g32(t), state(offsetof(CpuHeader, mxcsr), 4));
    a_.and_(g32(t), ~ir::kMxcsrFlags);
    a_.or_(x86::eax, g32(t));
  }
  a_.mov(state(offsetof(CpuHeader, mxcsr), 4), x86::eax);  // need_inexact looks there
  a_.emit(host_.avx ? Id::kIdVldmxcsr : Id::kIdLdmxcsr, state(offsetof(CpuHeader, mxcsr), 4));
}

void Emitter::emit_fp_mode_set(const Inst& inst) {
  take(kRax);
  const Reg mode = use(inst.args[0]);
  const Reg t = temp_int();
  // Nearest, zero, down, up are 0, 3, 1, 2 in MXCSR: a table of two bits each, in a constant.
  a_.mov(g32(t), g32(mode));
  a_.and_(g32(t), 3);
  a_.add(g32(t), g32(t));
  a_.mov(x86::eax, 0x9c);
  if (host_.bmi2) {
    a_.shrx(x86::eax, x86::eax, g32(t));
  } else {
    const Reg save = temp_int();
    a_.mov(g64(save), x86::rcx);
    a_.mov(x86::ecx, g32(t));
    a_.shr(x86::eax, x86::cl);
    a_.mov(x86::rcx, g64(save));
  }
  a_.and_(x86::eax, 3);
  a_.shl(x86::eax, ir::kMxcsrModeShift);
  a_.emit(host_.avx ? Id::kIdVstmxcsr : Id::kIdStmxcsr, spill_memory(kSavedMxcsr, 4));
  a_.mov(g32(t), spill_memory(kSavedMxcsr, 4));
  a_.and_(g32(t), ~ir::kMxcsrMode);
  a_.or_(x86::eax, g32(t));
  a_.mov(state(offsetof(CpuHeader, mxcsr), 4), x86::eax);
  a_.emit(host_.avx ? Id::kIdVldmxcsr : Id::kIdLdmxcsr, state(offsetof(CpuHeader, mxcsr), 4));
}

}  // namespace menura::x64
