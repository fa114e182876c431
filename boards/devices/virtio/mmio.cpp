// After: "Virtual I/O Device (VIRTIO) Version 1.2", OASIS 2022, section 4.2.
// Not modelled: the legacy interface (version 1, 4.2.4), shared memory regions, VIRTIO_F_RING_RESET.
#include "boards/devices/virtio/mmio.h"

#include <cstring>

#include "boards/devices/devices.h"

namespace menura::boards {
namespace virtio {
namespace {

// 4.2.2, table 4.1
enum : uint64_t {
  kMagicValue = 0x000,
  kVersion = 0x004,
  kDeviceId = 0x008,
  kVendorId = 0x00c,
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
  kQueueDescLow = 0x080,
  kQueueDescHigh = 0x084,
  kQueueDriverLow = 0x090,
  kQueueDriverHigh = 0x094,
  kQueueDeviceLow = 0x0a0,
  kQueueDeviceHigh = 0x0a4,
  kShmSel = 0x0ac,
  kShmLenLow = 0x0b0,
  kShmLenHigh = 0x0b4,
  kShmBaseLow = 0x0b8,
  kShmBaseHigh = 0x0bc,
  kQueueReset = 0x0c0,
  kConfigGeneration = 0x0fc,
  kConfig = 0x100,
};

constexpr RegisterRow kRegisters[] = {
    {kMagicValue, 4, Rights::Ro, "MagicValue", "'virt'"},
    {kVersion, 4, Rights::Ro, "Version", ""},
    {kDeviceId, 4, Rights::Ro, "DeviceID", "0: nothing is here"},
    {kVendorId, 4, Rights::Ro, "VendorID", ""},
    {kDeviceFeatures, 4, Rights::Ro, "DeviceFeatures", ""},
    {kDeviceFeaturesSel, 4, Rights::Wo, "DeviceFeaturesSel", ""},
    {kDriverFeatures, 4, Rights::Wo, "DriverFeatures", ""},
    {kDriverFeaturesSel, 4, Rights::Wo, "DriverFeaturesSel", ""},
    {kQueueSel, 4, Rights::Wo, "QueueSel", ""},
    {kQueueSizeMax, 4, Rights::Ro, "QueueSizeMax", ""},
    {kQueueSize, 4, Rights::Wo, "QueueSize", ""},
    {kQueueReady, 4, Rights::Rw, "QueueReady", "0 READY"},
    {kQueueNotify, 4, Rights::Wo, "QueueNotify", ""},
    {kInterruptStatus, 4, Rights::Ro, "InterruptStatus", "1 CONFIGURATION_CHANGE, 0 USED_BUFFER"},
    {kInterruptAck, 4, Rights::Wo, "InterruptACK", "1 CONFIGURATION_CHANGE, 0 USED_BUFFER"},
    {kStatus, 4, Rights::Rw, "Status",
     "7 FAILED, 6 DEVICE_NEEDS_RESET, 3 FEATURES_OK, 2 DRIVER_OK, 1 DRIVER, 0 ACKNOWLEDGE"},
    {kQueueDescLow, 4, Rights::Wo, "QueueDescLow", ""},
    {kQueueDescHigh, 4, Rights::Wo, "QueueDescHigh", ""},
    {kQueueDriverLow, 4, Rights::Wo, "QueueDriverLow", ""},
    {kQueueDriverHigh, 4, Rights::Wo, "QueueDriverHigh", ""},
    {kQueueDeviceLow, 4, Rights::Wo, "QueueDeviceLow", ""},
    {kQueueDeviceHigh, 4, Rights::Wo, "QueueDeviceHigh", ""},
    {kShmSel, 4, Rights::Wo, "SHMSel", ""},
    {kShmLenLow, 4, Rights::Ro, "SHMLenLow", ""},
    {kShmLenHigh, 4, Rights::Ro, "SHMLenHigh", ""},
    {kShmBaseLow, 4, Rights::Ro, "SHMBaseLow", ""},
    {kShmBaseHigh, 4, Rights::Ro, "SHMBaseHigh", ""},
    {kQueueReset, 4, Rights::Rw, "QueueReset", "not offered"},
    {kConfigGeneration, 4, Rights::Ro, "ConfigGeneration", ""},
    {kConfig, 1, Rights::Rw, "Config", "of the device", 0x100, 1},
};

constexpr uint32_t kMagic = 0x74726976;   // "virt"
constexpr uint32_t kVendor = 0x554d454d;  // "MEMU": any number will do (4.2.2.1)

// Status (2.1)
constexpr uint32_t kDriverOk = 4, kFeaturesOk = 8, kNeedsReset = 64;
// InterruptStatus
constexpr uint32_t kUsedBuffer = 1, kConfigurationChange = 2;

void set_low(uint64_t* address, uint32_t value) { *address = (*address & ~uint64_t{0xffffffff}) | value; }
void set_high(uint64_t* address, uint32_t value) { *address = (*address & 0xffffffff) | uint64_t{value} << 32; }

}  // namespace

const std::span<const RegisterRow> kMmioRegisters = kRegisters;

MmioTransport::MmioTransport(const DeviceSetup& setup, const DeviceKind& kind, uint32_t device_id,
                             std::unique_ptr<Function> function)
    : wire_(setup.interrupt()), log_(setup.log, kind), device_id_(device_id), function_(std::move(function)) {
  if (function_ != nullptr) {
    for (const uint16_t size : function_->queue_sizes()) {
      slots_.emplace_back(setup, size, kind.name + std::string(", queue ") + std::to_string(slots_.size()));
    }
  }
  MmioTransport::reset();
}

MmioTransport::~MmioTransport() {
  if (function_ != nullptr) function_->stop();
}

// --- Device

void MmioTransport::reset() {
  const std::lock_guard lock(mutex_);
  reset_device();
  device_features_select_ = driver_features_select_ = queue_select_ = 0;
}

// As by writing 0 to Status (2.4): nothing of the guest is touched afterwards.
void MmioTransport::reset_device() {
  if (function_ != nullptr) function_->stop();
  started_ = false;
  for (Slot& slot : slots_) {
    slot.queue.stop();
    slot.layout = {};
    slot.layout.size = slot.most;
    slot.ready = false;
  }
  driver_features_ = 0;
  status_ = 0;
  if (function_ != nullptr) {
    function_->reset();
    function_->read_config(&config_);
  }
  const std::lock_guard lock(interrupt_mutex_);
  interrupt_status_ = 0;
  wire_.set(false);
}

void MmioTransport::state(StateVisitor& visitor) {
  const std::lock_guard lock(mutex_);
  if (function_ != nullptr) function_->stop();
  visitor("DeviceFeaturesSel", device_features_select_);
  visitor("DriverFeaturesSel", driver_features_select_);
  visitor("QueueSel", queue_select_);
  visitor("DriverFeatures", driver_features_);
  visitor("Status", status_);
  visitor("ConfigGeneration", changes_);
  visitor("InterruptStatus", interrupt_status_);
  for (Slot& slot : slots_) {
    slot.layout.state(visitor);
    visitor("QueueReady", slot.ready);
    if (slot.layout.size > slot.most) slot.layout.size = slot.most;
    Queue::Progress progress = slot.queue.progress();
    progress.state(visitor);
    if (slot.ready) {
      start_queue(&slot);
      slot.queue.set_progress(progress);
    } else {
      slot.queue.stop();
    }
  }
  if (function_ != nullptr) {
    function_->state(visitor);
    if (started_) function_->start(*this, driver_features_);
  }
}

void MmioTransport::restored() {
  const std::lock_guard lock(mutex_);
  {
    const std::lock_guard interrupts(interrupt_mutex_);
    wire_.set(interrupt_status_ != 0);
  }
  if (function_ == nullptr) return;
  function_->stop();
  function_->read_config(&config_);
  started_ = (status_ & kDriverOk) != 0;
  if (started_) function_->start(*this, driver_features_);
}

// --- registers

uint64_t MmioTransport::mmio_read(uint64_t offset, unsigned size) {
  const std::lock_guard lock(mutex_);
  if (offset >= kConfig) return read_config(offset - kConfig, size);
  if (size != 4) {  // 4.2.2.2
    log_.bad_read(offset);
    return 0;
  }
  return read_register(offset);
}

uint64_t MmioTransport::read_config(uint64_t offset, unsigned size) {
  // Fields that the driver reads between two equal generations are of one state (2.5.1).
  if (function_ != nullptr && config_generation_ != changes_.load()) {
    config_generation_ = changes_.load();
    function_->read_config(&config_);
  }
  uint64_t value = 0;
  if (offset < config_.size()) {
    std::memcpy(&value, config_.data() + offset, std::min<uint64_t>(size, config_.size() - offset));
  } else {
    log_.bad_read(kConfig + offset);
  }
  return value;
}

uint64_t MmioTransport::offered() const {
  if (function_ == nullptr) return 0;
  return function_->features() | kVersion1 | kIndirectDescriptors | kEventIndex | kRingPacked;
}

uint32_t MmioTransport::read_register(uint64_t offset) {
  switch (offset) {
    case kMagicValue:
      return kMagic;
    case kVersion:
      return 2;
    case kDeviceId:
      return device_id_;
    case kVendorId:
      return kVendor;
    case kDeviceFeatures:
      return device_features_select_ < 2 ? static_cast<uint32_t>(offered() >> (32 * device_features_select_)) : 0;
    case kQueueSizeMax:
      return selected() != nullptr ? selected()->most : 0;
    case kQueueReady:
      return selected() != nullptr && selected()->ready ? 1 : 0;
    case kInterruptStatus: {
      const std::lock_guard lock(interrupt_mutex_);
      return interrupt_status_;
    }
    case kStatus:
      return status_;
    // There is no shared memory: its length reads as -1 (4.2.2).
    case kShmLenLow:
    case kShmLenHigh:
    case kShmBaseLow:
    case kShmBaseHigh:
      return 0xffffffff;
    case kQueueReset:
      return 0;
    case kConfigGeneration:
      return changes_.load();
    default:
      log_.bad_read(offset);
      return 0;
  }
}

void MmioTransport::mmio_write(uint64_t offset, unsigned size, uint64_t value) {
  if (offset == kQueueNotify && size == 4) {
    // The queue's number (2.8.15: with VIRTIO_F_NOTIFICATION_DATA more, which is not offered). Without the mutex: a
    // function that is stopped forgets it.
    if (value < slots_.size() && (status_.load() & (kDriverOk | kNeedsReset)) == kDriverOk) {
      if (slots_[value].requests.wanted()) slots_[value].requests.notified();
      function_->notify(static_cast<unsigned>(value));
    }
    return;
  }
  const std::lock_guard lock(mutex_);
  if (offset >= kConfig) {
    if (offset - kConfig + size <= config_.size()) {
      function_->write_config(static_cast<uint32_t>(offset - kConfig), value, size);
      function_->read_config(&config_);
    } else {
      log_.bad_write(offset, value);
    }
    return;
  }
  if (size != 4) {
    log_.bad_write(offset, value);
    return;
  }
  write_register(offset, static_cast<uint32_t>(value));
}

void MmioTransport::write_register(uint64_t offset, uint32_t value) {
  Slot* const slot = selected();
  // What a queue is made of does not change while it is ready (4.2.3.2).
  QueueLayout ignored;
  QueueLayout& layout = slot == nullptr || slot->ready ? ignored : slot->layout;
  switch (offset) {
    case kDeviceFeaturesSel:
      device_features_select_ = value;
      return;
    case kDriverFeaturesSel:
      driver_features_select_ = value;
      return;
    case kDriverFeatures:
      if ((status_ & kFeaturesOk) != 0 || driver_features_select_ > 1) return;  // 2.2.1
      (driver_features_select_ == 0 ? set_low : set_high)(&driver_features_, value);
      return;
    case kQueueSel:
      queue_select_ = value;
      return;
    case kQueueSize:
      // A power of two, unless the queue is packed (2.7, 2.8.10.1); others than those are ignored.
      if (slot != nullptr && value != 0 && value <= slot->most &&
          ((driver_features_ & kRingPacked) != 0 || (value & (value - 1)) == 0)) {
        layout.size = static_cast<uint16_t>(value);
      }
      return;
    case kQueueReady:
      if (slot != nullptr) set_queue_ready(slot, (value & 1) != 0);
      return;
    case kInterruptAck: {
      const std::lock_guard lock(interrupt_mutex_);
      interrupt_status_ &= ~value;
      wire_.set(interrupt_status_ != 0);
      return;
    }
    case kStatus:
      return write_status(value);
    case kQueueDescLow:
      return set_low(&layout.descriptors, value);
    case kQueueDescHigh:
      return set_high(&layout.descriptors, value);
    case kQueueDriverLow:
      return set_low(&layout.driver, value);
    case kQueueDriverHigh:
      return set_high(&layout.driver, value);
    case kQueueDeviceLow:
      return set_low(&layout.device, value);
    case kQueueDeviceHigh:
      return set_high(&layout.device, value);
    case kShmSel:
      return;
    default:
      log_.bad_write(offset, value);
      return;
  }
}

void MmioTransport::write_status(uint32_t value) {
  if (value == 0) {
    reset_device();
    return;
  }
  if (function_ == nullptr) return;
  // Bits are only ever added (2.1.1), DEVICE_NEEDS_RESET by the device alone.
  uint32_t added = value & ~status_.load() & 0xff & ~kNeedsReset;
  // Not with features that were not offered, and not as a legacy driver (2.2.2, 6.1).
  if ((added & kFeaturesOk) != 0 && ((driver_features_ & ~offered()) != 0 || (driver_features_ & kVersion1) == 0)) {
    added &= ~kFeaturesOk;
  }
  if (((status_ | added) & kFeaturesOk) == 0) added &= ~kDriverOk;
  status_ |= added;
  if ((added & kDriverOk) != 0) {
    function_->start(*this, driver_features_);
    started_ = true;
  }
}

void MmioTransport::start_queue(Slot* slot) {
  slot->queue.start(slot->layout, {.indirect = (driver_features_ & kIndirectDescriptors) != 0,
                                   .event_index = (driver_features_ & kEventIndex) != 0,
                                   .packed = (driver_features_ & kRingPacked) != 0});
}

void MmioTransport::set_queue_ready(Slot* slot, bool ready) {
  if (slot->ready == ready || (ready && (status_ & kFeaturesOk) == 0)) return;
  slot->ready = ready;
  if (ready) {
    start_queue(slot);
    return;
  }
  // What is under way ends first: nothing comes into a ring that is gone.
  function_->stop();
  slot->queue.stop();
  if (started_) function_->start(*this, driver_features_);
}

// --- Transport

void MmioTransport::interrupt(uint32_t cause) {
  const std::lock_guard lock(interrupt_mutex_);
  interrupt_status_ |= cause;
  wire_.set(true);
}

void MmioTransport::finish(unsigned index, std::span<Chain> chains) {
  Slot& slot = slots_[index];
  const bool wanted = slot.queue.push(chains);
  if (wanted) interrupt(kUsedBuffer);
  if (slot.requests.wanted()) slot.requests.done(chains, wanted);
}

void MmioTransport::needs_reset() {
  if ((status_.fetch_or(kNeedsReset) & kDriverOk) != 0) interrupt(kConfigurationChange);  // 2.1.2
}

void MmioTransport::config_changed() {
  ++changes_;
  if ((status_ & kDriverOk) != 0) interrupt(kConfigurationChange);
}

}  // namespace virtio

namespace {

std::unique_ptr<Device> make_empty(const DeviceSetup& setup) {
  if (setup.attachment != nullptr) return setup.attachment->kind->make(setup);
  return std::make_unique<virtio::MmioTransport>(setup, kVirtioSlot, 0, nullptr);
}

}  // namespace

const DeviceKind kVirtioSlot = {
    .name = "virtio-mmio",
    .what = "a place for a virtio device",
    .datasheet = "virtio 1.2, 4.2",
    .node = "virtio_mmio",
    .compatible = "virtio,mmio",
    .size = virtio::kMmioSize,
    .access = virtio::kMmioAccess,
    .registers = virtio::kRegisters,
    .make = make_empty,
    .takes_attachment = true,
};

}  // namespace menura::boards
