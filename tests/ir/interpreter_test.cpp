#include "ir/interp/interpreter.h"

#include <gtest/gtest.h>

#include <thread>

#include "backends/runtime/interpreter_engine.h"
#include "tests/ir/test_memory.h"
#include "tests/ir/toy_guest.h"

namespace menura::ir::test {
namespace {

constexpr uint64_t kBase = 0x10000;
constexpr uint64_t kData = 0x20000;

class InterpreterTest : public testing::Test {
 protected:
  InterpreterTest() {
    counting.attach(counted.header);
    plain.attach(cpu.header);
    for (ToyState* state : {&cpu, &counted}) {
      state->header.pc = kBase;
      state->regs[kToyAddress] = kData;
    }
  }
  ~InterpreterTest() override {
    counting.detach(counted.header);
    plain.detach(cpu.header);
  }

  ToyGuest guest;
  TestMemory memory;
  Interpreter plain{guest, memory, {}};
  Interpreter counting{guest, memory, {.count = true}};
  ToyState cpu;
  ToyState counted;
};

TEST_F(InterpreterTest, RunsALoopToItsSystemCall) {
  memory.map(kBase, toy_code({{'a', 3}, {'d', 1}, {'b', -2}, {'s'}}));
  cpu.regs[kToyCount] = 1000;
  const InterpreterExit exit = plain.run(cpu.header);
  EXPECT_EQ(exit.kind, ExitKind::Syscall);
  EXPECT_EQ(cpu.header.pc, kBase + 8);
  EXPECT_EQ(cpu.regs[kToyA], 3000U);
}

TEST_F(InterpreterTest, CallsAndReturns) {
  memory.map(kBase, toy_code({{'d', 1}, {'c', 4}, {'b', -2}, {'s'}, {'?'}, {'a', 7}, {'r'}}));
  cpu.regs[kToyCount] = 10;
  EXPECT_EQ(plain.run(cpu.header).kind, ExitKind::Syscall);
  EXPECT_EQ(cpu.regs[kToyA], 70U);
}

TEST_F(InterpreterTest, AFaultIsPrecise) {
  memory.map(kBase, toy_code({{'a', 1}, {'a', 2}, {'m'}, {'a', 4}}));
  const InterpreterExit exit = plain.run(cpu.header);
  EXPECT_EQ(exit.kind, ExitKind::Fault);
  EXPECT_EQ(exit.fault.kind, FaultKind::Unmapped);
  EXPECT_EQ(exit.fault.access, Access::Read);
  EXPECT_EQ(exit.fault.address, kData);
  EXPECT_EQ(cpu.header.pc, kBase + 4);
  EXPECT_EQ(cpu.regs[kToyA], 3U);
}

TEST_F(InterpreterTest, AFetchFaultIsNotRemembered) {
  memory.map(kBase, toy_code({{'a', 1}}));
  InterpreterExit exit = plain.run(cpu.header);
  EXPECT_EQ(exit.kind, ExitKind::Fault);
  EXPECT_EQ(exit.fault.access, Access::Execute);
  EXPECT_EQ(exit.fault.address, kBase + 2);
  EXPECT_EQ(cpu.header.pc, kBase + 2);
  memory.map(kBase + 2, toy_code({{'s'}}));
  EXPECT_EQ(plain.run(cpu.header).kind, ExitKind::Syscall);
}

TEST_F(InterpreterTest, StopsBeforeAnyInstruction) {
  memory.map(kBase, toy_code({{'a', 1}, {'d', 1}, {'b', -2}, {'a', 5}, {'s'}}));
  for (int64_t budget = 0; budget < 12; ++budget) {
    counted.regs[kToyA] = 0;
    counted.regs[kToyCount] = 3;
    counted.header.pc = kBase;
    counted.header.budget = budget;
    counted.header.retired = 0;
    const InterpreterExit exit = counting.run(counted.header);
    if (budget < 11) {
      EXPECT_EQ(exit.kind, ExitKind::Budget);
      EXPECT_EQ(counted.header.retired, static_cast<uint64_t>(budget));
      EXPECT_EQ(counted.header.pc,
                kBase + (budget < 9 ? 2 * static_cast<uint64_t>(budget % 3) : 2 * static_cast<uint64_t>(budget - 6)));
      EXPECT_EQ(counted.header.budget, 0);
    } else {
      EXPECT_EQ(exit.kind, ExitKind::Syscall);
    }
  }
}

TEST_F(InterpreterTest, WhatFaultsOrIsIllegalIsNotRetired) {
  memory.map(kBase, toy_code({{'a', 1}, {'m'}}));
  memory.map(kBase + 0x1000, toy_code({{'a', 1}, {'?'}}));
  counted.header.budget = 10;
  EXPECT_EQ(counting.run(counted.header).kind, ExitKind::Fault);
  EXPECT_EQ(counted.header.retired, 1U);
  EXPECT_EQ(counted.header.budget, 9);
  counted.header.pc = kBase + 0x1000;
  EXPECT_EQ(counting.run(counted.header).kind, ExitKind::IllegalInstruction);
  EXPECT_EQ(counted.header.retired, 2U);
  EXPECT_EQ(counted.header.pc, kBase + 0x1002);
}

TEST_F(InterpreterTest, AStopRequestEndsALoop) {
  memory.map(kBase, toy_code({{'a', 1}, {'j', -1}}));
  std::thread stopper([this] { cpu.header.stop_request = 1; });
  EXPECT_EQ(plain.run(cpu.header).kind, ExitKind::Stop);
  stopper.join();
  EXPECT_EQ(cpu.header.pc, kBase);
}

// A guest memory that tells an interpreter about writes to code, as a process does.
class WatchedMemory : public TestMemory {
 public:
  bool write(uint64_t address, const void* data, unsigned size, Fault* fault) override {
    if (interpreter != nullptr) interpreter->invalidate(address, address + size);
    return TestMemory::write(address, data, size, fault);
  }
  Interpreter* interpreter = nullptr;
};

TEST(InterpreterCode, ThatIsWrittenIsTranslatedAgain) {
  ToyGuest guest;
  WatchedMemory memory;
  // The store replaces the instruction behind it.
  memory.map(kBase, toy_code({{'w'}, {'a', 1}, {'a', 1}, {'a', 1}, {'a', 1}, {'d', 1}, {'b', -6}, {'s'}}));
  Interpreter interpreter(guest, memory, {});
  memory.interpreter = &interpreter;
  ToyState cpu;
  interpreter.attach(cpu.header);
  cpu.header.pc = kBase;
  cpu.regs[kToyAddress] = kBase + 2;
  cpu.regs[kToyData] = 0x0a610a610a610a61;  // four times: a += 10
  cpu.regs[kToyCount] = 2;
  EXPECT_EQ(interpreter.run(cpu.header).kind, ExitKind::Syscall);
  EXPECT_EQ(cpu.regs[kToyA], 80U);
  interpreter.detach(cpu.header);
}

TEST(InterpreterCode, RunsBehindTheEngineInterface) {
  ToyGuest guest;
  TestMemory memory;
  memory.map(kBase, toy_code({{'a', 1}, {'w'}}));
  runtime::InterpreterEngine interpreter(guest, memory);
  vcpu::Engine& engine = interpreter;
  ToyState cpu;
  engine.attach(cpu.header);
  cpu.header.pc = kBase;
  engine.before_fork();
  engine.after_fork_parent();
  const vcpu::Exit exit = engine.run(cpu.header);
  EXPECT_EQ(exit.kind, vcpu::ExitKind::Fault);
  EXPECT_EQ(exit.fault.access, Access::Write);
  engine.detach(cpu.header);
}

TEST(InterpreterCode, ManyInvalidationsAtOnceForgetAll) {
  ToyGuest guest;
  TestMemory memory;
  auto& segment = memory.map(kBase, toy_code({{'a', 1}, {'s'}}));
  Interpreter interpreter(guest, memory, {});
  ToyState cpu;
  interpreter.attach(cpu.header);
  cpu.header.pc = kBase;
  interpreter.run(cpu.header);
  segment.bytes[1] = 50;
  for (uint64_t i = 0; i < 1000; ++i) interpreter.invalidate(0x900000 + i, 0x900001 + i);
  interpreter.invalidate(kBase + 1, kBase + 2);
  cpu.header.pc = kBase;
  interpreter.run(cpu.header);
  EXPECT_EQ(cpu.regs[kToyA], 51U);
  interpreter.detach(cpu.header);
}

}  // namespace
}  // namespace menura::ir::test
