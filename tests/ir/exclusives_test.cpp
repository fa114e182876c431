// Which load-linked and store-conditional pairs compare values: for each in order, p = it does, a = it runs alone.
#include "ir/api/exclusives.h"

#include <gtest/gtest.h>

#include "ir/text/parse.h"
#include "tests/ir/test_state.h"

namespace menura::ir::test {
namespace {

struct Case {
  const char* what;
  const char* body;
  const char* kinds;
};

constexpr uint64_t kKnownSite = 0x1100;

std::string kinds_of(const std::string& body) {
  const TestGuest guest;
  Result<Region> region = parse("region pc=0x1000\nb0:\n v0:i64 = const 64\n" + body, guest.layout(), guest.helpers());
  if (!region) return region.error().message;
  ExclusiveSites sites;
  sites.add(kKnownSite);
  classify_exclusives(*region, guest.helpers(), &sites);
  std::string kinds;
  for (const Inst& inst : region->insts) {
    if (inst.op != Op::LoadLinked && inst.op != Op::StoreCond) continue;
    kinds += unpack<MemDesc>(inst.aux).alone != 0 ? 'a' : 'p';
  }
  return kinds;
}

#define INSN " insn +0, length=4\n"
#define LL(v) " v" #v ":i64 = ll v0, size=8 le\n"
#define SC(v) " v" #v ":i1 = sc v0, v0, size=8 le\n"
#define LOAD(v) " v" #v ":i64 = load v0, size=8 le\n"

class ExclusivesTest : public testing::TestWithParam<Case> {};

TEST_P(ExclusivesTest, AreToldApart) { EXPECT_EQ(kinds_of(GetParam().body), GetParam().kinds) << GetParam().what; }

INSTANTIATE_TEST_SUITE_P(
    Regions, ExclusivesTest,
    testing::Values(
        Case{"nothing between", INSN LL(2) SC(3) " jump +4", "pp"},
        Case{"a load between", INSN LL(2) LOAD(3) SC(4) " jump +4", "aa"},
        Case{"a load before and behind", INSN LOAD(2) LL(3) SC(4) LOAD(5) " jump +4", "pp"},
        Case{"the store alone", INSN SC(2) " jump +4", "a"},
        Case{"a second store", INSN LL(2) SC(3) SC(4) " jump +4", "ppa"},
        Case{"no store in sight", INSN LL(2) LOAD(3) " jump +4", "p"},
        Case{"a site that is known", " insn +256, length=4\n" LL(2) SC(3) " jump +4", "aa"},
        Case{"compare and swap: a way out",
             INSN LL(2) " v3:i1 = icmp v2, v0, eq\n cbr v3, b1, b2\nb1:\n" SC(5) " jump +4\nb2:\n" LOAD(7) " jump +8",
             "pp"},
        Case{"ways that part and meet",
             INSN LL(2) " v3:i1 = icmp v2, v0, eq\n cbr v3, b1, b2\nb1:\n br b3\nb2:\n br b3\nb3:\n" SC(7) " jump +8",
             "pp"},
        Case{"one of them loads",
             INSN LL(2) " v3:i1 = icmp v2, v0, eq\n cbr v3, b1, b2\nb1:\n" LOAD(5) " br b3\nb2:\n br b3\nb3:\n" SC(
                 8) " jump +8",
             "aa"},
        Case{"a store of two loads, one of them touched",
             " v1:i1 = icmp v0, v0, eq\n cbr v1, b1, b2\nb1:\n" INSN LL(4)
                 LOAD(5) " br b3\nb2:\n" INSN LL(8) " br b3\nb3:\n" SC(10) " jump +8",
             "aaa"},
        Case{"entered before the store, loop back to the load",
             " br b1\nb1:\n" SC(2) " cbr v2, b2, b3\nb2:\n" INSN LL(5) " br b1\nb3:\n jump +8", "aa"}));

TEST(ExclusiveSites, AreFoundByRange) {
  ExclusiveSites sites;
  EXPECT_FALSE(sites.any_in(0, ~uint64_t{0}));
  sites.add(16);
  sites.add(16);
  EXPECT_TRUE(sites.contains(16));
  EXPECT_FALSE(sites.contains(17));
  EXPECT_TRUE(sites.any_in(10, 17));
  EXPECT_FALSE(sites.any_in(10, 16));
}

}  // namespace
}  // namespace menura::ir::test
