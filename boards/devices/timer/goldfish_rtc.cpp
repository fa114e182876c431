// The clock of the Android emulator's goldfish board: nanoseconds since 1970 and one alarm.
// After: Android's "Goldfish virtual hardware" (GOLDFISH-VIRTUAL-HARDWARE.TXT), section "Goldfish timer".
// Not modelled: nothing is left out.
#include <mutex>

#include "boards/devices/devices.h"

namespace menura::boards {
namespace {

enum : uint64_t {
  kTimeLow = 0x00,
  kTimeHigh = 0x04,
  kAlarmLow = 0x08,
  kAlarmHigh = 0x0c,
  kIrqEnabled = 0x10,
  kClearAlarm = 0x14,
  kAlarmStatus = 0x18,
  kClearInterrupt = 0x1c,
};

constexpr RegisterRow kRegisters[] = {
    {kTimeLow, 4, Rights::Rw, "TIME_LOW", "reading it keeps TIME_HIGH for the next read"},
    {kTimeHigh, 4, Rights::Rw, "TIME_HIGH", ""},
    {kAlarmLow, 4, Rights::Rw, "ALARM_LOW", "writing it sets the alarm"},
    {kAlarmHigh, 4, Rights::Rw, "ALARM_HIGH", ""},
    {kIrqEnabled, 4, Rights::Rw, "IRQ_ENABLED", "0 ENABLED"},
    {kClearAlarm, 4, Rights::Wo, "CLEAR_ALARM", ""},
    {kAlarmStatus, 4, Rights::Ro, "ALARM_STATUS", "0 RUNNING"},
    {kClearInterrupt, 4, Rights::Wo, "CLEAR_INTERRUPT", ""},
};

constexpr uint64_t kSecond = 1'000'000'000;

class GoldfishRtc final : public Device {
 public:
  explicit GoldfishRtc(const DeviceSetup& setup)
      : wire_(setup.interrupt()),
        door_(setup.door),
        log_(setup.log, kGoldfishRtc),
        timer_(setup.timers.make_timer([this] {
          const std::lock_guard lock(mutex_);
          update();
        })) {
    GoldfishRtc::reset();
  }

  void reset() override {
    const std::lock_guard lock(mutex_);
    ahead_ = 0;
    alarm_ = time_high_ = 0;
    alarm_running_ = irq_pending_ = irq_enabled_ = false;
    update();
  }
  void state(StateVisitor& visitor) override {
    const std::lock_guard lock(mutex_);
    visitor("ahead of the host's clock", ahead_);
    visitor("TIME_HIGH", time_high_);
    visitor("ALARM", alarm_);
    visitor("ALARM_STATUS", alarm_running_);
    visitor("interrupt", irq_pending_);
    visitor("IRQ_ENABLED", irq_enabled_);
  }
  void restored() override {
    const std::lock_guard lock(mutex_);
    update();
  }

  uint64_t mmio_read(uint64_t offset, unsigned) override {
    const std::lock_guard lock(mutex_);
    switch (offset) {
      case kTimeLow: {
        const uint64_t time = now();
        time_high_ = static_cast<uint32_t>(time >> 32);
        return time & 0xffffffff;
      }
      case kTimeHigh:
        return time_high_;
      case kAlarmLow:
        return alarm_ & 0xffffffff;
      case kAlarmHigh:
        return alarm_ >> 32;
      case kIrqEnabled:
        return uint64_t{irq_enabled_};
      case kAlarmStatus:
        return uint64_t{alarm_running_};
      default:
        log_.bad_read(offset);
        return 0;
    }
  }

  void mmio_write(uint64_t offset, unsigned, uint64_t value) override {
    const std::lock_guard lock(mutex_);
    switch (offset) {
      case kTimeLow:
        ahead_ += ((now() & ~uint64_t{0xffffffff}) | value) - now();
        break;
      case kTimeHigh:
        ahead_ += (value << 32 | (now() & 0xffffffff)) - now();
        break;
      case kAlarmLow:
        alarm_ = (alarm_ & ~uint64_t{0xffffffff}) | value;
        alarm_running_ = true;
        break;
      case kAlarmHigh:
        alarm_ = (alarm_ & 0xffffffff) | value << 32;
        return;
      case kIrqEnabled:
        irq_enabled_ = (value & 1) != 0;
        break;
      case kClearAlarm:
        alarm_running_ = false;
        break;
      case kClearInterrupt:
        irq_pending_ = false;
        break;
      default:
        log_.bad_write(offset, value);
        return;
    }
    update();
  }

 private:
  uint64_t now() {
    timespec time = {};
    door_.clock(CLOCK_REALTIME, &time);
    return static_cast<uint64_t>(time.tv_sec) * kSecond + static_cast<uint64_t>(time.tv_nsec) + ahead_;
  }

  // The mutex is held.
  void update() {
    timer_->disarm();
    if (alarm_running_) {
      const uint64_t time = now();
      if (alarm_ <= time) {
        alarm_running_ = false;
        irq_pending_ = true;
      } else {
        const auto ticks = static_cast<unsigned __int128>(alarm_ - time) * door_.counter_hz() / kSecond;
        timer_->arm(door_.counter() + static_cast<uint64_t>(ticks) + 1);
      }
    }
    wire_.set(irq_pending_ && irq_enabled_);
  }

  const Wire wire_;
  vcpu::Door& door_;
  const DeviceLog log_;
  std::mutex mutex_;
  uint64_t ahead_ = 0;  // nanoseconds, modulo 2^64
  uint64_t alarm_ = 0;
  uint32_t time_high_ = 0;
  bool alarm_running_ = false, irq_pending_ = false, irq_enabled_ = false;
  std::unique_ptr<vcpu::Timer> timer_;  // last: its callback uses all the others
};

std::unique_ptr<Device> make(const DeviceSetup& setup) { return std::make_unique<GoldfishRtc>(setup); }

}  // namespace

const DeviceKind kGoldfishRtc = {
    .name = "goldfish-rtc",
    .what = "real-time clock with an alarm",
    .datasheet = "Android's GOLDFISH-VIRTUAL-HARDWARE.TXT",
    .node = "rtc",
    .compatible = "google,goldfish-rtc",
    .size = 0x24,
    .access = {4, 4},
    .registers = kRegisters,
    .make = make,
};

}  // namespace menura::boards
