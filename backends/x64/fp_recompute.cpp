// Floating-point results that are right on the host but for a few that can be told by looking at them: NaNs, which are
// chosen from the operands by other rules, and the least normal number, which may be a tiny number rounded up: tininess
// before rounding raises underflow, the host's after rounding does not. Those are computed again, out of line and
// exactly. The flags that the host has raised are right, though they may not be all: invalid for the same operands (but
// for infinity times zero plus a quiet NaN), inexact with the least normal number.
#include <algorithm>

#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::FpDesc;
using ir::NanPolicy;
using ir::Op;
using ir::Type;

namespace {

// Sums, differences and roots are never tiny and inexact.
bool may_be_tiny(Op op) { return op == Op::FMul || op == Op::FDiv || op == Op::FMa || op == Op::FCvt; }

}  // namespace

bool Emitter::is_recomputed(const Inst& inst) const {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  return static_cast<NanPolicy>(desc.nan) != NanPolicy::Canonical || desc.flush != 0 ||
         (desc.tiny_before != 0 && may_be_tiny(inst.op));
}

// `negated`: operands of which the sign is turned first, by number.
Emitter::FpResult Emitter::begin_result(Value v, const Inst& inst, std::initializer_list<Reg> operands,
                                        unsigned negated) {
  const Reg dst = dest(v);
  const bool overlaps = std::find(operands.begin(), operands.end(), dst) != operands.end();
  FpResult result = {overlaps ? temp_vec() : dst, dst, {}, a_.newLabel()};
  result.again = cold_recompute(inst, dst, operands, negated, result.back);
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  if (desc.flush != 0 || may_be_tiny(inst.op)) result.t = temp_vec();
  if ((inst.op == Op::FMul && desc.defined != 0) || (inst.op == Op::FMa && (desc.defined != 0 || desc.halved != 0))) {
    result.u = temp_vec();
    check_factors(inst, operands.begin()[0], operands.begin()[1], result.t, result.u, result.again);
  }
  if (is_quiet_scaling(inst)) {
    check_factors(inst, operands.begin()[0], operands.begin()[0], result.t, kNoReg, result.again);
  }
  if (desc.flush != 0) {
    std::copy(operands.begin(), operands.end(), result.operands);
    if (may_be_tiny(inst.op) && !(inst.op == Op::FMa && desc.defined != 0 && is_step(inst))) need_inexact(result.again);
  }
  return result;
}

void Emitter::end_result(Value v, const Inst& inst, const FpResult& result) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const bool single = inst.type == Type::F32;
  const Label& again = result.again;
  const InstId compare =
      host_.avx ? (single ? Id::kIdVucomiss : Id::kIdVucomisd) : (single ? Id::kIdUcomiss : Id::kIdUcomisd);
  if (is_quiet_scaling(inst) || (inst.op == Op::FMa && desc.defined != 0 && is_step(inst))) {
    // The factors are not large: neither a NaN nor tiny.
  } else if (desc.flush != 0 && inst.op != Op::FSqrt) {
    // At most the least normal number, or unordered.
    const uint64_t sign = uint64_t{1} << (ir::bits(inst.type) - 1);
    const uint64_t least = single ? 0x00800000 : 0x0010000000000000;
    const Label fine = a_.newLabel();
    vec3(Id::kIdVandps, Id::kIdAndps, result.t, result.raw, pool(sign - 1, 0, 16));
    a_.emit(compare, xm(result.t), pool(least, 0, single ? 4 : 8));
    a_.jbe(cold_tiny(inst, result, result.operands, kNoReg, kNoReg, fine));
    a_.bind(fine);
  } else if (desc.tiny_before != 0 && may_be_tiny(inst.op)) {
    // Equal to the least normal number, or unordered.
    const uint64_t sign = uint64_t{1} << (ir::bits(inst.type) - 1);
    const uint64_t least = single ? 0x00800000 : 0x0010000000000000;
    vec3(Id::kIdVandps, Id::kIdAndps, result.t, result.raw, pool(sign - 1, 0, 16));
    a_.emit(compare, xm(result.t), pool(least, 0, single ? 4 : 8));
    a_.je(again);
  } else {
    a_.emit(compare, xm(result.raw), xm(result.raw));
    a_.jp(again);
  }
  if (info_[v].zeroed && !made_zero_) {
    vec_zero_above(result.dst, result.raw, ir::bits(inst.type));
    made_zero_ = true;
  } else {
    vec_move(result.dst, result.raw);
  }
  made_boxed_ = false;
  a_.bind(result.back);
  define(v, result.dst);
}

// Code out of line that computes an instruction exactly, and goes on at `back`. `negated`: operands of which the sign
// is turned first, by number.
Label Emitter::cold_recompute(const Inst& inst, Reg dst, std::initializer_list<Reg> operands, unsigned negated,
                              const Label& back) {
  uint64_t registers = dst;
  unsigned shift = 8;
  for (const Reg reg : operands) {
    registers |= uint64_t{reg} << shift;
    shift += 8;
  }
  registers |= uint64_t{operands.size()} << 32 | uint64_t{negated} << 40;
  const Type operand = type_of(inst.args[0]);
  const auto op = ir::fp_slow_op(inst.op, inst.type, operand, ir::unpack<FpDesc>(inst.aux));
  return cold(
      [](Emitter& e, const Cold& c) {
        const unsigned bytes = static_cast<unsigned>(c.data[2]) / 8;
        e.a_.mov(e.spill_memory(kSavedRax), x86::rax);
        for (unsigned i = 0; i < (c.data[0] >> 32 & 0xff); ++i) {
          const Reg reg = static_cast<Reg>(c.data[0] >> (8 + 8 * i) & 0xff);
          if (bytes < 8) e.a_.mov(e.spill_memory(8 * i), 0);
          e.store_memory(e.spill_memory(8 * i), reg, bytes == 8 ? Type::F64 : bytes == 4 ? Type::F32 : Type::F16);
          if ((c.data[0] >> (40 + i) & 1) != 0) e.a_.xor_(e.spill_memory(8 * i + bytes - 1, 1), 0x80);
        }
        e.a_.mov(x86::rax, c.data[1]);
        e.call_thunk(runtime::Thunk::FpSlow);
        e.move(static_cast<Reg>(c.data[0] & 0xff), kRax);
        e.a_.mov(x86::rax, e.spill_memory(kSavedRax));
        e.a_.jmp(c.back);
      },
      {registers, static_cast<uint64_t>(op), ir::bits(operand)}, &back);
}

// Whether an fma adds 2 or 3 to a product: not near zero, or zero, so that the result is never tiny.
bool Emitter::is_step(const Inst& inst) const {
  const Inst& addend = inst_of(inst.args[2]);
  if (addend.op != Op::Const) return false;
  const auto lane =
      ir::info(inst.op).attr == ir::Attr::FpLane ? static_cast<Type>(ir::unpack<FpDesc>(inst.aux).lane) : inst.type;
  const auto bits = static_cast<uint64_t>(addend.imm);
  if (lane == Type::F64) return bits == 0x4000000000000000 || bits == 0x4008000000000000;
  if (lane != Type::F32) return false;
  const auto low = static_cast<uint32_t>(bits);
  return (inst.type == Type::F32 || bits >> 32 == low) && (low == 0x40000000 || low == 0x40400000);
}

// Times a power of two from 1 to 2^64, raising nothing: exact where the other factor is not large. What conversions to
// fixed-point numbers begin with.
bool Emitter::is_quiet_scaling(const Inst& inst) const {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const bool vector = inst.op == Op::VFMul;
  if ((inst.op != Op::FMul && !vector) || static_cast<ir::FlagPolicy>(desc.flags) != ir::FlagPolicy::None) return false;
  if (desc.flush != 0 || desc.defined != 0 || inst_of(inst.args[1]).op != Op::Const || !is_recomputed(inst))
    return false;
  const Type lane = vector ? static_cast<Type>(desc.lane) : inst.type;
  auto bits = static_cast<uint64_t>(inst_of(inst.args[1]).imm);
  if (lane == Type::F32) {
    if (vector && bits >> 32 != (bits & UINT32_MAX)) return false;
    bits &= UINT32_MAX;
    return (bits & 0x007fffff) == 0 && bits >> 23 >= 127 && bits >> 23 <= 127 + 64;
  }
  return lane == Type::F64 && (bits & 0x000fffffffffffff) == 0 && bits >> 52 >= 1023 && bits >> 52 <= 1023 + 64;
}

// Products with aux.defined, and halved sums, are made by the host where the factors are not large.
bool Emitter::has_defined(const Inst& inst) const {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  if (desc.halved != 0) return inst.op == Op::FMul || inst.op == Op::VFMul || is_step(inst);
  return true;
}

// Branches to `large` where a factor (of any lane) is an infinity, a NaN or so large that a product might be near an
// overflow: before the host's operation raises a flag. `t`, `u`: registers to work with.
void Emitter::check_factors(const Inst& inst, Reg a, Reg b, Reg t, Reg u, const Label& large) {
  const bool vector = ir::info(inst.op).attr == ir::Attr::FpLane;
  const Type lane = vector ? static_cast<Type>(ir::unpack<FpDesc>(inst.aux).lane) : inst.type;
  const bool single = lane == Type::F32;
  // 2^62 and 2^510.
  const x86::Mem bound = splat(single ? 2 : 3, single ? 0x5e800000 : 0x5fd0000000000000);
  const x86::Mem magnitude = splat(single ? 2 : 3, single ? 0x7fffffff : INT64_MAX);
  if (!vector && static_cast<ir::FlagPolicy>(ir::unpack<FpDesc>(inst.aux).flags) == ir::FlagPolicy::None) {
    // Not by a comparison of floats: a signaling NaN would raise invalid.
    const Form greater = single ? Form{Id::kIdVpcmpgtd, Id::kIdPcmpgtd} : Form{Id::kIdVpcmpgtq, Id::kIdPcmpgtq};
    const Reg out = temp_int();
    vec3(Id::kIdVpand, Id::kIdPand, t, a, magnitude);
    vec3(greater, t, t, bound);
    a_.emit(host_.avx ? Id::kIdVmovd : Id::kIdMovd, g32(out), xm(t));
    a_.test(g32(out), g32(out));
    a_.jnz(large);
    return;
  }
  if (!vector) {
    const InstId compare =
        host_.avx ? (single ? Id::kIdVucomiss : Id::kIdVucomisd) : (single ? Id::kIdUcomiss : Id::kIdUcomisd);
    // Larger than the number, or unordered: the carry says it with the operands the other way round, so not.
    load_memory(u, bound, Type::V128);
    for (const Reg factor : {a, b}) {
      vec3(Id::kIdVpand, Id::kIdPand, t, factor, magnitude);
      a_.emit(compare, xm(u), xm(t));
      a_.jb(large);
      if (a == b) break;
    }
    return;
  }
  const Form greater = single ? Form{Id::kIdVpcmpgtd, Id::kIdPcmpgtd} : Form{Id::kIdVpcmpgtq, Id::kIdPcmpgtq};
  vec3(Id::kIdVpand, Id::kIdPand, t, a, magnitude);
  if (a == b) {
    vec3(greater, t, t, bound);
  } else {
    vec3(Id::kIdVpand, Id::kIdPand, u, b, magnitude);
    if (single) {
      vec3({Id::kIdVpmaxsd, Id::kIdPmaxsd}, t, t, u);
      vec3(greater, t, t, bound);
    } else {
      vec3(greater, t, t, bound);
      vec3(greater, u, u, bound);
      vec3({Id::kIdVpor, Id::kIdPor}, t, t, u);
    }
  }
  jump_if_any(t, large);
}

// A NaN result becomes the canonical one, out of line. The host's own default NaN is negative.
void Emitter::fix_nan(Value v, Reg reg, Type type) {
  if (info_[v].any_nan) return;
  const bool single = type == Type::F32;
  const InstId compare =
      host_.avx ? (single ? Id::kIdVucomiss : Id::kIdVucomisd) : (single ? Id::kIdUcomiss : Id::kIdUcomisd);
  a_.emit(compare, xm(reg), xm(reg));
  const Label back = a_.newLabel();
  a_.jp(cold(
      [](Emitter& e, const Cold& c) {
        e.move_nan(static_cast<Reg>(c.data[0]), static_cast<Type>(c.data[1]), c.data[2] != 0);
        e.a_.jmp(c.back);
      },
      {reg, static_cast<uint64_t>(type), info_[v].boxed}, &back));
  a_.bind(back);
}

}  // namespace menura::x64
