#include "host/timer_thread.h"

#include <sys/prctl.h>

#include <algorithm>
#include <chrono>

namespace menura::host {

class TimerThread::HostTimer final : public vcpu::Timer {
 public:
  HostTimer(TimerThread& service, std::function<void()> expired) : service_(service), expired_(std::move(expired)) {}
  ~HostTimer() override {
    std::unique_lock lock(service_.mutex_);
    disarm_locked();
    service_.idle_.wait(lock, [this] { return service_.running_ != this; });
  }

  void arm(uint64_t deadline) override {
    const std::lock_guard lock(service_.mutex_);
    if (armed_ && deadline_ == deadline) return;
    disarm_locked();
    deadline_ = deadline;
    armed_ = true;
    const auto at = service_.deadlines_.emplace(deadline, this).first;
    // The thread sleeps until the first one; it need not know of later ones.
    if (at == service_.deadlines_.begin()) service_.changed_.notify_one();
  }
  void disarm() override {
    const std::lock_guard lock(service_.mutex_);
    disarm_locked();
  }

 private:
  friend class TimerThread;

  void disarm_locked() {
    if (armed_) service_.deadlines_.erase({deadline_, this});
    armed_ = false;
  }

  TimerThread& service_;
  const std::function<void()> expired_;
  uint64_t deadline_ = 0;
  bool armed_ = false;
};

TimerThread::TimerThread(vcpu::Door& door) : door_(door), thread_([this] { run(); }) {}

TimerThread::~TimerThread() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

std::unique_ptr<vcpu::Timer> TimerThread::make_timer(std::function<void()> expired) {
  return std::make_unique<HostTimer>(*this, std::move(expired));
}

void TimerThread::run() {
  prctl(PR_SET_NAME, "timers");
  prctl(PR_SET_TIMERSLACK, 1UL);  // guests measure what they wait for
  std::unique_lock lock(mutex_);
  while (!stop_) {
    if (deadlines_.empty()) {
      changed_.wait(lock);
      continue;
    }
    const auto [deadline, timer] = *deadlines_.begin();
    const uint64_t now = door_.counter();
    if (now < deadline) {
      constexpr uint64_t kSecond = 1'000'000'000;
      const auto wait = static_cast<unsigned __int128>(deadline - now) * kSecond / door_.counter_hz() + 1;
      const auto most = static_cast<unsigned __int128>(3600 * kSecond);
      changed_.wait_for(lock, std::chrono::nanoseconds(static_cast<uint64_t>(std::min(wait, most))));
      continue;
    }
    deadlines_.erase(deadlines_.begin());
    timer->armed_ = false;
    running_ = timer;
    lock.unlock();
    timer->expired_();
    lock.lock();
    running_ = nullptr;
    idle_.notify_all();
  }
}

}  // namespace menura::host
