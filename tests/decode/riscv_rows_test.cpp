// The RISC-V decode tables against themselves: no two rows claim one word by accident, every row lifts to a region that
// verifies, in both bases, and scan() says what lift() does.
#include <gtest/gtest.h>

#include <bit>
#include <random>
#include <set>

#include "frontends/riscv/decode/decode.h"
#include "frontends/riscv/frontend.h"
#include "frontends/riscv/state.h"
#include "ir/text/print.h"
#include "ir/verify/verify.h"

namespace menura::riscv {
namespace {

using frontends::Row;

FeatureSet everything(unsigned xlen) {
  FeatureSet all = *parse_cpu("max");
  if (xlen == 32) all = all - set_of(Feature::RV64) + set_of(Feature::RV32);
  return all;
}

// A word of the row: fixed bits as they must be, the others random; false where the row excludes it.
bool random_word(const Row& row, std::mt19937_64& random, uint64_t& word) {
  word = (random() & ~row.mask & ((uint64_t{1} << row.bits) - 1)) | row.match;
  return row.matches(word);
}

// Rows that lie inside others on purpose: a hint's or a special case's own name for a word that means the same.
const std::set<std::pair<std::string_view, std::string_view>> kNested = {
    {"pause", "fence"},    {"fence_tso", "fence"}, {"prefetch_i", "ori"}, {"prefetch_r", "ori"},
    {"prefetch_w", "ori"}, {"zext_h", "packw"},    {"zext_h_32", "pack"},
};

// Both rows' fixed bits agree, and some base has both: then any word that both accept is an overlap.
bool may_overlap(const Row& a, const Row& b) {
  if (a.bits != b.bits || ((a.match ^ b.match) & a.mask & b.mask) != 0) return false;
  const auto in = [](const Row& row, unsigned xlen) { return row.features.met_by(everything(xlen)); };
  return (in(a, 32) && in(b, 32)) || (in(a, 64) && in(b, 64));
}

// A word of both rows, if there is one: exhaustive where few bits are free.
bool common_word(const Row& a, const Row& b, uint64_t& word) {
  const uint64_t fixed = a.mask | b.mask;
  const uint64_t free = ~fixed & ((uint64_t{1} << a.bits) - 1);
  uint64_t excluded = 0;  // only these bits can make a row refuse
  for (const Row* row : {&a, &b}) {
    for (const auto& exclusion : row->exclusions) excluded |= exclusion.mask;
  }
  const uint64_t vary = free & excluded;
  uint64_t bits = 0;
  do {
    word = a.match | b.match | bits;
    if (a.matches(word) && b.matches(word)) return true;
    bits = (bits - vary) & vary;  // next subset
  } while (bits != 0);
  return false;
}

TEST(RiscvRows, OverlapOnlyWhereNamed) {
  std::set<std::pair<std::string_view, std::string_view>> seen;
  for (const Row& a : rows()) {
    for (const Row& b : rows()) {
      uint64_t word = 0;
      if (&a == &b || !may_overlap(a, b) || std::popcount(a.mask) < std::popcount(b.mask) || !common_word(a, b, word)) {
        continue;
      }
      const bool nested = (a.mask & b.mask) == b.mask && a.mask != b.mask;
      EXPECT_TRUE(nested && kNested.contains({a.id, b.id}))
          << a.id << " and " << b.id << " both accept " << std::hex << word;
      seen.insert({a.id, b.id});
    }
  }
  for (const auto& pair : kNested) EXPECT_TRUE(seen.contains(pair)) << pair.first << " is not inside " << pair.second;
}

TEST(RiscvRows, TheTreeFindsEveryRow) {
  std::mt19937_64 random(1);
  for (unsigned i = 0; i < kRowCount; ++i) {
    const Row& row = rows()[i];
    const FeatureSet features = everything(row.features.met_by(everything(64)) ? 64 : 32);
    for (int n = 0; n < 200; ++n) {
      uint64_t word = 0;
      if (!random_word(row, random, word)) continue;
      const RowName found = decode(word | (row.bits == 16 ? random() << 16 : 0), features);
      if (found == static_cast<RowName>(i)) continue;
      ASSERT_NE(found, RowName::None) << row.id << " " << std::hex << word;
      EXPECT_TRUE(kNested.contains({riscv::row(found).id, row.id})) << row.id << " decodes as " << riscv::row(found).id;
    }
  }
}

TEST(RiscvRows, NothingWithoutItsFeature) {
  std::mt19937_64 random(2);
  for (unsigned i = 0; i < kRowCount; ++i) {
    const Row& row = rows()[i];
    uint64_t word = 0;
    if (!random_word(row, random, word)) continue;
    const RowName found = decode(word, FeatureSet{});
    EXPECT_EQ(found, RowName::None) << row.id;
  }
}

// What scan() must say, from the region that lift() made.
void expect_agreement(const ir::Region& region, const ir::Flow& flow, std::string_view id, uint64_t pc, bool may_trap) {
  using Kind = ir::Flow::Kind;
  // Of the first block: where lift() split it, one way of the branch goes on to the next instruction.
  const ir::Inst& end = region.terminator(region.blocks[region.order.front()]);
  const ir::Op op = end.op;
  const uint64_t target = pc + static_cast<uint64_t>(end.imm);
  may_trap = may_trap && op == ir::Op::CondBr;
  switch (flow.kind) {
    case Kind::Next:
      EXPECT_TRUE((op == ir::Op::Jump && target == pc + flow.length) || op == ir::Op::CondBr) << id;
      break;
    case Kind::Branch:
      EXPECT_EQ(op, ir::Op::CondBr) << id;
      break;
    case Kind::Jump:
      EXPECT_EQ(op, ir::Op::Jump) << id;
      EXPECT_EQ(target, flow.target) << id;
      break;
    case Kind::Call:
      EXPECT_EQ(op, ir::Op::CallDirect) << id;
      EXPECT_EQ(target, flow.target) << id;
      break;
    case Kind::Indirect:
      EXPECT_TRUE(op == ir::Op::JumpIndirect || may_trap) << id;
      break;
    case Kind::IndirectCall:
      EXPECT_TRUE(op == ir::Op::CallIndirect || may_trap) << id;
      break;
    case Kind::Return:
      EXPECT_TRUE(op == ir::Op::Return || may_trap) << id;
      break;
    case Kind::Exit:
      EXPECT_EQ(op, ir::Op::Exit) << id;
      break;
  }
}

class RiscvLift : public testing::TestWithParam<FeatureSet> {};

// Every row that the base has, in each mode, with random fields; and random words, most of them illegal.
void lift_and_check(const Frontend& frontend, uint64_t word, uint64_t mode, std::string_view what) {
  constexpr uint64_t kPc = 0x10000;
  uint8_t bytes[4];
  for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<uint8_t>(word >> (8 * i));
  ir::Builder builder(frontend.layout(), frontend.helpers());
  ir::Region region;
  const uint64_t starts[] = {kPc};
  builder.begin(region, {kPc, mode, 0}, frontend.memory_model(), starts);
  builder.start(0);
  const unsigned length = frontend.lift(builder, kPc, bytes, mode);
  if (!builder.ended()) builder.jump_to(kPc + length);
  builder.finish();
  const ir::Flow flow = frontend.scan(kPc, bytes, mode);
  EXPECT_EQ(flow.length, length) << what;
  const std::string error = ir::verify(region, frontend.layout(), frontend.helpers());
  ASSERT_TRUE(error.empty()) << what << " " << std::hex << word << ": " << error << "\n"
                             << ir::print(region, frontend.layout(), frontend.helpers());
  const RowName name = decode(word, frontend.features());
  expect_agreement(region, flow, name == RowName::None ? "illegal" : row(name).id, kPc,
                   !has(frontend.features(), Feature::C));  // indirect jumps look at their target first
}

TEST_P(RiscvLift, EveryRowVerifiesAndScans) {
  const Frontend frontend(GetParam());
  std::mt19937_64 random(3);
  for (const Row& row : rows()) {
    if (!row.features.met_by(frontend.features())) continue;
    int lifted = 0;
    for (int n = 0; n < 60; ++n) {
      uint64_t word = 0;
      if (!random_word(row, random, word)) continue;
      // CSR numbers that exist are rare among random ones.
      if (row.id.substr(0, 4) == "csrr" && n % 2 == 0) {
        const uint64_t numbers[] = {1, 2, 3, 0xc00, 0xc01, 0xc02, 0xc80};
        word = (word & 0xfffff) | numbers[random() % 7] << 20;
      }
      for (const uint64_t mode : {uint64_t{0}, Mode::kNearestAway, Mode::kFrmInvalid}) {
        lift_and_check(frontend, word, mode, row.id);
        if (testing::Test::HasFatalFailure()) return;
      }
      ++lifted;
    }
    EXPECT_GT(lifted, 0) << row.id;
  }
}

TEST_P(RiscvLift, AnyWordVerifiesAndScans) {
  const Frontend frontend(GetParam());
  std::mt19937_64 random(4);
  for (int n = 0; n < 20000; ++n) {
    lift_and_check(frontend, random() & 0xffffffff, n % 3, "random");
    if (testing::Test::HasFatalFailure()) return;
  }
}

std::string base_name(const testing::TestParamInfo<FeatureSet>& info) {
  constexpr const char* kNames[] = {"Rv32", "Rv64", "Rv64WithoutC", "Rv64i"};
  return kNames[info.index];
}

INSTANTIATE_TEST_SUITE_P(Bases, RiscvLift,
                         testing::Values(everything(32), everything(64), *parse_cpu("max,-c"), *parse_cpu("rv64i")),
                         base_name);

}  // namespace
}  // namespace menura::riscv
