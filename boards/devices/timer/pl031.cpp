// Arm's PrimeCell Real Time Clock: seconds since 1970 and one alarm.
// After: ARM PrimeCell Real Time Clock (PL031) Technical Reference Manual (DDI 0224C), r1p3.
// Not modelled: the clock cannot be stopped (RTCCR.START reads as 1, as it does once it is set).
#include <mutex>

#include "boards/devices/devices.h"
#include "boards/devices/primecell.h"

namespace menura::boards {
namespace {

enum : uint64_t {
  kDr = 0x00,
  kMr = 0x04,
  kLr = 0x08,
  kCr = 0x0c,
  kImsc = 0x10,
  kRis = 0x14,
  kMis = 0x18,
  kIcr = 0x1c,
};

constexpr RegisterRow kRegisters[] = {
    {kDr, 4, Rights::Ro, "RTCDR", ""},
    {kMr, 4, Rights::Rw, "RTCMR", ""},
    {kLr, 4, Rights::Rw, "RTCLR", ""},
    {kCr, 4, Rights::Rw, "RTCCR", "0 START"},
    {kImsc, 4, Rights::Rw, "RTCIMSC", "0 IMSC"},
    {kRis, 4, Rights::Ro, "RTCRIS", "0 RIS"},
    {kMis, 4, Rights::Ro, "RTCMIS", "0 MIS"},
    {kIcr, 4, Rights::Wo, "RTCICR", "0 ICR"},
    {kPrimecellId, 4, Rights::Ro, "RTCPeriphID", "", 8, 4},
};

constexpr uint32_t kPeripheral = 0x00041031;

class Pl031 final : public Device {
 public:
  explicit Pl031(const DeviceSetup& setup)
      : wire_(setup.interrupt()), door_(setup.door), log_(setup.log, kPl031), timer_(setup.timers.make_timer([this] {
          const std::lock_guard lock(mutex_);
          update();
        })) {
    Pl031::reset();
  }

  void reset() override {
    const std::lock_guard lock(mutex_);
    ahead_ = 0;
    match_ = load_ = imsc_ = raw_ = 0;
    armed_ = false;
    update();
  }
  void state(StateVisitor& visitor) override {
    const std::lock_guard lock(mutex_);
    visitor("ahead of the host's clock", ahead_);
    visitor("RTCMR", match_);
    visitor("RTCLR", load_);
    visitor("RTCIMSC", imsc_);
    visitor("RTCRIS", raw_);
    visitor("armed", armed_);
  }
  void restored() override {
    const std::lock_guard lock(mutex_);
    update();
  }

  uint64_t mmio_read(uint64_t offset, unsigned) override {
    const std::lock_guard lock(mutex_);
    switch (offset) {
      case kDr:
        return now();
      case kMr:
        return match_;
      case kLr:
        return load_;
      case kCr:
        return 1;
      case kImsc:
        return imsc_;
      case kRis:
        return raw_;
      case kMis:
        return raw_ & imsc_;
      default:
        break;
    }
    if (const auto id = primecell_id(kPeripheral, offset)) return *id;
    log_.bad_read(offset);
    return 0;
  }

  void mmio_write(uint64_t offset, unsigned, uint64_t value64) override {
    const std::lock_guard lock(mutex_);
    const auto value = static_cast<uint32_t>(value64);
    switch (offset) {
      case kMr:
        match_ = value;
        armed_ = true;
        break;
      case kLr:
        load_ = value;
        ahead_ += value - now();
        break;
      case kCr:
        return;
      case kImsc:
        imsc_ = value & 1;
        break;
      case kIcr:
        raw_ &= ~value;
        break;
      default:
        log_.bad_write(offset, value64);
        return;
    }
    update();
  }

 private:
  uint32_t now() {
    timespec time = {};
    door_.clock(CLOCK_REALTIME, &time);
    return static_cast<uint32_t>(time.tv_sec) + ahead_;
  }

  // The mutex is held. The interrupt comes when the counter equals the match register: once, after that was written.
  void update() {
    timer_->disarm();
    if (armed_) {
      const uint32_t left = match_ - now();
      if (left == 0) {
        armed_ = false;
        raw_ = 1;
      } else {
        timer_->arm(door_.counter() + uint64_t{left} * door_.counter_hz());
      }
    }
    wire_.set((raw_ & imsc_) != 0);
  }

  const Wire wire_;
  vcpu::Door& door_;
  const DeviceLog log_;
  std::mutex mutex_;
  uint32_t ahead_ = 0;  // seconds, modulo 2^32
  uint32_t match_ = 0, load_ = 0, imsc_ = 0, raw_ = 0;
  bool armed_ = false;
  std::unique_ptr<vcpu::Timer> timer_;  // last: its callback uses all the others
};

std::unique_ptr<Device> make(const DeviceSetup& setup) { return std::make_unique<Pl031>(setup); }

}  // namespace

const DeviceKind kPl031 = {
    .name = "pl031",
    .what = "real-time clock, Arm PrimeCell",
    .datasheet = "Arm DDI 0224C",
    .node = "pl031",
    .compatible = "arm,pl031 arm,primecell",
    .size = kPrimecellSize,
    .access = {1, 4},
    .registers = kRegisters,
    .make = make,
    .describe = describe_primecell,
};

}  // namespace menura::boards
