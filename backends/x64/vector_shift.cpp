// Vectors of integers: shifts by a number, and by the lanes of another vector.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Cond;
using ir::LaneDesc;
using ir::Op;
using ir::Type;

bool Emitter::vec_shifts(const Inst& inst, Reg dst, Reg a, Reg b) {
  const unsigned lane = lane_log2(ir::unpack<LaneDesc>(inst.aux));
  switch (inst.op) {
    case Op::VShl:
    case Op::VShr:
    case Op::VSar:
      vec_shift_by(inst.op, lane, dst, a, static_cast<unsigned>(inst.imm));
      return true;
    case Op::VRotl:
      vec_rotate(lane, dst, a, static_cast<unsigned>(inst.imm));
      return true;
    case Op::VShlV:
    case Op::VShrV:
    case Op::VSarV:
      return vec_shift_each(inst.op, lane, dst, a, b);
    default:
      return vec_shift_signed(inst, dst, a, b);
  }
}

// By 0 to the width. `dst` may be `a`.
void Emitter::vec_shift_by(Op op, unsigned lane, Reg dst, Reg a, unsigned amount) {
  static constexpr Form forms[3][4] = {
      {{}, {Id::kIdVpsllw, Id::kIdPsllw}, {Id::kIdVpslld, Id::kIdPslld}, {Id::kIdVpsllq, Id::kIdPsllq}},
      {{}, {Id::kIdVpsrlw, Id::kIdPsrlw}, {Id::kIdVpsrld, Id::kIdPsrld}, {Id::kIdVpsrlq, Id::kIdPsrlq}},
      {{}, {Id::kIdVpsraw, Id::kIdPsraw}, {Id::kIdVpsrad, Id::kIdPsrad}, {Id::kIdVpsraq, Id::kIdVpsraq}}};
  const unsigned width = 8U << lane;
  if (op == Op::VSar) amount = std::min(amount, width - 1);
  if (amount == 0) return vec_move(dst, a);
  if (amount >= width) return vec_zero(dst);
  const unsigned row = op == Op::VShl ? 0 : op == Op::VShr ? 1 : 2;
  if (lane == 0 && host_.gfni) {
    // One bit matrix, its row i from the top making bit i (Intel SDM, GF2P8AFFINEQB).
    uint64_t matrix = 0;
    for (unsigned bit = 0; bit < 8; ++bit) {
      const int from = static_cast<int>(bit) + (row == 0 ? -static_cast<int>(amount) : static_cast<int>(amount));
      if (from < 0 || (from > 7 && row == 1)) continue;
      matrix |= uint64_t{1} << (std::min(from, 7) + 8 * (7 - bit));
    }
    a_.vgf2p8affineqb(xm(dst), xm(a), splat(3, matrix), 0);
    return;
  }
  if (lane == 0) {
    vec_shift(forms[row == 0 ? 0 : 1][1], dst, a, amount);
    const uint64_t kept = row == 0 ? 0xffU << amount & 0xff : 0xffU >> amount;
    vec3(Id::kIdVpand, Id::kIdPand, dst, dst, splat(0, kept));
  } else if (row < 2 || lane < 3 || host_.avx512) {
    return vec_shift(forms[row][lane], dst, a, amount);
  } else {
    vec_shift(forms[1][lane], dst, a, amount);
  }
  if (row < 2) return;
  // The sign, now within the lane, is extended: (x ^ s) - s.
  const x86::Mem sign = splat(lane, uint64_t{1} << (width - 1 - amount));
  vec3(Id::kIdVpxor, Id::kIdPxor, dst, dst, sign);
  const Form sub = lane == 0 ? Form{Id::kIdVpsubb, Id::kIdPsubb} : Form{Id::kIdVpsubq, Id::kIdPsubq};
  vec3(sub, dst, dst, sign);
}

// Left by less than the width: one instruction, or bytes that change places, or two shifts. `dst` may be `a`.
void Emitter::vec_rotate(unsigned lane, Reg dst, Reg a, unsigned amount) {
  const unsigned width = 8U << lane;
  if (amount == 0) return vec_move(dst, a);
  if (lane >= 2 && host_.avx512) {
    a_.emit(lane == 2 ? Id::kIdVprold : Id::kIdVprolq, xm(dst), xm(a), asmjit::Imm(amount));
    return;
  }
  if (lane == 0 && host_.gfni) {
    uint64_t matrix = 0;  // as in vec_shift_by
    for (unsigned bit = 0; bit < 8; ++bit) matrix |= uint64_t{1} << ((bit - amount) % 8 + 8 * (7 - bit));
    a_.vgf2p8affineqb(xm(dst), xm(a), splat(3, matrix), 0);
    return;
  }
  if (amount % 8 == 0) {
    uint64_t half[2] = {0, 0};
    const unsigned size = width / 8;
    for (unsigned i = 0; i < 16; ++i) {
      const uint64_t from = (i & ~(size - 1)) + ((i - amount / 8) & (size - 1));
      half[i / 8] |= from << 8 * (i % 8);
    }
    return vec3(Id::kIdVpshufb, Id::kIdPshufb, dst, a, pool(half[0], half[1], 16));
  }
  const Reg t = temp_vec();
  vec_shift_by(Op::VShr, lane, t, a, width - amount);
  vec_shift_by(Op::VShl, lane, dst, a, amount);
  vec3({Id::kIdVpor, Id::kIdPor}, dst, dst, t);
}

// Amounts from the width up mean what the host does with them, too.
bool Emitter::vec_shift_each(Op op, unsigned lane, Reg dst, Reg a, Reg b) {
  static constexpr InstId forms[3][4] = {{0, Id::kIdVpsllvw, Id::kIdVpsllvd, Id::kIdVpsllvq},
                                         {0, Id::kIdVpsrlvw, Id::kIdVpsrlvd, Id::kIdVpsrlvq},
                                         {0, Id::kIdVpsravw, Id::kIdVpsravd, Id::kIdVpsravq}};
  const unsigned row = op == Op::VShl || op == Op::VShlV ? 0 : op == Op::VShr || op == Op::VShrV ? 1 : 2;
  if (lane == 0) {
    if (!host_.avx512) return false;
    // As two vectors of 16-bit lanes: the odd bytes in place, the even ones shifted up or extended.
    const Reg t = temp_vec();
    const Reg u = temp_vec();
    vec_shift({Id::kIdVpsrlw, Id::kIdPsrlw}, u, b, 8);
    if (row == 0) {
      vec3(Id::kIdVpand, Id::kIdPand, t, a, splat(1, 0xff00));
      a_.emit(forms[row][1], xm(t), xm(t), xm(u));
      vec3(Id::kIdVpand, Id::kIdPand, u, b, splat(1, 0x00ff));
      a_.emit(forms[row][1], xm(dst), xm(a), xm(u));
    } else {
      a_.emit(forms[row][1], xm(t), xm(a), xm(u));
      vec3(Id::kIdVpand, Id::kIdPand, t, t, splat(1, 0xff00));
      vec3(Id::kIdVpand, Id::kIdPand, u, b, splat(1, 0x00ff));
      vec_shift({Id::kIdVpsllw, Id::kIdPsllw}, dst, a, 8);
      a_.emit(forms[row][1], xm(dst), xm(dst), xm(u));
      vec_shift({Id::kIdVpsrlw, Id::kIdPsrlw}, dst, dst, 8);
    }
    // dst = the low bytes of dst, the high bytes of t, which has zeros (or what does not matter) below
    vec3(Id::kIdVpand, Id::kIdPand, dst, dst, splat(1, 0x00ff));
    vec3({Id::kIdVpor, Id::kIdPor}, dst, dst, t);
    return true;
  }
  const bool has = lane == 1 ? host_.avx512 : host_.avx2 && (row < 2 || lane < 3 || host_.avx512);
  if (!has) return false;
  a_.emit(forms[row][lane], xm(dst), xm(a), xm(b));
  return true;
}

// Left by the signed low byte of a lane, right where it is negative. The host's shifts take what is negative for a
// large amount and give 0 (or the sign): the left and the right shift are both made and combined.
bool Emitter::vec_shift_signed(const Inst& inst, Reg dst, Reg a, Reg b) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned lane = lane_log2(desc);
  if (desc.saturate != 0 || desc.rounding != 0 || lane == 0) return false;
  if (lane == 1 ? !host_.avx512 : !host_.avx2) return false;
  if (lane == 3 && !host_.avx512) return false;
  static constexpr Form subtract[4] = {
      {}, {Id::kIdVpsubw, Id::kIdPsubw}, {Id::kIdVpsubd, Id::kIdPsubd}, {Id::kIdVpsubq, Id::kIdPsubq}};
  const unsigned up = (8U << lane) - 8;
  const Reg left = temp_vec();
  const Reg right = temp_vec();
  vec_shift_by(Op::VShl, lane, left, b, up);
  vec_shift_by(Op::VSar, lane, left, left, up);
  vec_zero(right);
  vec3(subtract[lane], right, right, left);
  const bool is_signed = desc.sign_extend != 0;
  vec_shift_each(is_signed ? Op::VSarV : Op::VShrV, lane, right, a, right);
  if (is_signed) {
    // Where the amount is not negative, the right shift has made copies of the sign.
    vec_move(dst, left);
    vec_shift_each(Op::VShlV, lane, left, a, left);
    vec_shift_by(Op::VSar, lane, dst, dst, (8U << lane) - 1);
    vec3({Id::kIdVpand, Id::kIdPand}, right, right, dst);
    vec3({Id::kIdVpor, Id::kIdPor}, dst, left, right);
  } else {
    vec_shift_each(Op::VShlV, lane, left, a, left);
    vec3({Id::kIdVpor, Id::kIdPor}, dst, left, right);
  }
  return true;
}

}  // namespace menura::x64
