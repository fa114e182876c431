// The bus: what answers where, memory for DMA, which accesses reach devices, frames with code.
#include "softmmu/bus/bus.h"

#include <gtest/gtest.h>

#include <atomic>
#include <cstring>
#include <thread>

namespace menura::softmmu {
namespace {

struct Recorder final : Mmio {
  struct Access {
    uint64_t offset;
    unsigned size;
    uint64_t value;
    bool operator==(const Access&) const = default;
  };
  uint64_t mmio_read(uint64_t offset, unsigned size) override {
    reads.push_back({offset, size, 0});
    return 0x8877665544332211 >> (8 * (offset & 7));
  }
  void mmio_write(uint64_t offset, unsigned size, uint64_t value) override { writes.push_back({offset, size, value}); }
  std::vector<Access> reads, writes;
};

struct Listener final : BusListener {
  void code_changes(uint64_t begin, uint64_t end) override { changes.emplace_back(begin, end); }
  void map_changed() override { ++maps; }
  std::vector<std::pair<uint64_t, uint64_t>> changes;
  int maps = 0;
};

constexpr uint64_t kBase = 0x80000000;

TEST(Bus, PrioritiesAndGaps) {
  Bus bus;
  Recorder device;
  const auto ram = bus.add_ram("RAM", kBase, 0x10000);
  ASSERT_TRUE(ram);
  const auto window = bus.add_mmio("window", kBase + 0x2800, 0x100, device, {}, 1);
  bus.add_mmio("hidden", kBase, 0x10000, device, {}, -1);
  ASSERT_EQ(bus.regions().size(), 3U);
  EXPECT_EQ(bus.find(kBase - 1), nullptr);
  EXPECT_EQ(bus.find(kBase)->mapping, *ram);
  EXPECT_EQ(bus.find(kBase + 0x27ff)->end, kBase + 0x2800);
  EXPECT_EQ(bus.find(kBase + 0x2800)->mapping, window);
  EXPECT_EQ(bus.find(kBase + 0x2900)->begin, kBase + 0x2900);
  EXPECT_EQ(bus.find(kBase + 0x2900)->host - bus.find(kBase)->host, 0x2900);
  EXPECT_EQ(&bus.find(kBase + 0x2900)->frame_of(kBase + 0x2f00), &bus.find(kBase)->frame_of(kBase + 0x2000));
  EXPECT_EQ(bus.find(kBase + 0xffff)->mapping, *ram);
  EXPECT_EQ(bus.find(kBase + 0x10000), nullptr);
  EXPECT_EQ(bus.name(window), "window");
}

TEST(Bus, WhatADeviceHoldsIsReadDirectlyUntilItAnswersItself) {
  Bus bus;
  Recorder device;
  Listener listener;
  bus.set_listener(&listener);
  auto contents = HostMemory::make(0x2000);
  ASSERT_TRUE(static_cast<bool>(contents));
  bus.add_mmio("commands", kBase, 0x2000, device);
  const auto direct = bus.add_contents("contents", kBase, **contents, device, {}, 1);
  (*contents)->data()[0x1004] = std::byte{0x5a};
  uint8_t byte = 0;
  ASSERT_TRUE(bus.read(kBase + 0x1004, &byte, 1));
  EXPECT_EQ(byte, 0x5a);
  const Region* region = bus.find(kBase + 0x1000);
  EXPECT_TRUE(region->is_memory() && region->takes_stores());
  const uint32_t word = 7;
  EXPECT_FALSE(bus.write(kBase + 0x1000, &word, 4)) << "DMA";
  EXPECT_TRUE(Bus::mmio_write(*region, kBase + 0x1000, &word, 4));
  EXPECT_EQ(device.writes, (std::vector<Recorder::Access>{{0x1000, 4, 7}}));

  EXPECT_TRUE(bus.watch_code(kBase + 0x1000, kBase + 0x1004));
  bus.contents_changed(direct, 0, 0x1000);
  EXPECT_TRUE(listener.changes.empty());
  bus.contents_changed(direct, 0x800, 0x1000);
  EXPECT_EQ(listener.changes, (std::vector<std::pair<uint64_t, uint64_t>>{{kBase + 0x800, kBase + 0x1800}}));

  bus.set_enabled(direct, false);
  EXPECT_EQ(listener.maps, 1);
  region = bus.find(kBase + 0x1000);
  EXPECT_FALSE(region->is_memory());
  uint32_t seen = 0;
  EXPECT_TRUE(Bus::mmio_read(*region, kBase + 0x1000, &seen, 4));
  EXPECT_EQ(device.reads, (std::vector<Recorder::Access>{{0x1000, 4, 0}}));
}

TEST(Bus, TheLastOfEqualPrioritiesAnswers) {
  Bus bus;
  Recorder first, second;
  bus.add_mmio("first", 0x1000, 0x100, first);
  bus.add_mmio("second", 0x1080, 0x100, second);
  EXPECT_EQ(bus.find(0x107f)->mmio, &first);
  EXPECT_EQ(bus.find(0x1080)->mmio, &second);
}

TEST(Bus, MovesAndComesBack) {
  Bus bus;
  Recorder device;
  Listener listener;
  bus.set_listener(&listener);
  const auto id = bus.add_mmio("device", 0x1000, 0x100, device);
  const Region* const before = bus.find(0x1000);
  for (int i = 0; i < 1000; ++i) {
    bus.set_enabled(id, false);
    EXPECT_EQ(bus.find(0x1000), nullptr);
    bus.set_enabled(id, true);
  }
  EXPECT_EQ(bus.find(0x1000), before) << "the same view, so that a guest cannot make ever more of them";
  EXPECT_EQ(listener.maps, 2000);
  bus.move(id, 0x5000);
  EXPECT_EQ(bus.find(0x1000), nullptr);
  EXPECT_EQ(bus.find(0x50ff)->offset, 0U);
  EXPECT_EQ(before->begin, 0x1000U) << "still readable";
}

TEST(Bus, MemoryAllOrNothing) {
  Bus bus;
  Recorder device;
  ASSERT_TRUE(bus.add_ram("low", kBase, 0x1000));
  ASSERT_TRUE(bus.add_ram("high", kBase + 0x1000, 0x1000));
  ASSERT_TRUE(bus.add_rom("ROM", kBase + 0x2000, 0x1000));
  bus.add_mmio("device", kBase + 0x3000, 0x1000, device);
  std::vector<uint8_t> data(0x2000, 0xab);
  EXPECT_TRUE(bus.write(kBase, data.data(), data.size())) << "across two regions";
  EXPECT_FALSE(bus.write(kBase + 0x1ffc, data.data(), 8)) << "ROM";
  EXPECT_FALSE(bus.write(kBase - 4, data.data(), 8));
  EXPECT_FALSE(bus.read(kBase + 0x2ffc, data.data(), 8)) << "a device";
  EXPECT_FALSE(bus.read(~uint64_t{0} - 3, data.data(), 8)) << "around the end";
  EXPECT_TRUE(bus.load(kBase + 0x1ffc, "12345678", 8));
  char text[8];
  EXPECT_TRUE(bus.read(kBase + 0x1ffc, text, 8));
  EXPECT_EQ(std::string(text, 8), "12345678");
  EXPECT_TRUE(device.reads.empty());
  EXPECT_TRUE(bus.write(kBase + 0x1000, data.data(), 0));
}

TEST(Bus, Views) {
  Bus bus;
  ASSERT_TRUE(bus.add_ram("RAM", kBase, 0x2000));
  ASSERT_TRUE(bus.add_rom("ROM", kBase + 0x2000, 0x1000));
  EXPECT_EQ(bus.view(kBase, 0x2000, ir::Access::Write).size(), 0x2000U);
  EXPECT_TRUE(bus.view(kBase, 0x2001, ir::Access::Read).empty());
  EXPECT_TRUE(bus.view(kBase, ~uint64_t{0}, ir::Access::Read).empty());
  EXPECT_TRUE(bus.view(kBase + 0x2000, 4, ir::Access::Write).empty());
  EXPECT_EQ(bus.view(kBase + 0x2000, 4, ir::Access::Read).size(), 4U);
  EXPECT_TRUE(bus.view(0, 4, ir::Access::Read).empty());
}

TEST(Bus, CompareExchange) {
  Bus bus;
  ASSERT_TRUE(bus.add_ram("RAM", kBase, 0x1000));
  ASSERT_TRUE(bus.add_rom("ROM", kBase + 0x1000, 0x1000));
  uint64_t seen = 1;
  EXPECT_TRUE(bus.compare_exchange(kBase, 8, 0, 0x1122334455667788, &seen));
  EXPECT_EQ(seen, 0U);
  EXPECT_FALSE(bus.compare_exchange(kBase, 4, 0, 1, &seen));
  EXPECT_EQ(seen, 0x55667788U);
  EXPECT_FALSE(bus.compare_exchange(kBase, 4, 0x1122334455667788, 1, &seen)) << "more than 4 bytes expected";
  EXPECT_FALSE(bus.compare_exchange(kBase + 4, 8, 0, 1, &seen)) << "misaligned";
  EXPECT_FALSE(bus.compare_exchange(kBase + 0x1000, 8, 0, 1, &seen)) << "ROM";
  EXPECT_FALSE(bus.compare_exchange(0, 8, 0, 1, &seen));
}

TEST(Bus, AccessesOfDevices) {
  Bus bus;
  Recorder device;
  bus.add_mmio("device", 0x1000, 0x100, device, {2, 4});
  const Region& region = *bus.find(0x1000);
  uint64_t value = 0;
  EXPECT_FALSE(Bus::mmio_read(region, 0x1000, &value, 1)) << "too small";
  EXPECT_FALSE(Bus::mmio_read(region, 0x1002, &value, 4)) << "misaligned";
  EXPECT_FALSE(Bus::mmio_read(region, 0x10fc, &value, 8)) << "beyond the end";
  EXPECT_FALSE(Bus::mmio_read(region, 0x1000, &value, 3));
  EXPECT_TRUE(device.reads.empty());
  EXPECT_TRUE(Bus::mmio_read(region, 0x1008, &value, 8)) << "in two pieces";
  EXPECT_EQ(device.reads, (std::vector<Recorder::Access>{{8, 4, 0}, {12, 4, 0}}));
  EXPECT_EQ(value, 0x8877665544332211U);
  value = 0x1122334455667788;
  EXPECT_TRUE(Bus::mmio_write(region, 0x1010, &value, 8));
  EXPECT_EQ(device.writes, (std::vector<Recorder::Access>{{16, 4, 0x55667788}, {20, 4, 0x11223344}}));
}

TEST(Bus, BigEndianDevices) {
  Bus bus;
  Recorder device;
  bus.add_mmio("device", 0x1000, 0x100, device, {1, 8, std::endian::big});
  const uint8_t bytes[] = {0x12, 0x34, 0x56, 0x78};
  EXPECT_TRUE(Bus::mmio_write(*bus.find(0x1000), 0x1000, bytes, 4));
  EXPECT_EQ(device.writes[0].value, 0x12345678U);
  uint8_t read[2];
  EXPECT_TRUE(Bus::mmio_read(*bus.find(0x1000), 0x1000, read, 2));
  EXPECT_EQ(read[0], 0x22);
  EXPECT_EQ(read[1], 0x11);
}

TEST(Bus, AliasesShowTheSame) {
  Bus bus;
  Recorder device;
  const auto ram = bus.add_ram("RAM", kBase, 0x4000);
  ASSERT_TRUE(ram);
  bus.add_alias("alias", 0x10000, 0x2000, *ram, 0x1000);
  const auto id = bus.add_mmio("device", 0x1000, 0x100, device);
  bus.add_alias("device's alias", 0x20000, 0x40, id, 0x80);
  EXPECT_TRUE(bus.write(0x10004, "abcd", 4));
  char text[4];
  EXPECT_TRUE(bus.read(kBase + 0x1004, text, 4));
  EXPECT_EQ(std::string(text, 4), "abcd");
  EXPECT_EQ(&bus.find(0x10000)->frame_of(0x11000), &bus.find(kBase)->frame_of(kBase + 0x2000));
  uint8_t value = 0;
  EXPECT_TRUE(Bus::mmio_read(*bus.find(0x20008), 0x20008, &value, 1));
  EXPECT_EQ(device.reads[0].offset, 0x88U);
}

TEST(Bus, StoresToCodeAreTold) {
  Bus bus;
  Listener listener;
  bus.set_listener(&listener);
  const auto ram = bus.add_ram("RAM", kBase, 0x4000);
  ASSERT_TRUE(ram);
  bus.add_alias("alias", 0x10000, 0x1000, *ram, 0x1000);
  EXPECT_TRUE(bus.watch_code(kBase + 0x1010, kBase + 0x1020));
  EXPECT_FALSE(bus.watch_code(kBase + 0x1f00, kBase + 0x1f10)) << "the same frame";
  bus.write(kBase + 0x2000, "abcd", 4);
  bus.write(kBase + 0xffc, "abcd", 4);
  EXPECT_TRUE(listener.changes.empty());

  bus.write(kBase + 0x1ffc, "12345678", 8);  // before and after: nobody has said that the code is gone
  using Ranges = std::vector<std::pair<uint64_t, uint64_t>>;
  const Ranges once = {{kBase + 0x1ffc, kBase + 0x2004}, {0x10ffc, 0x11000}};
  ASSERT_EQ(listener.changes.size(), 4U);
  EXPECT_TRUE(std::is_permutation(once.begin(), once.end(), listener.changes.begin()));

  listener.changes.clear();
  bus.unwatch_code(kBase + 0x1000, kBase + 0x2000);
  bus.write(kBase + 0x1000, "abcd", 4);
  EXPECT_TRUE(listener.changes.empty());

  bus.watch_code(0x10000, 0x10004);  // through the alias
  bus.view(kBase + 0x1800, 16, ir::Access::Write);
  EXPECT_FALSE(listener.changes.empty());
  listener.changes.clear();
  bus.view(kBase + 0x1800, 16, ir::Access::Read);
  EXPECT_TRUE(listener.changes.empty());
  uint64_t seen = 0;
  bus.compare_exchange(kBase + 0x1800, 8, 0, 1, &seen);
  EXPECT_FALSE(listener.changes.empty());
}

TEST(Bus, DirtyFrames) {
  Bus bus;
  ASSERT_TRUE(bus.add_ram("RAM", kBase, 0x4000));
  const Region& region = *bus.find(kBase);
  bus.write(kBase + 0x1fff, "ab", 2);
  for (const auto& [offset, dirty] : {std::pair{0, false}, {0x1000, true}, {0x2000, true}, {0x3000, false}}) {
    EXPECT_EQ((region.frame_of(kBase + static_cast<uint64_t>(offset)).load() & kDirty) != 0, dirty);
  }
}

// A guest thread that looks while another one moves what is mapped sees one map or the other.
TEST(Bus, LookingWhileItChanges) {
  Bus bus;
  Recorder device;
  ASSERT_TRUE(bus.add_ram("RAM", kBase, 0x1000));
  const auto id = bus.add_mmio("device", 0x1000, 0x100, device);
  std::atomic<bool> end{false};
  std::thread reader([&] {
    uint64_t value = 0;
    while (!end) {
      const Region* const region = bus.find(0x1080);
      if (region != nullptr) {
        EXPECT_EQ(region->offset, 0U);
      }
      EXPECT_TRUE(bus.read(kBase, &value, 8));
    }
  });
  for (uint64_t i = 0; i < 2000; ++i) bus.move(id, i % 2 == 0 ? 0x5000 + i * 0x100 : 0x1000);
  end = true;
  reader.join();
}

TEST(Bus, MoreMemoryThanThereIs) {
  Bus bus;
  const auto added = bus.add_ram("RAM", 0, uint64_t{1} << 62);
  ASSERT_FALSE(added);
  EXPECT_NE(added.error().message.find("--memory"), std::string::npos);
}

}  // namespace
}  // namespace menura::softmmu
