// PrimeCell UART (PL011) Technical Reference Manual (DDI 0183G), section by section.
#include <gtest/gtest.h>

#include "tests/devices/bench.h"

namespace menura::boards::testing {
namespace {

constexpr uint64_t kDr = 0x00, kFr = 0x18, kLcr = 0x2c, kCr = 0x30, kIfls = 0x34, kImsc = 0x38, kRis = 0x3c,
                   kMis = 0x40, kIcr = 0x44;
constexpr uint64_t kFen = 0x10, kRx = 0x10, kTx = 0x20, kRt = 0x40;

TEST(Pl011, RegistersAfterReset) {  // table 3-1
  Bench bench(kPl011);
  EXPECT_EQ(bench.read(kFr) & 0xf8, 0x90U);  // both FIFOs empty
  EXPECT_EQ(bench.read(kLcr), 0U);
  EXPECT_EQ(bench.read(kCr), 0x300U);
  EXPECT_EQ(bench.read(kIfls), 0x12U);
  EXPECT_EQ(bench.read(kImsc), 0U);
}

TEST(Pl011, SaysWhatItIs) {  // 3.3.15 to 3.3.22
  Bench bench(kPl011);
  const uint64_t expected[] = {0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1};
  for (unsigned i = 0; i < 8; ++i) EXPECT_EQ(bench.read(0xfe0 + 4 * i), expected[i]) << i;
}

TEST(Pl011, SendsAndInterrupts) {  // 2.8.3: the transmit interrupt comes when the FIFO passes its level
  Bench bench(kPl011);
  bench.write(kImsc, kTx);
  EXPECT_FALSE(bench.levels[0]);
  for (const char c : std::string("hello")) bench.write(kDr, static_cast<uint8_t>(c));
  EXPECT_EQ(bench.stream.sent, "hello");
  EXPECT_EQ(bench.read(kMis), kTx);
  EXPECT_TRUE(bench.levels[0]);
  bench.write(kIcr, kTx);
  EXPECT_FALSE(bench.levels[0]);
}

TEST(Pl011, ReceivesOneCharacterWithoutFifo) {
  Bench bench(kPl011);
  bench.write(kImsc, kRx);
  bench.stream.type("ab");
  EXPECT_TRUE(bench.levels[0]);
  EXPECT_EQ(bench.read(kFr) & 0x50, 0x40U);  // full
  EXPECT_EQ(bench.stream.waiting, "b");
  EXPECT_EQ(bench.read(kDr), uint64_t{'a'});
  EXPECT_EQ(bench.read(kDr), uint64_t{'b'});
  EXPECT_FALSE(bench.levels[0]);
  EXPECT_EQ(bench.read(kFr) & 0x50, 0x10U);
}

TEST(Pl011, TriggerLevelsAndTimeout) {  // 3.3.9, 2.8.1: RXIFLSEL = 2 is half of 16
  Bench bench(kPl011);
  bench.write(kLcr, kFen | 0x60);
  bench.write(kImsc, kRx | kRt);
  bench.stream.type("1234567");
  EXPECT_EQ(bench.read(kMis), kRt);
  bench.stream.type("8");
  EXPECT_EQ(bench.read(kMis), kRx | kRt);
  EXPECT_EQ(bench.read(kDr), uint64_t{'1'});
  EXPECT_EQ(bench.read(kMis), kRt);
  for (unsigned i = 0; i < 7; ++i) bench.read(kDr);
  EXPECT_EQ(bench.read(kRis), 0U);
  EXPECT_FALSE(bench.levels[0]);
}

TEST(Pl011, TheFifoHolds16) {
  Bench bench(kPl011);
  bench.write(kLcr, kFen);
  bench.stream.type("0123456789abcdefgh");
  EXPECT_EQ(bench.stream.waiting, "gh");
  EXPECT_EQ(bench.read(kFr) & 0x40, 0x40U);
}

TEST(Pl011, Loopback) {  // 3.3.8, LBE
  Bench bench(kPl011);
  bench.write(kCr, 0x381);
  bench.write(kDr, 'x');
  EXPECT_EQ(bench.stream.sent, "");
  EXPECT_EQ(bench.read(kDr), uint64_t{'x'});
}

}  // namespace
}  // namespace menura::boards::testing
