#include <utility>

#include "ir/opt/rules.h"

namespace menura::ir::opt {

namespace {

Type int_type(unsigned width) {
  switch (width) {
    case 8:
      return Type::I8;
    case 16:
      return Type::I16;
    case 32:
      return Type::I32;
    default:
      return Type::Void;
  }
}

// The amount of a shift of `type` by a constant: 0 to width-1; else width.
unsigned amount(const Rewriter& r, const Inst& shift) {
  const unsigned width = bits(shift.type);
  const Value by = shift.args[1];
  return r.is_constant(by) ? static_cast<unsigned>(r.def(by).imm) & (width - 1) : width;
}

Value shifted(Rewriter& r, Op op, Type type, Value x, unsigned by) {
  return by == 0 ? x : r.make(op, type, x, r.constant(type, by));
}

// (x << up) >> down, which moves the low `width - up` bits of x, extended: the way that guests without other means
// extend and extract. `x` may be used.
Value extended_field(Rewriter& r, const Inst& inst, Value x, unsigned up, unsigned down) {
  const unsigned width = bits(inst.type);
  const Type narrow = int_type(width - up);
  const bool is_signed = inst.op == Op::Sar;
  if (narrow == Type::Void) {
    // A mask that fits any host's immediate operand.
    if (!is_signed && up == down && width - up < 32)
      return r.make(Op::And, inst.type, x, r.constant(inst.type, static_cast<int64_t>(low_mask(width - up))));
    return kNoValue;
  }
  const Op extend = is_signed ? Op::Sext : Op::Zext;
  const Value field = r.make(Op::Trunc, narrow, x);
  if (up >= down) return shifted(r, Op::Shl, inst.type, r.make(extend, inst.type, field), up - down);
  if (is_signed || narrow != Type::I32) return kNoValue;
  return r.make(extend, inst.type, shifted(r, Op::Shr, narrow, field, down - up));
}

Value simplify_right(Rewriter& r, Inst& inst, unsigned by) {
  const Value a = inst.args[0];
  const unsigned width = bits(inst.type);
  if (inst.op == Op::Sar && r.facts(a).non_negative(inst.type)) return r.make(Op::Shr, inst.type, a, inst.args[1]);
  if (inst.op == Op::Shr && r.facts(a).fits(by)) return r.constant(inst.type, 0);
  const Inst inner = r.def(a);
  if (inner.op != Op::Shl && inner.op != inst.op) return kNoValue;
  const unsigned inner_by = amount(r, inner);
  if (inner_by == width || !r.may_reach(a, inner.args[0])) return kNoValue;
  if (inner.op == Op::Shl) return extended_field(r, inst, inner.args[0], inner_by, by);
  const unsigned sum = inner_by + by;
  if (sum >= width) {
    return inst.op == Op::Shr ? r.constant(inst.type, 0) : shifted(r, Op::Sar, inst.type, inner.args[0], width - 1);
  }
  return shifted(r, inst.op, inst.type, inner.args[0], sum);
}

Value simplify_left(Rewriter& r, Inst& inst, unsigned by) {
  const Inst inner = r.def(inst.args[0]);
  if (inner.op != Op::Shl) return kNoValue;
  const unsigned inner_by = amount(r, inner);
  if (inner_by == bits(inst.type) || !r.may_reach(inst.args[0], inner.args[0])) return kNoValue;
  const unsigned sum = inner_by + by;
  return sum >= bits(inst.type) ? r.constant(inst.type, 0) : shifted(r, Op::Shl, inst.type, inner.args[0], sum);
}

}  // namespace

// x << c | x >> (width - c), either way round, or the same of sign-extended words.
Value find_rotation(Rewriter& r, const Inst& inst) {
  Value a = inst.args[0];
  Value b = inst.args[1];
  Type type = inst.type;
  // Where both halves stay in slots, nothing would be saved.
  if (type == Type::I1 || (r.held(a) && r.held(b))) return kNoValue;
  const Inst* first = &r.def(a);
  const Inst* second = &r.def(b);
  // A right shift of a word is never negative, so that its extension may be either.
  const auto extends = [](Op op) { return op == Op::Sext || op == Op::Zext; };
  const bool narrow = extends(first->op) && extends(second->op) && (first->op == Op::Sext || second->op == Op::Sext) &&
                      r.type(first->args[0]) == r.type(second->args[0]);
  if (narrow) {
    const Inst* inner[2] = {&r.def(first->args[0]), &r.def(second->args[0])};
    const bool good = (first->op == Op::Sext && inner[0]->op == Op::Shl && inner[1]->op == Op::Shr) ||
                      (second->op == Op::Sext && inner[1]->op == Op::Shl && inner[0]->op == Op::Shr);
    if (!good) return kNoValue;
    type = r.type(first->args[0]);
    first = inner[0];
    second = inner[1];
  }
  if (first->op == Op::Shr) std::swap(first, second);
  if (first->op != Op::Shl || second->op != Op::Shr || first->args[0] != second->args[0]) return kNoValue;
  if (type == Type::I1) return kNoValue;
  const unsigned left = amount(r, *first);
  const unsigned right = amount(r, *second);
  if (left == 0 || left + right != bits(type)) return kNoValue;
  // The right half must fill what the left half leaves: with a zero of the same width, all of the sign is the left's.
  const Value x = first->args[0];
  if (!r.may_reach(a, x) && !r.may_reach(b, x)) return kNoValue;
  const Value rotated = r.make(Op::Rotl, type, x, r.constant(type, left));
  return narrow ? r.make(Op::Sext, inst.type, rotated) : rotated;
}

Value simplify_shift(Rewriter& r, Inst& inst) {
  if (!is_small_int(inst.type) || inst.type == Type::I1) return kNoValue;
  const unsigned width = bits(inst.type);
  const auto [a, b, unused] = inst.args;
  if (r.is_constant(a, 0)) return a;
  if (!r.is_constant(b)) {
    // The amount counts modulo the width: a mask that keeps those bits does nothing.
    const Inst& mask = r.def(b);
    if (mask.op == Op::And && r.is_constant(mask.args[1]) && r.may_reach(b, mask.args[0]) &&
        (static_cast<uint64_t>(r.def(mask.args[1]).imm) & (width - 1)) == width - 1) {
      return r.make(inst.op, inst.type, a, mask.args[0]);
    }
    return kNoValue;
  }
  const unsigned by = amount(r, inst);
  if (by == 0) return a;
  if (r.def(b).imm != static_cast<int64_t>(by)) return shifted(r, inst.op, inst.type, a, by);
  switch (inst.op) {
    case Op::Shl:
      return simplify_left(r, inst, by);
    case Op::Shr:
    case Op::Sar:
      return simplify_right(r, inst, by);
    case Op::Rotr:
      return shifted(r, Op::Rotl, inst.type, a, width - by);
    default:
      return kNoValue;
  }
}

}  // namespace menura::ir::opt
