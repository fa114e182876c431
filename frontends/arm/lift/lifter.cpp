#include "frontends/arm/lift/lifter.h"

#include <utility>

namespace menura::arm {
namespace {

using ir::Cond;

// What Builder::notes() hold: where the flags in the slots came from.
enum class Source : uint32_t {
  Unknown,  // as a new block has it
  Add,
  Sub,
  Logic,
  Float,  // a comparison of floats: a, b; result: the comparison that raises what is to be raised, until a condition
          // takes it over
};

class FlagNotes {
 public:
  explicit FlagNotes(ir::Builder& builder) : notes_(builder.notes()) {}

  void set(Source source, Value a, Value b, Value result, bool kept) {
    notes_ = {static_cast<uint32_t>(source) | (kept ? kKept : 0), a, b, result, ir::kNoValue, 0};
  }
  void set_condition(Value holds, unsigned nzcv) {
    notes_[4] = holds;
    notes_[5] = nzcv;
  }
  void forget() { notes_ = {}; }
  // The result, which is then no longer known.
  Value take_result() { return std::exchange(notes_[3], ir::kNoValue); }

  Source source() const { return static_cast<Source>(notes_[0] & ~kKept); }
  bool kept() const { return (notes_[0] & kKept) != 0; }
  Value a() const { return notes_[1]; }
  Value b() const { return notes_[2]; }
  Value result() const { return notes_[3]; }
  // The flags come from there where this holds only, else they are nzcv().
  bool conditional() const { return source() != Source::Unknown && notes_[4] != ir::kNoValue; }
  Value holds() const { return notes_[4]; }
  unsigned nzcv() const { return notes_[5]; }

 private:
  static constexpr uint32_t kKept = 0x100;
  ir::Builder::Notes& notes_;
};

// ConditionHolds for known flags.
bool holds_for(unsigned cond, unsigned nzcv) {
  const bool n = (nzcv & 8) != 0;
  const bool z = (nzcv & 4) != 0;
  const bool c = (nzcv & 2) != 0;
  const bool v = (nzcv & 1) != 0;
  const bool values[] = {z, c, n, v, c && !z, n == v, n == v && !z, true};
  return cond == 15 ? true : values[cond >> 1] != ((cond & 1) != 0);
}

// Conditions as the manual numbers them (C1.2.4), the even ones; the odd ones are their opposites.
enum { kEq = 0, kCs = 2, kMi = 4, kVs = 6, kHi = 8, kGe = 10, kGt = 12, kAl = 14 };

}  // namespace

void Lifter::set_nzcv(Value n, Value z, Value c, Value v) {
  b.set(slot(SlotName::N), n);
  b.set(slot(SlotName::Z), z);
  b.set(slot(SlotName::C), c);
  b.set(slot(SlotName::V), v);
  FlagNotes(b).forget();
}

Value Lifter::add_flags(Value a, Value c, Result kept) {
  const Value result = add(a, c);
  set_nzcv(is_negative(result), is_zero(result), b.icmp(Cond::Ult, result, c),
           b.emit(Op::AddOverflow, Type::I1, {a, c, bit(false)}));
  FlagNotes(b).set(Source::Add, a, c, result, kept == Result::Kept);
  return result;
}

Value Lifter::sub_flags(Value a, Value c, Result kept) {
  const Value result = sub(a, c);
  set_nzcv(is_negative(result), b.icmp(Cond::Eq, a, c), b.icmp(Cond::Uge, a, c),
           b.emit(Op::SubOverflow, Type::I1, {a, c}));
  FlagNotes(b).set(Source::Sub, a, c, result, kept == Result::Kept);
  return result;
}

Value Lifter::carry_flags(Value a, Value c) {
  const Value carry = flag(SlotName::C);
  const Value result = add(add(a, c), b.convert(Op::Zext, b.type_of(a), carry));
  set_nzcv(is_negative(result), is_zero(result), b.emit(Op::AddCarry, Type::I1, {a, c, carry}),
           b.emit(Op::AddOverflow, Type::I1, {a, c, carry}));
  return result;
}

void Lifter::logic_flags(Value result) {
  set_nzcv(is_negative(result), is_zero(result), bit(false), bit(false));
  FlagNotes(b).set(Source::Logic, result, result, result, true);
}

void Lifter::conditional_flags(Value holds, bool subtract, Value a, Value c, unsigned nzcv) {
  const auto choose = [&](Value value, unsigned mask) {
    return (nzcv & mask) != 0 ? or_(value, xor_(holds, bit(true))) : and_(value, holds);
  };
  const Value result = subtract ? sub(a, c) : add(a, c);
  const Value n = is_negative(result);
  const Value z = subtract ? b.icmp(Cond::Eq, a, c) : is_zero(result);
  const Value carry = subtract ? b.icmp(Cond::Uge, a, c) : b.icmp(Cond::Ult, result, c);
  const Value v =
      subtract ? b.emit(Op::SubOverflow, Type::I1, {a, c}) : b.emit(Op::AddOverflow, Type::I1, {a, c, bit(false)});
  set_nzcv(choose(n, 8), choose(z, 4), choose(carry, 2), choose(v, 1));
  FlagNotes notes(b);
  notes.set(subtract ? Source::Sub : Source::Add, a, c, result, false);
  notes.set_condition(holds, nzcv);
}

// FPCompare: less 1000, equal 0110, greater 0010, unordered 0011.
void Lifter::float_flags_if(Value holds, Value a, Value c, ir::FpDesc desc, unsigned nzcv) {
  const Value raising = b.fcmp(a, c, desc);
  desc.flags = static_cast<uint32_t>(ir::FlagPolicy::None);
  const auto compare = [&](ir::FpCond cond) {
    desc.cond = static_cast<uint32_t>(cond);
    return b.fcmp(a, c, desc);
  };
  const auto choose = [&](Value value, unsigned mask) {
    if (holds == ir::kNoValue) return value;
    return (nzcv & mask) != 0 ? or_(value, xor_(holds, bit(true))) : and_(value, holds);
  };
  const Value less = compare(ir::FpCond::Lt);
  set_nzcv(choose(less, 8), choose(compare(ir::FpCond::Eq), 4), choose(xor_(less, bit(true)), 2),
           choose(compare(ir::FpCond::Un), 1));
  FlagNotes notes(b);
  notes.set(Source::Float, a, c, raising, false);
  notes.set_condition(holds, nzcv);
}

// The first condition is what the comparison that raises exceptions compares; others compare anew and raise nothing.
Value Lifter::float_holds(unsigned cond) {
  struct Relation {
    ir::FpCond cond;
    bool negate;
  };
  using enum ir::FpCond;
  static constexpr Relation kRelations[] = {{Eq, false}, {Eq, true},  {Lt, true},   {Lt, false}, {Lt, false},
                                            {Lt, true},  {Un, false}, {Ord, false}, {Le, true},  {Le, false},
                                            {Ge, false}, {Ge, true},  {Gt, false},  {Gt, true}};
  FlagNotes notes(b);
  const Relation relation = kRelations[cond];
  Value value = notes.take_result();
  if (value != ir::kNoValue) {
    uint32_t& aux = b.region().insts[value].aux;
    auto desc = ir::unpack<ir::FpDesc>(aux);
    desc.cond = static_cast<uint32_t>(relation.cond);
    aux = ir::pack(desc);
  } else {
    value = b.fcmp(notes.a(), notes.b(),
                   {.flags = static_cast<uint32_t>(ir::FlagPolicy::None),
                    .cond = static_cast<uint32_t>(relation.cond),
                    .flush = has_flush(b.type_of(notes.a()))});
  }
  return relation.negate ? xor_(value, bit(true)) : value;
}

// From the operands, where they say it in one comparison; kNoValue elsewhere. `cond` may be odd.
Value Lifter::source_holds(unsigned cond) {
  const FlagNotes notes(b);
  if (notes.source() == Source::Float) return float_holds(cond);
  const bool negate = (cond & 1) != 0;
  const auto compare = [&](Cond if_even, Cond if_odd, Value a, Value c) {
    return b.icmp(negate ? if_odd : if_even, a, c);
  };
  const auto with_zero = [&](Cond if_even, Cond if_odd) {
    return compare(if_even, if_odd, notes.result(), b.constant(b.type_of(notes.result()), 0));
  };
  switch (cond & ~1U) {
    case kEq:
      if (notes.source() == Source::Sub && !notes.kept()) return compare(Cond::Eq, Cond::Ne, notes.a(), notes.b());
      return with_zero(Cond::Eq, Cond::Ne);
    case kMi:
      return with_zero(Cond::Slt, Cond::Sge);
    case kCs:
      if (notes.source() == Source::Sub) return compare(Cond::Uge, Cond::Ult, notes.a(), notes.b());
      if (notes.source() == Source::Add) return compare(Cond::Ult, Cond::Uge, notes.result(), notes.b());
      return bit(negate);
    case kVs:
      return notes.source() == Source::Logic ? bit(negate) : ir::kNoValue;
    case kHi:
      if (notes.source() == Source::Sub) return compare(Cond::Ugt, Cond::Ule, notes.a(), notes.b());
      return notes.source() == Source::Logic ? bit(negate) : ir::kNoValue;
    case kGe:
      if (notes.source() == Source::Sub) return compare(Cond::Sge, Cond::Slt, notes.a(), notes.b());
      return notes.source() == Source::Logic ? with_zero(Cond::Sge, Cond::Slt) : ir::kNoValue;
    case kGt:
      if (notes.source() == Source::Sub) return compare(Cond::Sgt, Cond::Sle, notes.a(), notes.b());
      return notes.source() == Source::Logic ? with_zero(Cond::Sgt, Cond::Sle) : ir::kNoValue;
    default:
      return ir::kNoValue;
  }
}

Value Lifter::condition_holds(unsigned cond) {
  if (cond >= kAl) return bit(true);
  const FlagNotes notes(b);
  if (notes.source() != Source::Unknown) {
    if (const Value value = source_holds(cond); value != ir::kNoValue) {
      if (!notes.conditional()) return value;
      return holds_for(cond, notes.nzcv()) ? or_(value, xor_(notes.holds(), bit(true))) : and_(value, notes.holds());
    }
  }
  Value value = ir::kNoValue;
  switch (cond & ~1U) {
    case kEq:
      value = flag(SlotName::Z);
      break;
    case kCs:
      value = flag(SlotName::C);
      break;
    case kMi:
      value = flag(SlotName::N);
      break;
    case kVs:
      value = flag(SlotName::V);
      break;
    case kHi:
      value = andn(flag(SlotName::C), flag(SlotName::Z));
      break;
    case kGe:  // N equals V; its opposite is an exclusive or
      value = xor_(flag(SlotName::N), flag(SlotName::V));
      return (cond & 1) != 0 ? value : xor_(value, bit(true));
    default:  // GT
      value = or_(flag(SlotName::Z), xor_(flag(SlotName::N), flag(SlotName::V)));
      return (cond & 1) != 0 ? value : xor_(value, bit(true));
  }
  return (cond & 1) != 0 ? xor_(value, bit(true)) : value;
}

Lifter::Address Lifter::address(Value base, int64_t displacement) {
  if (!has_mode(Mode::kTopByteIgnored)) return {base, displacement};
  if (displacement != 0) base = add(base, imm(displacement));
  return {and_(base, imm(0x00ffffffffffffff)), 0};
}

void Lifter::check_branch_target(unsigned types) {
  if (guarded_ && types != 0b1111) {
    const Value type = b.get(slot(SlotName::BTYPE));
    const Value allowed = and_(shr(imm32(static_cast<int64_t>(types)), type), imm32(1));
    const ir::BlockId wrong = b.new_block();
    const ir::BlockId right = b.new_block();
    b.cond_br(is_zero(allowed), wrong, right);
    b.start(wrong);
    b.set(slot(SlotName::BTYPE), imm32(0));
    illegal();
    b.start(right);
  }
  b.set(slot(SlotName::BTYPE), imm32(0));
}

// C6.2.37: from guarded code only X16 and X17, the linker's registers, may jump to where calls may go.
void Lifter::set_branch_type_of_jump(Reg target) {
  if (!has_mode(Mode::kCheckBranchTargets)) return;
  const bool as_call = !guarded_ || target.number == 16 || target.number == 17;
  b.set(slot(SlotName::BTYPE), imm32(as_call ? 1 : 3));
}
void Lifter::set_branch_type_of_call() {
  if (has_mode(Mode::kCheckBranchTargets)) b.set(slot(SlotName::BTYPE), imm32(2));
}

}  // namespace menura::arm
