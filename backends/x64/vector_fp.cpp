// Vectors of single and double precision. As with scalars (fp_recompute.cpp) the host's operation is done and its
// result looked at, all lanes at once; where one is a NaN or the least normal number, the whole op is done again out of
// line.
#include "backends/runtime/host_fp.h"
#include "backends/x64/emitter.h"
#include "ir/interp/vector_slow.h"

namespace menura::x64 {

using ir::FpCond;
using ir::FpDesc;
using ir::NanPolicy;
using ir::Op;
using ir::RoundingSource;
using ir::Type;
using runtime::compare_predicate;
using runtime::round_control;

namespace {

// Of cmpps (runtime::compare_predicate).
constexpr unsigned kUnordered = 3;
constexpr unsigned kEqualOrUnordered = 8;

}  // namespace

// Whether the host has the op in this form.
bool Emitter::has_vector_fp(const Inst& inst) const {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto lane = static_cast<Type>(desc.lane);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  if (static_cast<ir::FlagPolicy>(desc.flags) == ir::FlagPolicy::None && !is_quiet_scaling(inst)) return false;
  if (lane == Type::F16 || desc.alternative_half != 0) return false;
  if (rounding == RoundingSource::NearestAway && inst.op != Op::VFMin && inst.op != Op::VFMax && inst.op != Op::VFCmp) {
    return false;
  }
  switch (inst.op) {
    case Op::VFMa:
      return host_.fma && ((desc.defined == 0 && desc.halved == 0) || has_defined(inst));
    case Op::VFCmp:
      return host_.avx || compare_predicate(static_cast<FpCond>(desc.cond), desc.signaling != 0) < 8;
    case Op::VFRound:
      return true;
    case Op::VFCvt:
      // Beside f16's: f32 to f64 and back.
      return (lane == Type::F32 && inst.type == Type::V128) || lane == Type::F64;
    case Op::VF2I:
      if (static_cast<ir::Saturation>(desc.saturation) == ir::Saturation::Indefinite) return false;
      // A rounding of its own may raise inexact for what is then too small.
      if ((lane == Type::F64 || desc.is_unsigned != 0) && rounding != RoundingSource::Zero &&
          rounding != RoundingSource::Live)
        return false;
      return host_.avx512 || (lane == Type::F32 && desc.is_unsigned == 0);
    case Op::VI2F:
      return host_.avx512 || (lane == Type::F32 && desc.is_unsigned == 0);
    default:
      return true;
  }
}

// The register of an operand with nothing in the upper half of a 64-bit vector that could raise a flag: zeros, or for
// divisions the lower half again.
Reg Emitter::quiet_lanes(const Inst& inst, unsigned number, bool half) {
  const RegMask before = locked_;
  const Reg reg = use(inst.args[number]);
  if (!half) return reg;
  const bool twice = inst.op == Op::VFDiv;
  if (!twice && zero_above(inst.args[number], Type::V64)) return reg;
  const Reg t = temp_vec();
  if (twice) {
    vec3({Id::kIdVpunpcklqdq, Id::kIdPunpcklqdq}, t, reg, reg);
  } else {
    vec_zero_above(t, reg, 64);
  }
  locked_ = before | mask_of(t);
  return t;
}

// Out of line: the whole op by the slow path, from the operands' registers.
Label Emitter::cold_vector(const Inst& inst, Reg dst, const Reg* operands, const Label& back) {
  uint64_t registers = dst;
  for (unsigned i = 0; i < inst.arg_count; ++i) registers |= uint64_t{operands[i]} << (8 + 8 * i);
  registers |= uint64_t{inst.arg_count} << 32;
  const auto op = ir::vector_slow_op(inst.op, inst.type, type_of(inst.args[0]), inst.aux, inst.imm);
  return cold(
      [](Emitter& e, const Cold& c) {
        e.a_.mov(e.spill_memory(kSavedRax), x86::rax);
        for (unsigned i = 0; i < (c.data[0] >> 32); ++i) {
          e.store_memory(e.spill_memory(ir::kVectorSlowOperands + i * ir::kVectorSlowStride),
                         static_cast<Reg>(c.data[0] >> (8 + 8 * i) & 0xff), Type::V128);
        }
        e.a_.mov(x86::rax, c.data[1]);
        e.call_thunk(runtime::Thunk::VectorSlow);
        e.load_memory(static_cast<Reg>(c.data[0] & 0xff), e.spill_memory(ir::kVectorSlowResult),
                      static_cast<Type>(c.data[2]));
        e.a_.mov(x86::rax, e.spill_memory(kSavedRax));
        e.a_.jmp(c.back);
      },
      {registers, static_cast<uint64_t>(op), static_cast<uint64_t>(inst.type)}, &back);
}

// Jumps where any bit of a mask is set.
void Emitter::jump_if_any(Reg mask, const Label& target) {
  a_.emit(host_.avx ? Id::kIdVptest : Id::kIdPtest, xm(mask), xm(mask));
  a_.jnz(target);
}

// Whether a result may be tiny and inexact.
bool Emitter::is_tiny_inexact(const Inst& inst) const {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  if (inst.op == Op::VFMa) return desc.defined == 0 || !is_step(inst);
  return inst.op == Op::VFMul || inst.op == Op::VFDiv ||
         (inst.op == Op::VFCvt && static_cast<Type>(desc.lane) == Type::F64);
}

void Emitter::emit_vector_fp(Value v, const Inst& inst) {
  if (!has_vector_fp(inst)) return emit_vector_slow(v, inst);
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  const bool single = static_cast<Type>(desc.lane) == Type::F32;
  const bool half = inst.type == Type::V64;
  if (inst.op == Op::VFMin || inst.op == Op::VFMax) return emit_vector_min_max(v, inst);
  const bool rounds = inst.op != Op::VFCmp && inst.op != Op::VFRound && !(inst.op == Op::VFCvt && !half) &&
                      !(inst.op == Op::VF2I && rounding != RoundingSource::Live);
  const bool own_mode = rounds && rounding != RoundingSource::Live;
  if (own_mode) take(kRax);
  Reg operands[3] = {kNoReg, kNoReg, kNoReg};
  RegMask mask = 0;
  for (unsigned i = 0; i < inst.arg_count; ++i) {
    // What widens or narrows looks at no more than it should.
    operands[i] = quiet_lanes(inst, i, half && inst.op != Op::VFCvt);
    mask |= mask_of(operands[i]);
  }
  const Reg original[3] = {operands[0], operands[1], operands[2]};
  if (inst.op != Op::VI2F) {
    for (unsigned i = 0; i < inst.arg_count; ++i) operands[i] = flushed(inst, inst.args[i], operands[i]);
  }
  // The last copy is no one else's: the result may go there.
  const Reg last = operands[inst.arg_count - 1] != original[inst.arg_count - 1] ? operands[inst.arg_count - 1] : kNoReg;
  FpResult result;
  result.dst = dest(v);
  result.raw = (mask & mask_of(result.dst)) == 0 ? result.dst : last != kNoReg ? last : temp_vec();
  result.back = a_.newLabel();
  if (inst.op != Op::VFCmp && inst.op != Op::VI2F) result.t = temp_vec();
  if (desc.flush != 0 || desc.defined != 0 || desc.halved != 0 || !host_.avx) result.u = temp_vec();
  if (desc.flush != 0 && is_tiny_inexact(inst)) {
    result.again = cold_vector(inst, result.dst, original, result.back);
    need_inexact(result.again);
  }
  if ((inst.op == Op::VFMul && desc.defined != 0) || (inst.op == Op::VFMa && (desc.defined != 0 || desc.halved != 0))) {
    if (!result.again.isValid()) result.again = cold_vector(inst, result.dst, original, result.back);
    check_factors(inst, operands[0], operands[1], result.t, result.u, result.again);
  }
  if (is_quiet_scaling(inst)) {
    result.again = cold_vector(inst, result.dst, original, result.back);
    check_factors(inst, operands[0], operands[0], result.t, kNoReg, result.again);
  }
  if (own_mode) set_rounding(rounding);
  vector_fp_op(inst, result.raw, operands);
  if (own_mode) restore_rounding();
  release_copies(original, operands, inst.arg_count, result.raw);
  // (Zero minus zero has a sign, rounded down.)
  made_zero_ = half && inst.op != Op::VFDiv && inst.op != Op::VFCmp && inst.op != Op::VFSub;
  check_vector(inst, result, original, single);
  vec_move(result.dst, result.raw);
  a_.bind(result.back);
  define(v, result.dst);
}

// The host's operation; `dst` is none of the operands.
void Emitter::vector_fp_op(const Inst& inst, Reg dst, const Reg* operands) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const auto rounding = static_cast<RoundingSource>(desc.rounding);
  const bool single = static_cast<Type>(desc.lane) == Type::F32;
  static constexpr Form arithmetic[4][2] = {{{Id::kIdVaddpd, Id::kIdAddpd}, {Id::kIdVaddps, Id::kIdAddps}},
                                            {{Id::kIdVsubpd, Id::kIdSubpd}, {Id::kIdVsubps, Id::kIdSubps}},
                                            {{Id::kIdVmulpd, Id::kIdMulpd}, {Id::kIdVmulps, Id::kIdMulps}},
                                            {{Id::kIdVdivpd, Id::kIdDivpd}, {Id::kIdVdivps, Id::kIdDivps}}};
  const Reg a = operands[0];
  switch (inst.op) {
    case Op::VFAdd:
    case Op::VFSub:
    case Op::VFMul:
    case Op::VFDiv:
      static_assert(static_cast<int>(Op::VFDiv) - static_cast<int>(Op::VFAdd) == 3);
      return vec3(arithmetic[static_cast<unsigned>(inst.op) - static_cast<unsigned>(Op::VFAdd)][single ? 1 : 0], dst, a,
                  operands[1]);
    case Op::VFSqrt:
      return vec2(single ? Form{Id::kIdVsqrtps, Id::kIdSqrtps} : Form{Id::kIdVsqrtpd, Id::kIdSqrtpd}, dst, xm(a));
    case Op::VFMa:
      vec_move(dst, operands[2]);
      a_.emit(single ? Id::kIdVfmadd231ps : Id::kIdVfmadd231pd, xm(dst), xm(a), xm(operands[1]));
      if (desc.halved != 0) vec3(arithmetic[2][single ? 1 : 0], dst, dst, half_of(single));
      return;
    case Op::VFCmp: {
      const auto cond = static_cast<FpCond>(desc.cond);
      const bool swap = cond == FpCond::Gt || cond == FpCond::Ge;
      return vec3(single ? Form{Id::kIdVcmpps, Id::kIdCmpps} : Form{Id::kIdVcmppd, Id::kIdCmppd}, dst,
                  swap ? operands[1] : a, xm(swap ? a : operands[1]), compare_predicate(cond, desc.signaling != 0));
    }
    case Op::VFRound:
      return vec_round(dst, a, single, rounding, desc.exact != 0);
    case Op::VFCvt:
      return vec2(single ? Form{Id::kIdVcvtps2pd, Id::kIdCvtps2pd} : Form{Id::kIdVcvtpd2ps, Id::kIdCvtpd2ps}, dst,
                  xm(a));
    case Op::VI2F: {
      if (desc.is_unsigned != 0) {
        a_.emit(single ? Id::kIdVcvtudq2ps : Id::kIdVcvtuqq2pd, xm(dst), xm(a));
      } else if (single) {
        vec2({Id::kIdVcvtdq2ps, Id::kIdCvtdq2ps}, dst, xm(a));
      } else {
        a_.emit(Id::kIdVcvtqq2pd, xm(dst), xm(a));
      }
      return;
    }
    default: {
      Reg from = a;
      const bool live = rounding == RoundingSource::Live;
      if (!live && rounding != RoundingSource::Zero) {
        // What does not fit an integer is integral already, so that inexact is raised where it should be.
        vec_round(dst, a, single, rounding, true);
        from = dst;
      }
      static constexpr Form forms[2][2] = {{{Id::kIdVcvttps2dq, Id::kIdCvttps2dq}, {Id::kIdVcvtps2dq, Id::kIdCvtps2dq}},
                                           {{Id::kIdVcvttpd2qq, 0}, {Id::kIdVcvtpd2qq, 0}}};
      static constexpr InstId unsigned_forms[2][2] = {{Id::kIdVcvttps2udq, Id::kIdVcvtps2udq},
                                                      {Id::kIdVcvttpd2uqq, Id::kIdVcvtpd2uqq}};
      if (desc.is_unsigned != 0) {
        a_.emit(unsigned_forms[single ? 0 : 1][live ? 1 : 0], xm(dst), xm(from));
      } else {
        vec2(forms[single ? 0 : 1][live ? 1 : 0], dst, xm(from));
      }
      return;
    }
  }
}

// Branches to the slow path where a lane of the result may be another guest's otherwise.
void Emitter::check_vector(const Inst& inst, FpResult& result, const Reg* operands, bool single) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const bool canonical = static_cast<NanPolicy>(desc.nan) == NanPolicy::Canonical;
  const bool narrows = inst.op == Op::VFCvt && !single;
  const Form compare = single || narrows ? Form{Id::kIdVcmpps, Id::kIdCmpps} : Form{Id::kIdVcmppd, Id::kIdCmppd};
  const unsigned lane = single || narrows ? 2 : 3;
  bool tiny = false;
  switch (inst.op) {
    case Op::VFCmp:
    case Op::VI2F:
      return;
    case Op::VF2I: {
      // The host says the minimum, or all ones, for what does not fit.
      const uint64_t wrong = desc.is_unsigned != 0 ? ~uint64_t{0} : single ? 0x80000000 : uint64_t{1} << 63;
      const Reg t = result.t;
      vec3(single ? Form{Id::kIdVpcmpeqd, Id::kIdPcmpeqd} : Form{Id::kIdVpcmpeqq, Id::kIdPcmpeqq}, t, result.raw,
           splat(lane, wrong));
      return jump_if_any(t, cold_vector(inst, result.dst, operands, result.back));
    }
    case Op::VFRound:
      if (!canonical) return;
      break;
    case Op::VFCvt:
      if (!canonical && !narrows) return;
      tiny = narrows && desc.tiny_before != 0;
      if (!canonical && !tiny) return;
      break;
    case Op::VFMa:
      // The factors are not large: neither a NaN nor tiny.
      if (desc.defined != 0 && is_step(inst)) return;
      [[fallthrough]];
    case Op::VFMul:
      if (is_quiet_scaling(inst)) return;
      [[fallthrough]];
    case Op::VFDiv:
      tiny = desc.tiny_before != 0;
      break;
    default:
      break;
  }
  if (desc.flush != 0 && (is_tiny_inexact(inst) || inst.op == Op::VFAdd || inst.op == Op::VFSub)) {
    return check_flushed(inst, result, operands, single || narrows);
  }
  const Reg t = result.t;
  if (!tiny) {
    vec3(compare, t, result.raw, xm(result.raw), kUnordered);
  } else {
    const x86::Mem magnitude = splat(lane, lane == 2 ? 0x7fffffff : INT64_MAX);
    const x86::Mem least = splat(lane, lane == 2 ? 0x00800000 : 0x0010000000000000);
    vec3(Id::kIdVandps, Id::kIdAndps, t, result.raw, magnitude);
    if (host_.avx) {
      vec3(compare, t, t, least, kEqualOrUnordered);
    } else {
      const Reg u = result.u;
      vec3(compare, u, t, xm(t), kUnordered);
      vec3(compare, t, t, least, 0);
      vec3({Id::kIdVpor, Id::kIdPor}, t, t, u);
    }
  }
  if (!result.again.isValid()) result.again = cold_vector(inst, result.dst, operands, result.back);
  jump_if_any(t, result.again);
}

// Lanes of at most the least normal number, and NaNs.
void Emitter::check_flushed(const Inst& inst, FpResult& result, const Reg* operands, bool single) {
  const unsigned lane = single ? 2 : 3;
  const x86::Mem magnitude = splat(lane, single ? 0x7fffffff : INT64_MAX);
  const uint64_t least = single ? 0x00800000 : 0x0010000000000000;
  const Reg t = result.t;
  const Reg u = result.u;
  vec3(Id::kIdVandps, Id::kIdAndps, t, result.raw, magnitude);
  if (host_.avx) {
    constexpr unsigned kNotGreater = 26;
    vec3(single ? Form{Id::kIdVcmpps, Id::kIdCmpps} : Form{Id::kIdVcmppd, Id::kIdCmppd}, t, t, splat(lane, least),
         kNotGreater);
  } else {
    const Form greater = single ? Form{Id::kIdVpcmpgtd, Id::kIdPcmpgtd} : Form{Id::kIdVpcmpgtq, Id::kIdPcmpgtq};
    load_memory(u, splat(lane, least + 1), Type::V128);
    vec3(greater, u, u, t);
    vec3(single ? Form{Id::kIdVcmpps, Id::kIdCmpps} : Form{Id::kIdVcmppd, Id::kIdCmppd}, t, t, xm(t), kUnordered);
    vec3({Id::kIdVpor, Id::kIdPor}, t, t, u);
  }
  if (inst.type == Type::V64) vec_zero_above(t, t, 64);
  if (!result.again.isValid()) result.again = cold_vector(inst, result.dst, operands, result.back);
  const Label fine = a_.newLabel();
  jump_if_any(t, cold_tiny(inst, result, operands, t, u, fine));
  a_.bind(fine);
}

void Emitter::vec_round(Reg dst, Reg a, bool single, RoundingSource rounding, bool exact) {
  const unsigned control = round_control(rounding) | (exact ? 0U : 8U);
  vec2(single ? Form{Id::kIdVroundps, Id::kIdRoundps} : Form{Id::kIdVroundpd, Id::kIdRoundpd}, dst, xm(a), control);
}

// The host gives its second operand for zeros and NaNs. Both orders together have the right zero; NaNs go out of line,
// before anything raises a flag for them.
void Emitter::emit_vector_min_max(Value v, const Inst& inst) {
  const bool single = static_cast<Type>(ir::unpack<FpDesc>(inst.aux).lane) == Type::F32;
  const bool half = inst.type == Type::V64;
  const bool min = inst.op == Op::VFMin;
  Reg operands[2] = {quiet_lanes(inst, 0, half), quiet_lanes(inst, 1, half)};
  for (unsigned i = 0; i < 2; ++i) operands[i] = flushed(inst, inst.args[i], operands[i]);
  const Reg dst = dest(v, {}, mask_of(operands[0]) | mask_of(operands[1]));
  const Reg t = temp_vec();
  const Label back = a_.newLabel();
  vec3(single ? Form{Id::kIdVcmpps, Id::kIdCmpps} : Form{Id::kIdVcmppd, Id::kIdCmppd}, t, operands[0], xm(operands[1]),
       kUnordered);
  jump_if_any(t, cold_vector(inst, dst, operands, back));
  static constexpr Form forms[2][2] = {{{Id::kIdVmaxpd, Id::kIdMaxpd}, {Id::kIdVmaxps, Id::kIdMaxps}},
                                       {{Id::kIdVminpd, Id::kIdMinpd}, {Id::kIdVminps, Id::kIdMinps}}};
  const Form form = forms[min ? 1 : 0][single ? 1 : 0];
  vec3(form, t, operands[0], operands[1]);
  vec3(form, dst, operands[1], operands[0]);
  vec3(min ? Form{Id::kIdVorps, Id::kIdOrps} : Form{Id::kIdVandps, Id::kIdAndps}, dst, dst, t);
  a_.bind(back);
  made_zero_ = half;
  define(v, dst);
}

}  // namespace menura::x64
