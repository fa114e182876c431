#include "ir/api/former.h"

#include <gtest/gtest.h>

#include <map>
#include <set>

#include "ir/verify/verify.h"
#include "tests/ir/test_memory.h"
#include "tests/ir/toy_guest.h"

namespace menura::ir::test {
namespace {

constexpr uint64_t kBase = 0x10000;

class FormerTest : public testing::Test {
 protected:
  Fault trace(uint64_t pc, unsigned instructions = 32) {
    return former.form_trace({pc, 0, 0}, region, TraceLimits{instructions});
  }
  // Forms a hot region in which exactly the pcs at the given instruction numbers were executed.
  void hot(std::set<unsigned> entries, HotLimits limits = {}) {
    const auto executed = [&](uint64_t pc) { return entries.contains(static_cast<unsigned>((pc - kBase) / 2)); };
    EXPECT_EQ(former.form_hot({kBase, 0, 0}, region, executed, limits).kind, FaultKind::None);
  }
  std::vector<Op> terminators() const {
    std::vector<Op> ops;
    for (const BlockId block : region.order) ops.push_back(region.terminator(region.blocks[block]).op);
    return ops;
  }
  // Instruction numbers at which the blocks start, in order of placement; side exits are left out.
  std::vector<int64_t> layout() const {
    std::vector<int64_t> starts;
    for (const BlockId block : region.order) {
      if (region.blocks[block].count > 1) starts.push_back(region.blocks[block].pc_offset / 2);
    }
    return starts;
  }

  ToyGuest guest;
  TestMemory memory;
  Former former{guest, memory};
  Region region;
};

TEST_F(FormerTest, TraceEndsAtAnUnconditionalJump) {
  memory.map(kBase, toy_code({{'a', 1}, {'a', 2}, {'j', 5}, {'a', 3}}));
  EXPECT_EQ(trace(kBase).kind, FaultKind::None);
  EXPECT_EQ(region.guest_instructions, 3U);
  EXPECT_EQ(terminators(), (std::vector<Op>{Op::Jump}));
  ASSERT_EQ(region.guest.size(), 1U);
  EXPECT_EQ(region.guest[0].begin, kBase);
  EXPECT_EQ(region.guest[0].end, kBase + 6);
}

TEST_F(FormerTest, TraceGoesOnBehindBranchesAndLeavesForItsOwnEntry) {
  memory.map(kBase, toy_code({{'d', 1}, {'b', -1}, {'a', 2}, {'b', 4}, {'s'}}));
  trace(kBase);
  EXPECT_EQ(region.guest_instructions, 5U);
  // Three straight blocks, then the side exits of both branches: the backward one leaves the region as well.
  EXPECT_EQ(terminators(), (std::vector<Op>{Op::CondBr, Op::CondBr, Op::Exit, Op::Jump, Op::Jump}));
  EXPECT_EQ(region.insts.back().imm, 14);
}

TEST_F(FormerTest, TraceObeysItsLimit) {
  memory.map(kBase, std::vector<uint8_t>(4096, 'a'));
  trace(kBase, 7);
  EXPECT_EQ(region.guest_instructions, 7U);
  EXPECT_EQ(region.insts.back().op, Op::Jump);
  EXPECT_EQ(region.insts.back().imm, 14);
  trace(kBase, 1);
  EXPECT_EQ(region.guest_instructions, 1U);
}

TEST_F(FormerTest, TraceEndsBeforeWhatCannotBeFetched) {
  memory.map(kBase, toy_code({{'a', 1}, {'a', 2}}));
  EXPECT_EQ(trace(kBase).kind, FaultKind::None);
  EXPECT_EQ(region.guest_instructions, 2U);
  EXPECT_EQ(region.insts.back().op, Op::Jump);
  EXPECT_EQ(region.insts.back().imm, 4);
}

TEST_F(FormerTest, AFetchFaultOfTheFirstInstructionIsTheRegion) {
  memory.map(kBase, {'A', 1, 2});  // the last byte of the instruction is missing
  const Fault fault = trace(kBase);
  EXPECT_EQ(fault.kind, FaultKind::Unmapped);
  EXPECT_EQ(fault.address, kBase + 3);
  EXPECT_EQ(region.insts.back().op, Op::Exit);
  EXPECT_EQ(region.insts.back().aux, static_cast<uint32_t>(ExitKind::Fault));
  EXPECT_TRUE(region.guest.empty());

  memory.map(0x20000, {'a', 1}, true, false);
  EXPECT_EQ(trace(0x20000).kind, FaultKind::Protection);
  EXPECT_EQ(former.form_hot({0x20000, 0, 0}, region, [](uint64_t) { return true; }).kind, FaultKind::Protection);
}

TEST_F(FormerTest, AnInstructionMayCrossPagesAndOnlyThenIsTheNextPageWatched) {
  std::vector<uint8_t> code(4096, 'a');
  code[4094] = 'A';
  memory.map(kBase, code);
  memory.map(kBase + 4096, toy_code({{5, 1}, {'s'}}));
  trace(kBase + 4090);
  EXPECT_EQ(region.guest_instructions, 4U);
  EXPECT_EQ(region.guest[0].end, kBase + 4100);
  bool watched = false;
  for (const auto& [begin, end] : memory.watched) watched |= begin <= kBase + 4096 && end >= kBase + 4098;
  EXPECT_TRUE(watched);

  memory.watched.clear();
  trace(kBase + 4092, 1);
  for (const auto& [begin, end] : memory.watched) EXPECT_LE(end, kBase + 4096);
}

TEST_F(FormerTest, HotLoopStaysInside) {
  //                       0         1         2         3
  memory.map(kBase, toy_code({{'a', 1}, {'d', 1}, {'b', -1}, {'s'}}));
  hot({0, 1, 3});
  EXPECT_EQ(layout(), (std::vector<int64_t>{0, 1, 3}));
  EXPECT_EQ(terminators(), (std::vector<Op>{Op::Br, Op::CondBr, Op::Exit}));
  EXPECT_EQ(region.guest_instructions, 4U);
}

TEST_F(FormerTest, LoopsAreContiguous) {
  // 0: head; its exit is far behind; 2..5: inner loop; 6: back to the head.
  memory.map(kBase,
             toy_code({{'a', 1}, {'b', 7}, {'a', 2}, {'d', 1}, {'b', 2}, {'j', -2}, {'j', -6}, {'a', 9}, {'s'}}));
  hot({0, 2, 3, 6, 8});
  EXPECT_EQ(layout(), (std::vector<int64_t>{0, 2, 3, 5, 6, 8}));
}

TEST_F(FormerTest, WhatNeverRanIsLeftOut) {
  memory.map(kBase, toy_code({{'b', 3}, {'a', 2}, {'r'}, {'a', 3}, {'r'}}));
  hot({0});  // the branch was never taken
  EXPECT_EQ(layout(), (std::vector<int64_t>{0, 1}));
  EXPECT_EQ(terminators(), (std::vector<Op>{Op::CondBr, Op::Return, Op::Jump}));
}

TEST_F(FormerTest, AnUnknownFallThroughThatEndsInAnUnknownJumpNeverRan) {
  memory.map(kBase, toy_code({{'b', 3}, {'a', 2}, {'j', 9}, {'a', 3}, {'r'}}));
  hot({0, 3});
  EXPECT_EQ(layout(), (std::vector<int64_t>{0, 3}));
  hot({0, 3, 11});
  EXPECT_EQ(layout(), (std::vector<int64_t>{0, 3, 1}));  // what surely ran comes next
}

TEST_F(FormerTest, ReturnPointsOfCallsAreBlocks) {
  memory.map(kBase, toy_code({{'d', 1}, {'c', 20}, {'b', -2}, {'s'}}));
  hot({0, 2, 3});
  EXPECT_EQ(terminators(), (std::vector<Op>{Op::CallDirect, Op::CondBr, Op::Exit}));
  EXPECT_EQ(region.terminator(region.blocks[0]).edge_count, 1);
  hot({0});
  EXPECT_EQ(region.terminator(region.blocks[0]).edge_count, 0);
}

TEST_F(FormerTest, ABranchIntoARunSplitsIt) {
  memory.map(kBase, toy_code({{'a', 1}, {'a', 2}, {'a', 3}, {'d', 1}, {'b', -2}, {'s'}}));
  hot({0, 2, 5});
  EXPECT_EQ(layout(), (std::vector<int64_t>{0, 2, 5}));
  EXPECT_EQ(region.terminator(region.blocks[0]).op, Op::Br);
  ASSERT_EQ(region.guest.size(), 1U);
  EXPECT_EQ(region.guest[0].end, kBase + 12);
}

TEST_F(FormerTest, HotRegionsObeyTheirLimits) {
  std::vector<uint8_t> code;
  for (int i = 0; i < 1000; ++i) {
    code.push_back(i % 3 == 2 ? 'b' : 'a');
    code.push_back(i % 3 == 2 ? 4 : 1);
  }
  memory.map(kBase, code);
  former.form_hot(
      {kBase, 0, 0}, region, [](uint64_t) { return true; }, HotLimits{100, 1000});
  EXPECT_LE(region.guest_instructions, 100U);
  EXPECT_GE(region.guest_instructions, 98U);
  former.form_hot(
      {kBase, 0, 0}, region, [](uint64_t) { return true; }, HotLimits{1000, 10});
  EXPECT_EQ(layout().size(), 10U);
}

// A guarded loop: 0: a 1; 1: if count goto 5; 2: a 2; 3: if count goto 2; 4: s; 5: s.
TEST_F(FormerTest, WhatRunsElsewhereStaysOutsideHoweverItIsReached) {
  memory.map(kBase, toy_code({{'a', 1}, {'b', 4}, {'a', 2}, {'b', -1}, {'s'}, {'s'}}));
  const auto form = [&](uint64_t pc, unsigned elsewhere) {
    const auto ran = [&](uint64_t at) { return at == kBase + elsewhere * 2 ? Ran::Elsewhere : Ran::No; };
    EXPECT_EQ(former.form_hot({pc, 0, 0}, region, ran).kind, FaultKind::None);
  };
  const auto ends = [&] {
    uint64_t last = 0;
    for (const GuestRange& range : region.guest) last = std::max(last, range.end);
    return (last - kBase) / 2;
  };
  form(kBase, 2);  // behind a branch that is not taken
  EXPECT_EQ(ends(), 2U);
  form(kBase, 100);
  EXPECT_EQ(ends(), 5U);
  form(kBase + 4, 3);  // straight ahead
  EXPECT_EQ(ends(), 3U);
  EXPECT_EQ(terminators(), (std::vector<Op>{Op::Jump}));
  form(kBase + 4, 2);  // the region's own head is no matter
  EXPECT_EQ(ends(), 5U);
}

// 0: call 10; 1: a 1; 2: jump 0          10: call 20; 11: if count goto 14; 12: return; 14: jump 40       20: a 2;
// return
class InliningTest : public FormerTest {
 protected:
  void SetUp() override {
    std::vector<uint8_t> code(100, 's');
    const auto put = [&](unsigned number, std::initializer_list<ToyInsn> insns) {
      const std::vector<uint8_t> bytes = toy_code(insns);
      std::copy(bytes.begin(), bytes.end(), code.begin() + number * 2);
    };
    put(0, {{'c', 10}, {'a', 1}, {'j', -2}});
    put(10, {{'c', 10}, {'b', 3}, {'r'}});
    put(14, {{'j', 26}});
    put(20, {{'a', 2}, {'r'}});
    memory.map(kBase, code);
  }
  // How often each kind of way out is in the region.
  std::map<Op, int> exits() const {
    std::map<Op, int> counts;
    for (const Op op : terminators()) ++counts[op];
    counts.erase(Op::Br);
    counts.erase(Op::CondBr);
    return counts;
  }
};

TEST_F(InliningTest, CallsBecomeBranches) {
  hot({0, 1, 10, 11, 12, 14, 20}, {.inline_depth = 2});
  EXPECT_EQ(verify(region, guest.layout(), guest.helpers()), "");
  EXPECT_EQ(layout(), (std::vector<int64_t>{0, 10, 20, 11, 12, 1, 14}));
  // Both functions may return to somewhere else; from 14 the outer one goes on outside, and comes back.
  EXPECT_EQ(exits(), (std::map<Op, int>{{Op::Return, 2}, {Op::CallDirect, 1}}));
  for (const Inst& inst : region.insts) {
    if (inst.op != Op::CallDirect) continue;
    EXPECT_EQ(inst.imm, 80);
    EXPECT_EQ(inst.aux, 2U);
    EXPECT_EQ(inst.edge_count, 0);
  }
}

TEST_F(InliningTest, AsDeepAsAllowed) {
  hot({0, 1, 10, 11, 12, 20}, {.inline_depth = 1});
  EXPECT_EQ(verify(region, guest.layout(), guest.helpers()), "");
  // The inner call is one; where it is not known to go on, the outer call goes on outside.
  EXPECT_EQ(exits(), (std::map<Op, int>{{Op::Return, 1}, {Op::CallDirect, 2}}));
  hot({0, 1, 10, 11, 12, 14, 20}, {.inline_depth = 2, .inline_instructions = 1});
  EXPECT_EQ(exits(), (std::map<Op, int>{{Op::CallDirect, 1}}));
}

TEST_F(InliningTest, NotWithoutAReturn) {
  hot({0, 1, 10}, {.inline_depth = 2});
  EXPECT_EQ(exits(), (std::map<Op, int>{{Op::CallDirect, 1}}));
}

// Knows one call.
class OneCallSeen final : public CallTargets {
 public:
  uint64_t return_pc = 0;
  std::vector<uint64_t> entries;
  std::size_t likely(uint64_t pc, std::span<uint64_t, kMost> to) const override {
    if (pc != return_pc) return 0;
    return static_cast<std::size_t>(std::copy(entries.begin(), entries.end(), to.begin()) - to.begin());
  }
};

// Indirect calls, behind comparisons with where they have gone; the rest of them stays.
TEST_F(InliningTest, IndirectCallsThatWereSeen) {
  constexpr uint64_t base = kBase + 4096;
  OneCallSeen seen;
  seen.return_pc = base + 2;
  std::vector<uint8_t> code(100, 's');
  const auto put = [&](unsigned number, std::initializer_list<ToyInsn> insns) {
    const std::vector<uint8_t> bytes = toy_code(insns);
    std::copy(bytes.begin(), bytes.end(), code.begin() + number * 2);
  };
  put(0, {{'X'}, {'j', -1}});
  put(10, {{'a', 1}, {'r'}});
  put(20, {{'a', 2}, {'r'}});
  memory.map(base, code);
  const auto form = [&] { former.form_hot({base, 0, 0}, region, [](uint64_t) { return true; }, {.inline_depth = 1}); };

  form();
  EXPECT_EQ(exits(), (std::map<Op, int>{{Op::CallIndirect, 1}}));
  former.set_call_targets(&seen);
  form();
  EXPECT_EQ(exits(), (std::map<Op, int>{{Op::CallIndirect, 1}}));

  seen.entries = {base + 20, base + 40};
  form();
  EXPECT_EQ(verify(region, guest.layout(), guest.helpers()), "");
  EXPECT_EQ(exits(), (std::map<Op, int>{{Op::CallIndirect, 1}, {Op::Return, 2}}));
  std::vector<int64_t> compared;
  for (const Inst& inst : region.insts) {
    if (inst.op == Op::PcRel && (inst.imm == 20 || inst.imm == 40)) compared.push_back(inst.imm);
  }
  EXPECT_EQ(compared, (std::vector<int64_t>{20, 40}));

  // So far away that no offset says it.
  seen.entries = {base + (uint64_t{1} << 32)};
  form();
  EXPECT_EQ(exits(), (std::map<Op, int>{{Op::CallIndirect, 1}}));
}

// Of two calls, one of which lies in the other, both return to the same place.
TEST_F(InliningTest, CallsThatOverlapAreInlinedOnce) {
  constexpr uint64_t base = kBase + 4096;
  std::vector<uint8_t> code = toy_code({{'b', 2}, {'Y'}, {'X'}, {'j', -3}});
  OneCallSeen seen;
  seen.return_pc = base + 6;
  for (uint64_t entry = base + 20; seen.entries.size() < CallTargets::kMost; entry += 4) seen.entries.push_back(entry);
  code.resize(20, 's');
  for (std::size_t i = 0; i < seen.entries.size(); ++i) code.insert(code.end(), {'a', 1, 'r', 0});
  memory.map(base, code);
  former.set_call_targets(&seen);
  former.form_hot({base, 0, 0}, region, [](uint64_t) { return true; }, {.inline_depth = 1});
  EXPECT_EQ(verify(region, guest.layout(), guest.helpers()), "");
  EXPECT_EQ(exits(), (std::map<Op, int>{{Op::CallIndirect, 2}, {Op::Return, 4}}));
}

// A function that calls itself.
TEST_F(InliningTest, RecursionEnds) {
  const auto executed = [](uint64_t) { return true; };
  memory.map(kBase + 4096, toy_code({{'b', 2}, {'r'}, {'c', -2}, {'a', 1}, {'r'}}));
  former.form_hot({kBase + 4096, 0, 0}, region, executed, {.inline_depth = 20});
  EXPECT_EQ(verify(region, guest.layout(), guest.helpers()), "");
  EXPECT_EQ(exits(), (std::map<Op, int>{{Op::CallDirect, 1}, {Op::Return, 6}}));
}

TEST_F(FormerTest, RandomCodeFormsSoundRegions) {
  uint64_t random = 1;
  const auto next = [&random] { return random = random * 6364136223846793005U + 1442695040888963407U, random >> 33; };
  for (int round = 0; round < 300; ++round) {
    TestMemory some;
    std::vector<uint8_t> code(200);
    for (std::size_t i = 0; i < code.size(); i += 2) {
      code[i] = static_cast<uint8_t>("aadmwbbbjjcrsxXA?"[next() % 17]);
      code[i + 1] = static_cast<uint8_t>(next());
    }
    some.map(kBase, code);
    Former random_former(guest, some);
    const unsigned share = 1 + static_cast<unsigned>(next() % 4);
    const auto executed = [share](uint64_t pc) { return pc / 2 % share == 0; };
    const HotLimits limits{
        .instructions = 60, .blocks = 20, .inline_depth = static_cast<unsigned>(next() % 4), .inline_instructions = 20};
    random_former.form_hot({kBase, 0, 0}, region, executed, limits);
    EXPECT_EQ(verify(region, guest.layout(), guest.helpers()), "");
    std::set<BlockId> placed(region.order.begin(), region.order.end());
    EXPECT_EQ(placed.size(), region.blocks.size());
    EXPECT_EQ(region.order.front(), 0U);
    EXPECT_LE(region.guest_instructions, 60U);
    for (const BlockId block : region.order) EXPECT_TRUE(is_terminator(region.terminator(region.blocks[block]).op));
  }
}

}  // namespace
}  // namespace menura::ir::test
