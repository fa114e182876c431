// Conversions between floats, integers and bit patterns.
#include "backends/runtime/host_fp.h"
#include "backends/x64/emitter.h"
#include "ir/interp/fp.h"

namespace menura::x64 {

using ir::FpDesc;
using ir::Op;
using ir::RoundingSource;
using ir::Type;
using runtime::round_control;

void Emitter::emit_fround(Value v, const Inst& inst) {
  if (needs_slow(inst)) return emit_fp_slow(v, inst);
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const bool single = inst.type == Type::F32;
  const unsigned control = round_control(static_cast<RoundingSource>(desc.rounding)) | (desc.exact ? 0U : 8U);
  const Reg ra = use_flushed(inst, inst.args[0]);
  const Reg dst = dest(v, {inst.args[0]});
  if (static_cast<RoundingSource>(desc.rounding) == RoundingSource::NearestAway) {
    // A half with the sign of x added, toward zero and silently, then truncated. An unordered comparison says whether x
    // is a signaling NaN.
    const Reg half = temp_vec();
    const uint64_t sign = single ? 0x80000000 : uint64_t{1} << 63;
    const uint64_t one_half = single ? 0x3f000000 : 0x3fe0000000000000;
    a_.emit(single ? Id::kIdVucomiss : Id::kIdVucomisd, xm(ra), xm(ra));
    vec3(Id::kIdVandps, Id::kIdAndps, half, ra, pool(sign, 0, 16));
    vec3(Id::kIdVorps, Id::kIdOrps, half, half, pool(one_half, 0, 16));
    a_.rz_sae();
    a_.emit(single ? Id::kIdVaddss : Id::kIdVaddsd, xm(dst), xm(ra), xm(half));
    a_.emit(single ? Id::kIdVroundss : Id::kIdVroundsd, xm(dst), xm(dst), xm(dst),
            asmjit::Imm(round_control(RoundingSource::Zero) | 8U));
    made_boxed_ = is_boxed(inst.args[0]);
    made_zero_ = zero_above(inst.args[0], inst.type);
  } else if (host_.avx) {
    a_.emit(single ? Id::kIdVroundss : Id::kIdVroundsd, xm(dst), xm(ra), xm(ra), asmjit::Imm(control));
    made_boxed_ = is_boxed(inst.args[0]);
    made_zero_ = zero_above(inst.args[0], inst.type);
  } else {
    a_.emit(single ? Id::kIdRoundss : Id::kIdRoundsd, xm(dst), xm(ra), asmjit::Imm(control));
  }
  // The host makes a NaN quiet, as all policies but one want it.
  if (static_cast<ir::NanPolicy>(desc.nan) == ir::NanPolicy::Canonical) fix_nan(v, dst, inst.type);
  define(v, dst);
}

void Emitter::emit_fcvt(Value v, const Inst& inst) {
  if (needs_slow(inst)) return emit_fp_slow(v, inst);
  const Type from = type_of(inst.args[0]);
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  if (inst.type == Type::F16) return emit_to_half(v, inst);
  const bool narrows = inst.type == Type::F32 && from == Type::F64;
  const bool swap_mode = narrows && rounding != RoundingSource::Live;
  if (swap_mode) take(kRax);
  const Reg ra = use_flushed(inst, inst.args[0]);
  const bool canonical = static_cast<ir::NanPolicy>(desc.nan) == ir::NanPolicy::Canonical;
  const bool recomputed = narrows && desc.tiny_before != 0;
  const FpResult result = recomputed ? begin_result(v, inst, {ra}, 0) : FpResult{};
  if (swap_mode) set_rounding(rounding);
  const Reg dst = recomputed ? result.raw : dest(v, {inst.args[0]});
  if (from == Type::F16) {
    // Four lanes are converted: the others must raise nothing.
    vec_zero_above(dst, ra, 16);
    a_.vcvtph2ps(xm(dst), xm(dst));
    if (inst.type == Type::F64) a_.vcvtss2sd(xm(dst), xm(dst), xm(dst));
    made_zero_ = true;
  } else if (host_.avx) {
    a_.emit(narrows ? Id::kIdVcvtsd2ss : Id::kIdVcvtss2sd, xm(dst), xm(ra), xm(ra));
    made_zero_ = zero_above(inst.args[0], narrows ? Type::F32 : Type::F64);
  } else {
    a_.emit(narrows ? Id::kIdCvtsd2ss : Id::kIdCvtss2sd, xm(dst), xm(ra));
  }
  if (swap_mode) restore_rounding();
  if (recomputed) return end_result(v, inst, result);
  // The host makes a NaN quiet and keeps what it can of its payload, as all policies but one want it.
  if (canonical) fix_nan(v, dst, inst.type);
  define(v, dst);
}

// To half precision. Where tininess is another's before rounding, the result is the least normal number.
void Emitter::emit_to_half(Value v, const Inst& inst) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const Reg ra = use_flushed(inst, inst.args[0]);
  const Reg single = temp_vec();
  const Reg dst = dest(v, {}, mask_of(ra));
  const Reg t = temp_int();
  const Label back = a_.newLabel();
  // Four lanes are converted: the others must raise nothing.
  vec_zero_above(single, ra, 32);
  a_.vcvtps2ph(xm(dst), xm(single), round_control(static_cast<RoundingSource>(desc.rounding)));
  const bool canonical = static_cast<ir::NanPolicy>(desc.nan) == ir::NanPolicy::Canonical;
  if (desc.tiny_before != 0 || canonical) {
    const Label again = cold_recompute(inst, dst, {ra}, 0, back);
    a_.vmovd(g32(t), xm(dst));
    a_.and_(g32(t), 0x7fff);
    if (desc.tiny_before != 0) {
      a_.cmp(g32(t), 0x0400);
      a_.je(again);
    }
    if (canonical) {
      a_.cmp(g32(t), 0x7c00);
      a_.ja(again);
    }
  }
  a_.bind(back);
  made_zero_ = true;
  define(v, dst);
}

// x rounded to an integral value in a temporary, without raising inexact.
Reg Emitter::rounded(Reg x, bool single, RoundingSource rounding) {
  const bool away = rounding == RoundingSource::NearestAway;
  const unsigned control = round_control(away ? RoundingSource::Zero : rounding) | 8U;
  const Reg t = temp_vec();
  if (host_.avx) {
    a_.emit(single ? Id::kIdVroundss : Id::kIdVroundsd, xm(t), xm(x), xm(x), asmjit::Imm(control));
  } else {
    a_.emit(single ? Id::kIdRoundss : Id::kIdRoundsd, xm(t), xm(x), asmjit::Imm(control));
  }
  if (!away) return t;
  // What truncation cut off is exact: if it is a half or more, one with its sign is added, which is exact, too.
  const unsigned bytes = single ? 4 : 8;
  const uint64_t sign = single ? 0x80000000 : uint64_t{1} << 63;
  const uint64_t half = single ? 0x3f000000 : 0x3fe0000000000000;
  const uint64_t one = single ? 0x3f800000 : 0x3ff0000000000000;
  const Reg rest = temp_vec();
  const Reg mask = temp_vec();
  vec3(single ? Id::kIdVsubss : Id::kIdVsubsd, single ? Id::kIdSubss : Id::kIdSubsd, rest, x, xm(t));
  vec3(Id::kIdVandps, Id::kIdAndps, rest, rest, pool(sign - 1, 0, 16));
  load_memory(mask, pool(half, 0, bytes), single ? Type::F32 : Type::F64);
  constexpr unsigned kLessOrEqual = 2;
  if (host_.avx) {
    a_.emit(single ? Id::kIdVcmpss : Id::kIdVcmpsd, xm(mask), xm(mask), xm(rest), asmjit::Imm(kLessOrEqual));
  } else {
    a_.emit(single ? Id::kIdCmpss : Id::kIdCmpsd, xm(mask), xm(rest), asmjit::Imm(kLessOrEqual));
  }
  vec3(Id::kIdVandps, Id::kIdAndps, rest, x, pool(sign, 0, 16));
  vec3(Id::kIdVorps, Id::kIdOrps, rest, rest, pool(one, 0, 16));
  vec3(Id::kIdVandps, Id::kIdAndps, rest, rest, xm(mask));
  vec3(single ? Id::kIdVaddss : Id::kIdVaddsd, single ? Id::kIdAddss : Id::kIdAddsd, t, t, xm(rest));
  return t;
}

// What fits converts inline. The host says 1 << (width - 1) and raises invalid (alone) for what does not fit a signed
// integer, which is the guest's flag; the saturated value is put in out of line.
void Emitter::emit_f2i(Value v, const Inst& inst) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  if (needs_slow(inst) || (desc.is_unsigned && inst.type == Type::I64 && !host_.avx512)) return emit_fp_slow(v, inst);
  if (desc.is_unsigned) return emit_f2u(v, inst);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  const bool nan_to_max = static_cast<ir::Saturation>(desc.saturation) == ir::Saturation::NanToMax;
  const Type from = type_of(inst.args[0]);
  const bool single = from == Type::F32;
  const bool live = rounding == RoundingSource::Live;
  const bool own_mode = !live && rounding != RoundingSource::Zero;
  if (own_mode) take(kRax);
  const Reg x = use_flushed(inst, inst.args[0]);
  const unsigned width = ir::bits(inst.type);
  const Label back = a_.newLabel();
  const Reg dst = dest(v);
  const InstId truncate = single ? Id::kIdCvttss2si : Id::kIdCvttsd2si;
  if (own_mode) {
    // Rounded first, silently; then the conversion says whether it fits, and only if so, one of x itself whether it was
    // exact. A minimum may be right or not: rare enough for the slow path.
    const Reg t = rounded(x, single, rounding);
    a_.emit(truncate, gp(dst, width), xm(t));
    a_.cmp(gp(dst, width), 1);
    a_.jo(cold(
        [](Emitter& e, const Cold& c) {
          e.call_fp_slow(static_cast<ir::FpSlowOp>(c.data[2]), static_cast<Reg>(c.data[1]),
                         static_cast<Type>(c.data[3]));
          e.move(static_cast<Reg>(c.data[0]), kRax);
          e.a_.jmp(c.back);
        },
        {dst, x, static_cast<uint64_t>(ir::fp_slow_op(inst.op, inst.type, from, desc)), static_cast<uint64_t>(from)},
        &back));
    a_.emit(truncate, gp(kRax, width), xm(x));
    a_.bind(back);
    define(v, dst);
    return;
  }
  const InstId id = live ? (single ? Id::kIdCvtss2si : Id::kIdCvtsd2si) : truncate;
  a_.emit(id, gp(dst, width), xm(x));
  // The minimum minus one overflows, and nothing else does.
  a_.cmp(gp(dst, width), 1);
  a_.jo(cold(
      [](Emitter& e, const Cold& c) {
        const auto reg = static_cast<Reg>(c.data[0]);
        const auto operand = static_cast<Reg>(c.data[1]);
        const bool is_single = (c.data[2] & 1) != 0;
        const bool max_for_nan = (c.data[2] & 2) != 0;
        const auto w = static_cast<unsigned>(c.data[3]);
        const InstId unordered = e.host_.avx ? (is_single ? Id::kIdVucomiss : Id::kIdVucomisd)
                                             : (is_single ? Id::kIdUcomiss : Id::kIdUcomisd);
        const Label high = e.a_.newLabel();
        e.a_.emit(unordered, xm(operand), e.pool(0, 0, is_single ? 4 : 8));
        if (max_for_nan) {
          e.a_.jp(high);
          e.a_.jb(c.back);
        } else {
          const Label ordered = e.a_.newLabel();
          e.a_.jnp(ordered);
          e.a_.xor_(g32(reg), g32(reg));
          e.a_.jmp(c.back);
          e.a_.bind(ordered);
          e.a_.jb(c.back);
        }
        e.a_.bind(high);
        e.a_.sub(gp(reg, w), 1);  // minimum - 1 = maximum
        e.a_.jmp(c.back);
      },
      {dst, x, (single ? 1U : 0U) | (nan_to_max ? 2U : 0U), width}, &back));
  a_.bind(back);
  define(v, dst);
}

// To an unsigned integer: the range is checked first.
void Emitter::emit_f2u(Value v, const Inst& inst) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  const bool nan_to_max = static_cast<ir::Saturation>(desc.saturation) == ir::Saturation::NanToMax;
  const bool single = type_of(inst.args[0]) == Type::F32;
  const unsigned width = ir::bits(inst.type);
  const bool truncates = rounding == RoundingSource::Zero;
  const Reg operand_reg = use_flushed(inst, inst.args[0]);
  const Reg x = truncates ? operand_reg : rounded(operand_reg, single, rounding);
  const Reg inexact = truncates ? kNoReg : temp_int();
  const Reg dst = dest(v);
  const Label back = a_.newLabel();
  // In range: -1 < x < 2^width.
  const InstId compare =
      host_.avx ? (single ? Id::kIdVucomiss : Id::kIdVucomisd) : (single ? Id::kIdUcomiss : Id::kIdUcomisd);
  const uint64_t minus_one = single ? 0xbf800000 : 0xbff0000000000000;
  const uint64_t limit =
      width == 32 ? (single ? 0x4f800000 : 0x41f0000000000000) : (single ? 0x5f800000 : 0x43f0000000000000);
  const Label out_of_range = cold(
      [](Emitter& e, const Cold& c) {
        const auto reg = static_cast<Reg>(c.data[0]);
        const auto operand = static_cast<Reg>(c.data[1]);
        const bool is_single = (c.data[2] & 1) != 0;
        const bool max_for_nan = (c.data[2] & 2) != 0;
        const auto w = static_cast<unsigned>(c.data[3]);
        const InstId unordered = e.host_.avx ? (is_single ? Id::kIdVucomiss : Id::kIdVucomisd)
                                             : (is_single ? Id::kIdUcomiss : Id::kIdUcomisd);
        const Label zero = e.a_.newLabel();
        const Label high = e.a_.newLabel();
        // Converting a NaN raises invalid.
        e.a_.emit(Id::kIdCvttsd2si, g32(reg), e.pool(0x7ff8000000000000, 0, 8));
        e.a_.emit(unordered, xm(operand), e.pool(0, 0, is_single ? 4 : 8));
        e.a_.jp(max_for_nan ? high : zero);
        e.a_.jae(high);
        e.a_.bind(zero);
        e.a_.xor_(g32(reg), g32(reg));
        e.a_.jmp(c.back);
        e.a_.bind(high);
        if (w == 64) {
          e.a_.mov(g64(reg), -1);
        } else {
          e.a_.mov(g32(reg), -1);
        }
        e.a_.jmp(c.back);
      },
      {dst, x, (single ? 1U : 0U) | (nan_to_max ? 2U : 0U), width}, &back);
  a_.emit(compare, xm(x), pool(minus_one, 0, single ? 4 : 8));
  a_.jbe(out_of_range);
  a_.emit(compare, xm(x), pool(limit, 0, single ? 4 : 8));
  a_.jae(out_of_range);
  const InstId convert =
      width == 64 ? (single ? Id::kIdVcvttss2usi : Id::kIdVcvttsd2usi) : (single ? Id::kIdCvttss2si : Id::kIdCvttsd2si);
  a_.emit(convert, g64(dst), xm(x));
  // x has been rounded silently; in range, the operand itself says whether it was exact.
  if (!truncates) a_.emit(convert, g64(inexact), xm(operand_reg));
  a_.bind(back);
  define(v, dst);
}

void Emitter::emit_i2f(Value v, const Inst& inst) {
  if (needs_slow(inst)) return emit_fp_slow(v, inst);
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  const bool single = inst.type == Type::F32;
  const Value a = rep(inst.args[0]);
  const Type from = type_of(inst.args[0]);
  const unsigned bits = ir::bits(from);
  const unsigned precision = single ? 24 : 53;
  const bool wide_unsigned = desc.is_unsigned && bits == 64;
  // A mode of its own does not matter to an integer that fits the fraction, as nearly all do; others take the slow
  // path.
  const bool own_mode = rounding != RoundingSource::Live && bits > precision;
  if (wide_unsigned && !host_.avx512) return emit_fp_slow(v, inst);
  if (own_mode) take(kRax);
  Reg ra = use(a);
  unsigned width = bits;
  if (desc.is_unsigned && bits == 32) {
    width = 64;
    if (info_[a].known_bits > 32) {
      const Reg t = temp_int();
      a_.mov(g32(t), g32(ra));
      ra = t;
    }
  }
  const Reg dst = dest(v);
  const Label back = a_.newLabel();
  if (own_mode) {
    // All bits above the fraction are zero or copies of the sign.
    a_.mov(gp(kRax, width), gp(ra, width));
    a_.emit(desc.is_unsigned ? Id::kIdShr : Id::kIdSar, gp(kRax, width), precision);
    if (!desc.is_unsigned) a_.add(gp(kRax, width), 1);
    a_.cmp(gp(kRax, width), desc.is_unsigned ? 0 : 1);
    a_.ja(cold(
        [](Emitter& e, const Cold& c) {
          e.call_fp_slow(static_cast<ir::FpSlowOp>(c.data[2]), static_cast<Reg>(c.data[1]), Type::I64);
          e.move(static_cast<Reg>(c.data[0]), kRax);
          e.a_.jmp(c.back);
        },
        {dst, ra, static_cast<uint64_t>(ir::fp_slow_op(inst.op, inst.type, from, desc))}, &back));
  }
  // The conversion leaves the rest of its destination alone: zero it first, so that it need not wait for the old value.
  move_constant(dst, 0, inst.type);
  if (wide_unsigned) {
    a_.emit(single ? Id::kIdVcvtusi2ss : Id::kIdVcvtusi2sd, xm(dst), xm(dst), g64(ra));
  } else if (host_.avx) {
    a_.emit(single ? Id::kIdVcvtsi2ss : Id::kIdVcvtsi2sd, xm(dst), xm(dst), gp(ra, width));
  } else {
    a_.emit(single ? Id::kIdCvtsi2ss : Id::kIdCvtsi2sd, xm(dst), gp(ra, width));
  }
  if (own_mode) a_.bind(back);
  made_zero_ = true;
  define(v, dst);
}

void Emitter::emit_bitcast(Value v, const Inst& inst) {
  const Value a = rep(inst.args[0]);
  const Type from = type_of(inst.args[0]);
  const unsigned bits = ir::bits(inst.type);
  if (in_vec(inst.type) == in_vec(from)) {
    if (in_reg(a)) use(a);
    const Reg dst = dest(v, {a});
    if ((regs_of(a) & mask_of(dst)) == 0) load_into(dst, a);
    define(v, dst);
    return;
  }
  const Reg dst = dest(v);
  if (is_const(a) && is_vec(dst)) {
    move_constant(dst, const_bits(a), inst.type);
  } else if (!in_reg(a) && in_memory(a) && !live_after(a) && memory_bits(a) >= bits && bits >= 32) {
    load_memory(dst, memory_of(a, bits / 8), inst.type);
  } else {
    const Reg ra = use(a);
    if (bits == 64) {
      move(dst, ra);
    } else {
      // 32 bits, or 16 with what is above them unspecified either way.
      a_.emit(host_.avx ? Id::kIdVmovd : Id::kIdMovd, is_vec(dst) ? Operand(xm(dst)) : Operand(g32(dst)),
              is_vec(ra) ? Operand(xm(ra)) : Operand(g32(ra)));
    }
  }
  define(v, dst);
}

// A narrower float with ones above it.
void Emitter::emit_nan_box(Value v, const Inst& inst) {
  const Value a = rep(inst.args[0]);
  const unsigned from = ir::bits(type_of(inst.args[0]));
  const unsigned to = ir::bits(inst.type);
  const uint64_t all = to == 64 ? ~uint64_t{0} : (uint64_t{1} << to) - 1;
  const uint64_t above = all & ~((uint64_t{1} << from) - 1);
  const Reg ra = use(a);
  const Reg dst = dest(v, {a});
  // Whatever lies above the narrower float in its register: the box needs ones there.
  vec3(Id::kIdVorps, Id::kIdOrps, dst, ra, pool(above, 0, 16));
  define(v, dst);
}

void Emitter::emit_nan_unbox(Value v, const Inst& inst) {
  const Value a = rep(inst.args[0]);
  const unsigned from = ir::bits(type_of(inst.args[0]));
  const unsigned to = ir::bits(inst.type);
  const Reg ra = use(a);
  const Reg t = temp_int();
  const Reg dst = dest(v, {a});
  // All ones above, taken as a number, is -1.
  if (to == 32 && from == 64) {
    if (host_.avx) {
      a_.vpextrd(g32(t), xm(ra), 1);
    } else {
      a_.pextrd(g32(t), xm(ra), 1);
    }
    a_.cmp(g32(t), -1);
  } else {
    a_.emit(host_.avx ? Id::kIdVmovq : Id::kIdMovq, g64(t), xm(ra));
    if (from == 32) {
      a_.sar(g32(t), 16);
      a_.cmp(g32(t), -1);
    } else {
      a_.sar(g64(t), static_cast<int>(to));
      a_.cmp(g64(t), -1);
    }
  }
  const Label back = a_.newLabel();
  vec_move(dst, ra);
  a_.jne(cold(
      [](Emitter& e, const Cold& c) {
        e.move_nan(static_cast<Reg>(c.data[0]), static_cast<Type>(c.data[1]), c.data[2] != 0);
        e.a_.jmp(c.back);
      },
      {dst, static_cast<uint64_t>(inst.type), info_[v].boxed}, &back));
  a_.bind(back);
  made_boxed_ = true;
  define(v, dst);
}

}  // namespace menura::x64
