// RISC-V ACLINT Specification 1.0-rc4.
#include <gtest/gtest.h>

#include "tests/devices/bench.h"

namespace menura::boards::testing {
namespace {

constexpr uint64_t kMtimecmp = 0x4000, kMtime = 0xbff8;

TEST(Aclint, SoftwareInterrupts) {  // 3.1
  Bench bench(kAclint, 2);
  bench.write(4, 0xffffffff);
  EXPECT_EQ(bench.read(4), 1U);
  EXPECT_FALSE(bench.levels[0]);
  EXPECT_TRUE(bench.levels[2]);
  bench.write(4, 0);
  EXPECT_FALSE(bench.levels[2]);
}

TEST(Aclint, TimeIsTheCounter) {
  Bench bench(kAclint);
  EXPECT_EQ(bench.read(kMtime), bench.time.counter());
  bench.time.advance(uint64_t{5} << 32);
  EXPECT_EQ(bench.read(kMtime, 4), bench.time.counter() & 0xffffffff);
  EXPECT_EQ(bench.read(kMtime + 4, 4), 5U);
}

TEST(Aclint, TimerIsPendingFromItsTimeOn) {  // 2.3: as long as MTIME >= MTIMECMP
  Bench bench(kAclint, 2);
  const uint64_t deadline = bench.time.counter() + 100;
  bench.write(kMtimecmp + 8, deadline);
  bench.time.advance(99);
  EXPECT_FALSE(bench.levels[3]);
  bench.time.advance(1);
  EXPECT_TRUE(bench.levels[3]);
  EXPECT_FALSE(bench.levels[1]);
  bench.time.advance(1000);
  EXPECT_TRUE(bench.levels[3]);
  bench.write(kMtimecmp + 8, ~uint64_t{0});
  EXPECT_FALSE(bench.levels[3]);
  EXPECT_EQ(bench.time.armed(), 0U);
}

TEST(Aclint, HalvesOfMtimecmp) {
  Bench bench(kAclint, 1);
  bench.write(kMtimecmp, 4, 0x11223344);
  bench.write(kMtimecmp + 4, 4, 0x55667788);
  EXPECT_EQ(bench.read(kMtimecmp), 0x5566778811223344U);
  EXPECT_EQ(bench.read(kMtimecmp + 4, 4), 0x55667788U);
  bench.write(kMtimecmp, 0);
  EXPECT_TRUE(bench.levels[1]) << "the past";
}

}  // namespace
}  // namespace menura::boards::testing
