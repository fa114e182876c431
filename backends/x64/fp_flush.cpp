// Floats under FpDesc::flush (Arm's FPCR.FZ). The host's own modes for it raise other flags, so MXCSR leaves them off:
// denormal operands become zeros first, out of line, which notes them; results below the normal numbers are computed
// again exactly, as NaNs are (fp_recompute.cpp). The host raises inexact with a tiny result, and the guest does not:
// what may be tiny and inexact is done by the host only once that flag is up anyway.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::CpuHeader;
using ir::FpDesc;
using ir::Op;
using ir::Type;

namespace {

bool is_fp_lane_op(const ir::Inst& inst) { return ir::info(inst.op).attr == ir::Attr::FpLane; }

bool is_denormal(uint64_t bits, bool single) {
  const uint64_t magnitude = single ? bits & 0x7fffffff : bits & INT64_MAX;
  return magnitude != 0 && magnitude < (single ? 0x00800000 : 0x0010000000000000);
}

}  // namespace

// A value of floats of this kind, or vectors of them, that an op which flushes has made, or that is never so small.
bool Emitter::never_denormal(Value v, bool single) const {
  const Inst& inst = inst_of(v);
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const Type lane = is_fp_lane_op(inst) ? static_cast<Type>(desc.lane) : inst.type;
  const bool same = lane == (single ? Type::F32 : Type::F64);
  switch (inst.op) {
    case Op::Const: {
      const auto bits = static_cast<uint64_t>(inst.imm);
      return !is_denormal(bits, single) && (!single || !is_denormal(bits >> 32, single));
    }
    case Op::FAdd:
    case Op::FSub:
    case Op::FMul:
    case Op::FDiv:
    case Op::FSqrt:
    case Op::FMa:
    case Op::FMin:
    case Op::FMax:
    case Op::VFAdd:
    case Op::VFSub:
    case Op::VFMul:
    case Op::VFDiv:
    case Op::VFSqrt:
    case Op::VFMa:
    case Op::VFMin:
    case Op::VFMax:
      return same && desc.flush != 0;
    case Op::I2F:
    case Op::VI2F:
    case Op::FRound:
    case Op::VFRound:
      return same;
    case Op::FNeg:
    case Op::FAbs:
      return never_denormal(inst.args[0], single);
    default:
      return false;
  }
}

// `reg`, which holds `v` or a copy of lanes of it; or where `v` may be denormal one, mostly a copy, in which
// denormal lanes are zeros.
Reg Emitter::flushed(const Inst& inst, Value v, Reg reg) {
  const bool vector = is_fp_lane_op(inst);
  const Type lane = vector ? static_cast<Type>(ir::unpack<FpDesc>(inst.aux).lane) : type_of(inst.args[0]);
  if (ir::unpack<FpDesc>(inst.aux).flush == 0 || (lane != Type::F32 && lane != Type::F64)) return reg;
  const bool single = lane == Type::F32;
  if (never_denormal(v, single)) return reg;
  // What lies above an operand that is widened is not looked at.
  const bool widens = inst.op == Op::VFCvt && type_of(v) == Type::V64;
  const unsigned count = !vector ? 1 : (widens ? 64 : 128) / ir::bits(lane);
  bool spare = (regs_of(v) & mask_of(reg)) == 0;
  if (!spare && !live_after(v) && (homes_.homes() & mask_of(reg)) == 0) {
    drop(reg);  // who wants it in another chain finds it in spill memory
    spare = true;
  }
  const Reg copy = spare ? reg : temp_vec();
  vec_move(copy, reg);
  const Label back = a_.newLabel();
  const Label entry = cold(
      [](Emitter& e, const Cold& c) {
        const auto x = static_cast<Reg>(c.data[0]);
        const bool is_single = c.data[1] != 0;
        const Form extract = is_single ? Form{Id::kIdVpextrd, Id::kIdPextrd} : Form{Id::kIdVpextrq, Id::kIdPextrq};
        const Form insert = is_single ? Form{Id::kIdVpinsrd, Id::kIdPinsrd} : Form{Id::kIdVpinsrq, Id::kIdPinsrq};
        const x86::Gp a = is_single ? g32(kRax) : g64(kRax);
        const auto fetch = [&](unsigned i) {
          e.a_.emit(e.host_.avx ? extract.avx : extract.sse, a, xm(x), asmjit::Imm(i));
        };
        e.a_.mov(e.spill_memory(kSavedRax), x86::rax);
        for (unsigned i = 0; i < c.data[2]; ++i) {
          const Label next = e.a_.newLabel();
          fetch(i);
          e.a_.add(a, a);
          e.a_.jz(next);
          e.a_.shr(a, is_single ? 24 : 53);
          e.a_.jnz(next);
          fetch(i);
          e.a_.shr(a, is_single ? 31 : 63);
          e.a_.shl(a, is_single ? 31 : 63);
          e.vec3(insert, x, x, a, i);
          e.a_.mov(e.state(offsetof(CpuHeader, fp_denormal), 4), 1);
          e.a_.bind(next);
        }
        e.a_.mov(x86::rax, e.spill_memory(kSavedRax));
        e.a_.jmp(c.back);
      },
      {copy, single ? 1U : 0U, count}, &back);
  const RegMask before = locked_;
  if (host_.avx512) {
    constexpr unsigned kDenormal = 0x20;
    static constexpr InstId forms[2][2] = {{Id::kIdVfpclasssd, Id::kIdVfpclassss},
                                           {Id::kIdVfpclasspd, Id::kIdVfpclassps}};
    a_.emit(forms[vector ? 1 : 0][single ? 1 : 0], x86::k1, xm(reg), asmjit::Imm(kDenormal));
    a_.kortestw(x86::k1, x86::k1);
    a_.jnz(entry);
  } else if (!vector) {
    // Twice the magnitude less one: below the least normal number, but for 0. (The cold code looks again.)
    const Reg t = temp_int();
    if (single) {
      a_.emit(host_.avx ? Id::kIdVmovd : Id::kIdMovd, g32(t), xm(reg));
      a_.lea(g32(t), x86::ptr(g64(t), g64(t), 0, -1));
      a_.shr(g32(t), 24);
    } else {
      a_.emit(host_.avx ? Id::kIdVmovq : Id::kIdMovq, g64(t), xm(reg));
      a_.lea(g64(t), x86::ptr(g64(t), g64(t), 0, -1));
      a_.shr(g64(t), 53);
    }
    a_.jz(entry);
  } else {
    const unsigned log2 = single ? 2 : 3;
    const Reg t = temp_vec();
    vec_shift_by(Op::VShl, log2, t, reg, 1);
    vec3(kAddForms[log2], t, t, splat(log2, ~uint64_t{0}));
    vec_shift_by(Op::VShr, log2, t, t, single ? 24 : 53);
    vec3(kEqualForms[log2], t, t, pool(0, 0, 16));
    jump_if_any(t, entry);
  }
  locked_ = before;
  a_.bind(back);
  return copy;
}

// Copies have served once the operation is done, but for one that holds the result.
void Emitter::release_copies(const Reg* operands, const Reg* copies, unsigned count, Reg result) {
  for (unsigned i = 0; i < count; ++i) {
    if (copies[i] != operands[i] && copies[i] != result) locked_ &= ~mask_of(copies[i]);
  }
}

// Jumps to `again` unless inexact is known to be raised: the header has the flags of some time before, and what is up
// stays up, or is cleared there, too.
void Emitter::need_inexact(const Label& again) {
  constexpr uint32_t kPrecision = 0x20;
  a_.test(state(offsetof(CpuHeader, mxcsr), 1), kPrecision);
  a_.jz(again);
}

// Out of line: a result that may have been tiny, or is a NaN. Zeros that are exact go on behind the jump that leads
// here, all else to `result.again`. `mask` (vectors): the lanes to look at; `other`: a register to work with.
Label Emitter::cold_tiny(const Inst& inst, const FpResult& result, const Reg* operands, Reg mask, Reg other,
                         const Label& fine) {
  const bool vector = is_fp_lane_op(inst);
  const Type lane = vector ? static_cast<Type>(ir::unpack<FpDesc>(inst.aux).lane) : inst.type;
  const bool narrows = inst.op == Op::FCvt || inst.op == Op::VFCvt;
  const bool single = lane == Type::F32 || (vector && narrows);
  uint64_t registers = result.raw | uint64_t{mask} << 32 | uint64_t{other} << 40;
  for (unsigned i = 0; i < inst.arg_count; ++i) registers |= uint64_t{operands[i]} << (8 + 8 * i);
  const uint64_t what = static_cast<uint64_t>(inst.op) | (single ? 256U : 0U) | (vector ? 512U : 0U);
  return cold(
      [](Emitter& e, const Cold& c) {
        const auto reg = [&](unsigned i) { return static_cast<Reg>(c.data[0] >> 8 * i & 0xff); };
        const auto op = static_cast<Op>(c.data[1] & 0xff);
        const bool is_single = (c.data[1] & 256) != 0;
        const Label again(static_cast<uint32_t>(c.data[2]));
        const x86::Mem zero = e.pool(0, 0, 16);
        const bool sum = op == Op::FAdd || op == Op::FSub || op == Op::VFAdd || op == Op::VFSub;
        const bool product = op == Op::FMul || op == Op::VFMul || op == Op::FMa || op == Op::VFMa;
        const bool fused = op == Op::FMa || op == Op::VFMa;
        if ((c.data[1] & 512) == 0) {
          const InstId compare = e.host_.avx ? (is_single ? Id::kIdVucomiss : Id::kIdVucomisd)
                                             : (is_single ? Id::kIdUcomiss : Id::kIdUcomisd);
          x86::Mem scalar = zero;
          scalar.setSize(is_single ? 4 : 8);
          e.a_.emit(compare, xm(reg(0)), scalar);
          e.a_.jp(again);
          e.a_.jne(again);
          if (sum) return void(e.a_.jmp(c.back));
          if (op == Op::FCvt) return void(e.a_.jmp(again));
          if (fused) {
            e.a_.emit(compare, xm(reg(3)), scalar);
            e.a_.jne(again);
          }
          e.a_.emit(compare, xm(reg(1)), scalar);
          e.a_.je(c.back);
          if (product) {
            e.a_.emit(compare, xm(reg(2)), scalar);
            e.a_.je(c.back);
          }
          e.a_.jmp(again);
          return;
        }
        if (op == Op::VFCvt) return void(e.a_.jmp(again));
        const Form equal = is_single ? Form{Id::kIdVcmpps, Id::kIdCmpps} : Form{Id::kIdVcmppd, Id::kIdCmppd};
        const Reg t = reg(4);
        const Reg u = reg(5);
        e.vec3(equal, u, reg(0), zero, 0);
        e.vec3({Id::kIdVpand, Id::kIdPand}, u, u, t);
        e.vec3({Id::kIdVpxor, Id::kIdPxor}, t, t, u);
        // t: lanes that are not zeros and wrong. u: zeros, right if the operands say so.
        e.jump_if_any(t, again);
        if (sum) return void(e.a_.jmp(c.back));
        if (fused) {
          e.vec3(equal, t, reg(3), zero, 4);  // not equal
          e.vec3({Id::kIdVpand, Id::kIdPand}, t, t, u);
          e.jump_if_any(t, again);
        }
        e.vec3(equal, t, reg(1), zero, 4);
        e.vec3({Id::kIdVpand, Id::kIdPand}, u, u, t);
        if (product) {
          e.vec3(equal, t, reg(2), zero, 4);
          e.vec3({Id::kIdVpand, Id::kIdPand}, u, u, t);
        }
        e.jump_if_any(u, again);
        e.a_.jmp(c.back);
      },
      {registers, what, result.again.id()}, &fine);
}

}  // namespace menura::x64
