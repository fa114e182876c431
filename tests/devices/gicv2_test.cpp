// ARM Generic Interrupt Controller Architecture Specification (IHI 0048B.b), version 2.
#include <gtest/gtest.h>

#include "boards/devices/intc/gic.h"
#include "tests/devices/bench.h"
#include "vcpu/current_cpu.h"

namespace menura::boards::testing {
namespace {

constexpr uint64_t kCtlr = 0x0, kTyper = 0x4, kEnable = 0x100, kPriority = 0x400, kTargets = 0x800, kSgir = 0xf00;
constexpr uint64_t kCpu = 0x10000, kPmr = kCpu + 0x4, kIar = kCpu + 0xc, kEoir = kCpu + 0x10, kRpr = kCpu + 0x14,
                   kHppir = kCpu + 0x18;

// Of each virtual CPU IRQ and FIQ are wires 2n and 2n + 1.
class GicV2Test : public ::testing::Test {
 protected:
  GicV2Test() {
    bench.write(kCtlr, 4, 1);
    for (unsigned cpu = 0; cpu < 2; ++cpu) {
      become(cpu);
      bench.write(kCpu, 4, 1);
      bench.write(kPmr, 4, 0xff);
    }
    become(0);
  }
  ~GicV2Test() override { become(0); }
  void become(unsigned cpu) { vcpu::current_cpu() = cpu; }
  bool irq(unsigned cpu) const { return bench.levels[2 * cpu]; }

  Bench bench{kGicV2};
};

TEST_F(GicV2Test, SaysWhatItIs) {
  EXPECT_EQ(bench.read(kTyper, 4), 1U << 5 | 8);
  EXPECT_EQ(bench.read(0xfe8, 4) >> 4 & 15, 2U);
  EXPECT_EQ(bench.read(kTargets, 4), 0x01010101U);  // 4.3.12: itself
  become(1);
  EXPECT_EQ(bench.read(kTargets, 4), 0x02020202U);
}

TEST_F(GicV2Test, SharedInterruptGoesToItsTargets) {
  bench.write(kEnable + 4, 4, 1U << 8);
  bench.write(kPriority + 40, 1, 0x80);
  bench.write(kTargets + 40, 1, 2);
  bench.device->inputs()->set_input(8, true);
  EXPECT_FALSE(irq(0));
  EXPECT_TRUE(irq(1));
  become(1);
  EXPECT_EQ(bench.read(kHppir, 4), 40U);
  EXPECT_EQ(bench.read(kIar, 4), 40U);
  EXPECT_EQ(bench.read(kRpr, 4), 0x80U);
  EXPECT_EQ(bench.read(kIar, 4), 1023U);
  bench.device->inputs()->set_input(8, false);
  bench.write(kEoir, 4, 40);
  EXPECT_FALSE(irq(1));
}

TEST_F(GicV2Test, SoftwareGeneratedInterruptsNameTheirSender) {  // 4.3.15, 4.4.4
  for (unsigned cpu = 0; cpu < 2; ++cpu) {
    become(cpu);
    bench.write(kEnable, 4, 1U << 3);
    bench.write(kSgir, 4, 1U << 16 | 3);  // both to the first
  }
  become(0);
  EXPECT_TRUE(irq(0));
  EXPECT_FALSE(irq(1));
  EXPECT_EQ(bench.read(kIar, 4), 3U);
  bench.write(kEoir, 4, 3);
  EXPECT_EQ(bench.read(kIar, 4), 1U << 10 | 3);
  bench.write(kEoir, 4, 1U << 10 | 3);
  EXPECT_FALSE(irq(0));
  bench.write(kSgir, 4, 1U << 24 | 3);  // to all others
  EXPECT_FALSE(irq(0));
  EXPECT_TRUE(irq(1));
}

TEST_F(GicV2Test, PrivateInterruptsHaveRegistersOfTheirOwn) {
  become(1);
  bench.write(kEnable, 4, 1U << 27);
  EXPECT_EQ(bench.read(kEnable, 4), 1U << 27);
  become(0);
  EXPECT_EQ(bench.read(kEnable, 4), 0U);
  bench.device->inputs()->set_input(gic_private_input(0, 27), true);
  EXPECT_FALSE(irq(0));
  bench.device->inputs()->set_input(gic_private_input(1, 27), true);
  EXPECT_TRUE(irq(1));
}

TEST_F(GicV2Test, FiqWhereItIsAskedFor) {  // GICC_CTLR.FIQEn
  bench.write(kCpu, 4, 1 | 1 << 3);
  bench.write(kEnable, 4, 1U << 27);
  bench.device->inputs()->set_input(gic_private_input(0, 27), true);
  EXPECT_FALSE(irq(0));
  EXPECT_TRUE(bench.levels[1]);
}

}  // namespace
}  // namespace menura::boards::testing
