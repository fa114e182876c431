#include <bit>
#include <utility>

#include "ir/opt/rules.h"

namespace menura::ir::opt {

namespace {

bool is_power_of_two(Type type, int64_t value, int64_t& exponent) {
  const uint64_t bits_of_value = static_cast<uint64_t>(value) & low_mask(bits(type));
  if (!std::has_single_bit(bits_of_value)) return false;
  exponent = std::countr_zero(bits_of_value);
  return true;
}

int64_t wrapped(Type type, int64_t a, int64_t b) {
  return canonical(type, static_cast<uint64_t>(a) + static_cast<uint64_t>(b));
}

int64_t negated(Type type, int64_t a) { return canonical(type, -static_cast<uint64_t>(a)); }

Value simplify_add(Rewriter& r, Inst& inst) {
  const auto [a, b, unused] = inst.args;
  if (!r.is_constant(b)) {
    // x + (0 - y), (0 - x) + y
    if (r.op(b) == Op::Sub && r.is_constant(r.def(b).args[0], 0) && r.may_reach(b, r.def(b).args[1]))
      return r.make(Op::Sub, inst.type, a, r.def(b).args[1]);
    if (r.op(a) == Op::Sub && r.is_constant(r.def(a).args[0], 0) && r.may_reach(a, r.def(a).args[1]))
      return r.make(Op::Sub, inst.type, b, r.def(a).args[1]);
    // (x + c) + y: constants go outward, where addresses take them.
    for (const auto& [sum, y] : {std::pair(a, b), std::pair(b, a)}) {
      const Inst inner = r.def(sum);
      if (inner.op != Op::Add || !r.is_constant(inner.args[1]) || r.held(sum) || !r.may_reach(sum, inner.args[0]))
        continue;
      return r.make(Op::Add, inst.type, r.make(Op::Add, inst.type, inner.args[0], y), inner.args[1]);
    }
    return kNoValue;
  }
  const int64_t c = r.def(b).imm;
  if (c == 0) return a;
  const Inst inner = r.def(a);
  if (inner.op == Op::PcRel)
    return r.make(Op::PcRel, Type::I64, kNoValue, kNoValue, kNoValue, 0, wrapped(Type::I64, inner.imm, c));
  if (inner.op == Op::Add && r.is_constant(inner.args[1]) && r.may_reach(a, inner.args[0])) {
    const Value sum = r.constant(inst.type, wrapped(inst.type, r.def(inner.args[1]).imm, c));
    return r.make(Op::Add, inst.type, inner.args[0], sum);
  }
  // (c1 - x) + c2
  if (inner.op == Op::Sub && r.is_constant(inner.args[0]) && r.may_reach(a, inner.args[1])) {
    const Value sum = r.constant(inst.type, wrapped(inst.type, r.def(inner.args[0]).imm, c));
    return r.make(Op::Sub, inst.type, sum, inner.args[1]);
  }
  return kNoValue;
}

Value simplify_sub(Rewriter& r, Inst& inst) {
  const auto [a, b, unused] = inst.args;
  if (a == b) return r.constant(inst.type, 0);
  if (r.is_constant(b)) {
    return r.make(Op::Add, inst.type, a, r.constant(inst.type, negated(inst.type, r.def(b).imm)));
  }
  const Inst first = r.def(a);
  const Inst second = r.def(b);
  if (first.op == Op::PcRel && second.op == Op::PcRel)
    return r.constant(inst.type, wrapped(inst.type, first.imm, negated(inst.type, second.imm)));
  // x - (0 - y)
  if (second.op == Op::Sub && r.is_constant(second.args[0], 0) && r.may_reach(b, second.args[1]))
    return r.make(Op::Add, inst.type, a, second.args[1]);
  return kNoValue;
}

Value simplify_mul(Rewriter& r, Inst& inst) {
  const auto [a, b, unused] = inst.args;
  int64_t exponent = 0;
  if (!r.is_constant(b)) return kNoValue;
  if (r.def(b).imm == 0) return b;
  if (is_power_of_two(inst.type, r.def(b).imm, exponent))
    return r.make(Op::Shl, inst.type, a, r.constant(inst.type, exponent));
  return kNoValue;
}

Value simplify_divide(Rewriter& r, Inst& inst) {
  const auto [a, b, unused] = inst.args;
  if (!r.is_constant(b)) return kNoValue;
  const int64_t divisor = r.def(b).imm;
  const bool remainder = inst.op == Op::RemU || inst.op == Op::RemS;
  if (divisor == 0) return remainder ? a : r.constant(inst.type, canonical(inst.type, static_cast<uint64_t>(inst.imm)));
  if (divisor == 1) return remainder ? r.constant(inst.type, 0) : a;
  int64_t exponent = 0;
  if (!is_power_of_two(inst.type, divisor, exponent)) return kNoValue;
  // Signed division rounds to zero, so only non-negative dividends shift; the divisor must not be the minimum.
  const bool is_signed = inst.op == Op::DivS || inst.op == Op::RemS;
  if (is_signed && (divisor < 0 || !r.facts(a).non_negative(inst.type))) return kNoValue;
  if (remainder)
    return r.make(Op::And, inst.type, a,
                  r.constant(inst.type, static_cast<int64_t>(static_cast<uint64_t>(divisor) - 1)));
  return r.make(Op::Shr, inst.type, a, r.constant(inst.type, exponent));
}

}  // namespace

Value simplify_arithmetic(Rewriter& r, Inst& inst) {
  if (!is_small_int(inst.type) || inst.type == Type::I1) return kNoValue;
  switch (inst.op) {
    case Op::Add:
      return simplify_add(r, inst);
    case Op::Sub:
      return simplify_sub(r, inst);
    case Op::Mul:
      return simplify_mul(r, inst);
    case Op::MulHighU:
      return r.is_constant(inst.args[1], 0) || r.is_constant(inst.args[1], 1) ? r.constant(inst.type, 0) : kNoValue;
    case Op::MulHighS:
    case Op::MulHighSU:
      return r.is_constant(inst.args[1], 0) ? inst.args[1] : kNoValue;
    case Op::DivU:
    case Op::DivS:
    case Op::RemU:
    case Op::RemS:
      return simplify_divide(r, inst);
    default:
      return kNoValue;
  }
}

}  // namespace menura::ir::opt
