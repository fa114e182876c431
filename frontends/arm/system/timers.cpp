#include "frontends/arm/system/timers.h"

namespace menura::arm {

using Wide = unsigned __int128;

GenericTimer::GenericTimer(vcpu::Door& door, vcpu::TimerService& timers, std::function<void(bool)> output)
    : door_(door), output_(std::move(output)), timer_(timers.make_timer([this] {
        const std::lock_guard lock(mutex_);
        update();
      })) {}

void GenericTimer::set(uint64_t control, uint64_t compare) {
  const std::lock_guard lock(mutex_);
  control_ = control;
  compare_ = compare;
  update();
}

// D12.2.4: level-sensitive; it follows the condition, ENABLE and IMASK.
void GenericTimer::update() {
  const bool wanted = (control_ & (kEnable | kMask)) == kEnable;
  const bool level = wanted && is_met(compare_);
  if (level != level_) {
    level_ = level;
    output_(level);
  }
  const uint64_t rate = counter_rate(door_);
  const Wide deadline = (Wide{compare_} * door_.counter_hz() + (rate - 1)) / rate;
  if (!wanted || level || deadline > ~uint64_t{0}) return timer_->disarm();
  timer_->arm(static_cast<uint64_t>(deadline));
}

}  // namespace menura::arm
