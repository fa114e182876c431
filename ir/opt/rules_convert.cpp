#include "ir/opt/rules.h"

namespace menura::ir::opt {

namespace {

Value simplify_zext(Rewriter& r, Inst& inst) {
  const Value a = inst.args[0];
  const Inst inner = r.def(a);
  if (inner.op == Op::Zext && r.may_reach(a, inner.args[0])) return r.make(Op::Zext, inst.type, inner.args[0]);
  if (inner.op == Op::Trunc) {
    // The value that the bits were taken from, if it had no others.
    const Value whole = inner.args[0];
    if (is_small_int(r.type(whole)) && r.facts(whole).fits(bits(inner.type)) && r.may_reach(a, whole)) {
      if (r.type(whole) == inst.type) return whole;
      return r.make(bits(r.type(whole)) < bits(inst.type) ? Op::Zext : Op::Trunc, inst.type, whole);
    }
  }
  return kNoValue;
}

Value simplify_sext(Rewriter& r, Inst& inst) {
  const Value a = inst.args[0];
  const Inst inner = r.def(a);
  if (inner.op == Op::Sext && r.may_reach(a, inner.args[0])) return r.make(Op::Sext, inst.type, inner.args[0]);
  if (inner.op == Op::Trunc) {
    const Value whole = inner.args[0];
    const Type type = r.type(whole);
    if (is_small_int(type) && r.facts(whole).sign > bits(type) - bits(inner.type) && r.may_reach(a, whole)) {
      if (inner.type == Type::I1) return kNoValue;
      if (type == inst.type) return whole;
      return r.make(bits(type) < bits(inst.type) ? Op::Sext : Op::Trunc, inst.type, whole);
    }
  }
  if (is_small_int(inner.type) && inner.type != Type::I1 && r.facts(a).non_negative(inner.type))
    return r.make(Op::Zext, inst.type, a);
  return kNoValue;
}

// The low bits of ops whose low bits depend on nothing else, where an operand was extended only for this.
Value narrowed(Rewriter& r, Type type, Value whole, const Inst& inner) {
  switch (inner.op) {
    case Op::Add:
    case Op::Sub:
    case Op::Mul:
    case Op::And:
    case Op::Or:
    case Op::Xor:
      break;
    default:
      return kNoValue;
  }
  if (type == Type::I1 || r.held(whole)) return kNoValue;
  const auto extended = [&](Value v) {
    const Inst& operand = r.def(v);
    return (operand.op == Op::Sext || operand.op == Op::Zext) && r.type(operand.args[0]) == type && !r.held(v);
  };
  if (!extended(inner.args[0]) && !extended(inner.args[1])) return kNoValue;
  const Value a = r.make(Op::Trunc, type, inner.args[0]);
  const Value b = r.make(Op::Trunc, type, inner.args[1]);
  return r.make(inner.op, type, a, b);
}

Value simplify_trunc(Rewriter& r, Inst& inst) {
  const Value a = inst.args[0];
  const Inst inner = r.def(a);
  switch (inner.op) {
    case Op::Zext:
    case Op::Sext: {
      const Value x = inner.args[0];
      const unsigned from = bits(r.type(x));
      if (!r.may_reach(a, x)) return kNoValue;
      if (r.type(x) == inst.type) return x;
      return r.make(from > bits(inst.type) ? Op::Trunc : inner.op, inst.type, x);
    }
    case Op::Trunc:
      return r.may_reach(a, inner.args[0]) ? r.make(Op::Trunc, inst.type, inner.args[0]) : kNoValue;
    case Op::Bitcast: {
      // The low bits of a boxed float are the float.
      const Inst boxed = r.def(inner.args[0]);
      if (boxed.op == Op::NanBox && bits(r.type(boxed.args[0])) == bits(inst.type) &&
          r.may_reach(inner.args[0], boxed.args[0])) {
        return r.make(Op::Bitcast, inst.type, boxed.args[0]);
      }
      return kNoValue;
    }
    default:
      return is_small_int(inner.type) ? narrowed(r, inst.type, a, inner) : kNoValue;
  }
}

Value simplify_bitcast(Rewriter& r, Inst& inst) {
  const Value a = inst.args[0];
  const Inst inner = r.def(a);
  if (inner.type == inst.type) return a;
  if (inner.op == Op::Const && bits(inst.type) <= 64) {
    return r.constant(inst.type,
                      is_small_int(inst.type) ? canonical(inst.type, static_cast<uint64_t>(inner.imm)) : inner.imm);
  }
  if (inner.op == Op::Bitcast && r.may_reach(a, inner.args[0])) return r.make(Op::Bitcast, inst.type, inner.args[0]);
  return kNoValue;
}

}  // namespace

Value simplify_convert(Rewriter& r, Inst& inst) {
  if (inst.op == Op::Bitcast) return simplify_bitcast(r, inst);
  if (!is_small_int(inst.type)) return kNoValue;
  switch (inst.op) {
    case Op::Zext:
      return simplify_zext(r, inst);
    case Op::Sext:
      return simplify_sext(r, inst);
    case Op::Trunc:
      return simplify_trunc(r, inst);
    default:
      return kNoValue;
  }
}

// Only what moves bits: floating-point arithmetic is never folded.
Value simplify_float(Rewriter& r, Inst& inst) {
  const Value a = inst.args[0];
  const Inst inner = r.def(a);
  switch (inst.op) {
    case Op::NanBox:
      // Boxing what was unboxed: the same only if it was boxed.
      if (inner.op == Op::NanUnbox && r.type(inner.args[0]) == inst.type &&
          r.facts(inner.args[0]).sign >= bits(inst.type) - bits(inner.type) && r.may_reach(a, inner.args[0])) {
        return inner.args[0];
      }
      return kNoValue;
    case Op::NanUnbox:
      if (inner.op == Op::NanBox && r.type(inner.args[0]) == inst.type && r.may_reach(a, inner.args[0]))
        return inner.args[0];
      // Nothing to check: say so to those who emit the check.
      if (r.facts(a).sign >= bits(inner.type) - bits(inst.type)) inst.imm = 1;
      return kNoValue;
    case Op::FNeg:
      return inner.op == Op::FNeg && r.may_reach(a, inner.args[0]) ? inner.args[0] : kNoValue;
    case Op::FAbs:
      if (inner.op == Op::FAbs) return a;
      if ((inner.op == Op::FNeg) && r.may_reach(a, inner.args[0])) return r.make(Op::FAbs, inst.type, inner.args[0]);
      return kNoValue;
    case Op::FCopySign:
      return a == inst.args[1] ? a : kNoValue;
    default:
      return kNoValue;
  }
}

}  // namespace menura::ir::opt
