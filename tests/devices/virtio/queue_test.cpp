// The transport and virtqueues of both forms, driven through the entropy device: what drivers may do, and what hostile
// ones do.
#include "tests/devices/virtio/driver.h"

namespace menura::boards::testing {
namespace {

using namespace virtio;

constexpr char kRandom = 0x5a;  // FakeTime's entropy

TEST(VirtioMmio, TellsWhatItIs) {
  Bench bench(kVirtioRng);
  EXPECT_EQ(bench.read(kMagicValue, 4), 0x74726976U);
  EXPECT_EQ(bench.read(kVersion, 4), 2U);
  EXPECT_EQ(bench.read(kDeviceId, 4), 4U);
  Bench empty(kVirtioSlot);
  EXPECT_EQ(empty.read(kMagicValue, 4), 0x74726976U);
  EXPECT_EQ(empty.read(kDeviceId, 4), 0U);
}

TEST(VirtioMmio, AcceptsOnlyFeaturesThatItOffers) {
  Bench bench(kVirtioRng);
  const auto negotiate = [&](uint32_t low, uint32_t high) {
    bench.write(kStatus, 4, 0);
    bench.write(kStatus, 4, kAcknowledge | kDriverBit);
    bench.write(kDriverFeaturesSel, 4, 0);
    bench.write(kDriverFeatures, 4, low);
    bench.write(kDriverFeaturesSel, 4, 1);
    bench.write(kDriverFeatures, 4, high);
    bench.write(kStatus, 4, kAcknowledge | kDriverBit | kFeaturesOk);
    return (bench.read(kStatus, 4) & kFeaturesOk) != 0;
  };
  EXPECT_TRUE(negotiate(0, 1));
  EXPECT_FALSE(negotiate(0, 0)) << "without VIRTIO_F_VERSION_1";
  EXPECT_FALSE(negotiate(1, 1)) << "a feature of no entropy device";
  EXPECT_TRUE(negotiate(1U << 28 | 1U << 29, 5));
}

TEST(VirtioMmio, NothingIsReadyBeforeFeaturesAre) {
  Bench bench(kVirtioRng);
  bench.write(kQueueSel, 4, 0);
  bench.write(kQueueReady, 4, 1);
  EXPECT_EQ(bench.read(kQueueReady, 4), 0U);
  bench.write(kStatus, 4, kAcknowledge | kDriverBit | kDriverOk);
  EXPECT_EQ(bench.read(kStatus, 4) & kDriverOk, 0U);
}

TEST(VirtioMmio, InterruptsUntilAcknowledged) {
  Bench bench(kVirtioRng);
  Driver driver(bench);
  const uint64_t at = driver.allocate(8);
  driver.request(0, {{at, 8, true}});
  ASSERT_TRUE(Driver::until([&] { return bench.levels[0]; }));
  EXPECT_EQ(driver.read(kInterruptStatus), 1U);
  driver.write(kInterruptAck, 1);
  EXPECT_EQ(driver.read(kInterruptStatus), 0U);
  EXPECT_FALSE(bench.levels[0]);
  driver.store<uint16_t>(driver.ring(0).driver, 1);  // VIRTQ_AVAIL_F_NO_INTERRUPT
  driver.request(0, {{at, 8, true}});
  driver.write(kStatus, 0);
  EXPECT_FALSE(bench.levels[0]);
}

TEST(VirtioMmio, ResetForgetsQueues) {
  Bench bench(kVirtioRng);
  Driver driver(bench);
  const uint64_t at = driver.place("........");
  driver.write(kStatus, 0);
  EXPECT_EQ(driver.read(kStatus), 0U);
  driver.write(kQueueSel, 0);
  EXPECT_EQ(driver.read(kQueueReady), 0U);
  driver.add(0, {{at, 8, true}});
  driver.notify(0);
  std::this_thread::sleep_for(std::chrono::milliseconds(20));
  EXPECT_EQ(driver.bytes_at(at, 8), "........");
}

// Each of the forms a queue may have, by the features that choose it.
class EveryQueue : public ::testing::TestWithParam<uint64_t> {};

TEST_P(EveryQueue, CarriesChains) {
  Bench bench(kVirtioRng);
  Driver driver(bench, GetParam());
  // Often enough that rings wrap around, with chains of several lengths.
  for (unsigned i = 0; i < 100; ++i) {
    std::vector<Piece> pieces;
    const uint64_t at = driver.place(std::string(64, '.'));
    for (unsigned k = 0; k <= i % 3; ++k) pieces.push_back({at + 8 * k, 5, true});
    if (driver.has(kIndirectDescriptors)) {
      driver.add_indirect(0, pieces);
      driver.notify(0);
      EXPECT_EQ(driver.wait(0).written, 5 * pieces.size());
    } else {
      EXPECT_EQ(driver.request(0, pieces).written, 5 * pieces.size());
    }
    for (const Piece& piece : pieces) EXPECT_EQ(driver.bytes_at(piece.address, 6), std::string(5, kRandom) + ".");
  }
  EXPECT_FALSE(driver.needs_reset());
}

TEST_P(EveryQueue, CarriesManyAtOnce) {
  Bench bench(kVirtioRng);
  Driver driver(bench, GetParam());
  const uint64_t at = driver.allocate(64);
  for (unsigned round = 0; round < 50; ++round) {
    for (unsigned i = 0; i < Driver::kEntries; ++i) driver.add(0, {{at + 8 * i, 8, true}});
    driver.notify(0);
    for (unsigned i = 0; i < Driver::kEntries; ++i) EXPECT_EQ(driver.wait(0).written, 8U);
  }
}

TEST_P(EveryQueue, SurvivesSavingAndRestoring) {
  Bench bench(kVirtioRng);
  Driver driver(bench, GetParam());
  const uint64_t at = driver.allocate(8);
  for (unsigned i = 0; i < 11; ++i) driver.request(0, {{at, 8, true}});
  const std::vector<uint8_t> saved = bench.save();
  bench.device->reset();
  ASSERT_TRUE(bench.restore(saved));
  for (unsigned i = 0; i < 11; ++i) EXPECT_EQ(driver.request(0, {{at, 8, true}}).written, 8U);
}

TEST_P(EveryQueue, BuffersOutsideMemoryNeedReset) {
  for (const uint64_t address :
       {uint64_t{0}, Bench::kRam - 4, Bench::kRam + Bench::kRamSize - 4, ~uint64_t{0} - 3, uint64_t{1} << 63}) {
    Bench bench(kVirtioRng);
    Driver driver(bench, GetParam());
    driver.add(0, {{address, 8, true}});
    driver.notify(0);
    EXPECT_TRUE(Driver::until([&] { return driver.needs_reset(); }));
    EXPECT_EQ(driver.read(kInterruptStatus) & 2, 2U) << "a configuration change tells the driver";
    // And a reset makes it good again.
    Driver again(bench, GetParam());
    const uint64_t at = again.allocate(8);
    EXPECT_EQ(again.request(0, {{at, 8, true}}).written, 8U);
  }
}

TEST_P(EveryQueue, WritableBeforeReadableNeedsReset) {
  Bench bench(kVirtioRng);
  Driver driver(bench, GetParam());
  const uint64_t at = driver.allocate(16);
  driver.add(0, {{at, 8, true}, {at + 8, 8, false}});
  driver.notify(0);
  EXPECT_TRUE(Driver::until([&] { return driver.needs_reset(); }));
}

TEST_P(EveryQueue, RingsOutsideMemoryNeedReset) {
  for (const uint64_t part : {kQueueDesc, kQueueDriver}) {
    Bench bench(kVirtioRng);
    Driver driver(bench, GetParam());
    if (part == kQueueDriver && driver.has(kRingPacked)) continue;  // only suppression is there: nothing is suppressed
    driver.write(kQueueSel, 0);
    driver.write(kQueueReady, 0);
    driver.write(part, 0xfffffff0);
    driver.write(part + 4, 0xffffffff);
    driver.write(kQueueReady, 1);
    driver.add(0, {{Bench::kRam, 8, true}});
    driver.notify(0);
    EXPECT_TRUE(Driver::until([&] { return driver.needs_reset(); }));
  }
}

TEST_P(EveryQueue, BadTablesNeedReset) {
  const bool packed = (GetParam() & kRingPacked) != 0;
  for (const unsigned wrong : {0U, 1U, 2U, 3U}) {
    Bench bench(kVirtioRng);
    Driver driver(bench, GetParam());
    if (!driver.has(kIndirectDescriptors)) return;
    const uint64_t table = driver.allocate(16 * 16);
    uint32_t size = 32;
    for (uint16_t i = 0; i < 16; ++i) {
      driver.put_descriptor(table, i, Bench::kRam, 8, packed ? Driver::kWrite : Driver::kWrite | Driver::kNext,
                            static_cast<uint16_t>(i + 1));
    }
    switch (wrong) {
      case 0:  // no whole number of descriptors
        size = 31;
        break;
      case 1:  // a table in a table
        driver.put_descriptor(table, 0, table, 32, Driver::kIndirect, 0);
        break;
      case 2:  // more than the queue has (2.7.5.3.1)
        size = 16 * 16;
        break;
      default:  // none
        size = 0;
        break;
    }
    const unsigned available = packed ? 1U << 7 : 0;
    driver.put_descriptor(driver.ring(0).descriptors, 0, table, size,
                          static_cast<uint16_t>(Driver::kIndirect | available), 0);
    if (!packed) driver.make_available(0, 0);
    driver.notify(0);
    EXPECT_TRUE(Driver::until([&] { return driver.needs_reset(); })) << wrong;
  }
}

INSTANTIATE_TEST_SUITE_P(Forms, EveryQueue,
                         ::testing::Values(0, kIndirectDescriptors, kEventIndex, kRingPacked,
                                           kRingPacked | kIndirectDescriptors, kRingPacked | kEventIndex));

TEST(VirtioSplit, LoopsNeedReset) {
  for (const uint16_t next : {uint16_t{0}, uint16_t{1}, uint16_t{Driver::kEntries}, uint16_t{0xffff}}) {
    Bench bench(kVirtioRng);
    Driver driver(bench);
    driver.put_descriptor(driver.ring(0).descriptors, 0, Bench::kRam, 8, Driver::kWrite | Driver::kNext, 1);
    driver.put_descriptor(driver.ring(0).descriptors, 1, Bench::kRam, 8, Driver::kWrite | Driver::kNext, next);
    driver.make_available(0, 0);
    driver.notify(0);
    EXPECT_TRUE(Driver::until([&] { return driver.needs_reset(); })) << next;
  }
}

TEST(VirtioSplit, MoreAvailableThanThereAreNeedsReset) {
  Bench bench(kVirtioRng);
  Driver driver(bench);
  driver.store<uint16_t>(driver.ring(0).driver + 2, Driver::kEntries + 1);
  driver.notify(0);
  EXPECT_TRUE(Driver::until([&] { return driver.needs_reset(); }));
}

TEST(VirtioSplit, InterruptsWhereUsedEventSays) {
  Bench bench(kVirtioRng);
  Driver driver(bench, kEventIndex);
  const uint64_t at = driver.allocate(8);
  driver.store<uint16_t>(driver.ring(0).driver + 4 + 2 * Driver::kEntries, 2);  // used_event
  for (unsigned i = 0; i < 2; ++i) {
    driver.request(0, {{at, 8, true}});
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
    EXPECT_FALSE(bench.levels[0]) << i;
  }
  driver.request(0, {{at, 8, true}});
  EXPECT_TRUE(Driver::until([&] { return bench.levels[0]; }));
}

}  // namespace
}  // namespace menura::boards::testing
