#include "tests/decode/row_checks.h"

#include <gtest/gtest.h>

#include <bit>

#include "ir/text/print.h"
#include "ir/verify/verify.h"

namespace menura::tests {
namespace {

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

// What scan() must say, from the region that lift() made.
void expect_agreement(const ir::Region& region, const ir::Flow& flow, std::string_view id, uint64_t pc, bool may_trap) {
  using Kind = ir::Flow::Kind;
  // Of the first block: where lift() split it, one way of the branch goes on to the next instruction.
  const ir::Inst& end = region.terminator(region.blocks[region.order.front()]);
  const ir::Op op = end.op;
  const uint64_t target = pc + static_cast<uint64_t>(end.imm);
  if (may_trap && op == ir::Op::CondBr) return;
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
      EXPECT_EQ(op, ir::Op::JumpIndirect) << id;
      break;
    case Kind::IndirectCall:
      EXPECT_EQ(op, ir::Op::CallIndirect) << id;
      break;
    case Kind::Return:
      EXPECT_EQ(op, ir::Op::Return) << id;
      break;
    case Kind::Exit:
      EXPECT_EQ(op, ir::Op::Exit) << id;
      break;
  }
}

}  // namespace

// A word of the row: fixed bits as they must be, the others random; false where the row excludes it.
bool random_word(const Row& row, std::mt19937_64& random, uint64_t& word) {
  word = (random() & ~row.mask & ((uint64_t{1} << row.bits) - 1)) | row.match;
  return row.matches(word);
}

void expect_overlaps_only(std::span<const Row> rows, const NestedRows& nested,
                          const std::function<bool(const Row&, const Row&)>& coexist) {
  NestedRows seen;
  for (const Row& a : rows) {
    for (const Row& b : rows) {
      uint64_t word = 0;
      if (&a == &b || a.bits != b.bits || ((a.match ^ b.match) & a.mask & b.mask) != 0 || !coexist(a, b)) continue;
      if (std::popcount(a.mask) < std::popcount(b.mask) || !common_word(a, b, word)) continue;
      const bool inside = (a.mask & b.mask) == b.mask && a.mask != b.mask;
      EXPECT_TRUE(inside && nested.contains({a.id, b.id}))
          << a.id << " and " << b.id << " both accept " << std::hex << word;
      seen.insert({a.id, b.id});
    }
  }
  for (const auto& pair : nested) EXPECT_TRUE(seen.contains(pair)) << pair.first << " is not inside " << pair.second;
}

void expect_finds(std::span<const Row> rows, const NestedRows& nested,
                  const std::function<frontends::RowId(const Row& row, uint64_t word)>& decode) {
  std::mt19937_64 random(1);
  for (const Row& row : rows) {
    for (int n = 0; n < 200; ++n) {
      uint64_t word = 0;
      if (!random_word(row, random, word)) continue;
      const frontends::RowId found = decode(row, word | (row.bits < 32 ? random() << row.bits : 0));
      ASSERT_NE(found, frontends::kNoRow) << row.id << " " << std::hex << word;
      if (&rows[found] == &row) continue;
      EXPECT_TRUE(nested.contains({rows[found].id, row.id})) << row.id << " decodes as " << rows[found].id;
    }
  }
}

void expect_finds_nothing(std::span<const Row> rows, const std::function<frontends::RowId(uint64_t word)>& decode) {
  std::mt19937_64 random(2);
  for (const Row& row : rows) {
    uint64_t word = 0;
    if (!random_word(row, random, word)) continue;
    EXPECT_EQ(decode(word), frontends::kNoRow) << row.id;
  }
}

void expect_lifts(const ir::Frontend& frontend, uint64_t word, uint64_t mode, std::string_view what, bool may_trap) {
  constexpr uint64_t kPc = 0x10000;
  uint8_t bytes[4];
  for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<uint8_t>(word >> (8 * i));
  ir::Builder builder(frontend.layout(), frontend.helpers());
  ir::Region region;
  const ir::Builder::Place starts[] = {{kPc}};
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
  expect_agreement(region, flow, what, kPc, may_trap);
}

}  // namespace menura::tests
