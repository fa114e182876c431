// Dispatch, linking, indirect jumps, predicted returns, gears, stop requests, counting.
#include <thread>

#include "tests/runtime/machine.h"

namespace menura::runtime::test {
namespace {

using ir::ExitKind;

TEST_F(Machine, RunsToASystemCall) {
  memory_.put(0, {{'a', 5}, {'a', 6}, {'s'}});
  start();
  EXPECT_EQ(run(0).kind, ExitKind::Syscall);
  EXPECT_EQ(cpu_.a(), 11U);
  EXPECT_EQ(pc(), 6U);
}

TEST_F(Machine, KeepsUnpinnedAndPinnedState) {
  memory_.put(0, {{'m'}, {'a', 1}, {'s'}});
  start();
  const uint64_t value = 0x1234'5678'9abc'def0;
  cpu_.address() = reinterpret_cast<uint64_t>(&value);
  cpu_.count() = 77;
  run(0);
  EXPECT_EQ(cpu_.data(), value);
  EXPECT_EQ(cpu_.count(), 77U);
  EXPECT_EQ(cpu_.address(), reinterpret_cast<uint64_t>(&value));
}

TEST_F(Machine, LinksDirectJumpsOnce) {
  memory_.put(0, {{'a', 1}, {'j', 50}});
  memory_.put(102, {{'a', 2}, {'s'}});
  start();
  for (int i = 1; i <= 3; ++i) {
    EXPECT_EQ(run(0).kind, ExitKind::Syscall);
    EXPECT_EQ(cpu_.a(), 3U * static_cast<unsigned>(i));
  }
  EXPECT_EQ(engine_->statistics().resolves, 1U);
  EXPECT_EQ(engine_->statistics().first.regions, 2U);
  EXPECT_EQ(translation(0)->links[0].to, translation(102));
}

TEST_F(Machine, LoopsAndTurnsHot) {
  memory_.put(0, {{'a', 3}, {'d', 1}, {'b', -2}, {'s'}});
  start({.hot_threshold = 10});
  cpu_.count() = 1000;
  EXPECT_EQ(run(0).kind, ExitKind::Syscall);
  EXPECT_EQ(cpu_.a(), 3000U);
  EXPECT_EQ(cpu_.count(), 0U);
  EXPECT_EQ(engine_->statistics().hot.regions, 1U);
  EXPECT_TRUE(translation(0)->gear == Gear::Hot);
  EXPECT_EQ(pc(), 8U);
}

TEST_F(Machine, LinksToColdCodeAreRedirectedWhenItTurnsHot) {
  memory_.put(0, {{'j', 50}});
  memory_.put(100, {{'a', 1}, {'s'}});
  start({.hot_threshold = 3});
  run(0);
  const Translation* const cold = translation(100);
  EXPECT_EQ(translation(0)->links[0].to, cold);
  for (int i = 0; i < 3; ++i) run(100);
  const Translation* const hot = translation(100);
  EXPECT_NE(hot, cold);
  EXPECT_TRUE(hot->gear == Gear::Hot);
  EXPECT_EQ(translation(0)->links[0].to, hot);
  EXPECT_EQ(cold->incoming, nullptr);
  run(0);
  EXPECT_EQ(cpu_.a(), 5U);
}

TEST_F(Machine, IndirectJumpsMissOnce) {
  memory_.put(0, {{'x'}});
  memory_.put(200, {{'d', 1}, {'s'}});
  start();
  for (int i = 0; i < 5; ++i) {
    cpu_.a() = memory_.base() + 200;
    EXPECT_EQ(run(0).kind, ExitKind::Syscall);
  }
  EXPECT_EQ(engine_->statistics().indirect_misses, 1U);
  EXPECT_EQ(cpu_.count(), ~uint64_t{4});
}

TEST_F(Machine, IndirectJumpsToTheSamePlaceInTheTableStayApart) {
  uint64_t far = 2;
  while (lookup_place(memory_.base() + 200 + far) != lookup_place(memory_.base() + 200)) far += 2;
  memory_.put(0, {{'x'}});
  memory_.put(200, {{'d', 1}, {'s'}});
  memory_.put(200 + far, {{'d', 10}, {'s'}});
  start();
  for (int i = 0; i < 6; ++i) {
    cpu_.a() = memory_.base() + 200 + (i % 2 != 0 ? far : 0);
    run(0);
  }
  EXPECT_EQ(cpu_.count(), uint64_t{0} - 33);
}

TEST_F(Machine, CallsReturnToTheirCallers) {
  memory_.put(0, {{'c', 50}, {'a', 1}, {'c', 48}, {'a', 1}, {'s'}});
  memory_.put(100, {{'a', 10}, {'r'}});
  start();
  for (int i = 1; i <= 3; ++i) {
    run(0);
    EXPECT_EQ(cpu_.a(), 22U * static_cast<unsigned>(i));
  }
  EXPECT_EQ(engine_->statistics().indirect_misses, 0U);
}

TEST_F(Machine, IndirectCallsReturnToTheirCallers) {
  memory_.put(0, {{'X'}, {'d', 1}, {'s'}});
  memory_.put(100, {{'d', 10}, {'r'}});
  start();
  for (int i = 1; i <= 3; ++i) {
    cpu_.a() = memory_.base() + 100;
    run(0);
  }
  EXPECT_EQ(cpu_.count(), uint64_t{0} - 33);
  EXPECT_EQ(engine_->statistics().indirect_misses, 1U);
}

// A return to where no call expects it goes there all the same, and later calls are predicted again.
TEST_F(Machine, UnexpectedReturnsGoWhereTheyShould) {
  memory_.put(0, {{'c', 50}, {'s'}});
  memory_.put(100, {{'r'}});
  memory_.put(300, {{'r'}});
  memory_.put(400, {{'a', 1}, {'s'}});
  start();
  for (int i = 0; i < 3; ++i) {
    cpu_.link() = memory_.base() + 400;
    EXPECT_EQ(run(300).kind, ExitKind::Syscall);
    EXPECT_EQ(pc(), 404U);
    run(0);
    EXPECT_EQ(pc(), 4U);
  }
  EXPECT_EQ(cpu_.a(), 3U);
}

// Calls that never return, like longjmp's: the stack of predictions is full many times over.
TEST_F(Machine, CallsThatNeverReturnAreBounded) {
  memory_.put(0, {{'d', 1}, {'b', 2}, {'s'}, {'c', -3}});
  start({.hot_threshold = 0});
  cpu_.count() = 100'000;
  const FaultHandler handler(*engine_, cpu_.header, memory_);
  EXPECT_EQ(run(0).kind, ExitKind::Syscall);
  EXPECT_EQ(cpu_.count(), 0U);
}

TEST_F(Machine, StopRequestsEndLoops) {
  memory_.put(0, {{'a', 1}, {'j', -1}});
  start();
  std::thread stopper([&] { cpu_.header.stop_request.store(1); });
  EXPECT_EQ(run(0).kind, ExitKind::Stop);
  stopper.join();
  EXPECT_TRUE(pc() == 0 || pc() == 2);
  EXPECT_EQ(run(0).kind, ExitKind::Stop) << "the request stands until it is cleared";
  cpu_.header.stop_request.store(0);
}

TEST_F(Machine, StopRequestsEndIndirectLoops) {
  memory_.put(0, {{'d', 1}, {'x'}});
  start();
  cpu_.a() = memory_.base();
  std::thread stopper([&] { cpu_.header.stop_request.store(1); });
  EXPECT_EQ(run(0).kind, ExitKind::Stop);
  stopper.join();
  EXPECT_EQ(pc(), 0U);
}

// A loop of nothing but a return.
TEST_F(Machine, StopRequestsEndReturnLoops) {
  memory_.put(0, {{'d', 1}, {'r'}});
  start();
  cpu_.link() = memory_.base();
  std::thread stopper([&] { cpu_.header.stop_request.store(1); });
  EXPECT_EQ(run(0).kind, ExitKind::Stop);
  stopper.join();
  EXPECT_EQ(pc(), 0U);
}

TEST_F(Machine, AnUnfetchableTargetIsAFaultThere) {
  memory_.put(0, {{'a', 1}, {'x'}});
  start();
  cpu_.a() = 0x1000;
  const vcpu::Exit exit = run(0);
  EXPECT_EQ(exit.kind, ExitKind::Fault);
  EXPECT_EQ(exit.fault.kind, ir::FaultKind::Unmapped);
  EXPECT_EQ(exit.fault.access, ir::Access::Execute);
  EXPECT_EQ(exit.fault.address, 0x1001U);
  EXPECT_EQ(cpu_.header.pc, 0x1001U);
  EXPECT_EQ(cpu_.a(), 0x1001U);
}

TEST_F(Machine, FaultsArePrecise) {
  memory_.put(0, {{'a', 7}, {'d', 1}, {'w'}, {'a', 7}, {'s'}});
  start();
  cpu_.count() = 5;
  cpu_.address() = 8;
  const FaultHandler handler(*engine_, cpu_.header, memory_);
  const vcpu::Exit exit = run(0);
  EXPECT_EQ(exit.kind, ExitKind::Fault);
  EXPECT_EQ(exit.fault.address, 8U);
  EXPECT_EQ(pc(), 4U);
  EXPECT_EQ(cpu_.a(), 7U);
  EXPECT_EQ(cpu_.count(), 4U);
  uint64_t place = 0;
  cpu_.address() = reinterpret_cast<uint64_t>(&place);
  cpu_.data() = 99;
  EXPECT_EQ(engine_->run(cpu_.header).kind, ExitKind::Syscall) << "it resumes at the faulting instruction";
  EXPECT_EQ(place, 99U);
  EXPECT_EQ(cpu_.a(), 14U);
}

TEST_F(Machine, BudgetsAreExact) {
  memory_.put(0, {{'a', 1}, {'a', 1}, {'a', 1}, {'d', 1}, {'b', -4}, {'s'}});
  for (const int32_t threshold : {0, 3}) {
    start({.hot_threshold = threshold, .count = true});
    cpu_.a() = 0;
    cpu_.count() = 1000;
    cpu_.header.pc = memory_.base();
    cpu_.header.retired = 0;
    uint64_t retired = 0;
    for (const int64_t budget : {1, 2, 3, 4, 5, 6, 7, 101, 1003}) {
      cpu_.header.budget = budget;
      EXPECT_EQ(engine_->run(cpu_.header).kind, ExitKind::Budget);
      retired += static_cast<uint64_t>(budget);
      EXPECT_EQ(cpu_.header.retired, retired);
      EXPECT_EQ(cpu_.header.budget, 0);
      EXPECT_EQ(pc(), retired % 5 * 2);
      EXPECT_EQ(cpu_.a(), retired / 5 * 3 + std::min<uint64_t>(retired % 5, 3));
    }
    engine_->detach(cpu_.header);
    engine_.reset();
  }
}

TEST_F(Machine, ProfilesCountExecutedInstructions) {
  memory_.put(0, {{'a', 1}, {'d', 1}, {'b', -2}, {'s'}});
  start({.hot_threshold = 4, .profile = true});
  cpu_.count() = 100;
  run(0);
  EXPECT_EQ(engine_->statistics().executed_guest, 301U);
  EXPECT_GT(engine_->statistics().executed_host, 0U);
}

TEST_F(Machine, ModesDoNotMix) {
  memory_.put(0, {{'x'}});
  memory_.put(100, {{'d', 1}, {'s'}});
  start();
  for (int i = 0; i < 4; ++i) {
    cpu_.header.mode = static_cast<uint64_t>(i % 2);
    cpu_.a() = memory_.base() + 100;
    run(0);
  }
  EXPECT_EQ(engine_->statistics().first.regions, 4U);
  EXPECT_EQ(engine_->statistics().indirect_misses, 2U);
}

}  // namespace
}  // namespace menura::runtime::test
