// What compute_facts claims of a result holds for what the op computes, whatever the operands are of which their facts
// hold.
#include "ir/opt/facts.h"

#include <gtest/gtest.h>

#include <random>

#include "ir/opt/fold.h"

namespace menura::ir::test {
namespace {

using opt::Facts;

bool covers(const Facts& facts, Type type, int64_t value) {
  const auto bits_of_value = static_cast<uint64_t>(value) & opt::low_mask(bits(type));
  return (bits_of_value & ~facts.ones) == 0 && Facts::of_constant(type, value).sign >= facts.sign;
}

class FactsTest : public testing::Test {
 protected:
  // Of any length, of any sign.
  int64_t value(Type type) {
    const uint64_t word = random_() >> (random_() % 64);
    return opt::canonical(type, random_() % 2 != 0 ? word : ~word << (random_() % 64));
  }
  // Facts that hold for `value` and now and then for others.
  Facts facts(Type type, int64_t value) {
    Facts known = Facts::of_constant(type, value);
    for (unsigned more = random_() % 3; more > 0; --more)
      known = known.either(Facts::of_constant(type, this->value(type)));
    return known;
  }
  void check(Op op, Type type, Type source) {
    Inst inst;
    inst.op = op;
    inst.type = type;
    int64_t values[3] = {};
    opt::FactInputs in;
    in.source = source;
    for (unsigned i = 0; i < 3; ++i) {
      // A condition chooses between values of the result's type.
      const Type operand = op == Op::Select && i > 0 ? type : source;
      values[i] = value(operand);
      in.args[i] = facts(operand, values[i]);
    }
    in.has_constant = op != Op::Select && random_() % 2 != 0;
    if (in.has_constant) {
      in.constant = values[1];
      in.args[1] = Facts::of_constant(source, values[1]);
    }
    const auto result = opt::fold(inst, source, values[0], values[1], values[2]);
    if (!result) return;
    ++checked_;
    const Facts claimed = compute_facts(inst, in);
    EXPECT_TRUE(covers(claimed, type, *result))
        << info(op).name << " " << bits(type) << " of " << bits(source) << std::hex << ": 0x" << values[0]
        << " (ones 0x" << in.args[0].ones << "), 0x" << values[1] << " (ones 0x" << in.args[1].ones << ") is 0x"
        << *result << ", claimed ones 0x" << claimed.ones << ", sign " << std::dec << unsigned{claimed.sign};
  }

  std::mt19937_64 random_{20261127};
  unsigned checked_ = 0;
};

TEST_F(FactsTest, HoldForEveryResult) {
  constexpr Type kTypes[] = {Type::I8, Type::I16, Type::I32, Type::I64};
  constexpr Op kSame[] = {Op::Add,  Op::Sub, Op::Mul,  Op::DivU, Op::DivS, Op::RemU, Op::RemS,  Op::And,
                          Op::Andn, Op::Or,  Op::Xor,  Op::MinU, Op::MaxU, Op::MinS, Op::MaxS,  Op::Shl,
                          Op::Shr,  Op::Sar, Op::Rotl, Op::Rotr, Op::Clz,  Op::Ctz,  Op::Popcnt};
  for (unsigned round = 0; round < 2000; ++round) {
    for (const Type type : kTypes) {
      for (const Op op : kSame) check(op, type, type);
      check(Op::Select, type, Type::I1);
      for (const Type source : kTypes) {
        if (bits(source) > bits(type)) check(Op::Trunc, type, source);
        if (bits(source) >= bits(type)) continue;
        check(Op::Zext, type, source);
        check(Op::Sext, type, source);
      }
      check(Op::Zext, type, Type::I1);
      check(Op::Sext, type, Type::I1);
    }
    if (HasFailure()) return;
  }
  EXPECT_GT(checked_, 200'000U);
}

}  // namespace
}  // namespace menura::ir::test
