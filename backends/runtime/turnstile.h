// Turnstile: lets one virtual CPU of an engine run while none of the others does.
#pragma once

#include <pthread.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <mutex>
#include <vector>

#include "ir/core/cpu_header.h"

namespace menura::runtime {

// Bits of CpuHeader::stop_request that an engine sets for itself. Users set any other bit and may store 0 over all.
inline constexpr uint32_t kEngineStop = 1U << 31;    // code goes away: come to a quiescent point
inline constexpr uint32_t kEngineSample = 1U << 30;  // where is it? (sampling.cpp)
inline constexpr uint32_t kEngineAlone = 1U << 29;   // another one wants to run alone
inline constexpr uint32_t kEngineBits = kEngineStop | kEngineSample | kEngineAlone;

// By somebody else than the engine.
inline bool stop_requested(const ir::CpuHeader& cpu) {
  return (cpu.stop_request.load(std::memory_order_relaxed) & ~kEngineBits) != 0;
}

class Turnstile {
 public:
  // A virtual CPU. Guest code runs only while `running`.
  struct Member {
    explicit Member(ir::CpuHeader& header) : cpu(header), thread(pthread_self()) {}

    ir::CpuHeader& cpu;
    pthread_t thread;  // that attached it: the only one that survives a fork
    std::atomic<bool> running{false};
    std::atomic<bool> asked{false};  // somebody is about to set an engine's bit (ask)
    bool waiting = false;            // to run on, while another one is alone

    // While it runs, it may be asked for an engine's bit; once it has left, none is set: a system call would take it
    // for its user's. One asks at a time (the engine's lock, or the turnstile's for its own bit). False: it does not
    // run.
    bool ask(uint32_t bit);
  };

  void add(Member& member);
  void remove(Member& member);

  // Around guest code. One that enters while another is alone waits.
  void enter(Member& member) {
    member.running.store(true, std::memory_order_seq_cst);
    if (closed_.load(std::memory_order_seq_cst)) wait_outside(member);
  }
  void leave(Member& member);
  // At a quiescent point: waits if another wants to be alone. It has run meanwhile, or does before it is asked again.
  void pause(Member& member) {
    if ((member.cpu.stop_request.load(std::memory_order_relaxed) & kEngineAlone) == 0) return;
    leave(member);
    enter(member);
  }

  // Between the two no other member runs. Members are let in in the order in which they ask; between two of them, those
  // that only want to run on do so for a while. The member has entered, is at a quiescent point, and counts as not
  // running.
  void begin_alone(Member& member);
  void end_alone(Member& member);

  void before_fork() { mutex_.lock(); }
  void after_fork_parent() { mutex_.unlock(); }
  void after_fork_child();

 private:
  void wait_outside(Member& member);
  template <typename Condition>
  void wait(std::unique_lock<std::mutex>& lock, Condition condition);
  void changed();

  std::mutex mutex_;
  std::atomic<uint32_t> version_{0};  // of what waits look at; no condition variable, which a fork may leave unusable
  std::atomic<bool> closed_{false};   // owner_ != nullptr
  Member* owner_ = nullptr;           // alone, or about to be
  std::deque<Member*> queue_;         // that want to be
  std::vector<Member*> members_;
};

}  // namespace menura::runtime
