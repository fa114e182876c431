// Arm Generic Interrupt Controller Architecture Specification (IHI 0069H), version 3.
#include <gtest/gtest.h>

#include "boards/devices/intc/gic.h"
#include "tests/devices/bench.h"

namespace menura::boards::testing {
namespace {

constexpr uint64_t kCtlr = 0x0, kTyper = 0x4, kGroup = 0x80, kEnable = 0x100, kDisable = 0x180, kSetPending = 0x200,
                   kClearPending = 0x280, kSetActive = 0x300, kPriority = 0x400, kConfig = 0xc00, kRouter = 0x6000;
constexpr uint64_t redistributor(unsigned cpu) { return 0xa0000 + cpu * 0x20000; }
constexpr uint64_t sgis(unsigned cpu) { return redistributor(cpu) + 0x10000; }

// ICC_*_EL1: op0 3, op1 0 (12.2).
constexpr uint32_t icc(unsigned crn, unsigned crm, unsigned op2) { return 1U << 14 | crn << 7 | crm << 3 | op2; }
constexpr uint32_t kPmr = icc(4, 6, 0), kIar0 = icc(12, 8, 0), kIar1 = icc(12, 12, 0), kEoir1 = icc(12, 12, 1),
                   kHppir1 = icc(12, 12, 2), kBpr1 = icc(12, 12, 3), kIccCtlr = icc(12, 12, 4),
                   kIgrpen0 = icc(12, 12, 6), kIgrpen1 = icc(12, 12, 7), kRpr = icc(12, 11, 3), kSgi1r = icc(12, 11, 5),
                   kDir = icc(12, 11, 1);
constexpr uint64_t kNone = 1023;

// Of each virtual CPU IRQ and FIQ are wires 2n and 2n + 1.
class GicV3Test : public ::testing::Test {
 protected:
  GicV3Test() {
    bench.write(kCtlr, 4, 3);
    for (unsigned cpu = 0; cpu < 2; ++cpu) {
      icc_write(cpu, kPmr, 0xff);
      icc_write(cpu, kIgrpen1, 1);
      bench.write(sgis(cpu) + kGroup, 4, ~0U);
    }
    for (unsigned i = 1; i < 9; ++i) bench.write(kGroup + 4 * i, 4, ~0U);
  }
  uint64_t icc_read(unsigned cpu, uint32_t name) { return bench.device->cpu_interface()->read_register(cpu, name); }
  void icc_write(unsigned cpu, uint32_t name, uint64_t value) {
    bench.device->cpu_interface()->write_register(cpu, name, value);
  }
  void input(unsigned number, bool level) { bench.device->inputs()->set_input(number, level); }
  void enable_spi(unsigned id, uint8_t priority) {
    bench.write(kEnable + id / 32 * 4, 4, 1U << id % 32);
    bench.write(kPriority + id, 1, priority);
  }
  bool irq(unsigned cpu) const { return bench.levels[2 * cpu]; }

  Bench bench{kGicV3};
};

TEST_F(GicV3Test, SaysWhatItIs) {
  EXPECT_EQ(bench.read(kTyper, 4) & 0x1f, 8U);         // 9 * 32 interrupts
  EXPECT_EQ(bench.read(0xffe8, 4) >> 4 & 15, 3U);      // GICv3
  EXPECT_EQ(bench.read(kCtlr, 4), 0x53U);              // DS, ARE, both groups
  EXPECT_EQ(bench.read(redistributor(0) + 8, 8), 0U);  // number 0, not the last
  EXPECT_EQ(bench.read(redistributor(1) + 8, 8), uint64_t{1} << 32 | 1 << 8 | 1 << 4);
  EXPECT_EQ(bench.read(redistributor(0) + 0x14, 4), 6U);  // asleep
  bench.write(redistributor(0) + 0x14, 4, 0);
  EXPECT_EQ(bench.read(redistributor(0) + 0x14, 4), 0U);
}

TEST_F(GicV3Test, LevelSensitiveSharedInterrupt) {  // 4.1
  enable_spi(40, 0x80);
  input(40 - 32, true);
  EXPECT_TRUE(irq(0));
  EXPECT_FALSE(irq(1));
  EXPECT_EQ(icc_read(0, kHppir1), 40U);
  EXPECT_EQ(icc_read(0, kIar1), 40U);
  EXPECT_FALSE(irq(0)) << "active";
  EXPECT_EQ(icc_read(0, kRpr), 0x80U);
  EXPECT_EQ(icc_read(0, kIar1), kNone);
  icc_write(0, kEoir1, 40);
  EXPECT_TRUE(irq(0)) << "the level is still high";
  EXPECT_EQ(icc_read(0, kRpr), 0xffU);
  input(40 - 32, false);
  EXPECT_FALSE(irq(0));
}

TEST_F(GicV3Test, EdgeTriggeredInterruptStays) {
  enable_spi(41, 0x80);
  bench.write(kConfig + 41 / 16 * 4, 4, 2U << 41 % 16 * 2);
  input(41 - 32, true);
  input(41 - 32, false);
  EXPECT_TRUE(irq(0));
  EXPECT_EQ(icc_read(0, kIar1), 41U);
  icc_write(0, kEoir1, 41);
  EXPECT_FALSE(irq(0));
}

TEST_F(GicV3Test, RoutesByAffinity) {  // 12.9.22
  enable_spi(50, 0x80);
  bench.write(kRouter + 8 * 50, 8, 1);
  EXPECT_EQ(bench.read(kRouter + 8 * 50, 8), 1U);
  input(50 - 32, true);
  EXPECT_FALSE(irq(0));
  EXPECT_TRUE(irq(1));
  EXPECT_EQ(icc_read(1, kIar1), 50U);
}

TEST_F(GicV3Test, PrioritiesAndMask) {  // 4.8
  enable_spi(40, 0x90);
  enable_spi(41, 0x60);
  enable_spi(42, 0x90);
  icc_write(0, kPmr, 0x90);
  for (const unsigned id : {40U, 41U, 42U}) input(id - 32, true);
  EXPECT_EQ(icc_read(0, kIar1), 41U);
  icc_write(0, kEoir1, 41);
  input(41 - 32, false);
  EXPECT_FALSE(irq(0)) << "0x90 is not above the mask";
  icc_write(0, kPmr, 0xf0);
  EXPECT_EQ(icc_read(0, kIar1), 40U) << "of equals the lowest number";
}

TEST_F(GicV3Test, Preemption) {  // 4.8.5
  enable_spi(40, 0x90);
  enable_spi(41, 0x88);
  input(40 - 32, true);
  EXPECT_EQ(icc_read(0, kIar1), 40U);
  input(41 - 32, true);
  EXPECT_TRUE(irq(0));
  EXPECT_EQ(icc_read(0, kIar1), 41U);
  EXPECT_EQ(icc_read(0, kRpr), 0x88U);
  icc_write(0, kEoir1, 41);
  EXPECT_EQ(icc_read(0, kRpr), 0x90U);
}

TEST_F(GicV3Test, NoPreemptionWithinAGroupOfPriorities) {  // 4.8.4
  icc_write(0, kBpr1, 5);                                  // bits 7 to 5
  enable_spi(40, 0x90);
  enable_spi(41, 0x88);
  enable_spi(42, 0x78);
  input(40 - 32, true);
  EXPECT_EQ(icc_read(0, kIar1), 40U);
  EXPECT_EQ(icc_read(0, kRpr), 0x80U);
  input(41 - 32, true);
  EXPECT_FALSE(irq(0));
  input(42 - 32, true);
  EXPECT_TRUE(irq(0));
}

TEST_F(GicV3Test, SoftwareGeneratedInterrupts) {  // 12.2.14
  for (unsigned cpu = 0; cpu < 2; ++cpu) bench.write(sgis(cpu) + kEnable, 4, 0xffff);
  icc_write(0, kSgi1r, uint64_t{3} << 24 | 0b10);
  EXPECT_FALSE(irq(0));
  EXPECT_TRUE(irq(1));
  EXPECT_EQ(icc_read(1, kIar1), 3U);
  icc_write(1, kEoir1, 3);
  icc_write(1, kSgi1r, uint64_t{1} << 40 | uint64_t{5} << 24);  // all others
  EXPECT_FALSE(irq(1));
  EXPECT_EQ(icc_read(0, kIar1), 5U);
}

TEST_F(GicV3Test, PrivateInterrupts) {
  bench.write(sgis(1) + kEnable, 4, 1U << 27);
  input(gic_private_input(0, 27), true);
  EXPECT_FALSE(irq(0)) << "not enabled there";
  input(gic_private_input(1, 27), true);
  EXPECT_TRUE(irq(1));
  EXPECT_EQ(bench.read(sgis(1) + kSetPending, 4), 1U << 27);
  EXPECT_EQ(icc_read(1, kIar1), 27U);
}

TEST_F(GicV3Test, Group0IsFiq) {
  enable_spi(40, 0x80);
  bench.write(kGroup + 4, 4, 0);
  icc_write(0, kIgrpen0, 1);
  input(40 - 32, true);
  EXPECT_FALSE(irq(0));
  EXPECT_TRUE(bench.levels[1]);
  EXPECT_EQ(icc_read(0, kIar1), kNone);
  EXPECT_EQ(icc_read(0, kIar0), 40U);
}

TEST_F(GicV3Test, EndInTwoSteps) {  // EOImode
  icc_write(0, kIccCtlr, 2);
  enable_spi(40, 0x80);
  input(40 - 32, true);
  EXPECT_EQ(icc_read(0, kIar1), 40U);
  icc_write(0, kEoir1, 40);
  EXPECT_EQ(icc_read(0, kRpr), 0xffU);
  EXPECT_FALSE(irq(0)) << "still active";
  EXPECT_EQ(bench.read(kSetActive + 4, 4), 1U << 8);
  icc_write(0, kDir, 40);
  EXPECT_TRUE(irq(0));
}

TEST_F(GicV3Test, PendingAndEnabledBySoftware) {
  enable_spi(40, 0x80);
  bench.write(kSetPending + 4, 4, 1U << 8);
  EXPECT_TRUE(irq(0));
  bench.write(kDisable + 4, 4, 1U << 8);
  EXPECT_FALSE(irq(0));
  bench.write(kClearPending + 4, 4, 1U << 8);
  bench.write(kEnable + 4, 4, 1U << 8);
  EXPECT_FALSE(irq(0));
  bench.write(kCtlr, 4, 0);
  input(40 - 32, true);
  EXPECT_FALSE(irq(0)) << "group 1 is off";
}

}  // namespace
}  // namespace menura::boards::testing
