// The runtime with a real frontend and a real compiler: what needs more than the toy guest.
#include <thread>

#include "backends/x64/compiler.h"
#include "frontends/riscv/frontend.h"
#include "frontends/riscv/state.h"
#include "tests/runtime/machine.h"

namespace menura::runtime::test {
namespace {

using ir::ExitKind;

// Encodings (Unprivileged 20240411, 2.2). Registers by number; offsets in bytes.
constexpr unsigned kRa = 1, kSp = 2, kT0 = 5, kA0 = 10, kA1 = 11, kS2 = 18;
constexpr uint32_t i_type(uint32_t opcode, unsigned funct3, unsigned rd, unsigned rs1, int imm) {
  return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | static_cast<uint32_t>(imm) << 20;
}
constexpr uint32_t addi(unsigned rd, unsigned rs1, int imm) { return i_type(0x13, 0, rd, rs1, imm); }
constexpr uint32_t ld(unsigned rd, unsigned rs1, int imm) { return i_type(0x03, 3, rd, rs1, imm); }
constexpr uint32_t jalr(unsigned rd, unsigned rs1) { return i_type(0x67, 0, rd, rs1, 0); }
constexpr uint32_t sd(unsigned rs2, unsigned rs1, int imm) {
  const auto bits = static_cast<uint32_t>(imm);
  return 0x23 | (bits & 31) << 7 | 3 << 12 | rs1 << 15 | rs2 << 20 | (bits >> 5 & 127) << 25;
}
constexpr uint32_t branch(unsigned funct3, unsigned rs1, unsigned rs2, int offset) {
  const auto bits = static_cast<uint32_t>(offset);
  return 0x63 | (bits >> 11 & 1) << 7 | (bits >> 1 & 15) << 8 | funct3 << 12 | rs1 << 15 | rs2 << 20 |
         (bits >> 5 & 63) << 25 | (bits >> 12 & 1) << 31;
}
constexpr uint32_t beqz(unsigned rs1, int offset) { return branch(0, rs1, 0, offset); }
constexpr uint32_t bnez(unsigned rs1, int offset) { return branch(1, rs1, 0, offset); }
constexpr uint32_t jal(unsigned rd, int offset) {
  const auto bits = static_cast<uint32_t>(offset);
  return 0x6f | rd << 7 | (bits >> 12 & 255) << 12 | (bits >> 11 & 1) << 20 | (bits >> 1 & 1023) << 21 |
         (bits >> 20 & 1) << 31;
}
constexpr uint32_t amoadd_d(unsigned rd, unsigned rs2, unsigned rs1) {
  return 0x2f | rd << 7 | 3 << 12 | rs1 << 15 | rs2 << 20;
}
constexpr uint32_t kEcall = 0x73;

class RiscvTest : public ::testing::Test {
 protected:
  struct State {
    explicit State(const ir::StateLayout& layout_of) : layout(layout_of), bytes(layout.size + 64) {
      const auto address = reinterpret_cast<uintptr_t>(bytes.data());
      cpu = new (bytes.data() + (64 - address % 64) % 64) ir::CpuHeader;
    }
    uint64_t& x(unsigned number) {
      return *reinterpret_cast<uint64_t*>(reinterpret_cast<std::byte*>(cpu) +
                                          layout.slot(riscv::x_slot(number)).offset);
    }
    const ir::StateLayout& layout;
    std::vector<std::byte> bytes;
    ir::CpuHeader* cpu;
  };

  void start(EngineOptions options = {}) {
    engine_ = std::make_unique<TranslatorEngine>(guest_, memory_, *compiler_, options);
    ASSERT_TRUE(static_cast<bool>(engine_->start()));
  }
  void put(uint64_t offset, std::initializer_list<uint32_t> insns) {
    std::copy(insns.begin(), insns.end(), reinterpret_cast<uint32_t*>(memory_.base() + offset));
  }
  // On this thread, from an offset in guest memory, a stack at its end.
  vcpu::Exit run(State& state, uint64_t offset) {
    engine_->attach(*state.cpu);
    state.cpu->pc = memory_.base() + offset;
    state.x(kSp) = memory_.base() + HostMemory::kSize;
    vcpu::Exit exit;
    {
      const FaultHandler handler(*engine_, *state.cpu, memory_);
      exit = engine_->run(*state.cpu);
    }
    engine_->detach(*state.cpu);
    return exit;
  }

  HostMemory memory_;
  riscv::Frontend guest_{*riscv::parse_cpu("max")};
  std::unique_ptr<Compiler> compiler_ =
      x64::make_compiler(guest_.layout(), guest_.helpers(), x64::HostFeatures::detect());
  std::unique_ptr<TranslatorEngine> engine_;
  State state_{guest_.layout()};
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
