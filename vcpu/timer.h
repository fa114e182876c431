// Timers that expire in guest time (Door::counter of the machine's door): what guest timers are made of.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>

namespace menura::vcpu {

class Timer {
 public:
  virtual ~Timer() = default;  // disarms; waits for a callback that is running

  // Calls back once when the counter reaches `deadline` (at once if it has), from a thread of the service. Replaces
  // what was armed before.
  virtual void arm(uint64_t deadline) = 0;
  virtual void disarm() = 0;
};

class TimerService {
 public:
  virtual ~TimerService() = default;

  // Deadlines are in the units of Door::counter().
  virtual std::unique_ptr<Timer> make_timer(std::function<void()> expired) = 0;
};

}  // namespace menura::vcpu
