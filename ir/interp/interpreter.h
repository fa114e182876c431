// Interpreter: runs virtual CPUs of one guest by forming regions and evaluating them. Always right, never fast.
#pragma once

#include <array>
#include <atomic>
#include <memory>
#include <mutex>
#include <unordered_map>

#include "ir/api/former.h"
#include "ir/interp/evaluator.h"
#include "ir/interp/sequence.h"

namespace menura::ir {

class Interpreter {
 public:
  struct Options {
    bool count = false;       // keep CpuHeader::budget and ::retired, and stop before the instruction beyond the budget
    bool machine = false;     // code is known by its frames (ir/api/frames.h)
    uint32_t late_stops = 0;  // bits of CpuHeader::stop_request that count only when some guest code has run
    const Breakpoints* breakpoints = nullptr;  // outlives it
  };

  // Both outlive it.
  Interpreter(const Frontend& frontend, MemoryPort& memory, Options options);
  ~Interpreter();
  Interpreter(const Interpreter&) = delete;
  Interpreter& operator=(const Interpreter&) = delete;

  // As vcpu::Engine says.
  void attach(CpuHeader& cpu);
  void detach(CpuHeader& cpu);
  InterpreterExit run(CpuHeader& cpu);
  // After ExitKind::Exclusive, while no other virtual CPU runs. True: it goes on with run(); else it has left.
  bool run_alone(CpuHeader& cpu, InterpreterExit* exit);
  // Forgets regions made from code in [begin, end); a region that is running is left before its next guest
  // instruction. Neither allocates nor frees, so that a host fault handler may call it.
  void invalidate(uint64_t begin, uint64_t end);
  // Around a host fork(): nothing is being changed in between.
  void lock_for_fork();
  void unlock_after_fork();

 private:
  struct Thread;  // what one virtual CPU has of its own
  using RegionPointer = std::shared_ptr<const PreparedRegion>;
  struct Hash {
    std::size_t operator()(const Identity& identity) const {
      const uint64_t mixed =
          (identity.pc ^ identity.mode << 48 ^ identity.extra << 32 ^ identity.frame >> 3) * 0x9e3779b97f4a7c15U;
      return mixed ^ mixed >> 32;
    }
  };

  RegionPointer find(Thread& thread, const Identity& identity, Fault* fault);
  RegionPointer form(Thread& thread, const Identity& identity, Fault* fault);
  void drop_invalid();  // with the mutex held
  void lock_pending();
  void unlock_pending() { pending_lock_.clear(std::memory_order_release); }

  const Frontend& frontend_;
  MemoryPort& memory_;
  const Options options_;
  ExclusiveSites sites_;

  std::mutex mutex_;  // never held while guest memory is accessed
  std::unordered_map<Identity, RegionPointer, Hash> regions_;

  // Ranges that invalidate() was given and drop_invalid() has not yet taken out. When they overflow, all regions go.
  static constexpr unsigned kMostPending = 64;
  std::atomic_flag pending_lock_ = {};
  std::array<GuestRange, kMostPending> pending_;
  unsigned pending_count_ = 0;
  std::atomic<uint64_t> generation_{0};  // of the code: changed by every invalidation
};

}  // namespace menura::ir
