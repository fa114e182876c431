// Function: what a virtio device does, whatever it is attached by. Transport: what it is attached by (mmio.h).
#pragma once

#include <cstdint>
#include <span>

#include "boards/devices/device.h"
#include "boards/devices/state.h"
#include "boards/devices/virtio/queue.h"

namespace menura::boards::virtio {

// Feature bits that belong to no kind of device (virtio 1.2, 6).
inline constexpr uint64_t kIndirectDescriptors = uint64_t{1} << 28;
inline constexpr uint64_t kEventIndex = uint64_t{1} << 29;
inline constexpr uint64_t kVersion1 = uint64_t{1} << 32;
inline constexpr uint64_t kRingPacked = uint64_t{1} << 34;

constexpr uint64_t feature(unsigned bit) { return uint64_t{1} << bit; }

// What a function may ask of its transport; any thread.
class Transport {
 public:
  virtual ~Transport() = default;
  virtual Queue& queue(unsigned index) = 0;
  // push(), and the interrupt if the driver wants one.
  virtual void finish(unsigned queue, std::span<Chain> chains) = 0;
  void finish(unsigned queue, Chain& chain) { finish(queue, std::span(&chain, 1)); }
  // The driver has broken a rule: DEVICE_NEEDS_RESET (2.1.2).
  virtual void needs_reset() = 0;
  // Something in the configuration space has changed.
  virtual void config_changed() = 0;
};

class Function {
 public:
  virtual ~Function() = default;

  // How many entries each of its queues may have, one number per queue.
  virtual std::span<const uint16_t> queue_sizes() const = 0;
  // The bits of its kind that it offers.
  virtual uint64_t features() const { return 0; }

  // The device configuration space; `config` is where a whole one goes, from offset 0. Any thread.
  virtual void read_config(std::vector<uint8_t>* config) { config->clear(); }
  // Bytes at `offset` within it.
  virtual void write_config(uint32_t offset, uint64_t value, unsigned size) {
    static_cast<void>(offset), static_cast<void>(value), static_cast<void>(size);
  }

  // The driver is ready (DRIVER_OK), with these features; also after state() has put back what was kept.
  virtual void start(Transport& transport, uint64_t features) = 0;
  // There may be something in this queue. Between start() and stop(), by any virtual CPU's thread: it does not wait.
  virtual void notify(unsigned queue) = 0;
  // When it returns, queues and memory are not used any more until start(). Also when it was never started.
  virtual void stop() = 0;
  // As after power-on; it is stopped.
  virtual void reset() {}
  // Of memory balloons.
  virtual BalloonControl* balloon() { return nullptr; }
  // What it must keep besides; it is stopped.
  virtual void state(StateVisitor& visitor) { static_cast<void>(visitor); }
};

}  // namespace menura::boards::virtio
