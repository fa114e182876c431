// Random regions whose accesses of memory may fault, on every engine: where and how they fault, and the state that a
// handler of the guest finds.
#include <gtest/gtest.h>

#include "ir/text/print.h"
#include "ir/verify/verify.h"
#include "tests/ir/random_seeds.h"
#include "tests/ir/region_outcome.h"
#include "tests/x64/random_region.h"

namespace menura::ir::test {
namespace {

constexpr uint32_t kCount = 150;

TEST(RandomFaults, FindTheStateOnEveryEngine) {
  const TestGuest guest;
  HostMemory memory;
  const auto engines = region_engines();
  // Half of what is accessed lies behind the end of the memory.
  const uint64_t buffer = HostMemory::kData + HostMemory::kDataSize - 256;
  const auto [first, count] = random_seeds({1, kCount});
  unsigned faults = 0;
  for (uint32_t seed = first; seed < first + count; ++seed) {
    // No wide types: of more than 16 bytes compilers recover and access parts.
    Region region;
    x64::test::RandomRegion(guest, seed, {.blocks = 6, .wide = false, .vectors = seed % 2 == 0, .repeats = false},
                            buffer)
        .draw(region);
    ASSERT_EQ(verify(region, guest.layout(), guest.helpers()), "") << "seed " << seed;
    Ran want;
    ASSERT_TRUE(engines.front()->prepare(region, guest, memory));
    run(*engines.front(), region, guest, seed, want);
    faults += want.outcome.left && want.outcome.exit.kind == ExitKind::Fault;
    for (const auto& engine : engines) {
      if (!engine->prepare(region, guest, memory)) continue;
      Ran got;
      run(*engine, region, guest, seed, got);
      const std::string wrong = difference(region, want, got, guest);
      EXPECT_EQ(wrong, "") << engine->name() << ", seed " << seed << "\n"
                           << print(region, guest.layout(), guest.helpers());
    }
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_GE(count == 1 ? 1 : faults, count == 1 ? 1 : count / 3);
}

}  // namespace
}  // namespace menura::ir::test
