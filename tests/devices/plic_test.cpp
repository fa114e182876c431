// RISC-V PLIC Specification 1.0.0.
#include <gtest/gtest.h>

#include "tests/devices/bench.h"

namespace menura::boards::testing {
namespace {

constexpr uint64_t kPending = 0x1000, kEnable = 0x2000, kContext = 0x200000;
uint64_t enable(unsigned context, unsigned source) { return kEnable + 0x80 * context + source / 32 * 4; }
uint64_t threshold(unsigned context) { return kContext + 0x1000 * context; }
uint64_t claim(unsigned context) { return threshold(context) + 4; }

TEST(Plic, ClaimAndComplete) {  // chapters 9 and 10
  Bench bench(kPlic);
  InterruptSink& inputs = *bench.device->inputs();
  bench.write(4 * 10, 1);
  bench.write(enable(1, 10), 1U << 10);
  inputs.set_input(10, true);
  EXPECT_TRUE(bench.levels[1]);
  EXPECT_FALSE(bench.levels[0]);
  EXPECT_EQ(bench.read(kPending), 1U << 10);
  EXPECT_EQ(bench.read(claim(1)), 10U);
  EXPECT_FALSE(bench.levels[1]);
  EXPECT_EQ(bench.read(kPending), 0U);
  EXPECT_EQ(bench.read(claim(1)), 0U);
  bench.write(claim(1), 10);
  EXPECT_TRUE(bench.levels[1]) << "the level is still high";
  EXPECT_EQ(bench.read(claim(1)), 10U);
  inputs.set_input(10, false);
  bench.write(claim(1), 10);
  EXPECT_FALSE(bench.levels[1]);
}

TEST(Plic, ARequestStaysWhenTheLevelFalls) {  // chapter 3
  Bench bench(kPlic);
  bench.write(4 * 3, 1);
  bench.write(enable(0, 3), 1U << 3);
  bench.device->inputs()->set_input(3, true);
  bench.device->inputs()->set_input(3, false);
  EXPECT_EQ(bench.read(claim(0)), 3U);
}

TEST(Plic, Priorities) {  // chapter 4: the highest; of equals the lowest number; 0 is never
  Bench bench(kPlic);
  for (const unsigned source : {5U, 40U, 96U}) {
    bench.write(4 * source, source == 96 ? 7 : 3);
    bench.write(enable(0, source), 1U << source % 32);
    bench.device->inputs()->set_input(source, true);
  }
  bench.write(enable(0, 5), 1U << 5 | 1U << 6);
  bench.device->inputs()->set_input(6, true);
  EXPECT_EQ(bench.read(claim(0)), 96U);
  EXPECT_EQ(bench.read(claim(0)), 5U);
  EXPECT_EQ(bench.read(claim(0)), 40U);
  EXPECT_EQ(bench.read(claim(0)), 0U) << "priority 0";
  bench.write(4 * 7, 0xffffffff);
  EXPECT_EQ(bench.read(4 * 7), 7U);
}

TEST(Plic, ThresholdMasksTheInterruptNotTheClaim) {  // chapters 8 and 9
  Bench bench(kPlic);
  bench.write(4 * 2, 4);
  bench.write(enable(0, 2), 1U << 2);
  bench.write(threshold(0), 4);
  bench.device->inputs()->set_input(2, true);
  EXPECT_FALSE(bench.levels[0]);
  bench.write(threshold(0), 3);
  EXPECT_TRUE(bench.levels[0]);
  bench.write(threshold(0), 7);
  EXPECT_EQ(bench.read(claim(0)), 2U);
}

TEST(Plic, CompletionOfWhatIsNotEnabledIsIgnored) {  // chapter 10
  Bench bench(kPlic);
  bench.write(4 * 2, 1);
  bench.write(enable(0, 2), 1U << 2);
  bench.device->inputs()->set_input(2, true);
  EXPECT_EQ(bench.read(claim(0)), 2U);
  bench.write(claim(1), 2);
  EXPECT_FALSE(bench.levels[0]);
  bench.write(claim(0), 2);
  EXPECT_TRUE(bench.levels[0]);
}

TEST(Plic, SourcesThatThereAreNot) {
  Bench bench(kPlic);
  bench.write(enable(0, 0), ~0U);
  EXPECT_EQ(bench.read(enable(0, 0)), ~1U) << "source 0";
  bench.write(enable(0, 96), ~0U);
  EXPECT_EQ(bench.read(enable(0, 96)), 1U);
  bench.device->inputs()->set_input(0, true);
  bench.device->inputs()->set_input(1000, true);
  EXPECT_EQ(bench.read(claim(0)), 0U);
  EXPECT_FALSE(bench.levels[0]);
}

}  // namespace
}  // namespace menura::boards::testing
