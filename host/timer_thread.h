// The host thread on which the timers of a machine expire.
#pragma once

#include <condition_variable>
#include <mutex>
#include <set>
#include <thread>
#include <utility>

#include "vcpu/door.h"
#include "vcpu/timer.h"

namespace menura::host {

class TimerThread final : public vcpu::TimerService {
 public:
  explicit TimerThread(vcpu::Door& door);  // outlives it
  ~TimerThread() override;                 // after all of its timers
  TimerThread(const TimerThread&) = delete;
  TimerThread& operator=(const TimerThread&) = delete;

  std::unique_ptr<vcpu::Timer> make_timer(std::function<void()> expired) override;

 private:
  class HostTimer;

  void run();

  vcpu::Door& door_;
  std::mutex mutex_;
  std::condition_variable changed_;                      // the first timer, or stop_
  std::condition_variable idle_;                         // running_ is over
  std::set<std::pair<uint64_t, HostTimer*>> deadlines_;  // armed, the next one first
  HostTimer* running_ = nullptr;                         // whose callback is under way
  bool stop_ = false;
  std::thread thread_;
};

}  // namespace menura::host
