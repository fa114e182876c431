// PC16550D's datasheet (National Semiconductor, 1995), section by section.
#include <gtest/gtest.h>

#include "tests/devices/bench.h"

namespace menura::boards::testing {
namespace {

constexpr uint64_t kRbr = 0, kThr = 0, kIer = 1, kIir = 2, kFcr = 2, kLcr = 3, kMcr = 4, kLsr = 5, kMsr = 6, kScr = 7;

TEST(Ns16550a, RegistersAfterReset) {  // table I
  Bench bench(kNs16550a);
  EXPECT_EQ(bench.read(kIer), 0x00U);
  EXPECT_EQ(bench.read(kIir), 0x01U);
  EXPECT_EQ(bench.read(kLcr), 0x00U);
  EXPECT_EQ(bench.read(kMcr), 0x00U);
  EXPECT_EQ(bench.read(kLsr), 0x60U);
  EXPECT_FALSE(bench.levels[0]);
}

TEST(Ns16550a, DivisorHidesData) {  // 8.3
  Bench bench(kNs16550a);
  bench.write(kLcr, 0x83);
  bench.write(0, 0x34);
  bench.write(1, 0x12);
  EXPECT_EQ(bench.read(0), 0x34U);
  EXPECT_EQ(bench.read(1), 0x12U);
  bench.write(kLcr, 0x03);
  EXPECT_EQ(bench.read(kIer), 0U);
  EXPECT_EQ(bench.stream.sent, "");
  bench.write(kScr, 0xa5);
  EXPECT_EQ(bench.read(kScr), 0xa5U);
}

TEST(Ns16550a, Sends) {
  Bench bench(kNs16550a);
  for (const char c : std::string("hello")) bench.write(kThr, static_cast<uint8_t>(c));
  EXPECT_EQ(bench.stream.sent, "hello");
  EXPECT_EQ(bench.read(kLsr) & 0x60, 0x60U);
}

TEST(Ns16550a, TransmitterEmptyInterrupt) {  // 8.5: reset by reading IIR if it is the source, or by writing THR
  Bench bench(kNs16550a);
  bench.write(kIer, 0x02);
  EXPECT_TRUE(bench.levels[0]);
  EXPECT_EQ(bench.read(kIir), 0x02U);
  EXPECT_FALSE(bench.levels[0]);
  EXPECT_EQ(bench.read(kIir), 0x01U);
  bench.write(kThr, 'x');
  EXPECT_TRUE(bench.levels[0]);
}

TEST(Ns16550a, ReceivesOneByteWithoutFifo) {
  Bench bench(kNs16550a);
  bench.write(kIer, 0x01);
  bench.stream.type("ab");
  EXPECT_TRUE(bench.levels[0]);
  EXPECT_EQ(bench.read(kIir), 0x04U);
  EXPECT_EQ(bench.read(kLsr) & 1, 1U);
  EXPECT_EQ(bench.stream.waiting, "b");
  EXPECT_EQ(bench.read(kRbr), static_cast<uint64_t>('a'));
  EXPECT_EQ(bench.read(kRbr), static_cast<uint64_t>('b'));
  EXPECT_EQ(bench.read(kLsr) & 1, 0U);
  EXPECT_FALSE(bench.levels[0]);
}

TEST(Ns16550a, FifoTriggerAndTimeout) {  // 8.10, table IV
  Bench bench(kNs16550a);
  bench.write(kIer, 0x01);
  bench.write(kFcr, 0x41);  // trigger level 4
  EXPECT_EQ(bench.read(kIir) & 0xc0, 0xc0U);
  bench.stream.type("abc");
  EXPECT_EQ(bench.read(kIir), 0xccU) << "fewer than the trigger level: character timeout";
  bench.stream.type("d");
  EXPECT_EQ(bench.read(kIir), 0xc4U);
  bench.stream.type("0123456789abcdef");
  EXPECT_EQ(bench.stream.waiting.size(), 4U) << "16 bytes";
  bench.write(kFcr, 0x43);  // RFIFOR
  EXPECT_EQ(bench.read(kLsr) & 1, 0U);
}

TEST(Ns16550a, PriorityOfInterrupts) {  // table IV
  Bench bench(kNs16550a);
  bench.write(kIer, 0x0f);
  bench.write(kMcr, 0x10);
  bench.read(kMsr);
  bench.write(kThr, 'a');
  bench.write(kThr, 'b');  // overrun
  EXPECT_EQ(bench.read(kIir), 0x06U);
  EXPECT_EQ(bench.read(kLsr) & 2, 2U);
  EXPECT_EQ(bench.read(kIir), 0x04U);
  bench.read(kRbr);
  EXPECT_EQ(bench.read(kIir), 0x02U);
  bench.write(kMcr, 0x11);  // DTR comes back as DSR
  EXPECT_EQ(bench.read(kIir), 0x00U);
  EXPECT_EQ(bench.read(kMsr) & 0x22, 0x22U);
  EXPECT_EQ(bench.read(kIir), 0x01U);
  EXPECT_FALSE(bench.levels[0]);
}

TEST(Ns16550a, Loopback) {  // 8.6
  Bench bench(kNs16550a);
  bench.write(kMcr, 0x10);
  bench.write(kThr, 'q');
  EXPECT_EQ(bench.stream.sent, "");
  EXPECT_EQ(bench.read(kRbr), static_cast<uint64_t>('q'));
  for (const auto& [mcr, msr] : {std::pair{0x11, 0x20}, {0x12, 0x10}, {0x14, 0x40}, {0x18, 0x80}}) {
    bench.write(kMcr, static_cast<uint64_t>(mcr));
    EXPECT_EQ(bench.read(kMsr) & 0xf0, static_cast<uint64_t>(msr));
  }
}

}  // namespace
}  // namespace menura::boards::testing
