// PrimeCell General Purpose Input/Output (PL061) Technical Reference Manual (DDI 0190B).
#include <gtest/gtest.h>

#include "tests/devices/bench.h"

namespace menura::boards::testing {
namespace {

constexpr uint64_t kDir = 0x400, kIs = 0x404, kIbe = 0x408, kIev = 0x40c, kIe = 0x410, kRis = 0x414, kMis = 0x418,
                   kIc = 0x41c;
constexpr uint64_t data(unsigned mask) { return mask << 2; }

TEST(Pl061, TheAddressIsAMask) {  // 3.3.1
  Bench bench(kPl061);
  bench.write(kDir, 0xff);
  bench.write(data(0xff), 0xaa);
  bench.write(data(0x0f), 0x05);
  EXPECT_EQ(bench.read(data(0xff)), 0xa5U);
  EXPECT_EQ(bench.read(data(0xf0)), 0xa0U);
}

TEST(Pl061, InputsAreNotWritten) {
  Bench bench(kPl061);
  bench.write(kDir, 0x01);
  bench.write(data(0xff), 0xff);
  EXPECT_EQ(bench.read(data(0xff)), 0x01U);
  bench.device->inputs()->set_input(3, true);
  EXPECT_EQ(bench.read(data(0xff)), 0x09U);
}

TEST(Pl061, Edges) {  // 3.3.3 to 3.3.9
  Bench bench(kPl061);
  InterruptSink& lines = *bench.device->inputs();
  bench.write(kIe, 1U << 3);
  bench.write(kIev, 1U << 3);
  lines.set_input(3, true);
  EXPECT_TRUE(bench.levels[0]);
  EXPECT_EQ(bench.read(kMis), 8U);
  bench.write(kIc, 8);
  EXPECT_FALSE(bench.levels[0]);
  lines.set_input(3, false);
  EXPECT_FALSE(bench.levels[0]) << "a falling edge does not count";
  bench.write(kIbe, 8);
  lines.set_input(3, true);
  bench.write(kIc, 8);
  lines.set_input(3, false);
  EXPECT_TRUE(bench.levels[0]);
}

TEST(Pl061, Levels) {
  Bench bench(kPl061);
  InterruptSink& lines = *bench.device->inputs();
  bench.write(kIs, 1);
  bench.write(kIev, 1);
  bench.write(kIe, 1);
  EXPECT_FALSE(bench.levels[0]);
  lines.set_input(0, true);
  EXPECT_TRUE(bench.levels[0]);
  bench.write(kIc, 1);
  EXPECT_TRUE(bench.levels[0]) << "a level cannot be cleared";
  lines.set_input(0, false);
  EXPECT_EQ(bench.read(kRis), 0U);
  EXPECT_FALSE(bench.levels[0]);
}

TEST(Pl061, OutputsDriveWhatIsConnected) {
  Bench bench(kPl061);
  Levels outside;
  bench.device->connect_outputs(outside);
  bench.write(data(0xff), 0x02);
  EXPECT_FALSE(outside[1]) << "still an input";
  bench.write(kDir, 0x02);
  bench.write(data(0x02), 0x02);
  EXPECT_TRUE(outside[1]);
  bench.write(data(0x02), 0);
  EXPECT_FALSE(outside[1]);
}

}  // namespace
}  // namespace menura::boards::testing
