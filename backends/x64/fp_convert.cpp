// Conversions between floats, integers and bit patterns.
#include "backends/x64/emitter.h"
#include "ir/interp/fp.h"

namespace menura::x64 {

using ir::FpDesc;
using ir::Op;
using ir::RoundingSource;
using ir::Type;

namespace {

// The immediate of roundss, roundsd and vcvtps2ph: bit 2 = MXCSR's mode, bit 3 = no inexact flag.
unsigned round_control(RoundingSource source) {
  switch (source) {
    case RoundingSource::NearestEven:
      return 0;
    case RoundingSource::Down:
      return 1;
    case RoundingSource::Up:
      return 2;
    case RoundingSource::Zero:
      return 3;
    default:
      return 4;
  }
}

}  // namespace

void Emitter::emit_fround(Value v, const Inst& inst) {
  if (needs_slow(inst)) return emit_fp_slow(v, inst);
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const bool single = inst.type == Type::F32;
  const unsigned control = round_control(static_cast<RoundingSource>(desc.rounding)) | (desc.exact ? 0U : 8U);
  const Reg ra = use(inst.args[0]);
  const Reg dst = dest(v, {inst.args[0]});
  if (host_.avx) {
    a_.emit(single ? Id::kIdVroundss : Id::kIdVroundsd, xm(dst), xm(ra), xm(ra), asmjit::Imm(control));
  } else {
    a_.emit(single ? Id::kIdRoundss : Id::kIdRoundsd, xm(dst), xm(ra), asmjit::Imm(control));
  }
  fix_nan(dst, inst.type, inst);
  define(v, dst);
}

void Emitter::emit_fcvt(Value v, const Inst& inst) {
  if (needs_slow(inst)) return emit_fp_slow(v, inst);
  const Type from = type_of(inst.args[0]);
  const auto rounding = static_cast<RoundingSource>(ir::unpack<FpDesc>(inst.aux).rounding);
  const bool narrows = inst.type == Type::F32 && from == Type::F64;
  const bool swap_mode = narrows && rounding != RoundingSource::Live;
  if (swap_mode) take(kRax);
  const Reg ra = use(inst.args[0]);
  if (swap_mode) set_rounding(rounding);
  const Reg dst = dest(v, {inst.args[0]});
  if (from == Type::F16) {
    a_.vcvtph2ps(xm(dst), xm(ra));
  } else if (host_.avx) {
    a_.emit(narrows ? Id::kIdVcvtsd2ss : Id::kIdVcvtss2sd, xm(dst), xm(ra), xm(ra));
  } else {
    a_.emit(narrows ? Id::kIdCvtsd2ss : Id::kIdCvtss2sd, xm(dst), xm(ra));
  }
  if (swap_mode) restore_rounding();
  fix_nan(dst, inst.type, inst);
  define(v, dst);
}

// What fits converts inline. The host says 1 << (width - 1) and raises invalid (alone) for what does not fit a signed
// integer, which is the guest's flag; the saturated value is put in out of line. An unsigned integer is checked first.
void Emitter::emit_f2i(Value v, const Inst& inst) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  const bool nan_to_max = static_cast<ir::Saturation>(desc.saturation) == ir::Saturation::NanToMax;
  // Modes other than the live one and truncation are rare; so are unsigned 64-bit integers.
  const bool inline_mode = rounding == RoundingSource::Zero || rounding == RoundingSource::Live;
  if (needs_slow(inst) || !inline_mode || (desc.is_unsigned && inst.type == Type::I64 && !host_.avx512) ||
      (desc.is_unsigned && rounding == RoundingSource::Live)) {
    return emit_fp_slow(v, inst);
  }
  const Type from = type_of(inst.args[0]);
  const bool single = from == Type::F32;
  const bool truncate = rounding == RoundingSource::Zero;
  const Reg x = use(inst.args[0]);
  const unsigned width = ir::bits(inst.type);
  const Label back = a_.newLabel();
  const Reg dst = dest(v);
  if (desc.is_unsigned) {
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
    if (width == 64) {
      a_.emit(single ? Id::kIdVcvttss2usi : Id::kIdVcvttsd2usi, g64(dst), xm(x));
    } else {
      a_.emit(single ? Id::kIdCvttss2si : Id::kIdCvttsd2si, g64(dst), xm(x));
    }
    a_.bind(back);
    define(v, dst);
    return;
  }
  const InstId id =
      truncate ? (single ? Id::kIdCvttss2si : Id::kIdCvttsd2si) : (single ? Id::kIdCvtss2si : Id::kIdCvtsd2si);
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

void Emitter::emit_i2f(Value v, const Inst& inst) {
  if (needs_slow(inst)) return emit_fp_slow(v, inst);
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  const bool single = inst.type == Type::F32;
  const Value a = rep(inst.args[0]);
  const unsigned bits = ir::bits(type_of(inst.args[0]));
  const bool exact = !single && bits == 32;
  const bool swap_mode = rounding != RoundingSource::Live && !exact;
  const bool wide_unsigned = desc.is_unsigned && bits == 64;
  if (wide_unsigned && !host_.avx512) return emit_fp_slow(v, inst);
  if (swap_mode) take(kRax);
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
  if (swap_mode) set_rounding(rounding);
  const Reg dst = dest(v);
  // The conversion leaves the rest of its destination alone: zero it first, so that it need not wait for the old value.
  move_constant(dst, 0, inst.type);
  if (wide_unsigned) {
    a_.emit(single ? Id::kIdVcvtusi2ss : Id::kIdVcvtusi2sd, xm(dst), xm(dst), g64(ra));
  } else if (host_.avx) {
    a_.emit(single ? Id::kIdVcvtsi2ss : Id::kIdVcvtsi2sd, xm(dst), xm(dst), gp(ra, width));
  } else {
    a_.emit(single ? Id::kIdCvtsi2ss : Id::kIdCvtsi2sd, xm(dst), gp(ra, width));
  }
  if (swap_mode) restore_rounding();
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
        e.move_constant(static_cast<Reg>(c.data[0]), c.data[1], static_cast<Type>(c.data[2]));
        e.a_.jmp(c.back);
      },
      {dst, ir::fp_canonical_nan(inst.type), static_cast<uint64_t>(inst.type)}, &back));
  a_.bind(back);
  define(v, dst);
}

}  // namespace menura::x64
