// Estimates of reciprocals and of reciprocal square roots: the exponents of all lanes in vectors, the fractions looked
// up in a table behind the code. Numbers that are not normal or have a result that is not go out of line.
#include <array>

#include "backends/x64/emitter.h"
#include "ir/interp/estimates.h"

namespace menura::x64 {

using ir::FpDesc;
using ir::Op;
using ir::Type;

namespace {

// By the first 8 bits of the fraction; or by the exponent's lowest bit and the first 7. The fractions' first 8 bits.
constexpr std::array<uint8_t, 256> kReciprocals = [] {
  std::array<uint8_t, 256> table = {};
  for (unsigned i = 0; i < 256; ++i) table[i] = static_cast<uint8_t>(ir::recip_estimate(256 + i));
  return table;
}();
constexpr std::array<uint8_t, 256> kSquareRoots = [] {
  std::array<uint8_t, 256> table = {};
  for (unsigned i = 0; i < 256; ++i) {
    const unsigned fraction = i & 127;
    table[i] = static_cast<uint8_t>(ir::recip_sqrt_estimate(i < 128 ? 256 + 2 * fraction : 128 + fraction));
  }
  return table;
}();

}  // namespace

void Emitter::embed_estimates() {
  for (unsigned i = 0; i < 2; ++i) {
    if (!estimates_[i].isValid()) continue;
    a_.bind(estimates_[i]);
    a_.embed(i == 0 ? kReciprocals.data() : kSquareRoots.data(), 256);
  }
}

void Emitter::emit_estimate(Value v, const Inst& inst) {
  const auto desc = ir::unpack<FpDesc>(inst.aux);
  const bool vector = ir::info(inst.op).attr == ir::Attr::FpLane;
  const Type type = vector ? static_cast<Type>(desc.lane) : inst.type;
  const bool single = type == Type::F32;
  if (!single && type != Type::F64) {
    return vector ? emit_vector_slow(v, inst) : emit_fp_slow(v, inst);
  }
  const bool root = inst.op == Op::FRSqrtEstimate || inst.op == Op::VFRSqrtEstimate;
  const unsigned lane = single ? 2 : 3;
  const unsigned count = vector ? ir::bits(inst.type) / ir::bits(type) : 1;
  const int fraction = single ? 23 : 52;
  const uint64_t bias = single ? 127 : 1023;
  const uint64_t sign = uint64_t{1} << (single ? 31 : 63);
  const uint64_t one = uint64_t{1} << fraction;  // of the exponent
  const Reg a = use(inst.args[0]);
  const Reg dst = dest(v, {}, mask_of(a));
  const Label back = a_.newLabel();
  const Label again = vector ? cold_vector(inst, dst, &a, back) : cold_recompute(inst, dst, {a}, 0, back);

  // Exponents from 1 on, up to the largest one with a normal result.
  const uint64_t numbers = (root ? 2 * bias : 2 * bias - 2) * one;
  const Form sub = kSubForms[lane];
  const Form greater = single ? Form{Id::kIdVpcmpgtd, Id::kIdPcmpgtd} : Form{Id::kIdVpcmpgtq, Id::kIdPcmpgtq};
  const Reg t = temp_vec();
  const Reg out = temp_int();
  const Reg table = temp_int();
  Reg number = a;
  if (!root) {
    vec3(Id::kIdVpand, Id::kIdPand, dst, a, splat(lane, sign - 1));
    number = dst;
  }
  vec3(sub, dst, number, splat(lane, one));
  vec3(greater, t, dst, splat(lane, numbers - 1));
  vec3({Id::kIdVpor, Id::kIdPor}, t, t, dst);
  const Form signs = single ? Form{Id::kIdVmovmskps, Id::kIdMovmskps} : Form{Id::kIdVmovmskpd, Id::kIdMovmskpd};
  a_.emit(host_.avx ? signs.avx : signs.sse, g32(out), xm(t));
  a_.test(g32(out), (1U << count) - 1);
  a_.jnz(again);

  // t = the exponents (and signs), dst = the fractions
  load_memory(t, splat(lane, (root ? 3 * bias - 1 : 2 * bias - 1) * one), Type::V128);
  vec3(Id::kIdVpand, Id::kIdPand, dst, a, splat(lane, ~(one - 1)));
  vec3(sub, t, t, dst);
  if (root) {
    vec_shift_by(Op::VShr, lane, t, t, 1);
    vec3(Id::kIdVpand, Id::kIdPand, t, t, splat(lane, (sign - 1) & ~(one - 1)));
  }
  vec_shift_by(Op::VShr, lane, dst, a, static_cast<unsigned>(fraction - (root ? 7 : 8)));
  vec3(Id::kIdVpand, Id::kIdPand, dst, dst, splat(lane, 0xff));
  Label& place = estimates_[root ? 1 : 0];
  if (!place.isValid()) place = a_.newLabel();
  a_.lea(g64(table), x86::ptr(place));
  const Form extract = single ? Form{Id::kIdVpextrd, Id::kIdPextrd} : Form{Id::kIdVpextrq, Id::kIdPextrq};
  const Form insert = single ? Form{Id::kIdVpinsrd, Id::kIdPinsrd} : Form{Id::kIdVpinsrq, Id::kIdPinsrq};
  for (unsigned i = 0; i < count; ++i) {
    a_.emit(host_.avx ? extract.avx : extract.sse, single ? g32(out) : g64(out), xm(dst), asmjit::Imm(i));
    a_.movzx(g32(out), x86::byte_ptr(g64(table), g64(out)));
    vec3(insert, dst, dst, single ? g32(out) : g64(out), i);
  }
  vec_shift_by(Op::VShl, lane, dst, dst, static_cast<unsigned>(fraction - 8));
  vec3({Id::kIdVpor, Id::kIdPor}, dst, dst, t);
  a_.bind(back);
  define(v, dst);
}

}  // namespace menura::x64
