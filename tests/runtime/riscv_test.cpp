// The runtime with a real frontend and a real compiler: what needs more than the toy guest.
#include <thread>

#include "tests/runtime/riscv_machine.h"

namespace menura::runtime::test {
namespace {

using ir::ExitKind;

using RiscvTest = RiscvMachine;

// Jumps to what is no multiple of 4 raise exceptions.
class UncompressedRiscvTest : public RiscvMachine {
 protected:
  UncompressedRiscvTest() : RiscvMachine("max,-c") {}
};

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

// An instruction in several blocks, of which what follows it is in the last: a budget that ends between them ends
// behind it.
TEST_F(RiscvTest, BudgetsAreExactBehindInstructionsOfSeveralBlocks) {
  constexpr uint64_t kPass = 5;
  put(0, {addi(kA0, kA0, 1), csrw(0x002, kT0), addi(kA1, kA1, 1), addi(kS2, kS2, -1), bnez(kS2, -16), kEcall});
  for (const int32_t threshold : {0, 3}) {
    start({.hot_threshold = threshold, .count = true});
    ir::CpuHeader& cpu = *state_.cpu;
    state_.x(kA0) = state_.x(kA1) = 0;
    state_.x(kS2) = 1000;
    cpu.pc = memory_.base();
    cpu.retired = 0;
    engine_->attach(cpu);
    uint64_t retired = 0;
    for (const int64_t budget : {1, 1, 1, 1, 2, 2, 2, 2, 3, 4, 5, 6, 7, 51, 102, 1003}) {
      cpu.budget = budget;
      EXPECT_EQ(engine_->run(cpu).kind, ExitKind::Budget);
      retired += static_cast<uint64_t>(budget);
      EXPECT_EQ(cpu.retired, retired);
      EXPECT_EQ(cpu.budget, 0);
      EXPECT_EQ(cpu.pc - memory_.base(), retired % kPass * 4) << retired;
      EXPECT_EQ(state_.x(kA0), (retired + kPass - 1) / kPass) << retired;
      EXPECT_EQ(state_.x(kA1), (retired + kPass - 3) / kPass) << retired;
    }
    engine_->detach(cpu);
  }
}

// What does not happen is not counted, in whichever block that turns out.
TEST_F(UncompressedRiscvTest, InstructionsThatDoNotHappenAreNotCounted) {
  put(0, {addi(kA0, kA0, 1), bnez(kA1, -2), addi(kS2, kS2, -1), bnez(kS2, -12), addi(kA1, kA1, 1), jal(0, -20)});
  for (const int32_t threshold : {0, 3}) {
    start({.hot_threshold = threshold, .count = true});
    ir::CpuHeader& cpu = *state_.cpu;
    state_.x(kA0) = state_.x(kA1) = 0;
    state_.x(kS2) = 100;
    cpu.retired = 0;
    cpu.budget = 1000;
    const vcpu::Exit exit = run(state_, 0);
    EXPECT_EQ(exit.kind, ExitKind::Misaligned);
    EXPECT_EQ(cpu.pc - memory_.base(), 4U);
    EXPECT_EQ(state_.x(kA0), 101U);
    EXPECT_EQ(cpu.retired, 100U * 4 + 2 + 1);
    EXPECT_EQ(cpu.budget, 1000 - 403);
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
