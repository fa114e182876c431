// Vectors of 64 and 128 bits, in xmm registers: what all their ops share. A 64-bit vector is the low half of its
// register; what is above is unspecified.
#include "backends/x64/emitter.h"
#include "ir/interp/vector_slow.h"

namespace menura::x64 {

using ir::LaneDesc;
using ir::Op;
using ir::Type;

// Reverses the bytes of each element.
void Emitter::swap_elements(Reg reg, unsigned element_log2) {
  if (element_log2 == 0) return;
  uint64_t half[2] = {0, 0};
  const unsigned size = 1U << std::min(element_log2, 4U);
  for (unsigned i = 0; i < 16; ++i) {
    const uint64_t from = (i & ~(size - 1)) + (size - 1 - (i & (size - 1)));
    half[i / 8] |= from << 8 * (i % 8);
  }
  vec3(Id::kIdVpshufb, Id::kIdPshufb, reg, reg, pool(half[0], half[1], 16));
}

void Emitter::vec2(Form form, Reg dst, const Operand& a) { a_.emit(host_.avx ? form.avx : form.sse, xm(dst), a); }

void Emitter::vec2(Form form, Reg dst, const Operand& a, unsigned imm) {
  a_.emit(host_.avx ? form.avx : form.sse, xm(dst), a, asmjit::Imm(imm));
}

// dst = a op b: the three-operand form where there is AVX.
void Emitter::vec3(InstId avx, InstId sse, Reg dst, Reg a, const Operand& b) {
  if (host_.avx) {
    a_.emit(avx, xm(dst), xm(a), b);
    return;
  }
  if (dst != a && b.isReg() && b.as<x86::Reg>().id() == xm(dst).id()) {
    const Reg t = temp_vec();
    vec_move(t, a);
    a_.emit(sse, xm(t), b);
    vec_move(dst, t);
    return;
  }
  vec_move(dst, a);
  a_.emit(sse, xm(dst), b);
}

// The same with a number. Without AVX, `b` may not be `dst` unless `a` is, too.
void Emitter::vec3(Form form, Reg dst, Reg a, const Operand& b, unsigned imm) {
  if (host_.avx) {
    a_.emit(form.avx, xm(dst), xm(a), b, asmjit::Imm(imm));
    return;
  }
  vec_move(dst, a);
  a_.emit(form.sse, xm(dst), b, asmjit::Imm(imm));
}

void Emitter::vec_shift(Form form, Reg dst, Reg a, unsigned amount) {
  if (host_.avx) {
    a_.emit(form.avx, xm(dst), xm(a), asmjit::Imm(amount));
    return;
  }
  vec_move(dst, a);
  a_.emit(form.sse, xm(dst), asmjit::Imm(amount));
}

void Emitter::vec_zero(Reg dst) { move_constant(dst, 0, Type::V128); }

void Emitter::vec_not(Reg dst, Reg a) {
  if (host_.avx512) {
    a_.emit(Id::kIdVpternlogd, xm(dst), xm(a), xm(a), asmjit::Imm(0x55));
  } else {
    vec3(Id::kIdVpxor, Id::kIdPxor, dst, a, splat(3, ~uint64_t{0}));
  }
}

x86::Mem Emitter::splat(unsigned lane, uint64_t value) {
  for (unsigned bits = 8U << lane; bits < 64; bits *= 2) {
    value &= (uint64_t{1} << bits) - 1;
    value |= value << bits;
  }
  return pool(value, value, 16);
}

// dst = the low bits of a, zeros above.
void Emitter::vec_zero_above(Reg dst, Reg a, unsigned bits) {
  switch (bits) {
    case 64:
      vec2({Id::kIdVmovq, Id::kIdMovq}, dst, xm(a));
      break;
    case 32:
      vec3({Id::kIdVinsertps, Id::kIdInsertps}, dst, a, xm(a), 0x0e);
      break;
    default:
      vec3(Id::kIdVpand, Id::kIdPand, dst, a, pool((uint64_t{1} << bits) - 1, 0, 16));
      break;
  }
}

// One instruction that reads its operands before it writes.
bool Emitter::is_single(const Inst& inst, bool half) const {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned bits = ir::bits(static_cast<Type>(desc.lane));
  switch (inst.op) {
    case Op::VAdd:
    case Op::VSub:
    case Op::VAnd:
    case Op::VOr:
    case Op::VXor:
    case Op::VAndn:
    case Op::VHigh:
    case Op::VConcat:
      return true;
    case Op::VMul:
      return bits == 16 || bits == 32 || (bits == 64 && host_.avx512);
    case Op::VAddSat:
    case Op::VSubSat:
      return bits <= 16;
    case Op::VMin:
    case Op::VMax:
      return bits <= 32;
    case Op::VShl:
    case Op::VShr:
      return bits >= 16;
    case Op::VSar:
      return bits == 16 || bits == 32;
    case Op::VZip:
      return desc.index == 0 || !half;
    case Op::VWiden:
    case Op::VSplatLane:
      return true;
    default:
      return false;
  }
}

// Whether lanes of zeros give lanes of zeros.
bool Emitter::keeps_zero(const Inst& inst) const {
  switch (inst.op) {
    case Op::VCmp:
    case Op::VClz:
      return false;
    default:
      return inst.op >= Op::VAdd && inst.op <= Op::VDot;
  }
}

bool Emitter::vec_op(const Inst& inst, bool half, Reg dst, Reg a, Reg b, Reg c) {
  switch (inst.op) {
    case Op::VAdd:
    case Op::VSub:
    case Op::VMul:
    case Op::VMulHigh:
    case Op::VMulDoubleHigh:
    case Op::VAddSat:
    case Op::VSubSat:
    case Op::VAverage:
    case Op::VMin:
    case Op::VMax:
    case Op::VAbs:
    case Op::VAnd:
    case Op::VOr:
    case Op::VXor:
    case Op::VAndn:
    case Op::VSelect:
    case Op::VCmp:
      return vec_arith(inst, dst, a, b, c);
    case Op::VShl:
    case Op::VShr:
    case Op::VSar:
    case Op::VRotl:
    case Op::VShlV:
    case Op::VShrV:
    case Op::VSarV:
    case Op::VShift:
      return vec_shifts(inst, dst, a, b);
    case Op::VPopcnt:
    case Op::VClz:
    case Op::VBitRev8:
    case Op::VDot:
    case Op::VAddPairs:
    case Op::VAddAcross:
    case Op::VMinAcross:
    case Op::VMaxAcross:
    case Op::VAesSubShift:
    case Op::VAesSubShiftInverse:
    case Op::VAesMix:
    case Op::VAesMixInverse:
      return vec_reduce(inst, half, dst, a, b, c);
    case Op::VSha1Rounds:
    case Op::VSha256Rounds:
    case Op::VSha256Sigma0:
    case Op::VSha256Sigma1:
    case Op::VSm4Substitute:
      return vec_hash(inst, dst, a, b, c);
    case Op::VWiden:
    case Op::VNarrow:
    case Op::VMulWiden:
    case Op::VClMulWiden:
      return vec_width(inst, dst, a, b);
    default:
      return vec_move_lanes(inst, half, dst, a, b);
  }
}

void Emitter::emit_vector(Value v, const Inst& inst) {
  switch (inst.op) {
    case Op::VSplat:
      return emit_vsplat(v, inst);
    case Op::VExtract:
      return emit_vextract(v, inst);
    case Op::VInsert:
      return emit_vinsert(v, inst);
    case Op::VInsertLane:
      return emit_vinsert_lane(v, inst);
    case Op::VTrunc:
      return emit_vtrunc(v, inst);
    case Op::VZext:
      return emit_vzext(v, inst);
    case Op::VConcat:
      if (is_vec_const(v)) return emit_vec_const(v);
      break;
    case Op::VAnd:
    case Op::VOr:
    case Op::VXor:
    case Op::VAndn:
      if (is_fused(inst.args[0]) || is_fused(inst.args[1])) return emit_ternary_logic(v, inst);
      break;
    case Op::VTable:
      if (is_vec_const(inst.args[1])) return emit_vtable_const(v, inst);
      break;
    case Op::VFAdd:
    case Op::VFSub:
    case Op::VFMul:
    case Op::VFDiv:
    case Op::VFSqrt:
    case Op::VFMa:
    case Op::VFMin:
    case Op::VFMax:
    case Op::VFCmp:
    case Op::VFRound:
    case Op::VFCvt:
    case Op::VF2I:
    case Op::VI2F:
      return emit_vector_fp(v, inst);
    case Op::VFRecipEstimate:
    case Op::VFRSqrtEstimate:
      return emit_estimate(v, inst);
    default:
      break;
  }
  const bool half = inst.type == Type::V64;
  Reg operands[3] = {kNoReg, kNoReg, kNoReg};
  RegMask mask = 0;
  bool zero = keeps_zero(inst);
  for (unsigned i = 0; i < inst.arg_count; ++i) {
    operands[i] = use(inst.args[i]);
    mask |= mask_of(operands[i]);
    zero &= zero_above(inst.args[i], type_of(inst.args[i]));
  }
  Reg dst = kNoReg;
  if (!is_single(inst, half)) {
    dst = dest(v, {}, mask);
  } else if (inst.arg_count == 1) {
    dst = dest(v, {inst.args[0]});
  } else {
    dst = dest(v, {inst.args[0], inst.args[1]});
  }
  if (!vec_op(inst, half, dst, operands[0], operands[1], operands[2])) return emit_vector_slow(v, inst);
  made_zero_ |= zero && half;
  define(v, dst);
}

// Operands and result go through spill memory.
void Emitter::emit_vector_slow(Value v, const Inst& inst) {
  take(kRax);
  for (unsigned i = 0; i < inst.arg_count; ++i) {
    const x86::Mem place = spill_memory(ir::kVectorSlowOperands + i * ir::kVectorSlowStride);
    const Type type = type_of(inst.args[i]);
    const RegMask before = locked_;
    if (is_wide(type)) {
      copy_memory(place, wide_memory(inst.args[i], 0), ir::storage_bytes(type));
    } else {
      store_memory(place, use(inst.args[i]), in_vec(type) ? type : Type::I64);
    }
    locked_ = before;
  }
  const auto op = ir::vector_slow_op(inst.op, inst.type, type_of(inst.args[0]), inst.aux, inst.imm);
  a_.mov(x86::rax, static_cast<uint64_t>(op));
  call_thunk(runtime::Thunk::VectorSlow);
  const x86::Mem result = spill_memory(ir::kVectorSlowResult);
  if (is_wide(inst.type)) return copy_memory(wide_memory(v, 0), result, ir::storage_bytes(inst.type));
  const Reg dst = dest(v);
  load_memory(dst, result, inst.type);
  made_zero_ = true;
  define(v, dst);
}

}  // namespace menura::x64
