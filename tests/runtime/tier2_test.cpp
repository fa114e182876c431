// Tier 2 without its compiler: what samples find goes to the x64 compiler, behind a gate that tests open and close.
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <condition_variable>
#include <mutex>
#include <thread>

#include "backends/runtime/vcpu_record.h"
#include "tests/runtime/riscv_machine.h"

namespace menura::runtime::test {
namespace {

using ir::ExitKind;

// Compilers of tier 2 stop at it while it is closed.
class Gate {
 public:
  void close() {
    const std::lock_guard lock(mutex_);
    closed_ = true;
  }
  void open() {
    const std::lock_guard lock(mutex_);
    closed_ = false;
    changed_.notify_all();
  }
  void pass() {
    std::unique_lock lock(mutex_);
    waits_ = true;
    changed_.notify_all();
    changed_.wait(lock, [this] { return !closed_; });
    waits_ = false;
  }
  void wait_for_somebody() {
    std::unique_lock lock(mutex_);
    changed_.wait(lock, [this] { return waits_; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable changed_;
  bool closed_ = false;
  bool waits_ = false;
};

class GatedCompiler : public Compiler {
 public:
  GatedCompiler(std::unique_ptr<Compiler> compiler, Gate& gate, const std::atomic<unsigned>& most)
      : compiler_(std::move(compiler)), gate_(gate), most_(most) {}
  bool compile(const ir::Region& region, const CompileOptions& options, CompiledCode& out) override {
    gate_.pass();
    return region.guest_instructions <= most_ && compiler_->compile(region, options, out);
  }
  std::unique_ptr<Compiler> clone() const override {
    return std::make_unique<GatedCompiler>(compiler_->clone(), gate_, most_);
  }

 private:
  std::unique_ptr<Compiler> compiler_;
  Gate& gate_;
  const std::atomic<unsigned>& most_;  // guest instructions
};

class Tier2Test : public RiscvMachine, public CompilerSource {
 protected:
  static constexpr uint64_t kFlag = 0x8000;

  std::unique_ptr<Compiler> make() override {
    ++made_;
    if (none_) return nullptr;
    return std::make_unique<GatedCompiler>(compiler_->clone(), gate_, most_);
  }
  // In the background, after the first sample.
  void start_sampled() {
    start({.hot_threshold = 50, .tier2 = this, .tier2_threshold = 1, .tier2_warm_up = 0, .tier2_payback = 0});
  }
  void start_at_once() { start({.hot_threshold = 50, .tier2 = this, .tier2_foreground = true}); }

  // a0 += 1 until a flag is set, with a second path that is taken every other time; 0x100: a0 += s2, s2 -= 1 until 0.
  void put_loops() {
    put(0, {addi(kA0, kA0, 1), andi(kT0, kA0, 1), beqz(kT0, 8), addi(kA1, kA1, 2), ld(kT0, kS2, 0), beqz(kT0, -20),
            kEcall});
    put(0x100, {add(kA0, kA0, kS2), addi(kS2, kS2, -1), bnez(kS2, -8), kEcall});
  }
  std::atomic_ref<uint64_t> flag() { return std::atomic_ref(*reinterpret_cast<uint64_t*>(memory_.base() + kFlag)); }
  bool optimized(uint64_t offset) const {
    const Translation* const found = engine_->find({memory_.base() + offset, 0, 0});
    return found != nullptr && found->gear == Gear::Optimized;
  }
  uint64_t samples(Gear gear) { return engine_->statistics().samples[static_cast<unsigned>(gear)]; }

  // Runs the first loop until `end` has returned, which runs on another thread.
  template <typename End>
  void run_until(End end) {
    flag() = 0;
    state_.x(kA0) = state_.x(kA1) = 0;
    state_.x(kS2) = memory_.base() + kFlag;
    std::thread ender([&] {
      end();
      flag() = 1;
    });
    EXPECT_EQ(run(state_, 0).kind, ExitKind::Syscall);
    ender.join();
    EXPECT_EQ(state_.x(kA1), (state_.x(kA0) + 1) / 2 * 2);
  }
  template <typename Condition>
  static void wait_for(Condition condition) {
    while (!condition()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  }
  bool add_up() {
    state_.x(kA0) = 0;
    state_.x(kS2) = 1'000'000;
    return run(state_, 0x100).kind == ExitKind::Syscall && state_.x(kA0) == 500'000'500'000U;
  }

  Gate gate_;
  std::atomic<unsigned> most_{UINT_MAX};
  int made_ = 0;
  bool none_ = false;
};

TEST_F(Tier2Test, EntersARunningLoop) {
  put_loops();
  start_sampled();
  run_until([&] { wait_for([&] { return samples(Gear::Optimized) > 1; }); });
  EXPECT_TRUE(optimized(0));
  EXPECT_EQ(made_, 1);
  EXPECT_GT(engine_->statistics().background_nanoseconds, 0U);
}

// Two functions by turns, of which a loop calls one by its address. Its code begins where it does, or behind the call.
TEST_F(Tier2Test, SamplesSeeWhereIndirectCallsGo) {
  constexpr unsigned kFunctions = 19;
  put(0x200, {addi(kA0, kA0, 1), addi(6, kFunctions, 0), andi(kT0, kA0, 1), beqz(kT0, 8), addi(6, 6, 0x80),
              jalr(kRa, 6), ld(kT0, kS2, 0), beqz(kT0, -28), kEcall});
  put(0x400, {addi(kA1, kA1, 2), jalr(0, kRa)});
  put(0x480, {addi(kA1, kA1, 3), jalr(0, kRa)});
  start({.hot_threshold = 50,
         .tier2 = this,
         .tier2_threshold = 1,
         .tier2_warm_up = 300,
         .tier2_payback = 0,
         .tier2_limits = {.inline_depth = 1}});
  flag() = 0;
  state_.x(kA0) = state_.x(kA1) = 0;
  state_.x(kS2) = memory_.base() + kFlag;
  state_.x(kFunctions) = memory_.base() + 0x400;
  std::thread ender([&] {
    wait_for([&] { return optimized(0x200) || optimized(0x218); });
    flag() = 1;
  });
  EXPECT_EQ(run(state_, 0x200).kind, ExitKind::Syscall);
  ender.join();
  EXPECT_EQ(state_.x(kA1), state_.x(kA0) / 2 * 2 + (state_.x(kA0) + 1) / 2 * 3);
  const Translation* const loop = engine_->find({memory_.base() + (optimized(0x200) ? 0x200 : 0x218), 0, 0});
  ASSERT_NE(loop, nullptr);
  for (const uint64_t callee : {0x400, 0x480}) {
    EXPECT_TRUE(std::any_of(loop->guest.begin(), loop->guest.end(), [&](const ir::GuestRange& range) {
      return range.begin == memory_.base() + callee;
    })) << callee;
  }
}

TEST_F(Tier2Test, ShortProgramsMakeNoCompiler) {
  put_loops();
  start({.hot_threshold = 50, .tier2 = this, .tier2_threshold = 1, .tier2_warm_up = UINT32_MAX, .tier2_payback = 0});
  run_until([&] { wait_for([&] { return samples(Gear::Hot) >= 10; }); });
  EXPECT_EQ(made_, 0);
  start({.hot_threshold = 50, .tier2 = this, .tier2_threshold = 1, .tier2_warm_up = 30, .tier2_payback = 0});
  run_until([&] { wait_for([&] { return optimized(0); }); });
  EXPECT_GE(samples(Gear::Hot), 30U);
}

TEST_F(Tier2Test, GoesOnWithoutACompiler) {
  put_loops();
  none_ = true;
  start_sampled();
  run_until([&] { wait_for([&] { return made_ == 1; }); });
  run_until([&] { std::this_thread::sleep_for(std::chrono::milliseconds(20)); });
  EXPECT_EQ(made_, 1);
  EXPECT_FALSE(optimized(0));
}

TEST_F(Tier2Test, RefusedRegionsAreFormedAgainSmaller) {
  put_loops();
  std::vector<uint32_t> code;
  for (unsigned i = 0; i < 20; ++i)
    code.insert(code.end(), {addi(kA0, kA0, 1), andi(kT0, kA0, 1), beqz(kT0, 8), addi(kA1, kA1, 2)});
  code.insert(code.end(), {addi(kS2, kS2, -1), bnez(kS2, -4 * 81), kEcall});
  std::copy(code.begin(), code.end(), reinterpret_cast<uint32_t*>(memory_.base() + 0x1000));
  most_ = 75;
  start({.hot_threshold = 50,
         .tier2 = this,
         .tier2_foreground = true,
         .tier2_limits = {.instructions = 140, .blocks = 100}});
  state_.x(kA0) = state_.x(kA1) = 0;
  state_.x(kS2) = 1000;
  EXPECT_EQ(run(state_, 0x1000).kind, ExitKind::Syscall);
  EXPECT_EQ(state_.x(kA0), 20'000U);
  EXPECT_EQ(state_.x(kA1), 20'000U);
  ASSERT_TRUE(optimized(0x1000));
  EXPECT_LE(engine_->find({memory_.base() + 0x1000, 0, 0})->guest_instructions, 70U);
}

TEST_F(Tier2Test, WhatChangesWhileItIsCompiledIsThrownAway) {
  put_loops();
  gate_.close();
  start_sampled();
  run_until([&] {
    gate_.wait_for_somebody();
    // More changes elsewhere than are remembered: they are nobody's business.
    for (unsigned i = 0; i < 1000; ++i) engine_->invalidate(memory_.base() + 0x4000, memory_.base() + 0x4004);
    gate_.open();
    wait_for([&] { return optimized(0); });
  });
  EXPECT_EQ(engine_->statistics().outdated, 0U);

  engine_->invalidate(memory_.base(), memory_.base() + 4);
  gate_.close();
  run_until([&] {
    gate_.wait_for_somebody();
    engine_->invalidate(memory_.base() + 16, memory_.base() + 20);
    gate_.open();
    wait_for([&] { return engine_->statistics().outdated == 1; });
    wait_for([&] { return optimized(0); });
  });
  EXPECT_EQ(engine_->statistics().outdated, 1U);
}

TEST_F(Tier2Test, OptimizedCodeThatChangesIsLeft) {
  // a0 += 1; store t0 to the first instruction when a1 runs out
  put(0, {addi(kA0, kA0, 1), addi(kS2, kS2, -1), beqz(kS2, 16), addi(kA1, kA1, -1), bnez(kA1, -16), sd(kT0, 28, 0),
          jal(0, -24)});
  *reinterpret_cast<uint64_t*>(memory_.base() + 24) = uint64_t{kEcall} << 32 | jal(0, -24);
  put(8, {beqz(kS2, 20)});
  memory_.protect = true;
  start_at_once();
  state_.x(kA0) = 0;
  state_.x(kA1) = 10'000;
  state_.x(kS2) = 20'000;
  state_.x(kT0) = uint64_t{addi(kS2, kS2, -1)} << 32 | addi(kA0, kA0, 5);
  state_.x(28) = memory_.base();
  EXPECT_EQ(run(state_, 0).kind, ExitKind::Syscall);
  EXPECT_EQ(state_.x(kA0), 10'000U + 5 * 10'000U);
  EXPECT_GT(engine_->statistics().invalidated, 0U);
}

TEST_F(Tier2Test, ForksWhileItCompiles) {
  put_loops();
  gate_.close();
  start_sampled();
  run_until([&] { gate_.wait_for_somebody(); });
  engine_->before_fork();
  const pid_t child = fork();
  if (child == 0) {
    engine_->after_fork_child();
    _exit(add_up() && !optimized(0) ? 42 : 1);
  }
  engine_->after_fork_parent();
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 42);
  gate_.open();
  run_until([&] { wait_for([&] { return samples(Gear::Optimized) > 1; }); });
}

TEST_F(Tier2Test, AForkedChildHasThreadsOfItsOwn) {
  put_loops();
  start_sampled();
  run_until([&] { wait_for([&] { return optimized(0); }); });
  engine_->before_fork();
  const pid_t child = fork();
  if (child == 0) {
    engine_->after_fork_child();
    bool good = true;
    while (good && !optimized(0x100)) good = add_up();
    _exit(good && add_up() ? 42 : 1);
  }
  engine_->after_fork_parent();
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_EQ(WEXITSTATUS(status), 42);
  EXPECT_FALSE(optimized(0x100));
}

TEST_F(Tier2Test, ThreadsAreSampledTogether) {
  put(0, {amoadd_d(kT0, kA1, kA0), addi(kS2, kS2, -1), bnez(kS2, -8), kEcall});
  start_sampled();
  std::atomic<uint64_t> sum{0};
  std::atomic<unsigned> done{0};
  const auto work = [&](State& state) {
    while (!optimized(0) || done.load() < 4) {
      state.x(kA0) = memory_.base() + kFlag;
      state.x(kA1) = 1;
      state.x(kS2) = 100'000;
      EXPECT_EQ(run(state, 0).kind, ExitKind::Syscall);
      sum += 100'000;
      ++done;
    }
  };
  State other(guest_.layout());
  std::thread thread([&] { work(other); });
  work(state_);
  thread.join();
  EXPECT_EQ(flag().load(), sum.load());
}

// A system call would take an engine's bit for its user's.
TEST_F(Tier2Test, NoBitIsLeftBehind) {
  put(0, {kEcall, jal(0, -4)});
  put_loops();
  start_sampled();
  run_until([&] { wait_for([&] { return optimized(0); }); });
  put(0x200, {kEcall});
  engine_->attach(*state_.cpu);
  for (unsigned i = 0; i < 500'000; ++i) {
    state_.cpu->pc = memory_.base() + 0x200;
    ASSERT_EQ(engine_->run(*state_.cpu).kind, ExitKind::Syscall);
    ASSERT_EQ(state_.cpu->stop_request.load(), 0U);
  }
  engine_->detach(*state_.cpu);
}

}  // namespace
}  // namespace menura::runtime::test
