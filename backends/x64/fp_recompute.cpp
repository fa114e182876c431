// Floating-point results that are right on the host but for a few that can be told by looking at them: NaNs, which are
// chosen from the operands by other rules, and the least normal number, which may be a tiny number rounded up: tininess
// before rounding raises underflow, the host's after rounding does not. Those are computed again, out of line and
// exactly. The flags that the host has raised are right, though they may not be all: invalid for the same operands (but
// for infinity times zero plus a quiet NaN), inexact with the least normal number.
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
  return static_cast<NanPolicy>(desc.nan) != NanPolicy::Canonical || (desc.tiny_before != 0 && may_be_tiny(inst.op));
}

Emitter::FpResult Emitter::begin_result(Value v, RegMask operands) {
  const Reg dst = dest(v);
  const bool overlaps = (operands & mask_of(dst)) != 0;
  return {overlaps ? temp_vec() : dst, dst};
}

void Emitter::end_result(Value v, const Inst& inst, FpResult result, std::initializer_list<Reg> operands,
                         unsigned negated) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const bool single = inst.type == Type::F32;
  const Label back = a_.newLabel();
  const Label again = cold_recompute(inst, result.dst, operands, negated, back);
  const InstId compare =
      host_.avx ? (single ? Id::kIdVucomiss : Id::kIdVucomisd) : (single ? Id::kIdUcomiss : Id::kIdUcomisd);
  if (desc.tiny_before != 0 && may_be_tiny(inst.op)) {
    // Equal to the least normal number, or unordered.
    const Reg magnitude = temp_vec();
    const uint64_t sign = uint64_t{1} << (ir::bits(inst.type) - 1);
    const uint64_t least = single ? 0x00800000 : 0x0010000000000000;
    vec3(Id::kIdVandps, Id::kIdAndps, magnitude, result.raw, pool(sign - 1, 0, 16));
    a_.emit(compare, xm(magnitude), pool(least, 0, single ? 4 : 8));
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
  a_.bind(back);
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
