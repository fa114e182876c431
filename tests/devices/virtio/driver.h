// A driver of virtio devices, as simple as the specification allows (virtio 1.2, 3.1, 2.7, 2.8, 4.2.3): it negotiates,
// lays out queues in the bench's RAM, sends chains and waits for them.
#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <cstring>
#include <thread>

#include "boards/devices/virtio/function.h"
#include "tests/devices/bench.h"

namespace menura::boards::testing {

// Registers (4.2.2)
enum : uint64_t {
  kMagicValue = 0x000,
  kVersion = 0x004,
  kDeviceId = 0x008,
  kDeviceFeatures = 0x010,
  kDeviceFeaturesSel = 0x014,
  kDriverFeatures = 0x020,
  kDriverFeaturesSel = 0x024,
  kQueueSel = 0x030,
  kQueueSizeMax = 0x034,
  kQueueSize = 0x038,
  kQueueReady = 0x044,
  kQueueNotify = 0x050,
  kInterruptStatus = 0x060,
  kInterruptAck = 0x064,
  kStatus = 0x070,
  kQueueDesc = 0x080,
  kQueueDriver = 0x090,
  kQueueDevice = 0x0a0,
  kConfigGeneration = 0x0fc,
  kConfig = 0x100,
};
// Status (2.1)
inline constexpr uint32_t kAcknowledge = 1, kDriverBit = 2, kDriverOk = 4, kFeaturesOk = 8, kNeedsReset = 64;

struct Piece {
  uint64_t address;
  uint32_t size;
  bool device_writes;
};

struct Used {
  uint32_t id;
  uint32_t written;
};

class Driver {
 public:
  static constexpr uint16_t kEntries = 8;
  static constexpr uint16_t kNext = 1, kWrite = 2, kIndirect = 4;

  // Takes the device from reset to DRIVER_OK with those of `features` that it offers, and kVersion1.
  explicit Driver(Bench& bench, uint64_t features = 0) : bench_(bench) {
    using namespace virtio;
    write(kStatus, 0);
    write(kStatus, kAcknowledge);
    write(kStatus, kAcknowledge | kDriverBit);
    for (const unsigned half : {0U, 1U}) {
      write(kDeviceFeaturesSel, half);
      offered_ |= read(kDeviceFeatures) << (32 * half);
    }
    negotiated_ = (features | kVersion1) & offered_;
    for (const unsigned half : {0U, 1U}) {
      write(kDriverFeaturesSel, half);
      write(kDriverFeatures, static_cast<uint32_t>(negotiated_ >> (32 * half)));
    }
    write(kStatus, kAcknowledge | kDriverBit | kFeaturesOk);
    EXPECT_NE(read(kStatus) & kFeaturesOk, 0U);
    for (unsigned i = 0;; ++i) {
      write(kQueueSel, i);
      if (read(kQueueSizeMax) == 0) break;
      add_queue();
    }
    write(kStatus, kAcknowledge | kDriverBit | kFeaturesOk | kDriverOk);
  }

  uint64_t offered() const { return offered_; }
  bool has(uint64_t feature) const { return (negotiated_ & feature) != 0; }
  uint64_t read(uint64_t offset) { return bench_.read(offset, 4); }
  void write(uint64_t offset, uint32_t value) { bench_.write(offset, 4, value); }
  bool needs_reset() { return (read(kStatus) & kNeedsReset) != 0; }

  // --- memory
  uint64_t allocate(std::size_t size) {
    const uint64_t at = free_;
    free_ += (size + 15) & ~std::size_t{15};
    const std::string zeroes(size, '\0');
    EXPECT_TRUE(bench_.bus.write(at, zeroes.data(), size));
    return at;
  }
  uint64_t place(std::string_view bytes) {
    const uint64_t at = allocate(bytes.size());
    EXPECT_TRUE(bench_.bus.write(at, bytes.data(), bytes.size()));
    return at;
  }
  template <typename T>
  uint64_t place_value(const T& value) {
    return place({reinterpret_cast<const char*>(&value), sizeof value});
  }
  std::string bytes_at(uint64_t address, std::size_t size) {
    std::string bytes(size, '\0');
    EXPECT_TRUE(bench_.bus.read(address, bytes.data(), size));
    return bytes;
  }
  template <typename T>
  T value_at(uint64_t address) {
    T value;
    EXPECT_TRUE(bench_.bus.read(address, &value, sizeof value));
    return value;
  }

  // --- queues
  struct Ring {
    uint64_t descriptors, driver, device;
    uint16_t next_descriptor = 0;  // of the split ring's table, of the packed ring
    uint16_t available = 0, used = 0;
    bool available_wrap = true, used_wrap = true;
    uint16_t lengths[kEntries] = {};  // packed: descriptors of each id
  };
  Ring& ring(unsigned queue) { return rings_[queue]; }

  // A chain in the ring; its id is its first descriptor's number. Not more than kEntries at a time.
  void add(unsigned queue, const std::vector<Piece>& pieces) {
    if (has(virtio::kRingPacked)) return add_packed(queue, pieces);
    Ring& ring = rings_[queue];
    const uint16_t head = ring.next_descriptor;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const auto index = static_cast<uint16_t>(ring.next_descriptor++ % kEntries);
      const bool last = i + 1 == pieces.size();
      put_descriptor(ring.descriptors, index, pieces[i].address, pieces[i].size,
                     static_cast<uint16_t>((pieces[i].device_writes ? kWrite : 0) | (last ? 0 : kNext)),
                     static_cast<uint16_t>((index + 1) % kEntries));
    }
    make_available(queue, static_cast<uint16_t>(head % kEntries));
  }
  // As one descriptor of a table elsewhere.
  void add_indirect(unsigned queue, const std::vector<Piece>& pieces) {
    const uint64_t table = allocate(16 * pieces.size());
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const bool last = i + 1 == pieces.size();
      const bool packed = has(virtio::kRingPacked);
      put_descriptor(table, static_cast<uint16_t>(i), pieces[i].address, pieces[i].size,
                     static_cast<uint16_t>((pieces[i].device_writes ? kWrite : 0) | (last || packed ? 0 : kNext)),
                     static_cast<uint16_t>(i + 1));
    }
    Ring& ring = rings_[queue];
    if (has(virtio::kRingPacked)) {
      return put_packed(ring, ring.available, table, static_cast<uint32_t>(16 * pieces.size()), kIndirect, true, 1);
    }
    const auto index = static_cast<uint16_t>(ring.next_descriptor++ % kEntries);
    put_descriptor(ring.descriptors, index, table, static_cast<uint32_t>(16 * pieces.size()), kIndirect, 0);
    make_available(queue, index);
  }
  void put_descriptor(uint64_t table, uint16_t index, uint64_t address, uint32_t size, uint16_t flags, uint16_t next) {
    const uint64_t at = table + 16 * uint64_t{index};
    store(at, address);
    store(at + 8, size);
    // The flags come before `next` in split virtqueues (2.7.5) and behind the id in packed ones (2.8.13).
    const unsigned flags_at = has(virtio::kRingPacked) ? 14 : 12;
    store(at + 26 - flags_at, next);
    store(at + flags_at, flags);
  }
  void make_available(unsigned queue, uint16_t head) {
    Ring& ring = rings_[queue];
    store(ring.driver + 4 + 2 * uint64_t{static_cast<uint16_t>(ring.available % kEntries)}, head);
    store(ring.driver + 2, ++ring.available);
  }
  void notify(unsigned queue) { write(kQueueNotify, queue); }

  // The next chain that the device is done with; fails the test if it is not within a few seconds.
  Used wait(unsigned queue) {
    Used used = {};
    const bool done = until([&] { return take_used(queue, &used); });
    EXPECT_TRUE(done) << "queue " << queue << ": nothing came back";
    return used;
  }
  // add(), notify(), wait()
  Used request(unsigned queue, const std::vector<Piece>& pieces) {
    add(queue, pieces);
    notify(queue);
    return wait(queue);
  }
  bool take_used(unsigned queue, Used* used) {
    Ring& ring = rings_[queue];
    if (has(virtio::kRingPacked)) {
      const uint64_t at = ring.descriptors + 16 * uint64_t{ring.used};
      const auto flags = value_at<uint16_t>(at + 14);
      if (((flags >> 7 & 1) != 0) != ring.used_wrap || ((flags >> 15 & 1) != 0) != ring.used_wrap) return false;
      *used = {value_at<uint16_t>(at + 12), value_at<uint32_t>(at + 8)};
      ring.used = static_cast<uint16_t>(ring.used + ring.lengths[used->id % kEntries]);
      if (ring.used >= kEntries) {
        ring.used = static_cast<uint16_t>(ring.used - kEntries);
        ring.used_wrap = !ring.used_wrap;
      }
      return true;
    }
    if (value_at<uint16_t>(ring.device + 2) == ring.used) return false;
    const uint64_t entry = ring.device + 4 + 8 * uint64_t{static_cast<uint16_t>(ring.used++ % kEntries)};
    *used = {value_at<uint32_t>(entry), value_at<uint32_t>(entry + 4)};
    return true;
  }

  template <typename Condition>
  static bool until(Condition condition) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(300);
    while (!condition()) {
      if (std::chrono::steady_clock::now() > end) return false;
      std::this_thread::sleep_for(std::chrono::microseconds(50));
    }
    return true;
  }
  template <typename T>
  void store(uint64_t address, T value) {
    EXPECT_TRUE(bench_.bus.write(address, &value, sizeof value));
  }

 private:
  void add_queue() {
    Ring ring = {};
    ring.descriptors = allocate(16 * kEntries);
    ring.driver = allocate(6 + 2 * kEntries);
    ring.device = allocate(6 + 8 * kEntries);
    write(kQueueSize, kEntries);
    for (const auto& [offset, address] :
         {std::pair{kQueueDesc, ring.descriptors}, {kQueueDriver, ring.driver}, {kQueueDevice, ring.device}}) {
      write(offset, static_cast<uint32_t>(address));
      write(offset + 4, static_cast<uint32_t>(address >> 32));
    }
    write(kQueueReady, 1);
    EXPECT_EQ(read(kQueueReady), 1U);
    rings_.push_back(ring);
  }

  void add_packed(unsigned queue, const std::vector<Piece>& pieces) {
    Ring& ring = rings_[queue];
    const uint16_t id = ring.available;
    for (std::size_t i = 0; i < pieces.size(); ++i) {
      const bool last = i + 1 == pieces.size();
      put_packed(ring, id, pieces[i].address, pieces[i].size,
                 static_cast<uint16_t>((pieces[i].device_writes ? kWrite : 0) | (last ? 0 : kNext)), last,
                 static_cast<uint16_t>(pieces.size()));
    }
  }
  void put_packed(Ring& ring, uint16_t id, uint64_t address, uint32_t size, uint16_t flags, bool last,
                  uint16_t length) {
    const unsigned marks = ring.available_wrap ? 1U << 7 : 1U << 15;
    put_descriptor(ring.descriptors, ring.available, address, size, static_cast<uint16_t>(flags | marks), id);
    if (last) ring.lengths[id] = length;
    if (++ring.available == kEntries) {
      ring.available = 0;
      ring.available_wrap = !ring.available_wrap;
    }
  }

  Bench& bench_;
  uint64_t free_ = Bench::kRam;
  uint64_t offered_ = 0, negotiated_ = 0;
  std::vector<Ring> rings_;
};

}  // namespace menura::boards::testing
