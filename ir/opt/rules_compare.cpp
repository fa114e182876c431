#include <optional>
#include <utility>

#include "ir/opt/fold.h"
#include "ir/opt/rules.h"

namespace menura::ir::opt {

namespace {

Value compare(Rewriter& r, Cond cond, Value a, Value b) {
  return r.make(Op::ICmp, Type::I1, a, b, kNoValue, static_cast<uint32_t>(cond));
}

// What bits that are known to be zero say about a comparison with a constant.
std::optional<bool> decided(const Rewriter& r, Cond cond, Value a, int64_t c) {
  const Type type = r.type(a);
  if (type == Type::I1) return std::nullopt;
  const uint64_t most = r.facts(a).ones;  // as an unsigned number
  const uint64_t uc = static_cast<uint64_t>(c) & low_mask(bits(type));
  const bool non_negative = r.facts(a).non_negative(type);
  switch (cond) {
    case Cond::Eq:
      if ((uc & ~most) != 0) return false;
      break;
    case Cond::Ne:
      if ((uc & ~most) != 0) return true;
      break;
    case Cond::Ult:
      if (most < uc) return true;
      if (uc == 0) return false;
      break;
    case Cond::Ule:
      if (most <= uc) return true;
      break;
    case Cond::Ugt:
      if (most <= uc) return false;
      break;
    case Cond::Uge:
      if (most < uc) return false;
      if (uc == 0) return true;
      break;
    case Cond::Slt:
      if (non_negative && c <= 0) return false;
      break;
    case Cond::Sge:
      if (non_negative && c <= 0) return true;
      break;
    case Cond::Sle:
      if (non_negative && c < 0) return false;
      break;
    case Cond::Sgt:
      if (non_negative && c < 0) return true;
      break;
  }
  return std::nullopt;
}

// (expression ==|!= c), where the expression is one to one in one of its operands.
Value compare_equal(Rewriter& r, Cond cond, Value a, Value constant) {
  const Type type = r.type(a);
  const int64_t c = r.def(constant).imm;
  const Inst inner = r.def(a);
  const auto reach = [&](unsigned i) { return r.may_reach(a, inner.args[i]); };
  switch (inner.op) {
    case Op::Sub:
      if (c == 0 && reach(0) && reach(1)) return compare(r, cond, inner.args[0], inner.args[1]);
      break;
    case Op::Xor:
      if (c == 0 && reach(0) && reach(1)) return compare(r, cond, inner.args[0], inner.args[1]);
      if (r.is_constant(inner.args[1]) && reach(0))
        return compare(r, cond, inner.args[0], r.constant(type, c ^ r.def(inner.args[1]).imm));
      break;
    case Op::Add:
      if (r.is_constant(inner.args[1]) && reach(0)) {
        const uint64_t difference = static_cast<uint64_t>(c) - static_cast<uint64_t>(r.def(inner.args[1]).imm);
        return compare(r, cond, inner.args[0], r.constant(type, canonical(type, difference)));
      }
      break;
    case Op::Zext:
    case Op::Sext: {
      const Type from = r.type(inner.args[0]);
      if (!is_small_int(from)) break;
      // Some value of the narrower type must give c. (Zero extension of i1: 0 or 1; sign extension: 0 or -1.)
      const auto wide = [&](int64_t value) {
        if (inner.op == Op::Zext) return static_cast<int64_t>(static_cast<uint64_t>(value) & low_mask(bits(from)));
        return from == Type::I1 ? -value : value;
      };
      const int64_t narrow = canonical(from, static_cast<uint64_t>(c));
      if (wide(narrow) != c) return r.constant(Type::I1, cond == Cond::Ne);
      if (from == Type::I1) {
        const Value condition = inner.args[0];
        if ((narrow != 0) == (cond == Cond::Eq)) return condition;
        const Value opposite = inverted_condition(r, condition);
        return opposite != kNoValue ? opposite : r.make(Op::Xor, Type::I1, condition, r.constant(Type::I1, 1));
      }
      if (reach(0)) return compare(r, cond, inner.args[0], r.constant(from, narrow));
      break;
    }
    default:
      break;
  }
  return kNoValue;
}

}  // namespace

Value inverted_condition(Rewriter& r, Value condition) {
  const Inst inner = r.def(condition);
  if (inner.op == Op::ICmp && r.may_reach(condition, inner.args[0]) && r.may_reach(condition, inner.args[1]))
    return compare(r, inverted(static_cast<Cond>(inner.aux)), inner.args[0], inner.args[1]);
  if (inner.op == Op::Xor && r.is_constant(inner.args[1], 1)) return inner.args[0];
  return kNoValue;
}

Value simplify_compare(Rewriter& r, Inst& inst) {
  const auto cond = static_cast<Cond>(inst.aux);
  auto [a, b, unused] = inst.args;
  const Type type = r.type(a);
  if (!is_small_int(type)) return kNoValue;
  if (a == b) return r.constant(Type::I1, holds(cond, Type::I64, 0, 0));
  if (r.is_constant(a)) return compare(r, swapped(cond), b, a);
  if (!r.is_constant(b)) {
    // Sign extension keeps both orders, zero extension the unsigned one: compare what was extended. (Where one of the
    // two extended values is in a slot anyway, nothing would be saved.)
    const Inst& first = r.def(a);
    const Inst& second = r.def(b);
    const bool is_signed = cond >= Cond::Slt;
    if (first.op == second.op && (first.op == Op::Sext || (first.op == Op::Zext && !is_signed)) &&
        r.type(first.args[0]) == r.type(second.args[0]) && is_small_int(r.type(first.args[0])) &&
        r.type(first.args[0]) != Type::I1 && !r.held(a) && !r.held(b)) {
      return compare(r, cond, first.args[0], second.args[0]);
    }
    return kNoValue;
  }
  const int64_t c = r.def(b).imm;
  if (const auto known = decided(r, cond, a, c)) return r.constant(Type::I1, *known);
  if (type == Type::I1) {
    if (cond > Cond::Ne) return kNoValue;
    if ((c != 0) == (cond == Cond::Eq)) return a;
    const Value opposite = inverted_condition(r, a);
    return opposite != kNoValue ? opposite : r.make(Op::Xor, Type::I1, a, r.constant(Type::I1, 1));
  }
  switch (cond) {
    case Cond::Eq:
    case Cond::Ne:
      return compare_equal(r, cond, a, b);
    case Cond::Ult:
      return c == 1 ? compare(r, Cond::Eq, a, r.constant(type, 0)) : kNoValue;
    case Cond::Uge:
      return c == 1 ? compare(r, Cond::Ne, a, r.constant(type, 0)) : kNoValue;
    case Cond::Ule:
      return c == 0 ? compare(r, Cond::Eq, a, b) : kNoValue;
    case Cond::Ugt:
      return c == 0 ? compare(r, Cond::Ne, a, b) : kNoValue;
    default:
      return kNoValue;
  }
}

Value simplify_select(Rewriter& r, Inst& inst) {
  const auto [condition, a, b] = inst.args;
  if (a == b) return a;
  if (r.is_constant(condition)) return r.def(condition).imm != 0 ? a : b;
  // Select on an inverted condition that is no comparison: exchange the operands.
  const Inst inner = r.def(condition);
  if (inner.op == Op::Xor && r.is_constant(inner.args[1], 1)) return r.make(Op::Select, inst.type, inner.args[0], b, a);
  if (!is_small_int(inst.type) || !r.is_constant(a) || !r.is_constant(b)) return kNoValue;
  if (inst.type == Type::I1) return r.def(a).imm != 0 ? condition : kNoValue;
  if (r.is_constant(a, 1) && r.is_constant(b, 0)) return r.make(Op::Zext, inst.type, condition);
  if (r.is_constant(a, -1) && r.is_constant(b, 0)) return r.make(Op::Sext, inst.type, condition);
  const bool flipped = r.is_constant(a, 0) && (r.is_constant(b, 1) || r.is_constant(b, -1));
  if (flipped) {
    const Value opposite = inverted_condition(r, condition);
    if (opposite != kNoValue) return r.make(r.is_constant(b, 1) ? Op::Zext : Op::Sext, inst.type, opposite);
  }
  return kNoValue;
}

}  // namespace menura::ir::opt
