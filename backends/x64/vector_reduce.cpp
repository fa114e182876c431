// Vectors of integers: sums, minima and maxima of lanes, bit counts, and the steps of AES.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Cond;
using ir::LaneDesc;
using ir::Op;
using ir::Type;

bool Emitter::vec_reduce(const Inst& inst, bool half, Reg dst, Reg a, Reg b, Reg c) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned lane = lane_log2(desc);
  switch (inst.op) {
    case Op::VPopcnt:
      return vec_popcount(lane, dst, a);
    case Op::VClz:
      vec_leading_zeros(lane, dst, a);
      return true;
    case Op::VBitRev8:
      vec_bit_reverse(dst, a);
      return true;
    case Op::VDot:
      vec_dot(desc, dst, a, b, c);
      return true;
    case Op::VAddPairs:
      vec_add_pairs(desc, dst, a);
      return true;
    case Op::VAddAcross:
    case Op::VMinAcross:
    case Op::VMaxAcross:
      vec_across(inst, half, dst, a);
      return true;
    default:
      return vec_aes(inst.op, dst, a);
  }
}

// The upper half is combined with the lower until one lane is left.
void Emitter::vec_across(const Inst& inst, bool half, Reg dst, Reg a) {
  auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned lane = lane_log2(desc);
  const unsigned lane_bytes = 1U << lane;
  const Reg t = temp_vec();
  const Form right = {Id::kIdVpsrldq, Id::kIdPsrldq};
  unsigned bytes = half ? 8 : 16;
  if (inst.op == Op::VAddAcross && lane == 0) {
    // Sums of eight bytes each.
    vec_zero(t);
    vec3({Id::kIdVpsadbw, Id::kIdPsadbw}, dst, a, t);
    if (!half) {
      vec_shift(right, t, dst, 8);
      vec3({Id::kIdVpaddd, Id::kIdPaddd}, dst, dst, t);
    }
  } else {
    Reg from = a;
    while (bytes > lane_bytes) {
      bytes /= 2;
      if (bytes >= 4) {
        vec2({Id::kIdVpshufd, Id::kIdPshufd}, t, xm(from), bytes == 8 ? 0xee : 0x55);
      } else {
        vec_shift({Id::kIdVpsrld, Id::kIdPsrld}, t, from, 8 * bytes);
      }
      if (inst.op == Op::VAddAcross) {
        vec3(kAddForms[lane], dst, from, t);
      } else {
        vec_min_max(inst.op == Op::VMaxAcross, desc, dst, from, t);
      }
      from = dst;
    }
    if (from == a) vec_move(dst, a);
  }
  vec_zero_above(dst, dst, 8U << lane);
  made_zero_ = true;
}

void Emitter::vec_add_pairs(LaneDesc desc, Reg dst, Reg a) {
  const bool sign = desc.sign_extend != 0;
  switch (lane_log2(desc)) {
    case 0:
      // The host multiplies unsigned by signed bytes and adds pairs: by ones.
      if (sign) {
        load_memory(dst, splat(0, 1), Type::V128);
        vec3({Id::kIdVpmaddubsw, Id::kIdPmaddubsw}, dst, dst, a);
      } else {
        vec3(Id::kIdVpmaddubsw, Id::kIdPmaddubsw, dst, a, splat(0, 1));
      }
      return;
    case 1:
      if (sign) return vec3(Id::kIdVpmaddwd, Id::kIdPmaddwd, dst, a, splat(1, 1));
      {
        const Reg t = temp_vec();
        vec_shift({Id::kIdVpsrld, Id::kIdPsrld}, t, a, 16);
        vec3(Id::kIdVpand, Id::kIdPand, dst, a, splat(2, 0xffff));
        return vec3({Id::kIdVpaddd, Id::kIdPaddd}, dst, dst, t);
      }
    default: {
      const Reg t = temp_vec();
      vec_shift({Id::kIdVpsrlq, Id::kIdPsrlq}, t, a, 32);
      if (sign) {
        // Multiplication by one extends.
        vec3(Id::kIdVpmuldq, Id::kIdPmuldq, t, t, splat(3, 1));
        vec3(Id::kIdVpmuldq, Id::kIdPmuldq, dst, a, splat(3, 1));
      } else {
        vec3(Id::kIdVpand, Id::kIdPand, dst, a, splat(3, 0xffffffff));
      }
      return vec3({Id::kIdVpaddq, Id::kIdPaddq}, dst, dst, t);
    }
  }
}

void Emitter::vec_dot(LaneDesc desc, Reg dst, Reg sum, Reg a, Reg b) {
  bool sign_a = desc.sign_extend != 0;
  bool sign_b = desc.sign_extend2 != 0;
  if (host_.vnni) {
    // The host multiplies unsigned by signed bytes. Where both are signed, a + 128 is used and 128 * b taken off;
    // where both are unsigned, b - 128, and 128 * a is added (as -128 * a, taken off).
    if (sign_a && !sign_b) {
      std::swap(a, b);
      std::swap(sign_a, sign_b);
    }
    vec_move(dst, sum);
    if (!sign_a && sign_b) {
      a_.emit(Id::kIdVpdpbusd, xm(dst), xm(a), xm(b));
      return;
    }
    const Reg t = temp_vec();
    const Reg u = temp_vec();
    const x86::Mem bias = splat(0, 0x80);
    vec3(Id::kIdVpxor, Id::kIdPxor, t, sign_a ? a : b, bias);
    a_.emit(Id::kIdVpdpbusd, xm(dst), sign_a ? xm(t) : xm(a), sign_a ? xm(b) : xm(t));
    vec_zero(u);
    if (sign_a) {
      load_memory(t, bias, Type::V128);
      a_.emit(Id::kIdVpdpbusd, xm(u), xm(t), xm(b));
    } else {
      a_.emit(Id::kIdVpdpbusd, xm(u), xm(a), bias);
    }
    vec3({Id::kIdVpsubd, Id::kIdPsubd}, dst, dst, u);
    return;
  }
  // In lanes of 16 bits, the products of pairs; then pairs of pairs.
  const Reg t = temp_vec();
  const Reg u = temp_vec();
  vec_widen(0, sign_a, t, a);
  vec_widen(0, sign_b, dst, b);
  vec3({Id::kIdVpmaddwd, Id::kIdPmaddwd}, dst, dst, t);
  vec2({Id::kIdVpshufd, Id::kIdPshufd}, t, xm(a), 0xee);
  vec2({Id::kIdVpshufd, Id::kIdPshufd}, u, xm(b), 0xee);
  vec_widen(0, sign_a, t, t);
  vec_widen(0, sign_b, u, u);
  vec3({Id::kIdVpmaddwd, Id::kIdPmaddwd}, t, t, u);
  vec3({Id::kIdVphaddd, Id::kIdPhaddd}, dst, dst, t);
  vec3({Id::kIdVpaddd, Id::kIdPaddd}, dst, dst, sum);
}

bool Emitter::vec_popcount(unsigned lane, Reg dst, Reg a) {
  static constexpr InstId forms[4] = {Id::kIdVpopcntb, Id::kIdVpopcntw, Id::kIdVpopcntd, Id::kIdVpopcntq};
  if (lane < 2 ? host_.avx512_bitalg : host_.avx512_vpopcntdq) {
    a_.emit(forms[lane], xm(dst), xm(a));
    return true;
  }
  if (lane != 0) return false;
  // Nibbles are looked up.
  const Reg t = temp_vec();
  const Reg u = temp_vec();
  const x86::Mem nibbles = splat(0, 0x0f);
  const x86::Mem counts = pool(0x0302020102010100, 0x0403030203020201, 16);
  vec_shift({Id::kIdVpsrlw, Id::kIdPsrlw}, t, a, 4);
  vec3(Id::kIdVpand, Id::kIdPand, t, t, nibbles);
  load_memory(u, counts, Type::V128);
  vec3({Id::kIdVpshufb, Id::kIdPshufb}, u, u, t);
  vec3(Id::kIdVpand, Id::kIdPand, t, a, nibbles);
  load_memory(dst, counts, Type::V128);
  vec3({Id::kIdVpshufb, Id::kIdPshufb}, dst, dst, t);
  vec3({Id::kIdVpaddb, Id::kIdPaddb}, dst, dst, u);
  return true;
}

// Of nibbles, looked up; then of lanes twice as wide each time: those of the upper half, and of the lower half too
// where the upper one is empty.
void Emitter::vec_leading_zeros(unsigned lane, Reg dst, Reg a) {
  if (lane >= 2 && host_.avx512_cd) {
    a_.emit(lane == 2 ? Id::kIdVplzcntd : Id::kIdVplzcntq, xm(dst), xm(a));
    return;
  }
  const Reg t = temp_vec();
  const Reg u = temp_vec();
  const x86::Mem nibbles = splat(0, 0x0f);
  const x86::Mem zeros = pool(0x0101010102020304, 0, 16);
  vec_shift({Id::kIdVpsrlw, Id::kIdPsrlw}, t, a, 4);
  vec3(Id::kIdVpand, Id::kIdPand, t, t, nibbles);
  load_memory(dst, zeros, Type::V128);
  vec3({Id::kIdVpshufb, Id::kIdPshufb}, dst, dst, t);  // of the upper nibble
  vec3(Id::kIdVpand, Id::kIdPand, t, a, nibbles);
  load_memory(u, zeros, Type::V128);
  vec3({Id::kIdVpshufb, Id::kIdPshufb}, u, u, t);  // of the lower one
  vec3(kEqualForms[0], t, dst, splat(0, 4));
  vec3({Id::kIdVpand, Id::kIdPand}, u, u, t);
  vec3(kAddForms[0], dst, dst, u);
  for (unsigned wide = 1; wide <= lane; ++wide) {
    const unsigned half = 4U << wide;
    vec_shift_by(Op::VShr, wide, u, dst, half);
    vec3(Id::kIdVpand, Id::kIdPand, dst, dst, splat(wide, (uint64_t{1} << half) - 1));
    vec3(kEqualForms[wide], t, u, splat(wide, half));
    vec3({Id::kIdVpand, Id::kIdPand}, dst, dst, t);
    vec3(kAddForms[wide], dst, dst, u);
  }
}

void Emitter::vec_bit_reverse(Reg dst, Reg a) {
  if (host_.gfni) {
    a_.vgf2p8affineqb(xm(dst), xm(a), splat(3, 0x8040201008040201), 0);
    return;
  }
  const Reg t = temp_vec();
  const Reg u = temp_vec();
  const x86::Mem nibbles = splat(0, 0x0f);
  vec_shift({Id::kIdVpsrlw, Id::kIdPsrlw}, t, a, 4);
  vec3(Id::kIdVpand, Id::kIdPand, t, t, nibbles);
  load_memory(u, pool(0x0e060a020c040800, 0x0f070b030d050901, 16), Type::V128);
  vec3({Id::kIdVpshufb, Id::kIdPshufb}, u, u, t);  // the upper nibble, reversed, below
  vec3(Id::kIdVpand, Id::kIdPand, t, a, nibbles);
  load_memory(dst, pool(0xe060a020c0408000, 0xf070b030d0509010, 16), Type::V128);
  vec3({Id::kIdVpshufb, Id::kIdPshufb}, dst, dst, t);
  vec3({Id::kIdVpor, Id::kIdPor}, dst, dst, u);
}

// The host's rounds end with the addition of a key: none.
bool Emitter::vec_aes(Op op, Reg dst, Reg a) {
  if (!host_.aes) return false;
  if (op == Op::VAesMixInverse) {
    vec2({Id::kIdVaesimc, Id::kIdAesimc}, dst, xm(a));
    return true;
  }
  const Reg zero = temp_vec();
  vec_zero(zero);
  const Form last = {Id::kIdVaesenclast, Id::kIdAesenclast};
  const Form inverse_last = {Id::kIdVaesdeclast, Id::kIdAesdeclast};
  switch (op) {
    case Op::VAesSubShift:
      vec3(last, dst, a, zero);
      return true;
    case Op::VAesSubShiftInverse:
      vec3(inverse_last, dst, a, zero);
      return true;
    default:
      // A round without its first half.
      vec3(inverse_last, dst, a, zero);
      vec3({Id::kIdVaesenc, Id::kIdAesenc}, dst, dst, zero);
      return true;
  }
}

}  // namespace menura::x64
