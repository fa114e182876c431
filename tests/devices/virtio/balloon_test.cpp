// virtio 1.2, 5.5.
#include <sys/mman.h>

#include "tests/devices/virtio/driver.h"

namespace menura::boards::testing {
namespace {

constexpr unsigned kInflate = 0, kDeflate = 1;
constexpr uint64_t kNumPages = kConfig, kActual = kConfig + 4;

struct BalloonBench {
  Attachment attachment = {.kind = &kVirtioBalloon};
  Bench bench{kVirtioSlot, 1, &attachment};
  Driver driver{bench};
  BalloonControl* control = bench.device->balloon();

  // Whether the host has memory for this page of the guest.
  bool resident(uint64_t page) {
    unsigned char there = 0;
    const auto view = bench.bus.view(page, 4096, ir::Access::Read);
    EXPECT_EQ(::mincore(view.data(), 4096, &there), 0);
    return (there & 1) != 0;
  }
};

// 5.5.6: the driver is told by a change of the configuration.
TEST(VirtioBalloon, TheGuestIsAsked) {
  BalloonBench t;
  ASSERT_NE(t.control, nullptr);
  EXPECT_EQ(t.driver.read(kDeviceId), 5U);
  EXPECT_EQ(t.driver.read(kNumPages), 0U);
  const uint64_t generation = t.driver.read(kConfigGeneration);
  t.control->ask_for(64 << 20);
  EXPECT_NE(t.driver.read(kConfigGeneration), generation);
  EXPECT_EQ(t.driver.read(kInterruptStatus), 2U);
  EXPECT_TRUE(t.bench.levels[0]);
  EXPECT_EQ(t.driver.read(kNumPages), (64U << 20) / 4096);
  t.driver.write(kActual, 100);
  EXPECT_EQ(t.driver.read(kActual), 100U);
  EXPECT_EQ(t.control->given(), 100U * 4096);
  // The next driver is asked for the same, and has given nothing yet.
  t.driver.write(kStatus, 0);
  EXPECT_EQ(t.driver.read(kNumPages), (64U << 20) / 4096);
  EXPECT_EQ(t.control->given(), 0U);
}

TEST(VirtioBalloon, WhatIsGivenIsTheHosts) {
  BalloonBench t;
  const uint64_t page = Bench::kRam + 0x80000;
  t.driver.store(page, uint64_t{0x1122334455667788});
  ASSERT_TRUE(t.resident(page));
  // Frames of 4 KiB; one that is no RAM is left alone.
  const uint32_t frames[] = {0, static_cast<uint32_t>(page / 4096), 0xffffffff};
  const uint64_t at = t.driver.place({reinterpret_cast<const char*>(frames), sizeof frames});
  t.driver.request(kInflate, {{at, sizeof frames, false}});
  EXPECT_FALSE(t.resident(page));
  EXPECT_FALSE(t.driver.needs_reset());
  t.driver.request(kDeflate, {{at, sizeof frames, false}});
  EXPECT_EQ(t.driver.value_at<uint64_t>(page), 0U);
  t.driver.store(page, uint64_t{1});
  EXPECT_TRUE(t.resident(page));
}

TEST(VirtioBalloon, OthersHaveNone) {
  Attachment attachment = {.kind = &kVirtioRng};
  Bench bench(kVirtioSlot, 1, &attachment);
  EXPECT_EQ(bench.device->balloon(), nullptr);
}

}  // namespace
}  // namespace menura::boards::testing
