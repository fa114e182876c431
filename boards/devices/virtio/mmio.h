// The virtio transport over MMIO (virtio 1.2, 4.2), version 2: the registers of one slot of a board, and the device
// that is in it.
#pragma once

#include <atomic>
#include <deque>
#include <memory>
#include <mutex>
#include <vector>

#include "boards/devices/device.h"
#include "boards/devices/virtio/function.h"
#include "boards/devices/virtio/request_tracks.h"

namespace menura::boards::virtio {

inline constexpr uint64_t kMmioSize = 0x200;  // registers, and 256 bytes of configuration
inline constexpr softmmu::MmioAccess kMmioAccess = {1, 4};
extern const std::span<const RegisterRow> kMmioRegisters;

// The kind of a device in such a slot.
inline DeviceKind in_slot(const char* name, const char* what, const char* datasheet,
                          std::unique_ptr<Device> (*make)(const DeviceSetup& setup)) {
  return {.name = name,
          .what = what,
          .datasheet = datasheet,
          .node = "virtio_mmio",
          .compatible = "virtio,mmio",
          .size = kMmioSize,
          .access = kMmioAccess,
          .registers = kMmioRegisters,
          .make = make};
}

class MmioTransport final : public Device, private Transport {
 public:
  // `function`: nullptr for an empty slot, DeviceID 0.
  MmioTransport(const DeviceSetup& setup, const DeviceKind& kind, uint32_t device_id,
                std::unique_ptr<Function> function);
  ~MmioTransport() override;

  void reset() override;
  void state(StateVisitor& visitor) override;
  void restored() override;
  uint64_t mmio_read(uint64_t offset, unsigned size) override;
  void mmio_write(uint64_t offset, unsigned size, uint64_t value) override;
  BalloonControl* balloon() override { return function_ == nullptr ? nullptr : function_->balloon(); }

 private:
  struct Slot {
    Slot(const DeviceSetup& setup, uint16_t most_, const std::string& name)
        : most(most_), requests(setup.timeline, name), queue(setup.memory, setup.timeline) {}
    const uint16_t most;  // QueueSizeMax
    RequestTracks requests;
    QueueLayout layout;  // as the registers say
    bool ready = false;
    Queue queue;
  };

  // --- Transport
  Queue& queue(unsigned index) override { return slots_[index].queue; }
  using Transport::finish;
  void finish(unsigned queue, std::span<Chain> chains) override;
  void needs_reset() override;
  void config_changed() override;

  // --- the mutex is held
  uint64_t offered() const;
  Slot* selected() { return queue_select_ < slots_.size() ? &slots_[queue_select_] : nullptr; }
  uint32_t read_register(uint64_t offset);
  void write_register(uint64_t offset, uint32_t value);
  uint64_t read_config(uint64_t offset, unsigned size);
  void write_status(uint32_t value);
  void set_queue_ready(Slot* slot, bool ready);
  void start_queue(Slot* slot);
  void reset_device();
  void interrupt(uint32_t cause);

  const Wire wire_;
  const DeviceLog log_;
  const uint32_t device_id_;
  const std::unique_ptr<Function> function_;

  std::mutex mutex_;  // of the registers; never taken by the function's threads
  std::deque<Slot> slots_;
  uint32_t device_features_select_ = 0, driver_features_select_ = 0, queue_select_ = 0;
  uint64_t driver_features_ = 0;
  bool started_ = false;  // the function is
  std::vector<uint8_t> config_;
  uint32_t config_generation_ = 0;    // of config_
  std::atomic<uint32_t> status_{0};   // Status
  std::atomic<uint32_t> changes_{0};  // ConfigGeneration
  std::mutex interrupt_mutex_;        // of the next and the wire
  uint32_t interrupt_status_ = 0;     // InterruptStatus
};

}  // namespace menura::boards::virtio
