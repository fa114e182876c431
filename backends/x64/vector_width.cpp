// Vectors of integers: lanes of twice and half the width.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::LaneDesc;
using ir::Op;
using ir::Type;

bool Emitter::vec_width(const Inst& inst, Reg dst, Reg a, Reg b) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned lane = lane_log2(desc);
  switch (inst.op) {
    case Op::VWiden:
      vec_widen(lane, desc.sign_extend != 0, dst, a);
      return true;
    case Op::VNarrow:
      return vec_narrow(desc, dst, a);
    case Op::VMulWiden:
      return vec_multiply_widen(desc, dst, a, b);
    default:
      if (lane != 3 || !host_.pclmul) return false;
      vec3({Id::kIdVpclmulqdq, Id::kIdPclmulqdq}, dst, a, xm(b), 0);
      return true;
  }
}

// The low half of a, each lane of 8 << lane bits in twice its width.
void Emitter::vec_widen(unsigned lane, bool sign, Reg dst, Reg a) {
  static constexpr Form forms[2][3] = {
      {{Id::kIdVpmovzxbw, Id::kIdPmovzxbw}, {Id::kIdVpmovzxwd, Id::kIdPmovzxwd}, {Id::kIdVpmovzxdq, Id::kIdPmovzxdq}},
      {{Id::kIdVpmovsxbw, Id::kIdPmovsxbw}, {Id::kIdVpmovsxwd, Id::kIdPmovsxwd}, {Id::kIdVpmovsxdq, Id::kIdPmovsxdq}}};
  vec2(forms[sign ? 1 : 0][lane], dst, xm(a));
}

bool Emitter::vec_narrow(LaneDesc desc, Reg dst, Reg a) {
  const unsigned lane = lane_log2(desc);
  const unsigned half_width = 4U << lane;
  if (desc.saturate == 0) {
    // The low halves of lanes side by side, zeros above them.
    uint64_t order = 0;
    const unsigned size = half_width / 8;
    for (unsigned byte = 0; byte < 8; ++byte) {
      order |= static_cast<uint64_t>(byte / size * 2 * size + byte % size) << 8 * byte;
    }
    vec3(Id::kIdVpshufb, Id::kIdPshufb, dst, a, pool(order, 0x8080808080808080, 16));
    made_zero_ = true;
    return true;
  }
  const bool from_signed = desc.sign_extend != 0;
  const bool to_unsigned = desc.to_unsigned != 0;
  if (lane == 3) {
    if (!host_.avx512) return false;
    if (from_signed && !to_unsigned) {
      a_.emit(Id::kIdVpmovsqd, xm(dst), xm(a));
    } else {
      if (from_signed) {
        vec_zero(dst);
        a_.emit(Id::kIdVpmaxsq, xm(dst), xm(dst), xm(a));
      } else if (!to_unsigned) {
        a_.emit(Id::kIdVpminuq, xm(dst), xm(a), splat(3, INT32_MAX));
      }
      a_.emit(Id::kIdVpmovusqd, xm(dst), from_signed || !to_unsigned ? xm(dst) : xm(a));
    }
    made_zero_ = true;
    return true;
  }
  // The host packs signed lanes; unsigned ones are first cut to what fits.
  Reg from = a;
  if (!from_signed) {
    const uint64_t most = (uint64_t{1} << (half_width - (to_unsigned ? 0 : 1))) - 1;
    vec3(lane == 1 ? Form{Id::kIdVpminuw, Id::kIdPminuw} : Form{Id::kIdVpminud, Id::kIdPminud}, dst, a,
         splat(lane, most));
    from = dst;
  }
  static constexpr Form forms[2][2] = {{{Id::kIdVpacksswb, Id::kIdPacksswb}, {Id::kIdVpackssdw, Id::kIdPackssdw}},
                                       {{Id::kIdVpackuswb, Id::kIdPackuswb}, {Id::kIdVpackusdw, Id::kIdPackusdw}}};
  vec3(forms[to_unsigned ? 1 : 0][lane - 1], dst, from, from);
  return true;
}

bool Emitter::vec_multiply_widen(LaneDesc desc, Reg dst, Reg a, Reg b) {
  const bool sign = desc.sign_extend != 0;
  const Reg t = temp_vec();
  switch (lane_log2(desc)) {
    case 0:
      vec_widen(0, sign, t, a);
      vec_widen(0, sign, dst, b);
      vec3({Id::kIdVpmullw, Id::kIdPmullw}, dst, dst, t);
      return true;
    case 1:
      vec3(sign ? Form{Id::kIdVpmulhw, Id::kIdPmulhw} : Form{Id::kIdVpmulhuw, Id::kIdPmulhuw}, t, a, b);
      vec3({Id::kIdVpmullw, Id::kIdPmullw}, dst, a, b);
      vec3({Id::kIdVpunpcklwd, Id::kIdPunpcklwd}, dst, dst, t);
      return true;
    default:
      vec2({Id::kIdVpshufd, Id::kIdPshufd}, t, xm(a), 0x50);
      vec2({Id::kIdVpshufd, Id::kIdPshufd}, dst, xm(b), 0x50);
      vec3(sign ? Form{Id::kIdVpmuldq, Id::kIdPmuldq} : Form{Id::kIdVpmuludq, Id::kIdPmuludq}, dst, dst, t);
      return true;
  }
}

}  // namespace menura::x64
