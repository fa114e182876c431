// GOLDFISH-VIRTUAL-HARDWARE.TXT, "Goldfish timer".
#include <gtest/gtest.h>

#include "tests/devices/bench.h"

namespace menura::boards::testing {
namespace {

constexpr uint64_t kTimeLow = 0, kTimeHigh = 4, kAlarmLow = 8, kAlarmHigh = 0xc, kIrqEnabled = 0x10, kClearAlarm = 0x14,
                   kAlarmStatus = 0x18, kClearInterrupt = 0x1c;

uint64_t now(Bench& bench) {
  timespec time = {};
  bench.time.clock(CLOCK_REALTIME, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(time.tv_nsec);
}
uint64_t read_time(Bench& bench) {
  const uint64_t low = bench.read(kTimeLow);
  return bench.read(kTimeHigh) << 32 | low;
}
void set_alarm(Bench& bench, uint64_t at) {
  bench.write(kAlarmHigh, at >> 32);
  bench.write(kAlarmLow, at & 0xffffffff);
}

TEST(GoldfishRtc, TimeOfDay) {
  Bench bench(kGoldfishRtc);
  EXPECT_EQ(read_time(bench), now(bench));
  const uint64_t high = (bench.read(kTimeLow), bench.read(kTimeHigh));
  bench.time.advance(FakeTime::kHz * 100);
  EXPECT_EQ(bench.read(kTimeHigh), high) << "as it was when TIME_LOW was read";
  bench.write(kTimeHigh, 0x1234);
  bench.write(kTimeLow, 0x9abcdef0);
  EXPECT_EQ(read_time(bench), 0x12349abcdef0U);
  bench.time.advance(1);
  EXPECT_EQ(read_time(bench), 0x12349abcdef0U + 100);
}

TEST(GoldfishRtc, Alarm) {
  Bench bench(kGoldfishRtc);
  bench.write(kIrqEnabled, 1);
  set_alarm(bench, now(bench) + 5000);
  EXPECT_EQ(bench.read(kAlarmStatus), 1U);
  bench.time.advance(45);
  EXPECT_FALSE(bench.levels[0]);
  bench.time.advance(10);
  EXPECT_TRUE(bench.levels[0]);
  EXPECT_EQ(bench.read(kAlarmStatus), 0U);
  bench.write(kClearInterrupt, 1);
  EXPECT_FALSE(bench.levels[0]);
}

TEST(GoldfishRtc, AlarmInThePastAndCleared) {
  Bench bench(kGoldfishRtc);
  set_alarm(bench, 1);
  EXPECT_FALSE(bench.levels[0]) << "not enabled";
  bench.write(kIrqEnabled, 1);
  EXPECT_TRUE(bench.levels[0]);
  bench.write(kClearInterrupt, 1);
  set_alarm(bench, now(bench) + 5000);
  bench.write(kClearAlarm, 1);
  bench.time.advance(1000);
  EXPECT_FALSE(bench.levels[0]);
  EXPECT_EQ(bench.time.armed(), 0U);
}

}  // namespace
}  // namespace menura::boards::testing
