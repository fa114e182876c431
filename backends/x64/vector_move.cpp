// Vectors: moving lanes, between vectors and to and from general registers.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::LaneDesc;
using ir::Op;
using ir::Type;

namespace {

// Byte numbers for pshufb, two words: order(i) says where byte i comes from; 16 and more give zeros.
struct Shuffle {
  uint64_t low = 0;
  uint64_t high = 0;
};
template <typename Order>
Shuffle shuffle(Order order) {
  Shuffle s;
  for (unsigned i = 0; i < 16; ++i) {
    const unsigned from = order(i);
    (i < 8 ? s.low : s.high) |= uint64_t{from < 16 ? from : 0x80} << 8 * (i % 8);
  }
  return s;
}

}  // namespace

bool Emitter::vec_move_lanes(const Inst& inst, bool half, Reg dst, Reg a, Reg b) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned lane = inst.aux == 0 ? 0 : lane_log2(desc);  // vhigh and vconcat have no lanes
  switch (inst.op) {
    case Op::VSplatLane:
      vec_splat_lane(lane, desc.index, dst, a);
      return true;
    case Op::VHigh:
      vec_shift({Id::kIdVpsrldq, Id::kIdPsrldq}, dst, a, 8);
      made_zero_ = true;
      return true;
    case Op::VConcat:
      vec3({Id::kIdVpunpcklqdq, Id::kIdPunpcklqdq}, dst, a, b);
      return true;
    case Op::VZip:
      vec_zip(lane, desc.index != 0, half, dst, a, b);
      return true;
    case Op::VUnzip:
      vec_unzip(lane, desc.index != 0, half, dst, a, b);
      return true;
    case Op::VTranspose:
      vec_transpose(lane, desc.index != 0, dst, a, b);
      return true;
    case Op::VReverse:
      vec_reverse(lane, desc.index, dst, a);
      return true;
    case Op::VBytes:
      vec_bytes(half, static_cast<unsigned>(inst.imm), dst, a, b);
      return true;
    case Op::VTable:
      vec_table(half, dst, a, b);
      return true;
    default:
      return false;
  }
}

void Emitter::vec_splat_lane(unsigned lane, unsigned index, Reg dst, Reg a) {
  static constexpr InstId broadcasts[4] = {Id::kIdVpbroadcastb, Id::kIdVpbroadcastw, Id::kIdVpbroadcastd,
                                           Id::kIdVpbroadcastq};
  if (lane >= 2) {
    const unsigned control = lane == 2 ? index * 0x55 : index != 0 ? 0xee : 0x44;
    vec2({Id::kIdVpshufd, Id::kIdPshufd}, dst, xm(a), control);
  } else if (index == 0 && host_.avx2) {
    a_.emit(broadcasts[lane], xm(dst), xm(a));
  } else {
    const unsigned size = 1U << lane;
    const Shuffle s = shuffle([&](unsigned i) { return index * size + i % size; });
    vec3(Id::kIdVpshufb, Id::kIdPshufb, dst, a, pool(s.low, s.high, 16));
  }
}

void Emitter::vec_zip(unsigned lane, bool high, bool half, Reg dst, Reg a, Reg b) {
  static constexpr Form low_forms[4] = {{Id::kIdVpunpcklbw, Id::kIdPunpcklbw},
                                        {Id::kIdVpunpcklwd, Id::kIdPunpcklwd},
                                        {Id::kIdVpunpckldq, Id::kIdPunpckldq},
                                        {Id::kIdVpunpcklqdq, Id::kIdPunpcklqdq}};
  static constexpr Form high_forms[4] = {{Id::kIdVpunpckhbw, Id::kIdPunpckhbw},
                                         {Id::kIdVpunpckhwd, Id::kIdPunpckhwd},
                                         {Id::kIdVpunpckhdq, Id::kIdPunpckhdq},
                                         {Id::kIdVpunpckhqdq, Id::kIdPunpckhqdq}};
  vec3(high && !half ? high_forms[lane] : low_forms[lane], dst, a, b);
  if (high && half) {
    vec_shift({Id::kIdVpsrldq, Id::kIdPsrldq}, dst, dst, 8);
    made_zero_ = true;
  }
}

void Emitter::vec_unzip(unsigned lane, bool odd, bool half, Reg dst, Reg a, Reg b) {
  const Form low = {Id::kIdVpunpcklqdq, Id::kIdPunpcklqdq};
  const Form high = {Id::kIdVpunpckhqdq, Id::kIdPunpckhqdq};
  if (lane == 3) return vec3(odd ? high : low, dst, a, b);
  if (lane == 2) {
    if (half) {
      vec3({Id::kIdVpunpckldq, Id::kIdPunpckldq}, dst, a, b);
      if (odd) vec_shift({Id::kIdVpsrldq, Id::kIdPsrldq}, dst, dst, 8);
      made_zero_ = odd;
    } else {
      vec3({Id::kIdVshufps, Id::kIdShufps}, dst, a, xm(b), odd ? 0xdd : 0x88);
    }
    return;
  }
  const unsigned size = 1U << lane;
  const auto number = [&](unsigned i) { return i / size * 2 * size + (odd ? size : 0) + i % size; };
  if (a == b) {
    const unsigned bytes = half ? 8 : 16;
    const Shuffle s = shuffle([&](unsigned i) { return i < bytes ? number(i % (bytes / 2)) : 16; });
    vec3(Id::kIdVpshufb, Id::kIdPshufb, dst, a, pool(s.low, s.high, 16));
    made_zero_ = half;
    return;
  }
  if (half) {
    const Shuffle s = shuffle([&](unsigned i) { return i < 8 ? number(i) : 16; });
    vec3(low, dst, a, b);
    vec3(Id::kIdVpshufb, Id::kIdPshufb, dst, dst, pool(s.low, s.high, 16));
    made_zero_ = true;
  } else if (lane == 0) {
    const Reg t = temp_vec();
    if (odd) {
      vec_shift({Id::kIdVpsrlw, Id::kIdPsrlw}, dst, a, 8);
      vec_shift({Id::kIdVpsrlw, Id::kIdPsrlw}, t, b, 8);
    } else {
      const x86::Mem mask = splat(1, 0x00ff);
      vec3(Id::kIdVpand, Id::kIdPand, dst, a, mask);
      vec3(Id::kIdVpand, Id::kIdPand, t, b, mask);
    }
    vec3({Id::kIdVpackuswb, Id::kIdPackuswb}, dst, dst, t);
  } else {
    // Sign-extended in lanes of twice the width, they are packed as they are.
    const Reg t = temp_vec();
    const Form left = {Id::kIdVpslld, Id::kIdPslld};
    const Form right = {Id::kIdVpsrad, Id::kIdPsrad};
    vec_shift(odd ? right : left, dst, a, 16);
    vec_shift(odd ? right : left, t, b, 16);
    if (!odd) {
      vec_shift(right, dst, dst, 16);
      vec_shift(right, t, t, 16);
    }
    vec3({Id::kIdVpackssdw, Id::kIdPackssdw}, dst, dst, t);
  }
}

void Emitter::vec_transpose(unsigned lane, bool odd, Reg dst, Reg a, Reg b) {
  if (lane == 3) {
    const Form low = {Id::kIdVpunpcklqdq, Id::kIdPunpcklqdq};
    const Form high = {Id::kIdVpunpckhqdq, Id::kIdPunpckhqdq};
    return vec3(odd ? high : low, dst, a, b);
  }
  // One operand moves to the places between the other's lanes.
  static constexpr Form left[3] = {
      {Id::kIdVpsllw, Id::kIdPsllw}, {Id::kIdVpslld, Id::kIdPslld}, {Id::kIdVpsllq, Id::kIdPsllq}};
  static constexpr Form right[3] = {
      {Id::kIdVpsrlw, Id::kIdPsrlw}, {Id::kIdVpsrld, Id::kIdPsrld}, {Id::kIdVpsrlq, Id::kIdPsrlq}};
  const Reg t = temp_vec();
  if (lane == 0) {
    vec_shift(odd ? right[0] : left[0], t, odd ? a : b, 8);
    vec3(Id::kIdVpand, Id::kIdPand, dst, odd ? b : a, splat(1, odd ? 0xff00 : 0x00ff));
    return vec3({Id::kIdVpor, Id::kIdPor}, dst, dst, t);
  }
  const unsigned places = lane == 1 ? 0xaa : 0xcc;
  vec_shift(odd ? right[lane] : left[lane], t, odd ? a : b, 8U << lane);
  vec3({Id::kIdVpblendw, Id::kIdPblendw}, dst, odd ? t : a, xm(odd ? b : t), places);
}

void Emitter::vec_reverse(unsigned lane, unsigned group, Reg dst, Reg a) {
  if (lane == 3) return vec2({Id::kIdVpshufd, Id::kIdPshufd}, dst, xm(a), 0x4e);
  if (lane == 2) return vec2({Id::kIdVpshufd, Id::kIdPshufd}, dst, xm(a), group == 2 ? 0xb1 : 0x1b);
  const unsigned size = 1U << lane;
  const Shuffle s = shuffle([&](unsigned i) {
    const unsigned at = i / size;
    return (at / group * group + group - 1 - at % group) * size + i % size;
  });
  vec3(Id::kIdVpshufb, Id::kIdPshufb, dst, a, pool(s.low, s.high, 16));
}

void Emitter::vec_bytes(bool half, unsigned from, Reg dst, Reg a, Reg b) {
  if (half) {
    vec3({Id::kIdVpunpcklqdq, Id::kIdPunpcklqdq}, dst, a, b);
    if (from != 0) vec_shift({Id::kIdVpsrldq, Id::kIdPsrldq}, dst, dst, from);
  } else if (from == 0 || from == 16) {
    vec_move(dst, from == 0 ? a : b);
  } else {
    vec3({Id::kIdVpalignr, Id::kIdPalignr}, dst, b, xm(a), from);
  }
}

// The host looks at four bits of a number, and gives 0 where bit 7 is set: numbers that the table does not have are
// made so by an addition that saturates.
void Emitter::vec_table(bool half, Reg dst, Reg table, Reg index) {
  vec3(Id::kIdVpaddusb, Id::kIdPaddusb, dst, index, splat(0, half ? 0x78 : 0x70));
  if (half) {
    const Reg twice = temp_vec();
    vec3({Id::kIdVpunpcklqdq, Id::kIdPunpcklqdq}, twice, table, table);
    table = twice;
  }
  vec3({Id::kIdVpshufb, Id::kIdPshufb}, dst, table, dst);
}

// A constant, or two of them in one register.
bool Emitter::is_vec_const(Value v) const {
  const Inst& inst = inst_of(v);
  if (inst.op == Op::VConcat) return inst.type == Type::V128 && is_const(inst.args[0]) && is_const(inst.args[1]);
  return is_const(v);
}

Emitter::Words Emitter::vec_const(Value v) const {
  const Inst& inst = inst_of(v);
  if (inst.op == Op::VConcat) return {const_bits(inst.args[0]), const_bits(inst.args[1])};
  return {const_bits(v), inst.type == Type::V64 ? 0 : const_bits(v)};
}

void Emitter::emit_vec_const(Value v) {
  const Words words = vec_const(v);
  const Reg dst = dest(v);
  load_memory(dst, pool(words.low, words.high, 16), Type::V128);
  define(v, dst);
}

// Numbers known: those that the table does not have are made the host's, bit 7.
void Emitter::emit_vtable_const(Value v, const Inst& inst) {
  const unsigned bytes = ir::storage_bytes(inst.type);
  const Words numbers = vec_const(inst.args[1]);
  const auto number = [&](unsigned i) {
    return static_cast<unsigned>((i < 8 ? numbers.low : numbers.high) >> 8 * (i % 8) & 0xff);
  };
  const Shuffle s = shuffle([&](unsigned i) { return i < bytes && number(i) < bytes ? number(i) : 16; });
  const Reg table = use(inst.args[0]);
  const Reg dst = dest(v, {inst.args[0]});
  vec3(Id::kIdVpshufb, Id::kIdPshufb, dst, table, pool(s.low, s.high, 16));
  made_zero_ = bytes == 8;
  define(v, dst);
}

// The low bits of a general register in every lane.
void Emitter::vec_splat(LaneDesc desc, Reg dst, Value value) {
  const unsigned lane = lane_log2(desc);
  if (is_const(value)) {
    load_memory(dst, splat(lane, const_bits(value)), Type::V128);
    return;
  }
  const Reg from = use(value);
  if (host_.avx512) {
    static constexpr InstId broadcasts[4] = {Id::kIdVpbroadcastb, Id::kIdVpbroadcastw, Id::kIdVpbroadcastd,
                                             Id::kIdVpbroadcastq};
    a_.emit(broadcasts[lane], xm(dst), lane == 3 ? Operand(g64(from)) : Operand(g32(from)));
    return;
  }
  move(dst, from);
  if (lane == 0 && !host_.avx2) {
    const Reg zero = temp_vec();
    vec_zero(zero);
    vec3({Id::kIdVpshufb, Id::kIdPshufb}, dst, dst, zero);
  } else {
    vec_splat_lane(lane, 0, dst, dst);
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
  static constexpr Form forms[4] = {{Id::kIdVpextrb, Id::kIdPextrb},
                                    {Id::kIdVpextrw, Id::kIdPextrw},
                                    {Id::kIdVpextrd, Id::kIdPextrd},
                                    {Id::kIdVpextrq, Id::kIdPextrq}};
  const Operand to = lane == 3 ? Operand(g64(dst)) : Operand(g32(dst));
  if (desc.index == 0 && lane >= 2) {
    const Form move_low = lane == 3 ? Form{Id::kIdVmovq, Id::kIdMovq} : Form{Id::kIdVmovd, Id::kIdMovd};
    a_.emit(host_.avx ? move_low.avx : move_low.sse, to, xm(a));
  } else {
    a_.emit(host_.avx ? forms[lane].avx : forms[lane].sse, to, xm(a), asmjit::Imm(desc.index));
  }
  // The host has put zeros above.
  if (desc.sign_extend != 0) extend_in_place(dst, 1U << lane, true, inst.type);
  if (inst.type == Type::I1) a_.and_(g32(dst), 1);
  define(v, dst);
}

void Emitter::emit_vinsert(Value v, const Inst& inst) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned lane = lane_log2(desc);
  const Reg a = use(inst.args[0]);
  const Reg value = use(inst.args[1]);
  const Reg dst = dest(v, {inst.args[0]});
  static constexpr Form forms[4] = {{Id::kIdVpinsrb, Id::kIdPinsrb},
                                    {Id::kIdVpinsrw, Id::kIdPinsrw},
                                    {Id::kIdVpinsrd, Id::kIdPinsrd},
                                    {Id::kIdVpinsrq, Id::kIdPinsrq}};
  vec3(forms[lane], dst, a, lane == 3 ? Operand(g64(value)) : Operand(g32(value)), desc.index);
  made_zero_ = inst.type == Type::V64 && zero_above(inst.args[0], inst.type);
  define(v, dst);
}

void Emitter::emit_vinsert_lane(Value v, const Inst& inst) {
  const auto desc = ir::unpack<LaneDesc>(inst.aux);
  const unsigned lane = lane_log2(desc);
  const unsigned to = desc.index;
  const unsigned from = desc.from;
  const Reg a = use(inst.args[0]);
  const Reg b = use(inst.args[1]);
  const Reg dst = dest(v, {inst.args[0]}, mask_of(b));
  made_zero_ = inst.type == Type::V64 && zero_above(inst.args[0], inst.type);
  if (lane == 3) {
    // A half of a and a half of b.
    if (inst.type == Type::V64) {
      vec_splat_lane(3, from, dst, b);
      made_zero_ = false;
    } else if (to == from) {
      vec3({Id::kIdVpblendw, Id::kIdPblendw}, dst, a, xm(b), to == 0 ? 0x0f : 0xf0);
    } else if (to == 1) {
      vec3({Id::kIdVpunpcklqdq, Id::kIdPunpcklqdq}, dst, a, b);
    } else {
      // b's high half below a's
      vec3({Id::kIdVmovhlps, Id::kIdMovhlps}, dst, a, b);
    }
  } else if (lane == 2) {
    vec3({Id::kIdVinsertps, Id::kIdInsertps}, dst, a, xm(b), from << 6 | to << 4);
  } else if (lane == 1 && to == from) {
    vec3({Id::kIdVpblendw, Id::kIdPblendw}, dst, a, xm(b), 1U << to);
  } else {
    const Reg t = temp_int();
    const Form out = lane == 0 ? Form{Id::kIdVpextrb, Id::kIdPextrb} : Form{Id::kIdVpextrw, Id::kIdPextrw};
    const Form in = lane == 0 ? Form{Id::kIdVpinsrb, Id::kIdPinsrb} : Form{Id::kIdVpinsrw, Id::kIdPinsrw};
    a_.emit(host_.avx ? out.avx : out.sse, g32(t), xm(b), asmjit::Imm(from));
    vec3(in, dst, a, g32(t), to);
  }
  define(v, dst);
}

// Mostly no instruction is needed (Analysis::find_reps).
void Emitter::emit_vtrunc(Value v, const Inst& inst) {
  const Reg a = use(inst.args[0]);
  const Reg dst = dest(v, {inst.args[0]});
  vec_move(dst, a);
  define(v, dst);
}

void Emitter::emit_vzext(Value v, const Inst& inst) {
  const Reg a = use(inst.args[0]);
  const Reg dst = dest(v, {inst.args[0]});
  vec_zero_above(dst, a, ir::bits(type_of(inst.args[0])));
  define(v, dst);
}

}  // namespace menura::x64
