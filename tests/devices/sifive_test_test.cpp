// The values that Linux' syscon-poweroff and syscon-reboot write (device tree binding sifive,test), and the statuses of
// QEMU's device.
#include <gtest/gtest.h>

#include "tests/devices/bench.h"

namespace menura::boards::testing {
namespace {

TEST(SifiveTest, EndsTheMachine) {
  Bench bench(kSifiveTest);
  bench.write(0, 0x5555);
  bench.write(0, 0x00033333);
  bench.write(0, 0x7777);
  EXPECT_EQ(bench.control.exit_codes, (std::vector<int>{0, 3}));
  EXPECT_EQ(bench.control.resets, 1);
  EXPECT_TRUE(bench.log.lines.empty());
  bench.write(0, 0x1234);
  EXPECT_EQ(bench.control.resets, 1);
  ASSERT_EQ(bench.log.lines.size(), 1U);
  EXPECT_NE(bench.log.lines[0].find("FINISHER"), std::string::npos);
}

}  // namespace
}  // namespace menura::boards::testing
