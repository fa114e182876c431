#include "boards/cpu_thread.h"

#include <pthread.h>

#include <algorithm>
#include <string>

#include "boards/host_faults.h"
#include "vcpu/current_cpu.h"

namespace menura::boards {

CpuThread::CpuThread(vcpu::SystemCpu& cpu, vcpu::Engine& engine, unsigned index, vcpu::Timeline* timeline)
    : cpu_(cpu), engine_(engine), index_(index), timeline_(timeline) {
  cpu_.header().stop_request.fetch_or(vcpu::kStopThread);
  cpu_.set_waker([this] { wake(); });
  thread_ = std::thread([this, index] {
    pthread_setname_np(pthread_self(), ("cpu " + std::to_string(index)).c_str());
    run();
  });
}

CpuThread::~CpuThread() { end(); }

void CpuThread::end() {
  if (!thread_.joinable()) return;
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  cpu_.header().stop_request.fetch_or(vcpu::kStopThread);
  work_.notify_one();
  thread_.join();
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

void CpuThread::hold() {
  const std::lock_guard lock(mutex_);
  held_ = true;
  cpu_.header().stop_request.fetch_or(vcpu::kStopThread);
}

void CpuThread::release() {
  const std::lock_guard lock(mutex_);
  held_ = false;
}

bool CpuThread::wait_for_work() {
  std::atomic<uint32_t>& requests = cpu_.header().stop_request;
  // Requests are cleared before anybody looks at what they are about: what is asked from now on stays.
  const uint32_t asked = requests.load(std::memory_order_acquire);
  if ((asked & vcpu::kStopInterrupt) != 0) requests.fetch_and(~vcpu::kStopInterrupt);
  if ((asked & vcpu::kStopThread) == 0 && cpu_.runnable()) return true;
  const bool halted = (asked & vcpu::kStopThread) == 0;
  const vcpu::TimelineSpan span(timeline_, {"sleep", {halted ? "halted" : "stopped"}});
  return sleep();
}

bool CpuThread::sleep() {
  std::atomic<uint32_t>& requests = cpu_.header().stop_request;
  std::unique_lock lock(mutex_);
  for (;;) {
    requests.fetch_and(~(vcpu::kStopThread | vcpu::kStopInterrupt));
    if (end_) return false;
    if (stop_ || held_) {
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

void CpuThread::nudge() { work_.notify_one(); }

// Called after a wait that was over at once. A guest that spins with `pause`, or with `wfi` while an interrupt is
// pending that it does not take, waits for another virtual CPU: the host's time is better spent there. After `wfi` it
// may be long, because whoever is waited for sends an interrupt, also where one is pending already. And it should:
// OpenSBI's harts wait so for their start, and before 1.2 one that looks at the wrong moment starts at the wrong
// address (sbi_hsm_hart_start() sets the state before the address).
void CpuThread::yield_to_others(bool for_interrupt) {
  using std::chrono::microseconds;
  constexpr unsigned kPatience = 32;  // turns
  constexpr microseconds kTurn{20};   // what is further apart is no spinning
  constexpr microseconds kFirst{10}, kMostForOthers{100}, kMostForInterrupt{50'000};
  const auto now = std::chrono::steady_clock::now();
  turns_ = now - last_turn_ < kTurn ? turns_ + 1 : 0;
  last_turn_ = now;
  if (turns_ < kPatience) return;
  const auto length =
      std::min(kFirst * (1U << std::min(turns_ - kPatience, 16U)), for_interrupt ? kMostForInterrupt : kMostForOthers);
  std::unique_lock lock(mutex_);
  const vcpu::TimelineSpan span(timeline_, {"sleep", {for_interrupt ? "waits for an interrupt" : "pauses"}});
  if (!stop_ && !end_ && cpu_.header().stop_request.load() == 0) work_.wait_for(lock, length);
  last_turn_ = std::chrono::steady_clock::now();
}

std::optional<vcpu::SystemCpu::Next> CpuThread::turn() {
  cpu_.take_interrupt();
  const vcpu::Exit exit = engine_.run(cpu_.header());
  const auto next = cpu_.handle(exit);
  return exit.kind == vcpu::ExitKind::Wait ? std::optional(next) : std::nullopt;
}

void CpuThread::run() {
  const HostFaults faults(engine_, cpu_.header());
  vcpu::current_cpu() = index_;
  engine_.attach(cpu_.header());
  while (wait_for_work()) {
    const auto waited = debugger_ != nullptr ? debugger_->turn(index_) : turn();
    // Whether it is Off or waits, runnable() says.
    if (waited && cpu_.runnable()) yield_to_others(*waited == vcpu::SystemCpu::Next::Wait);
  }
  engine_.detach(cpu_.header());
}

}  // namespace menura::boards
