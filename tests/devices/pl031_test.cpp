// PrimeCell Real Time Clock (PL031) Technical Reference Manual (DDI 0224C).
#include <gtest/gtest.h>

#include "tests/devices/bench.h"

namespace menura::boards::testing {
namespace {

constexpr uint64_t kDr = 0x00, kMr = 0x04, kLr = 0x08, kCr = 0x0c, kImsc = 0x10, kRis = 0x14, kMis = 0x18, kIcr = 0x1c;

TEST(Pl031, CountsSeconds) {
  Bench bench(kPl031);
  const uint64_t now = bench.read(kDr);
  EXPECT_EQ(now, 1'000'000U);  // FakeTime's
  EXPECT_EQ(bench.read(kCr), 1U);
  bench.time.advance(5 * FakeTime::kHz);
  EXPECT_EQ(bench.read(kDr), now + 5);
  bench.write(kLr, 100);
  EXPECT_EQ(bench.read(kDr), 100U);
  bench.time.advance(FakeTime::kHz);
  EXPECT_EQ(bench.read(kDr), 101U);
}

TEST(Pl031, Alarm) {  // 3.3.2 and 3.3.6 to 3.3.8
  Bench bench(kPl031);
  bench.write(kImsc, 1);
  bench.write(kMr, bench.read(kDr) + 3);
  bench.time.advance(2 * FakeTime::kHz);
  EXPECT_FALSE(bench.levels[0]);
  bench.time.advance(FakeTime::kHz);
  EXPECT_TRUE(bench.levels[0]);
  EXPECT_EQ(bench.read(kMis), 1U);
  bench.write(kIcr, 1);
  EXPECT_FALSE(bench.levels[0]);
  bench.time.advance(10 * FakeTime::kHz);
  EXPECT_EQ(bench.read(kRis), 0U);
}

TEST(Pl031, MaskedAlarm) {
  Bench bench(kPl031);
  bench.write(kMr, bench.read(kDr) + 1);
  bench.time.advance(FakeTime::kHz);
  EXPECT_EQ(bench.read(kRis), 1U);
  EXPECT_EQ(bench.read(kMis), 0U);
  EXPECT_FALSE(bench.levels[0]);
  bench.write(kImsc, 1);
  EXPECT_TRUE(bench.levels[0]);
}

}  // namespace
}  // namespace menura::boards::testing
