#include "boards/cpu_thread.h"

#include <pthread.h>

#include <algorithm>
#include <string>

namespace menura::boards {

CpuThread::CpuThread(vcpu::SystemCpu& cpu, vcpu::Engine& engine, unsigned index) : cpu_(cpu), engine_(engine) {
  cpu_.header().stop_request.fetch_or(vcpu::kStopThread);
  cpu_.set_waker([this] { wake(); });
  thread_ = std::thread([this, index] {
    pthread_setname_np(pthread_self(), ("cpu " + std::to_string(index)).c_str());
    run();
  });
}

CpuThread::~CpuThread() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  cpu_.header().stop_request.fetch_or(vcpu::kStopThread);
  work_.notify_one();
  thread_.join();
  cpu_.set_waker({});
}

// Taking the lock orders the change before it against the sleeper's look: no wake-up is lost.
void CpuThread::wake() {
  { const std::lock_guard lock(mutex_); }
  work_.notify_one();
}

void CpuThread::stop() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = true;
  }
  cpu_.header().stop_request.fetch_or(vcpu::kStopThread);
  work_.notify_one();
}

void CpuThread::wait_stopped() {
  std::unique_lock lock(mutex_);
  stopped_.wait(lock, [this] { return parked_; });
}

void CpuThread::resume() {
  {
    const std::lock_guard lock(mutex_);
    stop_ = false;
    parked_ = false;
  }
  work_.notify_one();
}

bool CpuThread::wait_for_work() {
  std::atomic<uint32_t>& requests = cpu_.header().stop_request;
  // Requests are cleared before anybody looks at what they are about: what is asked from now on stays.
  const uint32_t asked = requests.load(std::memory_order_acquire);
  if ((asked & vcpu::kStopInterrupt) != 0) requests.fetch_and(~vcpu::kStopInterrupt);
  if ((asked & vcpu::kStopThread) == 0 && cpu_.runnable()) return true;

  std::unique_lock lock(mutex_);
  for (;;) {
    requests.fetch_and(~(vcpu::kStopThread | vcpu::kStopInterrupt));
    if (end_) return false;
    if (stop_) {
      if (!parked_) {
        parked_ = true;
        stopped_.notify_all();
      }
    } else if (cpu_.runnable()) {
      return true;
    }
    work_.wait(lock);
  }
}

// Called after a wait that was over at once. A guest that spins with `pause`, or with `wfi` while an interrupt is
// pending that it does not take, waits for another virtual CPU: the host's time is better spent there.
void CpuThread::yield_to_others() {
  using std::chrono::microseconds;
  constexpr unsigned kPatience = 32;  // turns
  constexpr microseconds kTurn{20};   // what is further apart is no spinning
  constexpr microseconds kFirst{10}, kMost{500};
  const auto now = std::chrono::steady_clock::now();
  turns_ = now - last_turn_ < kTurn ? turns_ + 1 : 0;
  last_turn_ = now;
  if (turns_ < kPatience) return;
  const auto length = std::min(kFirst * (turns_ - kPatience + 1), kMost);
  std::unique_lock lock(mutex_);
  if (!stop_ && !end_ && cpu_.header().stop_request.load() == 0) work_.wait_for(lock, length);
  last_turn_ = std::chrono::steady_clock::now();
}

void CpuThread::run() {
  engine_.attach(cpu_.header());
  while (wait_for_work()) {
    cpu_.take_interrupt();
    const vcpu::Exit exit = engine_.run(cpu_.header());
    // Next::Off, too, is what runnable() says.
    const auto next = cpu_.handle(exit);
    if (exit.kind == vcpu::ExitKind::Wait && next == vcpu::SystemCpu::Next::Run) yield_to_others();
  }
  engine_.detach(cpu_.header());
}

}  // namespace menura::boards
