// The runtime with a real frontend and a real compiler: what needs more than the toy guest.
#include <thread>

#include "tests/runtime/riscv_machine.h"

namespace menura::runtime::test {
namespace {

using ir::ExitKind;

using RiscvTest = RiscvMachine;

// f(n) = n == 0 ? 0 : f(n - 1) + 1, deeper than the stack of return predictions.
TEST_F(RiscvTest, DeepRecursionReturns) {
  put(0, {jal(kRa, 16), kEcall});
  put(16, {beqz(kA0, 36), addi(kSp, kSp, -16), sd(kRa, kSp, 0), addi(kA0, kA0, -1), jal(kRa, -16), addi(kA0, kA0, 1),
           ld(kRa, kSp, 0), addi(kSp, kSp, 16), jalr(0, kRa), jalr(0, kRa)});
  for (const int32_t threshold : {0, 20}) {
    start({.hot_threshold = threshold});
    state_.x(kA0) = 40'000;
    EXPECT_EQ(run(state_, 0).kind, ExitKind::Syscall);
    EXPECT_EQ(state_.x(kA0), 40'000U);
    EXPECT_EQ(state_.x(kSp), memory_.base() + HostMemory::kSize);
  }
}

// A call chain is left by a jump from its end to its start, over and over, as by longjmp.
TEST_F(RiscvTest, JumpsOutOfCallsGoOnForever) {
  put(0, {addi(kS2, kS2, -1), addi(kA0, 0, 12), beqz(kS2, 12), jal(kRa, 20), kEcall, kEcall});
  put(32, {beqz(kA0, 16), addi(kA0, kA0, -1), jal(kRa, -8), kEcall, jal(0, -48)});
  start({.hot_threshold = 20});
  state_.x(kS2) = 50'000;
  EXPECT_EQ(run(state_, 0).kind, ExitKind::Syscall);
  EXPECT_EQ(state_.cpu->pc, memory_.base() + 24);
}

// A loop that walks off the end of memory, in both gears: each register is right when it faults.
TEST_F(RiscvTest, FaultsInLoopsArePrecise) {
  put(0, {addi(kT0, kT0, 1), sd(kT0, kA0, 0), addi(kA0, kA0, 8), addi(kA1, kA1, 3), addi(kS2, kS2, -1), addi(28, 28, 5),
          addi(27, 27, 7), jal(0, -28)});
  for (const int32_t threshold : {0, 20}) {
    start({.hot_threshold = threshold});
    const uint64_t end = memory_.base() + HostMemory::kSize;
    constexpr uint64_t kTimes = 1000;
    state_.x(kT0) = state_.x(kA1) = state_.x(kS2) = state_.x(28) = state_.x(27) = 0;
    state_.x(kA0) = end - 8 * kTimes;
    const vcpu::Exit exit = run(state_, 0);
    EXPECT_EQ(exit.kind, ExitKind::Fault);
    EXPECT_EQ(exit.fault.address, end);
    EXPECT_EQ(state_.cpu->pc, memory_.base() + 4);
    EXPECT_EQ(state_.x(kA0), end);
    EXPECT_EQ(state_.x(kT0), kTimes + 1);
    EXPECT_EQ(state_.x(kA1), 3 * kTimes);
    EXPECT_EQ(state_.x(kS2), 0 - kTimes);
    EXPECT_EQ(state_.x(28), 5 * kTimes);
    EXPECT_EQ(state_.x(27), 7 * kTimes);
  }
}

TEST_F(RiscvTest, ThreadsAddAtomically) {
  put(0, {amoadd_d(kT0, kA1, kA0), addi(kS2, kS2, -1), bnez(kS2, -8), kEcall});
  start({.cache_budget = 8192, .chunk_size = 4096, .hot_threshold = 20});
  constexpr uint64_t kTimes = 100'000;
  const auto work = [&](State& state) {
    state.x(kA0) = memory_.base() + 0x8000;
    state.x(kA1) = 1;
    state.x(kS2) = kTimes;
    EXPECT_EQ(run(state, 0).kind, ExitKind::Syscall);
  };
  State other(guest_.layout());
  std::thread thread([&] { work(other); });
  work(state_);
  thread.join();
  EXPECT_EQ(*reinterpret_cast<const uint64_t*>(memory_.base() + 0x8000), 2 * kTimes);
}

}  // namespace
}  // namespace menura::runtime::test
