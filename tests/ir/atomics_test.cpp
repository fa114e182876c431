// Atomic ops of several virtual CPUs at once, on the interpreter.
#include <gtest/gtest.h>

#include <thread>

#include "ir/interp/evaluator.h"
#include "ir/text/parse.h"
#include "tests/ir/host_memory.h"
#include "tests/ir/test_state.h"

namespace menura::ir::test {
namespace {

constexpr int kThreads = 4;
constexpr int kRounds = 5000;

// Runs the region on all threads; r5 holds the address of the data.
void run_on_threads(const char* text) {
  const TestGuest guest;
  HostMemory memory;
  memory.clear();
  Result<Region> region = parse(text, guest.layout(), guest.helpers());
  ASSERT_TRUE(region) << region.error().message;
  const PreparedRegion prepared(*region);
  std::vector<std::thread> threads;
  for (int i = 0; i < kThreads; ++i) {
    threads.emplace_back([&] {
      struct State {
        CpuHeader header;
        uint64_t regs[16] = {};
        std::array<uint8_t, 8192> more = {};
      };
      const auto state = std::make_unique<State>();
      ASSERT_LE(guest.layout().size, sizeof(State));
      Evaluator evaluator(guest.layout(), guest.helpers(), memory);
      InterpreterExit exit;
      for (int round = 0; round < kRounds; ++round) {
        state->regs[5] = HostMemory::kData;
        evaluator.run(prepared, state->header, {}, &exit);
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  uint64_t sum = 0;
  std::memcpy(&sum, HostMemory::host(HostMemory::kData), 8);
  EXPECT_EQ(sum, uint64_t{kThreads} * kRounds);
}

TEST(Atomics, AddsAreNotLost) {
  run_on_threads(R"(region pc=0x10000
b0:
  v1:i64 = get $r5
  v2:i64 = const 1
  v3:i64 = atomic v1, v2, size=8 le op=add
  jump +4
)");
}

TEST(Atomics, LoadLinkedAndStoreConditionalLoseNothing) {
  run_on_threads(R"(region pc=0x10000
b0:
  v1:i64 = get $r5
  v2:i64 = const 1
  br b1
b1:
  v4:i64 = ll v1, size=8 le
  v5:i64 = add v4, v2
  v6:i1 = sc v1, v5, size=8 le
  cbr v6, b2, b1
b2:
  jump +4
)");
}

TEST(Atomics, SixteenBytesLoseNothing) {
  // Both halves count: the next number of both comes from the high half.
  run_on_threads(R"(region pc=0x10000
b0:
  v1:i64 = get $r5
  v2:i64 = const 1
  v3:i128 = const 64
  br b1
b1:
  v4:i128 = ll v1, size=16 le
  v9:i128 = shr v4, v3
  v5:i64 = trunc v9
  v6:i64 = add v5, v2
  v7:i128 = concat v6, v6
  v8:i1 = sc v1, v7, size=16 le
  cbr v8, b2, b1
b2:
  jump +4
)");
}

TEST(Atomics, CompareExchangeLosesNothing) {
  run_on_threads(R"(region pc=0x10000
b0:
  v1:i64 = get $r5
  v2:i64 = const 1
  br b1
b1:
  v4:i64 = load v1, size=8 le
  v5:i64 = add v4, v2
  v6:i64 = cmpxchg v1, v4, v5, size=8 le
  v7:i1 = icmp v6, v4, eq
  cbr v7, b2, b1
b2:
  jump +4
)");
}

}  // namespace
}  // namespace menura::ir::test
