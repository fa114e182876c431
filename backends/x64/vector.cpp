// Vectors of 64 and 128 bits, in xmm registers.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Cond;
using ir::LaneDesc;
using ir::Op;
using ir::Type;

namespace {

// Bytes of a lane, as the index 0-3 of its log2.
unsigned lane_log2(LaneDesc desc) {
  switch (ir::storage_bytes(static_cast<Type>(desc.lane))) {
    case 1:
      return 0;
    case 2:
      return 1;
    case 4:
      return 2;
    default:
      return 3;
  }
}

struct Pair {
  InstId avx;
  InstId sse;
};

constexpr Pair kAdd[4] = {{Id::kIdVpaddb, Id::kIdPaddb},
                          {Id::kIdVpaddw, Id::kIdPaddw},
                          {Id::kIdVpaddd, Id::kIdPaddd},
                          {Id::kIdVpaddq, Id::kIdPaddq}};
constexpr Pair kSub[4] = {{Id::kIdVpsubb, Id::kIdPsubb},
                          {Id::kIdVpsubw, Id::kIdPsubw},
                          {Id::kIdVpsubd, Id::kIdPsubd},
                          {Id::kIdVpsubq, Id::kIdPsubq}};
constexpr Pair kEqual[4] = {{Id::kIdVpcmpeqb, Id::kIdPcmpeqb},
                            {Id::kIdVpcmpeqw, Id::kIdPcmpeqw},
                            {Id::kIdVpcmpeqd, Id::kIdPcmpeqd},
                            {Id::kIdVpcmpeqq, Id::kIdPcmpeqq}};
constexpr Pair kGreater[4] = {{Id::kIdVpcmpgtb, Id::kIdPcmpgtb},
                              {Id::kIdVpcmpgtw, Id::kIdPcmpgtw},
                              {Id::kIdVpcmpgtd, Id::kIdPcmpgtd},
                              {Id::kIdVpcmpgtq, Id::kIdPcmpgtq}};
constexpr uint64_t kSignBits[4] = {0x8080808080808080, 0x8000800080008000, 0x8000000080000000, 0x8000000000000000};

}  // namespace

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

void Emitter::vec_binary(Op op, LaneDesc desc, Reg dst, Reg a, Reg b) {
  const unsigned lane = lane_log2(desc);
  Pair id = {Id::kIdVpand, Id::kIdPand};
  switch (op) {
    case Op::VAdd:
      id = kAdd[lane];
      break;
    case Op::VSub:
      id = kSub[lane];
      break;
    case Op::VOr:
      id = {Id::kIdVpor, Id::kIdPor};
      break;
    case Op::VXor:
      id = {Id::kIdVpxor, Id::kIdPxor};
      break;
    default:
      break;
  }
  vec3(id.avx, id.sse, dst, a, xm(b));
}

void Emitter::emit_vec_binary(Value v, const Inst& inst) {
  const Reg a = use(inst.args[0]);
  const Reg b = use(inst.args[1]);
  const Reg dst = dest(v, {inst.args[0]});
  vec_binary(inst.op, ir::unpack<LaneDesc>(inst.aux), dst, a, b);
  define(v, dst);
}

// The host compares for equality and for signed greater; the others are swapped, inverted or biased. `dst` is neither
// operand.
void Emitter::vec_compare(LaneDesc desc, Reg dst, Reg a, Reg b) {
  const unsigned lane = lane_log2(desc);
  const auto cond = static_cast<Cond>(desc.cond);
  bool swap = false;
  bool invert = false;
  bool equal = false;
  bool bias = false;
  switch (cond) {
    case Cond::Eq:
      equal = true;
      break;
    case Cond::Ne:
      equal = invert = true;
      break;
    case Cond::Sgt:
      break;
    case Cond::Slt:
      swap = true;
      break;
    case Cond::Sle:
      invert = true;
      break;
    case Cond::Sge:
      swap = invert = true;
      break;
    case Cond::Ugt:
      bias = true;
      break;
    case Cond::Ult:
      bias = swap = true;
      break;
    case Cond::Ule:
      bias = invert = true;
      break;
    case Cond::Uge:
      bias = swap = invert = true;
      break;
  }
  if (swap) std::swap(a, b);
  if (bias) {
    const Reg t = temp_vec();
    const x86::Mem sign = pool(kSignBits[lane], kSignBits[lane], 16);
    vec3(Id::kIdVpxor, Id::kIdPxor, t, b, sign);
    vec3(Id::kIdVpxor, Id::kIdPxor, dst, a, sign);
    a = dst;
    b = t;
  }
  const Pair id = equal ? kEqual[lane] : kGreater[lane];
  vec3(id.avx, id.sse, dst, a, xm(b));
  if (invert) vec3(Id::kIdVpxor, Id::kIdPxor, dst, dst, pool(~uint64_t{0}, ~uint64_t{0}, 16));
}

void Emitter::emit_vcmp(Value v, const Inst& inst) {
  const Reg a = use(inst.args[0]);
  const Reg b = use(inst.args[1]);
  const Reg dst = dest(v, {}, mask_of(a) | mask_of(b));
  vec_compare(ir::unpack<LaneDesc>(inst.aux), dst, a, b);
  define(v, dst);
}

// The low bits of a general register in every lane: multiplied into all lanes of 64 bits first.
void Emitter::vec_splat(LaneDesc desc, Reg dst, Value value) {
  const unsigned lane = lane_log2(desc);
  const Reg t = temp_int();
  load_into(t, value);
  if (lane < 3) {
    extend_in_place(t, 1U << lane, false, Type::I64);
    const Reg ones = temp_int();
    constexpr uint64_t repeat[3] = {0x0101010101010101, 0x0001000100010001, 0x0000000100000001};
    a_.mov(g64(ones), repeat[lane]);
    a_.imul(g64(t), g64(ones));
  }
  move(dst, t);
  if (host_.avx) {
    a_.vpunpcklqdq(xm(dst), xm(dst), xm(dst));
  } else {
    a_.punpcklqdq(xm(dst), xm(dst));
  }
}

void Emitter::emit_vsplat(Value v, const Inst& inst) {
  const Reg dst = dest(v);
  vec_splat(ir::unpack<LaneDesc>(inst.aux), dst, inst.args[0]);
  define(v, dst);
}

void Emitter::emit_vextract(Value v, const Inst& inst) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned lane = lane_log2(desc);
  const Reg a = use(inst.args[0]);
  const Reg dst = dest(v);
  const auto index = asmjit::Imm(desc.index);
  switch (lane) {
    case 0:
      a_.emit(host_.avx ? Id::kIdVpextrb : Id::kIdPextrb, g32(dst), xm(a), index);
      break;
    case 1:
      a_.emit(host_.avx ? Id::kIdVpextrw : Id::kIdPextrw, g32(dst), xm(a), index);
      break;
    case 2:
      a_.emit(host_.avx ? Id::kIdVpextrd : Id::kIdPextrd, g32(dst), xm(a), index);
      break;
    default:
      a_.emit(host_.avx ? Id::kIdVpextrq : Id::kIdPextrq, g64(dst), xm(a), index);
      break;
  }
  extend_in_place(dst, 1U << lane, desc.sign_extend, inst.type);
  if (inst.type == Type::I1) a_.and_(g32(dst), 1);
  define(v, dst);
}

void Emitter::emit_vinsert(Value v, const Inst& inst) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned lane = lane_log2(desc);
  const Reg a = use(inst.args[0]);
  const Reg value = use(inst.args[1]);
  const Reg dst = dest(v, {inst.args[0]});
  static constexpr Pair ids[4] = {{Id::kIdVpinsrb, Id::kIdPinsrb},
                                  {Id::kIdVpinsrw, Id::kIdPinsrw},
                                  {Id::kIdVpinsrd, Id::kIdPinsrd},
                                  {Id::kIdVpinsrq, Id::kIdPinsrq}};
  const Operand from = lane == 3 ? Operand(g64(value)) : Operand(g32(value));
  const auto index = asmjit::Imm(desc.index);
  if (host_.avx) {
    a_.emit(ids[lane].avx, xm(dst), xm(a), from, index);
  } else {
    vec_move(dst, a);
    a_.emit(ids[lane].sse, xm(dst), from, index);
  }
  define(v, dst);
}

}  // namespace menura::x64
