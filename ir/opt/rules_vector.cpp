#include "ir/opt/rules.h"

namespace menura::ir::opt {

namespace {

// The low bits of `whole`, a vector or a float, as `type`; zeros above. There is no op between two floats.
Value low_part(Rewriter& r, Type type, Value whole) {
  const Type from = r.type(whole);
  if (from == type) return whole;
  if (is_vector(from) && (!is_vector(type) || bits(type) < bits(from))) return r.make(Op::VTrunc, type, whole);
  return is_vector(type) ? r.make(Op::VZext, type, whole) : kNoValue;
}

Value simplify_vtrunc(Rewriter& r, const Inst& inst) {
  const Value a = inst.args[0];
  const Inst inner = r.def(a);
  switch (inner.op) {
    case Op::Const: {
      const unsigned width = bits(inst.type);
      return r.constant(inst.type, width < 64 ? inner.imm & ((int64_t{1} << width) - 1) : inner.imm);
    }
    case Op::VTrunc:
      return r.may_reach(a, inner.args[0]) ? r.make(Op::VTrunc, inst.type, inner.args[0]) : kNoValue;
    case Op::VZext:
      // Also where a slot holds the wide value: what computes with the float need not wait for the zeros above it.
      return r.in_chain(a) ? low_part(r, inst.type, inner.args[0]) : kNoValue;
    case Op::VConcat:
      if (!r.may_reach(a, inner.args[0]) || bits(inst.type) > bits(r.type(inner.args[0]))) return kNoValue;
      return low_part(r, inst.type, inner.args[0]);
    default:
      return kNoValue;
  }
}

Value simplify_vzext(Rewriter& r, const Inst& inst) {
  const Value a = inst.args[0];
  const Inst inner = r.def(a);
  return inner.op == Op::VZext && r.may_reach(a, inner.args[0]) ? r.make(Op::VZext, inst.type, inner.args[0])
                                                                : kNoValue;
}

Value simplify_vhigh(Rewriter& r, const Inst& inst) {
  const Value a = inst.args[0];
  const Inst inner = r.def(a);
  if (inner.op == Op::Const) return r.constant(inst.type, inner.imm);
  if (inner.op == Op::VConcat && r.may_reach(a, inner.args[1])) return inner.args[1];
  if (inner.op == Op::VZext && bits(r.type(inner.args[0])) <= bits(inst.type)) return r.constant(inst.type, 0);
  return kNoValue;
}

// The halves of one vector, put together again.
Value simplify_vconcat(Rewriter& r, const Inst& inst) {
  const auto [low, high, none] = inst.args;
  const Inst first = r.def(low);
  const Inst second = r.def(high);
  if (second.op == Op::Const && second.imm == 0) return r.make(Op::VZext, inst.type, low);
  if (first.op != Op::VTrunc || second.op != Op::VHigh || first.args[0] != second.args[0]) return kNoValue;
  return r.type(first.args[0]) == inst.type && r.may_reach(low, first.args[0]) ? first.args[0] : kNoValue;
}

// `value` in each lane of 64 bits.
int64_t splat(int64_t value, unsigned lane) {
  auto bits = static_cast<uint64_t>(value);
  for (unsigned width = lane; width < 64; width *= 2) {
    bits &= (uint64_t{1} << width) - 1;
    bits |= bits << width;
  }
  return static_cast<int64_t>(bits);
}

Value simplify_vsplat(Rewriter& r, const Inst& inst) {
  if (!r.is_constant(inst.args[0])) return kNoValue;
  const auto lane = static_cast<Type>(unpack<LaneDesc>(inst.aux).lane);
  return r.constant(inst.type, splat(r.def(inst.args[0]).imm, bits(lane)));
}

unsigned lane_bits(const Inst& inst) { return bits(static_cast<Type>(unpack<LaneDesc>(inst.aux).lane)); }

// Two shifts of one vector that leave each other's bits alone, put together.
Value find_rotation_of_lanes(Rewriter& r, Type type, Value a, Value b) {
  Inst left = r.def(a);
  Inst right = r.def(b);
  if (left.op == Op::VShr) std::swap(left, right);
  if (left.op != Op::VShl || right.op != Op::VShr || left.args[0] != right.args[0]) return kNoValue;
  const unsigned lane = lane_bits(left);
  const Value source = left.args[0];
  if (lane != lane_bits(right) || left.imm + right.imm != lane || left.imm == lane || left.imm == 0) return kNoValue;
  if (!r.may_reach(a, source) || !r.may_reach(b, source)) return kNoValue;
  return r.make(Op::VRotl, type, source, kNoValue, kNoValue, pack(LaneDesc{.lane = unpack<LaneDesc>(left.aux).lane}),
                left.imm);
}

Value simplify_vselect(Rewriter& r, const Inst& inst) {
  const auto [mask, a, b] = inst.args;
  if (a == b) return a;
  if (!r.is_constant(mask)) return kNoValue;
  // Bits of the one and of the other shifted vector: of no other than those that are not zero?
  const Inst first = r.def(a);
  if (first.op != Op::VShl && first.op != Op::VShr) return kNoValue;
  const unsigned lane = lane_bits(first);
  if (first.imm <= 0 || first.imm >= lane) return kNoValue;
  const auto ones = static_cast<int64_t>(~uint64_t{0} >> (64 - lane));
  const int64_t kept = first.op == Op::VShl ? ones & ~((int64_t{1} << first.imm) - 1) : ones >> first.imm;
  const int64_t wanted = lane == 64 && first.op == Op::VShr ? static_cast<int64_t>(~uint64_t{0} >> first.imm) : kept;
  return r.def(mask).imm == splat(wanted, lane) ? find_rotation_of_lanes(r, inst.type, a, b) : kNoValue;
}

// Reversed twice: also where a slot holds what is between, which need not be waited for.
Value simplify_vreverse(Rewriter& r, const Inst& inst) {
  const Value a = inst.args[0];
  const Inst inner = r.def(a);
  return inner.op == Op::VReverse && inner.aux == inst.aux && r.in_chain(a) ? inner.args[0] : kNoValue;
}

// Halves that were exchanged, exchanged again: likewise.
Value simplify_vzip(Rewriter& r, const Inst& inst) {
  const auto [a, b, none] = inst.args;
  const auto desc = unpack<LaneDesc>(inst.aux);
  if (inst.type != Type::V128 || lane_bits(inst) != 64) return kNoValue;
  const auto is_half = [&](Value v, unsigned half) {
    const Inst& zip = r.def(v);
    return zip.op == Op::VZip && lane_bits(zip) == 64 && unpack<LaneDesc>(zip.aux).index == half && r.in_chain(v);
  };
  if (!is_half(a, 0) || !is_half(b, 1)) return kNoValue;
  if (r.def(a).args[0] != r.def(b).args[0] || r.def(a).args[1] != r.def(b).args[1]) return kNoValue;
  return r.def(a).args[desc.index];
}

// Ops on one operand twice.
Value simplify_same(Rewriter& r, const Inst& inst) {
  const Value a = inst.args[0];
  switch (inst.op) {
    case Op::VAnd:
    case Op::VOr:
    case Op::VMin:
    case Op::VMax:
      return a;
    case Op::VXor:
    case Op::VAndn:
    case Op::VSub:
    case Op::VSubSat:
      return r.constant(inst.type, 0);
    default:
      return kNoValue;
  }
}

// Ops with a vector of zeros; every op here takes its operands in any order.
Value simplify_zeros(Rewriter& r, const Inst& inst, Value other, bool zeros_second) {
  switch (inst.op) {
    case Op::VOr:
    case Op::VXor:
    case Op::VAdd:
      return other;
    case Op::VAnd:
      return r.constant(inst.type, 0);
    case Op::VAndn:
      return zeros_second ? other : r.constant(inst.type, 0);
    case Op::VSub:
      return zeros_second ? other : kNoValue;
    default:
      return kNoValue;
  }
}

}  // namespace

Value simplify_vector(Rewriter& r, Inst& inst) {
  switch (inst.op) {
    case Op::VTrunc:
      return simplify_vtrunc(r, inst);
    case Op::VZext:
      return simplify_vzext(r, inst);
    case Op::VHigh:
      return simplify_vhigh(r, inst);
    case Op::VConcat:
      return simplify_vconcat(r, inst);
    case Op::VSplat:
      return simplify_vsplat(r, inst);
    case Op::VSelect:
      return simplify_vselect(r, inst);
    case Op::VReverse:
      return simplify_vreverse(r, inst);
    case Op::VZip:
      return simplify_vzip(r, inst);
    case Op::VShl:
    case Op::VShr:
    case Op::VSar:
    case Op::VRotl:
      return inst.imm == 0 ? inst.args[0] : kNoValue;
    default:
      break;
  }
  const auto [a, b, none] = inst.args;
  if (a == b) return simplify_same(r, inst);
  if (r.is_constant(b, 0)) return simplify_zeros(r, inst, a, true);
  if (r.is_constant(a, 0)) return simplify_zeros(r, inst, b, false);
  if (inst.op == Op::VOr || inst.op == Op::VXor) return find_rotation_of_lanes(r, inst.type, a, b);
  return kNoValue;
}

}  // namespace menura::ir::opt
