// What a machine's devices, wires and timers do, on its timeline. Each stands before what does the work, and is there
// only where there is a timeline.
#pragma once

#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "boards/devices/device.h"
#include "softmmu/bus/mmio.h"
#include "vcpu/timeline.h"
#include "vcpu/timer.h"

namespace menura::boards {

// Accesses to a device's registers.
class TimelineMmio final : public softmmu::Mmio {
 public:
  TimelineMmio(vcpu::Timeline& timeline, softmmu::Mmio& mmio, const DeviceKind& kind, const std::string& name)
      : timeline_(timeline), mmio_(mmio), kind_(kind), name_(timeline.keep(name)) {}

  uint64_t mmio_read(uint64_t offset, unsigned size) override;
  void mmio_write(uint64_t offset, unsigned size, uint64_t value) override;

 private:
  vcpu::TimelineEvent event(const char* what, uint64_t offset) const;

  vcpu::Timeline& timeline_;
  softmmu::Mmio& mmio_;
  const DeviceKind& kind_;
  const char* const name_;
};

// A wire: a span as long as it is high, on a track of its own, which is made when that happens first.
class TimelineWire final : public InterruptSink {
 public:
  TimelineWire(vcpu::Timeline& timeline, InterruptSink& sink, const std::string& name)
      : timeline_(timeline), sink_(sink), name_(timeline.keep(name)) {}

  ~TimelineWire() override {
    if (high_) tell({vcpu::TimelineValue::text("end", "not reached")});
  }

  void set_input(unsigned input, bool level) override;

 private:
  void tell(vcpu::TimelineValue value);  // that it has been high

  vcpu::Timeline& timeline_;
  InterruptSink& sink_;
  const char* const name_;
  std::mutex mutex_;  // of what follows
  std::optional<vcpu::Timeline::Track> track_;
  bool high_ = false;
  uint64_t raised_ = 0;  // when
};

// What is done when timers expire, on the thread that does it.
class TimelineTimers final : public vcpu::TimerService {
 public:
  TimelineTimers(vcpu::Timeline& timeline, vcpu::TimerService& timers) : timeline_(timeline), timers_(timers) {}

  std::unique_ptr<vcpu::Timer> make_timer(std::function<void()> expired) override {
    return timers_.make_timer([this, expired = std::move(expired)] {
      const vcpu::TimelineSpan span(&timeline_, {"timer", {"timer expires"}});
      expired();
    });
  }

 private:
  vcpu::Timeline& timeline_;
  vcpu::TimerService& timers_;
};

}  // namespace menura::boards
