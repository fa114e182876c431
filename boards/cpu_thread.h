// The host thread of one virtual CPU: vcpu/system_cpu.h's loop, with sleep and stops.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>
#include <optional>
#include <thread>

#include "vcpu/engine.h"
#include "vcpu/system_cpu.h"
#include "vcpu/timeline.h"

namespace menura::boards {

// A debugger's say in what a virtual CPU's thread does; called on it.
class CpuDebugger {
 public:
  virtual ~CpuDebugger() = default;
  // Instead of a turn of the loop: runs the virtual CPU, and holds its thread where it is to stop. Something: it left
  // by ExitKind::Wait, and what was said to that.
  virtual std::optional<vcpu::SystemCpu::Next> turn(unsigned cpu) = 0;
};

class CpuThread {
 public:
  // All live until end(). It is stopped. `timeline`: nullptr where nobody wants to know when it sleeps.
  CpuThread(vcpu::SystemCpu& cpu, vcpu::Engine& engine, unsigned index, vcpu::Timeline* timeline);
  ~CpuThread();
  CpuThread(const CpuThread&) = delete;
  CpuThread& operator=(const CpuThread&) = delete;

  // It leaves the engine soon; wait_stopped() says when. resume() lets it go on.
  void stop();
  void wait_stopped();
  void resume();
  // On its own thread: it stops before its next turn, and stays so whoever resumes. On others, while it is stopped.
  void hold();
  void release();
  // While it is stopped; nullptr: none.
  void set_debugger(CpuDebugger* debugger) { debugger_ = debugger; }

  // The thread is over when this returns; the virtual CPU may still call its waker.
  void end();

  // An interrupt has been sent, even if nothing has changed by it. Any thread.
  void nudge();

 private:
  void run();
  std::optional<vcpu::SystemCpu::Next> turn();
  // Sleeps while there is nothing to do; false: the thread ends.
  bool wait_for_work();
  bool sleep();
  void yield_to_others(bool for_interrupt);
  void wake();

  vcpu::SystemCpu& cpu_;
  vcpu::Engine& engine_;
  const unsigned index_;
  vcpu::Timeline* const timeline_;
  CpuDebugger* debugger_ = nullptr;
  std::mutex mutex_;
  std::condition_variable work_;     // something for the thread has changed
  std::condition_variable stopped_;  // parked_ has become true
  bool stop_ = true;
  bool held_ = false;
  bool parked_ = false;
  bool end_ = false;
  unsigned turns_ = 0;  // of a loop that waits and gets nothing, so far
  std::chrono::steady_clock::time_point last_turn_;
  std::thread thread_;
};

}  // namespace menura::boards
