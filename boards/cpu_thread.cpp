#include "boards/cpu_thread.h"

#include <pthread.h>

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

void CpuThread::run() {
  engine_.attach(cpu_.header());
  while (wait_for_work()) {
    cpu_.take_interrupt();
    // Off and Wait: runnable() says so, too.
    (void)cpu_.handle(engine_.run(cpu_.header()));
  }
  engine_.detach(cpu_.header());
}

}  // namespace menura::boards
