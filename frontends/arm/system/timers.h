// One of the generic timers (Arm ARM DDI 0487, D12.2): compares the counter, and raises its output.
#pragma once

#include <functional>
#include <memory>
#include <mutex>

#include "frontends/arm/helpers/helpers.h"
#include "vcpu/door.h"
#include "vcpu/timer.h"

namespace menura::arm {

class GenericTimer {
 public:
  // CNTx_CTL_EL0 (D19.12.18).
  static constexpr uint64_t kEnable = 1;
  static constexpr uint64_t kMask = 2;
  static constexpr uint64_t kStatus = 4;

  // `output`: its interrupt line; called on the virtual CPU's thread or the timer service's.
  GenericTimer(vcpu::Door& door, vcpu::TimerService& timers, std::function<void(bool)> output);

  // CNTx_CTL_EL0's ENABLE and IMASK, and CNTx_CVAL_EL0.
  void set(uint64_t control, uint64_t compare);
  // Whether the condition is met: ISTATUS, where ENABLE is set.
  bool is_met(uint64_t compare) const { return count_of(door_) >= compare; }

 private:
  void update();  // with the mutex held

  vcpu::Door& door_;
  const std::function<void(bool)> output_;
  std::mutex mutex_;
  uint64_t control_ = 0;
  uint64_t compare_ = 0;
  bool level_ = false;
  std::unique_ptr<vcpu::Timer> timer_;  // last: its callback uses all of the above
};

}  // namespace menura::arm
