// An engine whose runs are on the timeline: put before another one, which does the work and need not know.
#pragma once

#include <memory>
#include <utility>
#include <vector>

#include "cli/timeline/recorder.h"
#include "vcpu/engine.h"

namespace menura::cli {

class TimelineEngine final : public vcpu::Engine {
 public:
  TimelineEngine(std::unique_ptr<vcpu::Engine> engine, Recorder& recorder)
      : engine_(std::move(engine)), recorder_(recorder) {}

  vcpu::Exit run(ir::CpuHeader& cpu) override {
    using Value = vcpu::TimelineValue;
    vcpu::TimelineSpan span(&recorder_, {"guest", {"guest code"}, {Value::address("pc", cpu.pc)}});
    const vcpu::Exit exit = engine_->run(cpu);
    span.end({Value::address("left at", cpu.pc), Value::text("exit", ir::name(exit.kind).data())});
    return exit;
  }
  vcpu::Exit interpret(ir::CpuHeader& cpu, uint64_t instructions) override {
    const vcpu::TimelineSpan span(&recorder_, {"guest", {"guest code, one by one"}});
    return engine_->interpret(cpu, instructions);
  }

  void attach(ir::CpuHeader& cpu) override { engine_->attach(cpu); }
  void detach(ir::CpuHeader& cpu) override { engine_->detach(cpu); }
  void invalidate(uint64_t begin, uint64_t end) override { engine_->invalidate(begin, end); }
  void require_precise_faults() override { engine_->require_precise_faults(); }
  void set_breakpoints(std::vector<uint64_t> pcs) override { engine_->set_breakpoints(std::move(pcs)); }
  bool take_host_fault(ir::CpuHeader& cpu, void* host_context, const ir::Fault& fault) override {
    return engine_->take_host_fault(cpu, host_context, fault);
  }
  // Who translates may be about to write what it has told: those end first.
  void before_fork() override {
    engine_->before_fork();
    recorder_.before_fork();
  }
  void after_fork_parent() override {
    recorder_.after_fork_parent();
    engine_->after_fork_parent();
  }
  void after_fork_child() override {
    recorder_.after_fork_child();
    engine_->after_fork_child();
  }

 private:
  const std::unique_ptr<vcpu::Engine> engine_;
  Recorder& recorder_;
};

}  // namespace menura::cli
