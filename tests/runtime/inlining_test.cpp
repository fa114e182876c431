// Random RISC-V functions that call each other, in regions with inlined calls: returns to somewhere else, jumps out of
// functions, recursion, system calls in the middle. Everything must end as the interpreter says.
#include <random>

#include "backends/runtime/interpreter_engine.h"
#include "tests/runtime/riscv_machine.h"

namespace menura::runtime::test {
namespace {

using ir::ExitKind;

constexpr unsigned kFunctions = 6;
constexpr int kSpacing = 0x400;
constexpr unsigned kDepth = 9;  // of recursion, left; s1
constexpr unsigned kCode = 19;  // where functions begin; s3

class InliningTest : public RiscvMachine, public CompilerSource {
 protected:
  std::unique_ptr<Compiler> make() override { return compiler_->clone(); }

  unsigned pick(unsigned below) { return static_cast<unsigned>(random_() % below); }
  unsigned value() { return kA0 + pick(4); }
  void emit(uint32_t insn) { code_.push_back(insn); }
  int here() const { return static_cast<int>(code_.size()) * 4; }

  void emit_arithmetic() {
    switch (pick(3)) {
      case 0:
        emit(addi(value(), value(), static_cast<int>(pick(64)) - 32));
        break;
      case 1:
        emit(add(value(), value(), value()));
        break;
      default:
        emit(xor_(value(), value(), value()));
        break;
    }
  }
  // What may be skipped, or not, by chance.
  void emit_skip(uint32_t insn) {
    emit(andi(kT0, value(), 1 << pick(4)));
    emit(pick(2) == 0 ? beqz(kT0, 8) : bnez(kT0, 8));
    emit(insn);
  }
  void emit_loop() {
    emit(addi(6, 0, 1 + static_cast<int>(pick(4))));
    const int head = here();
    for (unsigned i = 0; i < 1 + pick(3); ++i) emit_arithmetic();
    emit_skip(addi(value(), value(), 3));
    emit(addi(6, 6, -1));
    emit(bnez(6, head - here()));
  }
  // Of one or two functions behind this one.
  void emit_indirect_call(unsigned self) {
    const unsigned callee = self + 1 + pick(kFunctions - self - 1);
    emit(addi(kT0, kCode, 0));
    for (unsigned i = 0; i < callee; ++i) emit(addi(kT0, kT0, kSpacing));
    if (callee + 1 < kFunctions && pick(2) == 0) {
      emit(andi(6, value(), 1 << pick(4)));
      emit(beqz(6, 8));
      emit(addi(kT0, kT0, kSpacing));
    }
    emit(jalr(kRa, kT0));
  }
  // A call of a function behind this one, or, while s1 lasts, of any. What follows may be skipped by a wrong return.
  void emit_call(unsigned self) {
    if (self + 1 < kFunctions && pick(3) == 0) {
      emit_indirect_call(self);
    } else if (self + 1 < kFunctions && pick(3) != 0) {
      emit(jal(kRa, static_cast<int>(self + 1 + pick(kFunctions - self - 1)) * kSpacing - at(self)));
    } else {
      emit(beqz(kDepth, 12));
      emit(addi(kDepth, kDepth, -1));
      emit(jal(kRa, static_cast<int>(pick(kFunctions)) * kSpacing - at(self)));
    }
    emit_arithmetic();
  }
  int at(unsigned self) const { return static_cast<int>(self) * kSpacing + here(); }

  void emit_function(unsigned self) {
    emit(addi(kSp, kSp, -16));
    emit(sd(kRa, kSp, 8));
    for (unsigned i = 0; i < 2 + pick(4); ++i) {
      switch (pick(6)) {
        case 0:
          emit_loop();
          break;
        case 1:
          emit_skip(addi(value(), value(), 1));
          break;
        case 2:
          if (pick(4) == 0) emit_skip(kEcall);
          break;
        case 3:
          emit_arithmetic();
          break;
        default:
          emit_call(self);
          break;
      }
    }
    emit(ld(kRa, kSp, 8));
    emit(addi(kSp, kSp, 16));
    const unsigned end = pick(3);
    if (end == 0) {
      // Behind the instruction after the call, now and then.
      emit(andi(kT0, value(), 4));
      emit(add(kRa, kRa, kT0));
    } else if (end == 1 && self + 1 < kFunctions) {
      // A tail call, at times.
      emit(andi(kT0, value(), 2));
      emit(beqz(kT0, 8));
      emit(jal(0, static_cast<int>(self + 1) * kSpacing - at(self)));
    }
    emit(jalr(0, kRa));
  }
  void place(uint64_t offset) {
    ASSERT_LE(here(), kSpacing);
    std::copy(code_.begin(), code_.end(), reinterpret_cast<uint32_t*>(memory_.base() + offset));
    code_.clear();
  }
  void make_program() {
    for (unsigned self = 0; self < kFunctions; ++self) {
      emit_function(self);
      place(self * kSpacing);
    }
    emit(addi(kDepth, 0, 5));
    emit(jal(kRa, -static_cast<int>(kFunctions) * kSpacing - 4));
    emit_arithmetic();
    emit(addi(kS2, kS2, -1));
    emit(bnez(kS2, -16));
    emit(addi(kA7, 0, 93));
    emit(kEcall);
    place(kFunctions * kSpacing);
  }

  // All registers at the end.
  std::vector<uint64_t> run_to_end(vcpu::Engine& engine) {
    State state(guest_.layout());
    engine.attach(*state.cpu);
    state.cpu->pc = memory_.base() + kFunctions * kSpacing;
    state.x(kSp) = memory_.base() + HostMemory::kSize;
    state.x(kS2) = 400;
    state.x(kCode) = memory_.base();
    for (unsigned calls = 0;; ++calls) {
      EXPECT_EQ(engine.run(*state.cpu).kind, ExitKind::Syscall);
      if (state.x(kA7) == 93 || ::testing::Test::HasFailure()) break;
      state.x(kA0) ^= calls;
    }
    engine.detach(*state.cpu);
    std::vector<uint64_t> registers = {state.cpu->pc};
    for (unsigned number = 1; number < 32; ++number) registers.push_back(state.x(number));
    return registers;
  }

  std::mt19937_64 random_;
  std::vector<uint32_t> code_;
};

TEST_F(InliningTest, RandomCallsEndAsInterpreted) {
  for (unsigned round = 0; round < 60; ++round) {
    random_.seed(round);
    make_program();
    InterpreterEngine oracle(guest_, memory_);
    const std::vector<uint64_t> expected = run_to_end(oracle);
    for (const unsigned depth : {1, 5}) {
      const ir::HotLimits limits{.instructions = 600, .blocks = 200, .inline_depth = depth};
      start({.hot_threshold = 30, .hot = limits});
      ASSERT_EQ(run_to_end(*engine_), expected) << "seed " << round << ", inlined by the second gear, depth " << depth;
      start({.hot_threshold = 30, .tier2 = this, .tier2_foreground = true, .tier2_limits = limits});
      ASSERT_EQ(run_to_end(*engine_), expected) << "seed " << round << ", inlined by the third gear, depth " << depth;
    }
  }
}

}  // namespace
}  // namespace menura::runtime::test
