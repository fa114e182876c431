// The host thread of one virtual CPU: vcpu/system_cpu.h's loop, with sleep and stops.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <thread>

#include "vcpu/engine.h"
#include "vcpu/system_cpu.h"

namespace menura::boards {

class CpuThread {
 public:
  // Both live until end(). It is stopped.
  CpuThread(vcpu::SystemCpu& cpu, vcpu::Engine& engine, unsigned index);
  ~CpuThread();
  CpuThread(const CpuThread&) = delete;
  CpuThread& operator=(const CpuThread&) = delete;

  // It leaves the engine soon; wait_stopped() says when. resume() lets it go on.
  void stop();
  void wait_stopped();
  void resume();

  // The thread is over when this returns; the virtual CPU may still call its waker.
  void end();

  // An interrupt has been sent, even if nothing has changed by it. Any thread.
  void nudge();

 private:
  void run();
  // Sleeps while there is nothing to do; false: the thread ends.
  bool wait_for_work();
  void yield_to_others(bool for_interrupt);
  void wake();

  vcpu::SystemCpu& cpu_;
  vcpu::Engine& engine_;
  std::mutex mutex_;
  std::condition_variable work_;     // something for the thread has changed
  std::condition_variable stopped_;  // parked_ has become true
  bool stop_ = true;
  bool parked_ = false;
  bool end_ = false;
  unsigned turns_ = 0;  // of a loop that waits and gets nothing, so far
  std::chrono::steady_clock::time_point last_turn_;
  std::thread thread_;
};

}  // namespace menura::boards
