// Comparisons: into host flags where their user takes them, else into a register as 0 or 1.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Cond;
using ir::FpCond;
using ir::Op;
using ir::Type;

namespace {

CondCode code_of(Cond cond) {
  switch (cond) {
    case Cond::Eq:
      return CondCode::kE;
    case Cond::Ne:
      return CondCode::kNE;
    case Cond::Ult:
      return CondCode::kB;
    case Cond::Ule:
      return CondCode::kBE;
    case Cond::Ugt:
      return CondCode::kA;
    case Cond::Uge:
      return CondCode::kAE;
    case Cond::Slt:
      return CondCode::kL;
    case Cond::Sle:
      return CondCode::kLE;
    case Cond::Sgt:
      return CondCode::kG;
    case Cond::Sge:
      return CondCode::kGE;
  }
  return CondCode::kE;
}

}  // namespace

Emitter::Condition Emitter::negate(Condition c) {
  Condition n;
  n.cc = x86::negateCond(c.cc);
  if (c.parity == Condition::Parity::AndNot) n.parity = Condition::Parity::Or;
  if (c.parity == Condition::Parity::Or) n.parity = Condition::Parity::AndNot;
  return n;
}

Emitter::Condition Emitter::emit_compare(const Inst& inst) {
  Value a = rep(inst.args[0]);
  Value b = rep(inst.args[1]);
  const Type type = type_of(inst.args[0]);
  const unsigned width = type == Type::I1 ? 32 : ir::bits(type);
  if (inst.op == Op::SubOverflow) return compare_exactly(a, b, width, CondCode::kO);
  if (sign_of_difference(inst)) {
    const Inst& difference = region_->insts[a];
    constexpr CondCode codes[] = {CondCode::kE, CondCode::kNE};
    const auto relation = static_cast<Cond>(inst.aux);
    const CondCode cc = relation == Cond::Slt ? CondCode::kS : relation == Cond::Sge ? CondCode::kNS : codes[inst.aux];
    return compare_exactly(rep(difference.args[0]), rep(difference.args[1]), width, cc);
  }
  auto cond = static_cast<Cond>(inst.aux);
  // The signed values of an i1 are 0 and -1.
  constexpr Cond of_bits[] = {Cond::Ugt, Cond::Uge, Cond::Ult, Cond::Ule};
  if (type == Type::I1 && cond >= Cond::Slt) cond = of_bits[inst.aux - static_cast<unsigned>(Cond::Slt)];
  Condition c;
  c.cc = code_of(cond);
  if (is_const(a) && !is_const(b)) {
    std::swap(a, b);
    c.cc = x86::reverseCond(c.cc);
  }
  // Masks compared with zero.
  if (info_[a].fused && region_->insts[a].op == Op::And) {
    const Inst& mask = region_->insts[a];
    Value x = rep(mask.args[0]);
    Value y = rep(mask.args[1]);
    if (is_const(x)) std::swap(x, y);
    const Operand rx = use_rm(x, width);
    int32_t imm = 0;
    if (imm32(y, width, &imm)) {
      a_.emit(Id::kIdTest, rx, asmjit::Imm(imm));
    } else {
      const Reg ry = use(y);
      a_.emit(Id::kIdTest, rx, gp(ry, width));
    }
    return c;
  }
  int32_t imm = 0;
  if (imm32(b, width, &imm)) {
    if (compared_.end == here() && compared_.a == a && compared_.b == b && compared_.width == width) return c;
    if (imm == 0 && (in_reg(a) || is_const(a) || live_after(a))) {
      const Reg ra = use(a);
      a_.test(gp(ra, width), gp(ra, width));
    } else {
      const Operand ra = use_rm(a, width);
      a_.emit(Id::kIdCmp, ra, asmjit::Imm(imm));
      compared_ = {a, b, width, here()};
    }
    return c;
  }
  const bool known = compared_.end == here() && compared_.width == width;
  if ((known && compared_.a == b && compared_.b == a) ||
      (!(known && compared_.a == a && compared_.b == b) && !in_reg(a) && in_reg(b))) {
    std::swap(a, b);
    c.cc = x86::reverseCond(c.cc);
  }
  return compare_exactly(a, b, width, c.cc);
}

// Whether it is a difference, computed for nothing else, compared with zero.
bool Emitter::sign_of_difference(const Inst& inst) const {
  const Value a = rep(inst.args[0]);
  return inst.op == Op::ICmp && info_[a].fused && region_->insts[a].op == Op::Sub;
}

// Compares in this order of operands, unless the flags are there already.
Emitter::Condition Emitter::compare_exactly(Value a, Value b, unsigned width, CondCode cc) {
  Condition c;
  c.cc = cc;
  if (compared_.end == here() && compared_.a == a && compared_.b == b && compared_.width == width) return c;
  const Reg ra = use(a);
  int32_t imm = 0;
  if (imm32(b, width, &imm)) {
    a_.emit(Id::kIdCmp, gp(ra, width), asmjit::Imm(imm));
  } else {
    const Operand rb = use_rm(b, width);
    a_.emit(Id::kIdCmp, gp(ra, width), rb);
  }
  compared_ = {a, b, width, here()};
  return c;
}

// The outcome as a byte in memory.
void Emitter::store_condition(const x86::Mem& to, const Inst& inst) {
  const Condition c = emit_compare(inst);
  const bool known = compared_.end == here();
  a_.emit(x86::Inst::setccFromCond(c.cc), to);
  if (known) compared_.end = here();
}

Emitter::Condition Emitter::condition(Value v) {
  v = rep(v);
  const Inst& inst = region_->insts[v];
  if (info_[v].fused && inst.op == Op::ICmp) return emit_compare(inst);
  if (info_[v].fused && inst.op == Op::FCmp) return emit_fp_compare(inst);
  const Reg r = use(v);
  a_.test(g32(r), g32(r));
  Condition c;
  c.cc = CondCode::kNE;
  return c;
}

// dst = 1 where the flags say so, else 0.
void Emitter::emit_set_condition(Value v, Condition c, Reg dst) {
  a_.emit(x86::Inst::setccFromCond(c.cc), gp(dst, 8));
  if (c.parity != Condition::Parity::Ignore) {
    const Reg t = temp_int();
    const bool both = c.parity == Condition::Parity::AndNot;
    a_.emit(x86::Inst::setccFromCond(both ? CondCode::kNP : CondCode::kP), gp(t, 8));
    a_.emit(both ? Id::kIdAnd : Id::kIdOr, gp(dst, 8), gp(t, 8));
  }
  a_.movzx(g32(dst), gp(dst, 8));
  define(v, dst);
}

void Emitter::emit_icmp(Value v, const Inst& inst) {
  const Value a = rep(inst.args[0]);
  const Value b = rep(inst.args[1]);
  if (inst.op == Op::SubOverflow && type_of(inst.args[0]) == Type::I1) {  // 0 - -1 is the only one
    const Reg ra = use(a);
    const Reg rb = use(b);
    const Reg dst = dest(v, {}, mask_of(ra) | mask_of(rb));
    a_.mov(g32(dst), g32(ra));
    a_.not_(g32(dst));
    a_.and_(g32(dst), g32(rb));
    define(v, dst);
    return;
  }
  if (info_[a].fused || info_[b].fused || inst.op == Op::SubOverflow) {
    const Condition c = emit_compare(inst);
    emit_set_condition(v, c, dest(v, {a, b}));
    return;
  }
  // The result starts as zero where it is no operand: setcc then needs no extension.
  const Reg dst = dest(v);
  if (((regs_of(a) | regs_of(b)) & mask_of(dst)) == 0) {
    a_.xor_(g32(dst), g32(dst));
    const Condition c = emit_compare(inst);
    a_.emit(x86::Inst::setccFromCond(c.cc), gp(dst, 8));
    define(v, dst);
    return;
  }
  const Condition c = emit_compare(inst);
  emit_set_condition(v, c, dst);
}

void Emitter::emit_fcmp(Value v, const Inst& inst) {
  if (needs_slow(inst)) return emit_fp_slow(v, inst);
  const Condition c = emit_fp_compare(inst);
  emit_set_condition(v, c, dest(v, {}, locked_ & kIntRegs));
}

// Unordered sets ZF, PF and CF: `above` and `above or equal` are false then, so Lt and Le compare the other way round.
Emitter::Condition Emitter::emit_fp_compare(const Inst& inst) {
  const auto desc = ir::unpack<ir::FpDesc>(inst.aux);
  const auto cond = static_cast<FpCond>(desc.cond);
  const bool single = type_of(inst.args[0]) == Type::F32;
  Value a = rep(inst.args[0]);
  Value b = rep(inst.args[1]);
  if (cond == FpCond::Lt || cond == FpCond::Le) std::swap(a, b);
  InstId id = 0;
  if (desc.signaling) {
    id = host_.avx ? (single ? Id::kIdVcomiss : Id::kIdVcomisd) : (single ? Id::kIdComiss : Id::kIdComisd);
  } else {
    id = host_.avx ? (single ? Id::kIdVucomiss : Id::kIdVucomisd) : (single ? Id::kIdUcomiss : Id::kIdUcomisd);
  }
  Reg ra = use(a);
  Operand rb;
  if (desc.flush != 0) {
    const Reg second = use(b);
    ra = flushed(inst, a, ra);
    rb = xm(flushed(inst, b, second));
  } else {
    rb = use_rm(b, single ? 32 : 64);
  }
  a_.emit(id, xm(ra), rb);
  Condition c;
  switch (cond) {
    case FpCond::Eq:
      c.cc = CondCode::kE;
      c.parity = Condition::Parity::AndNot;
      break;
    case FpCond::Lt:
    case FpCond::Gt:
      c.cc = CondCode::kA;
      break;
    case FpCond::Le:
    case FpCond::Ge:
      c.cc = CondCode::kAE;
      break;
    case FpCond::Un:
      c.cc = CondCode::kP;
      break;
    case FpCond::Ord:
      c.cc = CondCode::kNP;
      break;
  }
  return c;
}

}  // namespace menura::x64
