#include "ir/opt/rules.h"

namespace menura::ir::opt {

namespace {

// x and a mask of the low 8, 16 or 32 bits: a zero extension, which hosts do in one instruction.
Value as_zero_extension(Rewriter& r, Type type, Value x, uint64_t mask) {
  if (type == Type::I64 || type == Type::I32) {
    const Type narrow = mask == 0xff                              ? Type::I8
                        : mask == 0xffff                          ? Type::I16
                        : mask == 0xffffffff && type == Type::I64 ? Type::I32
                                                                  : Type::Void;
    if (narrow != Type::Void) return r.make(Op::Zext, type, r.make(Op::Trunc, narrow, x));
  }
  return kNoValue;
}

Value simplify_and(Rewriter& r, Inst& inst) {
  const auto [a, b, unused] = inst.args;
  if (a == b) return a;
  if (!r.is_constant(b)) {
    // x & ~y
    const auto complement = [&](Value v) {
      const Inst& inner = r.def(v);
      return inner.op == Op::Xor && r.is_constant(inner.args[1], -1) && r.may_reach(v, inner.args[0]) ? inner.args[0]
                                                                                                      : kNoValue;
    };
    if (inst.type == Type::I1) return kNoValue;
    if (const Value y = complement(b); y != kNoValue) return r.make(Op::Andn, inst.type, a, y);
    if (const Value x = complement(a); x != kNoValue) return r.make(Op::Andn, inst.type, b, x);
    return kNoValue;
  }
  const uint64_t mask = static_cast<uint64_t>(r.def(b).imm) & low_mask(bits(inst.type));
  if (mask == 0) return b;
  if ((r.facts(a).ones & ~mask) == 0) return a;
  const Inst inner = r.def(a);
  if (inner.op == Op::And && r.is_constant(inner.args[1]) && r.may_reach(a, inner.args[0])) {
    return r.make(Op::And, inst.type, inner.args[0], r.constant(inst.type, r.def(inner.args[1]).imm & r.def(b).imm));
  }
  // An address's low bits do not depend on where in memory the page lies.
  if (inner.op == Op::PcRel && (~mask & ~uint64_t{0xfff}) == 0) {
    const uint64_t address = (r.base_pc() + static_cast<uint64_t>(inner.imm)) & mask;
    return r.make(Op::PcRel, Type::I64, kNoValue, kNoValue, kNoValue, 0, static_cast<int64_t>(address - r.base_pc()));
  }
  return as_zero_extension(r, inst.type, a, mask);
}

// select(c, x, 0) | select(!c, y, 0)
Value merged_select(Rewriter& r, const Inst& inst) {
  const Inst first = r.def(inst.args[0]);
  const Inst second = r.def(inst.args[1]);
  if (first.op != Op::Select || second.op != Op::Select || r.held(inst.args[0]) || r.held(inst.args[1]))
    return kNoValue;
  const bool first_when_true = r.is_constant(first.args[2], 0);
  const bool second_when_true = r.is_constant(second.args[2], 0);
  if (!first_when_true && !r.is_constant(first.args[1], 0)) return kNoValue;
  if (!second_when_true && !r.is_constant(second.args[1], 0)) return kNoValue;
  bool opposite = first.args[0] == second.args[0] && first_when_true != second_when_true;
  if (!opposite && first_when_true == second_when_true) {
    const Inst& c1 = r.def(first.args[0]);
    const Inst& c2 = r.def(second.args[0]);
    opposite = c1.op == Op::ICmp && c2.op == Op::ICmp && c1.args == c2.args && (c1.aux ^ c2.aux) == 1 &&
               (c1.aux | c2.aux) == 1;
  }
  if (!opposite) return kNoValue;
  const Value x = first.args[first_when_true ? 1 : 2];
  const Value y = second.args[second_when_true ? 1 : 2];
  return first_when_true ? r.make(Op::Select, inst.type, first.args[0], x, y)
                         : r.make(Op::Select, inst.type, first.args[0], y, x);
}

Value simplify_or(Rewriter& r, Inst& inst) {
  const auto [a, b, unused] = inst.args;
  if (a == b) return a;
  if (!r.is_constant(b)) {
    if (const Value rotation = find_rotation(r, inst); rotation != kNoValue) return rotation;
    return merged_select(r, inst);
  }
  const int64_t c = r.def(b).imm;
  if (c == 0) return a;
  if ((static_cast<uint64_t>(c) & low_mask(bits(inst.type))) == low_mask(bits(inst.type))) return b;
  const Inst inner = r.def(a);
  if (inner.op == Op::Or && r.is_constant(inner.args[1]) && r.may_reach(a, inner.args[0]))
    return r.make(Op::Or, inst.type, inner.args[0], r.constant(inst.type, r.def(inner.args[1]).imm | c));
  return kNoValue;
}

Value simplify_xor(Rewriter& r, Inst& inst) {
  const auto [a, b, unused] = inst.args;
  if (a == b) return r.constant(inst.type, 0);
  if (!r.is_constant(b)) return kNoValue;
  const int64_t c = r.def(b).imm;
  if (c == 0) return a;
  const Inst inner = r.def(a);
  if (inst.type == Type::I1) return inverted_condition(r, a);
  if (inner.op == Op::Xor && r.is_constant(inner.args[1]) && r.may_reach(a, inner.args[0]))
    return r.make(Op::Xor, inst.type, inner.args[0], r.constant(inst.type, r.def(inner.args[1]).imm ^ c));
  if (inner.op == Op::Zext && c == 1 && r.type(inner.args[0]) == Type::I1) {
    const Value opposite = inverted_condition(r, inner.args[0]);
    if (opposite != kNoValue) return r.make(Op::Zext, inst.type, opposite);
  }
  return kNoValue;
}

// Words that were sign-extended for this: one extension behind the op does for two before it, or moves on to where the
// next op may do without it.
Value in_words(Rewriter& r, const Inst& inst) {
  const auto [a, b, unused] = inst.args;
  const auto is_word = [&](Value v) { return r.facts(v).sign > 32; };
  const auto only_for_this = [&](Value v) {
    return r.op(v) == Op::Sext && r.type(r.def(v).args[0]) == Type::I32 && !r.held(v);
  };
  if (inst.type != Type::I64 || !is_word(a) || !is_word(b) || (!only_for_this(a) && !only_for_this(b))) return kNoValue;
  const Value word_a = r.make(Op::Trunc, Type::I32, a);
  const Value word_b = r.make(Op::Trunc, Type::I32, b);
  return r.make(Op::Sext, Type::I64, r.make(inst.op, Type::I32, word_a, word_b));
}

}  // namespace

Value simplify_logic(Rewriter& r, Inst& inst) {
  if (!is_small_int(inst.type)) return kNoValue;
  const auto [a, b, unused] = inst.args;
  if (inst.op <= Op::Andn) {
    static_assert(Op::And < Op::Or && Op::Or < Op::Xor && Op::Xor < Op::Andn);
    const Value simpler = inst.op == Op::And   ? simplify_and(r, inst)
                          : inst.op == Op::Or  ? simplify_or(r, inst)
                          : inst.op == Op::Xor ? simplify_xor(r, inst)
                                               : kNoValue;
    if (simpler != kNoValue) return simpler;
    if (inst.op != Op::Andn) return in_words(r, inst);
  }
  switch (inst.op) {
    case Op::Andn:
      if (a == b) return r.constant(inst.type, 0);
      if (r.is_constant(b) && inst.type != Type::I1)
        return r.make(Op::And, inst.type, a, r.constant(inst.type, ~r.def(b).imm));
      return r.is_constant(a, 0) ? a : kNoValue;
    case Op::MinU:
    case Op::MaxU:
    case Op::MinS:
    case Op::MaxS:
      return a == b ? a : kNoValue;
    default:
      return kNoValue;
  }
}

}  // namespace menura::ir::opt
