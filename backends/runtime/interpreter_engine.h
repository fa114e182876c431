// The IR interpreter as an engine: the oracle, for tests and for `--engine interp`.
#pragma once

#include <memory>
#include <mutex>
#include <unordered_map>

#include "backends/runtime/one_by_one.h"
#include "backends/runtime/turnstile.h"
#include "ir/interp/interpreter.h"
#include "vcpu/engine.h"

namespace menura::runtime {

class InterpreterEngine : public vcpu::Engine {
 public:
  // Both outlive it.
  InterpreterEngine(const ir::Frontend& frontend, ir::MemoryPort& memory, ir::Interpreter::Options options = {})
      : frontend_(frontend),
        memory_(memory),
        machine_(options.machine),
        interpreter_(frontend, memory,
                     {.count = options.count,
                      .machine = options.machine,
                      .late_stops = kEngineBits,
                      .breakpoints = &breakpoints_}) {}

  void attach(ir::CpuHeader& cpu) override {
    interpreter_.attach(cpu);
    auto member = std::make_unique<Turnstile::Member>(cpu);
    turnstile_.add(*member);
    const std::lock_guard lock(mutex_);
    members_[&cpu] = std::move(member);
  }
  void detach(ir::CpuHeader& cpu) override {
    turnstile_.remove(member_of(cpu));
    {
      const std::lock_guard lock(mutex_);
      members_.erase(&cpu);
    }
    interpreter_.detach(cpu);
  }
  vcpu::Exit run(ir::CpuHeader& cpu) override {
    Turnstile::Member& member = member_of(cpu);
    turnstile_.enter(member);
    ir::InterpreterExit exit;
    for (bool on = true; on;) {
      exit = interpreter_.run(cpu);
      if (exit.kind == ir::ExitKind::Exclusive) {
        turnstile_.begin_alone(member);
        on = interpreter_.run_alone(cpu, &exit);
        turnstile_.end_alone(member);
      } else {
        on = exit.kind == ir::ExitKind::Stop && !stop_requested(cpu);
        if (on) turnstile_.pause(member);
      }
    }
    turnstile_.leave(member);
    return {exit.kind, exit.fault, exit.detail};
  }
  void invalidate(uint64_t begin, uint64_t end) override { interpreter_.invalidate(begin, end); }
  void set_breakpoints(std::vector<uint64_t> pcs) override {
    if (!breakpoints_.set(std::move(pcs)).empty()) interpreter_.invalidate(0, ~uint64_t{0});
  }
  vcpu::Exit interpret(ir::CpuHeader& cpu, uint64_t instructions) override {
    return run_one_by_one({frontend_, memory_, turnstile_, breakpoints_, machine_}, cpu, member_of(cpu), instructions);
  }
  // It accesses guest memory through the MemoryPort only, which reports faults itself.
  bool take_host_fault(ir::CpuHeader&, void*, const ir::Fault&) override { return false; }
  void before_fork() override {
    interpreter_.lock_for_fork();
    mutex_.lock();
    turnstile_.before_fork();
  }
  void after_fork_parent() override {
    turnstile_.after_fork_parent();
    mutex_.unlock();
    interpreter_.unlock_after_fork();
  }
  void after_fork_child() override {
    turnstile_.after_fork_child();
    mutex_.unlock();
    interpreter_.unlock_after_fork();
  }

 private:
  Turnstile::Member& member_of(ir::CpuHeader& cpu) {
    const std::lock_guard lock(mutex_);
    return *members_.at(&cpu);
  }

  const ir::Frontend& frontend_;
  ir::MemoryPort& memory_;
  const bool machine_;
  ir::Breakpoints breakpoints_;
  ir::Interpreter interpreter_;
  Turnstile turnstile_;
  std::mutex mutex_;
  std::unordered_map<ir::CpuHeader*, std::unique_ptr<Turnstile::Member>> members_;
};

}  // namespace menura::runtime
