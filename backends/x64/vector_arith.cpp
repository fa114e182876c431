// Vectors of integers: arithmetic, comparisons and logic, lane by lane.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Cond;
using ir::LaneDesc;
using ir::Op;
using ir::Type;

namespace {

constexpr uint64_t kSignBits[4] = {0x80, 0x8000, 0x80000000, 0x8000000000000000};

}  // namespace

bool is_vector_logic(Op op) { return op >= Op::VAnd && op <= Op::VAndn; }

namespace {

static_assert(static_cast<int>(Op::VAndn) - static_cast<int>(Op::VAnd) == 3);

uint8_t logic(Op op, unsigned a, unsigned b) {
  const unsigned result = op == Op::VAnd ? a & b : op == Op::VOr ? a | b : op == Op::VXor ? a ^ b : a & ~b;
  return static_cast<uint8_t>(result);
}

}  // namespace

// Two ops in one: the first was fused.
void Emitter::emit_ternary_logic(Value v, const Inst& inst) {
  const bool first = is_fused(inst.args[0]);
  const Inst inner = inst_of(inst.args[first ? 0 : 1]);
  const Value operands[3] = {inner.args[0], inner.args[1], inst.args[first ? 1 : 0]};
  Reg regs[3];
  bool zero = true;
  for (unsigned i = 0; i < 3; ++i) {
    regs[i] = use(operands[i]);
    zero &= zero_above(operands[i], inst.type);
  }
  const Reg dst = dest(v, {operands[0], operands[1], operands[2]});
  // The destination is the first operand. What the three contribute to the table of the function:
  unsigned order[3] = {0, 1, 2};
  for (unsigned i = 1; i < 3; ++i) {
    if (regs[i] == dst) std::swap(order[0], order[i]);
  }
  uint8_t bits[3];
  bits[order[0]] = 0xf0;
  bits[order[1]] = 0xcc;
  bits[order[2]] = 0xaa;
  const uint8_t pair = logic(inner.op, bits[0], bits[1]);
  const uint8_t table = first ? logic(inst.op, pair, bits[2]) : logic(inst.op, bits[2], pair);
  vec_move(dst, regs[order[0]]);
  a_.emit(Id::kIdVpternlogd, xm(dst), xm(regs[order[1]]), xm(regs[order[2]]), asmjit::Imm(table));
  made_zero_ |= zero && inst.type == Type::V64 && (table & 1) == 0;
  define(v, dst);
}

bool Emitter::vec_arith(const Inst& inst, Reg dst, Reg a, Reg b, Reg c) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned lane = lane_log2(desc);
  switch (inst.op) {
    case Op::VAdd:
      vec3(kAddForms[lane], dst, a, b);
      return true;
    case Op::VSub:
      vec3(kSubForms[lane], dst, a, b);
      return true;
    case Op::VMul:
      vec_multiply(lane, dst, a, b);
      return true;
    case Op::VMulHigh:
      return vec_multiply_high(desc, dst, a, b);
    case Op::VMulDoubleHigh:
      return vec_double_high(desc, dst, a, b);
    case Op::VAddSat:
    case Op::VSubSat:
      return vec_saturating(inst.op, desc, dst, a, b);
    case Op::VAverage:
      vec_average(desc, dst, a, b);
      return true;
    case Op::VMin:
    case Op::VMax:
      vec_min_max(inst.op == Op::VMax, desc, dst, a, b);
      return true;
    case Op::VAbs:
      vec_abs(lane, dst, a);
      return true;
    case Op::VAnd:
      vec3({Id::kIdVpand, Id::kIdPand}, dst, a, b);
      return true;
    case Op::VOr:
      vec3({Id::kIdVpor, Id::kIdPor}, dst, a, b);
      return true;
    case Op::VXor:
      vec3({Id::kIdVpxor, Id::kIdPxor}, dst, a, b);
      return true;
    case Op::VAndn:
      vec3({Id::kIdVpandn, Id::kIdPandn}, dst, b, a);  // the host negates its first operand
      return true;
    case Op::VSelect:
      vec_select(dst, a, b, c);
      return true;
    default:
      vec_compare(static_cast<Cond>(desc.cond), lane, dst, a, b);
      return true;
  }
}

void Emitter::vec_multiply(unsigned lane, Reg dst, Reg a, Reg b) {
  switch (lane) {
    case 0: {
      // In lanes of 16 bits: the odd bytes with the odd bytes shifted down, then the even ones.
      const Reg t = temp_vec();
      const Reg u = temp_vec();
      vec_shift({Id::kIdVpsrlw, Id::kIdPsrlw}, t, a, 8);
      vec3(Id::kIdVpand, Id::kIdPand, u, b, splat(1, 0xff00));
      vec3({Id::kIdVpmullw, Id::kIdPmullw}, t, t, u);
      vec3({Id::kIdVpmullw, Id::kIdPmullw}, dst, a, b);
      vec3(Id::kIdVpand, Id::kIdPand, dst, dst, splat(1, 0x00ff));
      vec3({Id::kIdVpor, Id::kIdPor}, dst, dst, t);
      return;
    }
    case 1:
      return vec3({Id::kIdVpmullw, Id::kIdPmullw}, dst, a, b);
    case 2:
      return vec3({Id::kIdVpmulld, Id::kIdPmulld}, dst, a, b);
    default: {
      if (host_.avx512) return vec3({Id::kIdVpmullq, Id::kIdVpmullq}, dst, a, b);
      // low * low + ((high * low + low * high) << 32)
      const Reg t = temp_vec();
      const Reg u = temp_vec();
      vec_shift({Id::kIdVpsrlq, Id::kIdPsrlq}, t, a, 32);
      vec3({Id::kIdVpmuludq, Id::kIdPmuludq}, t, t, b);
      vec_shift({Id::kIdVpsrlq, Id::kIdPsrlq}, u, b, 32);
      vec3({Id::kIdVpmuludq, Id::kIdPmuludq}, u, u, a);
      vec3({Id::kIdVpaddq, Id::kIdPaddq}, t, t, u);
      vec_shift({Id::kIdVpsllq, Id::kIdPsllq}, t, t, 32);
      vec3({Id::kIdVpmuludq, Id::kIdPmuludq}, dst, a, b);
      vec3({Id::kIdVpaddq, Id::kIdPaddq}, dst, dst, t);
      return;
    }
  }
}

bool Emitter::vec_multiply_high(LaneDesc desc, Reg dst, Reg a, Reg b) {
  if (lane_log2(desc) != 1) return false;  // no guest asks for others often
  const Form form = desc.sign_extend != 0 ? Form{Id::kIdVpmulhw, Id::kIdPmulhw} : Form{Id::kIdVpmulhuw, Id::kIdPmulhuw};
  vec3(form, dst, a, b);
  return true;
}

// Only minimum times minimum saturates, and nothing else gives the minimum: that becomes the maximum.
bool Emitter::vec_double_high(LaneDesc desc, Reg dst, Reg a, Reg b) {
  const unsigned lane = lane_log2(desc);
  const Reg t = temp_vec();
  if (lane == 1 && desc.rounding != 0) {
    vec3({Id::kIdVpmulhrsw, Id::kIdPmulhrsw}, dst, a, b);
  } else if (lane == 1) {
    vec3({Id::kIdVpmullw, Id::kIdPmullw}, t, a, b);
    vec3({Id::kIdVpmulhw, Id::kIdPmulhw}, dst, a, b);
    vec_shift({Id::kIdVpsrlw, Id::kIdPsrlw}, t, t, 15);
    vec3({Id::kIdVpaddw, Id::kIdPaddw}, dst, dst, dst);
    vec3({Id::kIdVpor, Id::kIdPor}, dst, dst, t);
  } else {
    const Reg u = temp_vec();
    vec_shift({Id::kIdVpsrlq, Id::kIdPsrlq}, t, a, 32);
    vec_shift({Id::kIdVpsrlq, Id::kIdPsrlq}, u, b, 32);
    vec3({Id::kIdVpmuldq, Id::kIdPmuldq}, t, t, u);
    vec3({Id::kIdVpmuldq, Id::kIdPmuldq}, dst, a, b);
    vec3({Id::kIdVpaddq, Id::kIdPaddq}, t, t, t);
    vec3({Id::kIdVpaddq, Id::kIdPaddq}, dst, dst, dst);
    if (desc.rounding != 0) {
      vec3(Id::kIdVpaddq, Id::kIdPaddq, t, t, splat(3, 0x80000000));
      vec3(Id::kIdVpaddq, Id::kIdPaddq, dst, dst, splat(3, 0x80000000));
    }
    vec_shift({Id::kIdVpsrlq, Id::kIdPsrlq}, dst, dst, 32);
    vec3({Id::kIdVpblendw, Id::kIdPblendw}, dst, dst, xm(t), 0xcc);
  }
  const Form equal = lane == 1 ? Form{Id::kIdVpcmpeqw, Id::kIdPcmpeqw} : Form{Id::kIdVpcmpeqd, Id::kIdPcmpeqd};
  vec3(equal, t, dst, splat(lane, kSignBits[lane]));
  vec3({Id::kIdVpxor, Id::kIdPxor}, dst, dst, t);
  return true;
}

bool Emitter::vec_saturating(Op op, LaneDesc desc, Reg dst, Reg a, Reg b) {
  static constexpr Form forms[2][2][2] = {{{{Id::kIdVpaddusb, Id::kIdPaddusb}, {Id::kIdVpaddusw, Id::kIdPaddusw}},
                                           {{Id::kIdVpaddsb, Id::kIdPaddsb}, {Id::kIdVpaddsw, Id::kIdPaddsw}}},
                                          {{{Id::kIdVpsubusb, Id::kIdPsubusb}, {Id::kIdVpsubusw, Id::kIdPsubusw}},
                                           {{Id::kIdVpsubsb, Id::kIdPsubsb}, {Id::kIdVpsubsw, Id::kIdPsubsw}}}};
  const unsigned lane = lane_log2(desc);
  const bool sub = op == Op::VSubSat;
  if (lane < 2) {
    vec3(forms[sub ? 1 : 0][desc.sign_extend][lane], dst, a, b);
    return true;
  }
  const Form plus = lane == 2 ? Form{Id::kIdVpaddd, Id::kIdPaddd} : Form{Id::kIdVpaddq, Id::kIdPaddq};
  const Form minus = lane == 2 ? Form{Id::kIdVpsubd, Id::kIdPsubd} : Form{Id::kIdVpsubq, Id::kIdPsubq};
  if (desc.sign_extend == 0) {
    if (sub) {
      // max(a, b) - b
      vec_min_max(true, desc, dst, a, b);
      vec3(minus, dst, dst, b);
    } else {
      // min(a, ~b) + b
      const Reg t = temp_vec();
      vec_not(t, b);
      vec_min_max(false, desc, dst, a, t);
      vec3(plus, dst, dst, b);
    }
    return true;
  }
  // Overflow is in the sign of (a ^ result) & (b ^ result), or (a ^ result) & (a ^ b); what saturates takes the sign of
  // a: the maximum or the minimum.
  const Reg over = temp_vec();
  const Reg t = temp_vec();
  vec3(sub ? minus : plus, dst, a, b);
  vec3({Id::kIdVpxor, Id::kIdPxor}, over, a, dst);
  if (sub) {
    vec3({Id::kIdVpxor, Id::kIdPxor}, t, a, b);
  } else {
    vec3({Id::kIdVpxor, Id::kIdPxor}, t, b, dst);
  }
  vec3({Id::kIdVpand, Id::kIdPand}, over, over, t);
  vec_shift_by(Op::VSar, lane, over, over, (8U << lane) - 1);
  vec_shift_by(Op::VSar, lane, t, a, (8U << lane) - 1);
  vec3(Id::kIdVpxor, Id::kIdPxor, t, t, splat(lane, kSignBits[lane] - 1));
  vec3({Id::kIdVpxor, Id::kIdPxor}, t, t, dst);
  vec3({Id::kIdVpand, Id::kIdPand}, t, t, over);
  vec3({Id::kIdVpxor, Id::kIdPxor}, dst, dst, t);
  return true;
}

// Signed lanes become unsigned by turning their sign bits; so does the result.
void Emitter::vec_average(LaneDesc desc, Reg dst, Reg a, Reg b) {
  const unsigned lane = lane_log2(desc);
  const Reg t = temp_vec();
  const bool biased = desc.sign_extend != 0 && lane != 2 && lane != 1;
  const bool host = lane < 2 && desc.rounding != 0;
  const bool flip = desc.sign_extend != 0 && (host || biased);
  const x86::Mem sign = splat(lane, kSignBits[lane]);
  if (flip) {
    const Reg u = temp_vec();
    vec3(Id::kIdVpxor, Id::kIdPxor, t, a, sign);
    vec3(Id::kIdVpxor, Id::kIdPxor, u, b, sign);
    a = t;
    b = u;
  }
  if (host) {
    const Form average = lane == 0 ? Form{Id::kIdVpavgb, Id::kIdPavgb} : Form{Id::kIdVpavgw, Id::kIdPavgw};
    vec3(average, dst, a, b);
  } else {
    // Without carries: (a & b) + ((a ^ b) >> 1), or (a | b) - ((a ^ b) >> 1).
    const bool up = desc.rounding != 0;
    vec3(up ? Form{Id::kIdVpor, Id::kIdPor} : Form{Id::kIdVpand, Id::kIdPand}, dst, a, b);
    vec3({Id::kIdVpxor, Id::kIdPxor}, t, a, b);
    vec_shift_by(desc.sign_extend != 0 && !flip ? Op::VSar : Op::VShr, lane, t, t, 1);
    vec3(up ? kSubForms[lane] : kAddForms[lane], dst, dst, t);
  }
  if (flip) vec3(Id::kIdVpxor, Id::kIdPxor, dst, dst, sign);
}

void Emitter::vec_min_max(bool max, LaneDesc desc, Reg dst, Reg a, Reg b) {
  static constexpr Form forms[2][2][4] = {{{{Id::kIdVpminub, Id::kIdPminub},
                                            {Id::kIdVpminuw, Id::kIdPminuw},
                                            {Id::kIdVpminud, Id::kIdPminud},
                                            {Id::kIdVpminuq, Id::kIdVpminuq}},
                                           {{Id::kIdVpminsb, Id::kIdPminsb},
                                            {Id::kIdVpminsw, Id::kIdPminsw},
                                            {Id::kIdVpminsd, Id::kIdPminsd},
                                            {Id::kIdVpminsq, Id::kIdVpminsq}}},
                                          {{{Id::kIdVpmaxub, Id::kIdPmaxub},
                                            {Id::kIdVpmaxuw, Id::kIdPmaxuw},
                                            {Id::kIdVpmaxud, Id::kIdPmaxud},
                                            {Id::kIdVpmaxuq, Id::kIdVpmaxuq}},
                                           {{Id::kIdVpmaxsb, Id::kIdPmaxsb},
                                            {Id::kIdVpmaxsw, Id::kIdPmaxsw},
                                            {Id::kIdVpmaxsd, Id::kIdPmaxsd},
                                            {Id::kIdVpmaxsq, Id::kIdVpmaxsq}}}};
  const unsigned lane = lane_log2(desc);
  if (lane < 3 || host_.avx512) return vec3(forms[max ? 1 : 0][desc.sign_extend][lane], dst, a, b);
  const Reg mask = temp_vec();
  vec_compare(desc.sign_extend != 0 ? Cond::Sgt : Cond::Ugt, lane, mask, a, b);
  if (max) {
    vec_select(dst, mask, a, b);
  } else {
    vec_select(dst, mask, b, a);
  }
}

void Emitter::vec_abs(unsigned lane, Reg dst, Reg a) {
  static constexpr Form forms[4] = {{Id::kIdVpabsb, Id::kIdPabsb},
                                    {Id::kIdVpabsw, Id::kIdPabsw},
                                    {Id::kIdVpabsd, Id::kIdPabsd},
                                    {Id::kIdVpabsq, Id::kIdVpabsq}};
  if (lane < 3 || host_.avx512) return vec2(forms[lane], dst, xm(a));
  const Reg sign = temp_vec();
  vec_shift_by(Op::VSar, lane, sign, a, 63);
  vec3({Id::kIdVpxor, Id::kIdPxor}, dst, a, sign);
  vec3({Id::kIdVpsubq, Id::kIdPsubq}, dst, dst, sign);
}

// Bit by bit, a where mask has ones, else b.
void Emitter::vec_select(Reg dst, Reg mask, Reg a, Reg b) {
  if (host_.avx512) {
    vec_move(dst, mask);
    a_.emit(Id::kIdVpternlogd, xm(dst), xm(a), xm(b), asmjit::Imm(0xca));
    return;
  }
  vec3({Id::kIdVpxor, Id::kIdPxor}, dst, a, b);
  vec3({Id::kIdVpand, Id::kIdPand}, dst, dst, mask);
  vec3({Id::kIdVpxor, Id::kIdPxor}, dst, dst, b);
}

// The host compares for equality and for signed greater. Order with equality is equality with the minimum or maximum;
// what is left is swapped, inverted or biased. `dst` is neither operand.
void Emitter::vec_compare(Cond cond, unsigned lane, Reg dst, Reg a, Reg b) {
  static constexpr Form greater[4] = {{Id::kIdVpcmpgtb, Id::kIdPcmpgtb},
                                      {Id::kIdVpcmpgtw, Id::kIdPcmpgtw},
                                      {Id::kIdVpcmpgtd, Id::kIdPcmpgtd},
                                      {Id::kIdVpcmpgtq, Id::kIdPcmpgtq}};
  const bool is_unsigned = cond >= Cond::Ult && cond <= Cond::Uge;
  if (cond == Cond::Ult || cond == Cond::Ule || cond == Cond::Slt || cond == Cond::Sle) {
    std::swap(a, b);
    cond = cond == Cond::Ult ? Cond::Ugt : cond == Cond::Ule ? Cond::Uge : cond == Cond::Slt ? Cond::Sgt : Cond::Sge;
  }
  const bool or_equal = cond == Cond::Uge || cond == Cond::Sge;
  if (cond == Cond::Eq || cond == Cond::Ne) {
    vec3(kEqualForms[lane], dst, a, b);
    if (cond == Cond::Ne) vec_not(dst, dst);
  } else if (cond == Cond::Sgt) {
    vec3(greater[lane], dst, a, b);
  } else if (lane < 3) {
    // a >= b: max(a, b) = a. a > b: not max(b, a) = b.
    LaneDesc desc;
    desc.lane = static_cast<uint32_t>(Type::I8) + lane;
    desc.sign_extend = is_unsigned ? 0 : 1;
    vec_min_max(true, desc, dst, a, b);
    vec3(kEqualForms[lane], dst, dst, or_equal ? a : b);
    if (!or_equal) vec_not(dst, dst);
  } else {
    if (or_equal) std::swap(a, b);
    if (is_unsigned) {
      const Reg t = temp_vec();
      const x86::Mem sign = splat(lane, kSignBits[lane]);
      vec3(Id::kIdVpxor, Id::kIdPxor, t, b, sign);
      vec3(Id::kIdVpxor, Id::kIdPxor, dst, a, sign);
      a = dst;
      b = t;
    }
    vec3(greater[lane], dst, a, b);
    if (or_equal) vec_not(dst, dst);
  }
}

}  // namespace menura::x64
