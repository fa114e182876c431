// Code that goes away: eviction, self-modifying code, several threads, fork.
#include <sys/wait.h>
#include <unistd.h>

#include <thread>

#include "tests/runtime/machine.h"

namespace menura::runtime::test {
namespace {

using ir::ExitKind;

// The smallest cache there is: a handful of translations per chunk.
constexpr EngineOptions kTiny = {.cache_budget = 8192, .chunk_size = 4096, .hot_threshold = 3};

constexpr uint64_t kBlocks = 64;
constexpr uint64_t kSpacing = 0x40;
constexpr uint64_t kFirst = 0x1000;

// A chain of blocks, each of which calls a leaf and goes round a loop of three; the last one makes a system call.
// Once through it adds kOnce to `a`.
void put_chain(HostMemory& memory) {
  for (uint64_t i = 0; i < kBlocks; ++i) {
    const uint64_t at = kFirst + i * kSpacing;
    // d -3; l: call leaf; d 1; if count goto l; a 1; j next      leaf: a 1; return
    memory.put(at, {{'d', -3}, {'c', 12}, {'d', 1}, {'b', -2}, {'a', 1}, {'j', kSpacing / 2 - 5}});
    memory.put(at + 26, {{'a', 1}, {'r'}});
  }
  memory.put(kFirst + kBlocks * kSpacing, {{'s'}});
}
constexpr uint64_t kOnce = 4 * kBlocks;

class CacheTest : public Machine {
 protected:
  void go_through(Cpu& cpu, unsigned rounds) {
    for (unsigned i = 1; i <= rounds; ++i) {
      ASSERT_EQ(run(cpu, kFirst).kind, ExitKind::Syscall);
      ASSERT_EQ(cpu.a(), kOnce * i);
      ASSERT_EQ(cpu.count(), 0U);
    }
  }
  // On a thread of its own, with a virtual CPU of its own.
  template <typename Body>
  std::thread with_cpu(Body body) {
    return std::thread([this, body] {
      const auto cpu = std::make_unique<Cpu>();
      engine_->attach(cpu->header);
      {
        const FaultHandler handler(*engine_, cpu->header, memory_);
        body(*cpu);
      }
      engine_->detach(cpu->header);
    });
  }
};

TEST_F(CacheTest, EvictsTheOldestAndGoesOn) {
  put_chain(memory_);
  start(kTiny);
  go_through(cpu_, 12);
  const Statistics statistics = engine_->statistics();
  EXPECT_GT(statistics.evicted_chunks, 10U);
  EXPECT_LE(statistics.cache_bytes, 4U * 4096);
}

TEST_F(CacheTest, ThreadsShareATinyCache) {
  put_chain(memory_);
  start(kTiny);
  std::vector<std::thread> threads;
  for (int i = 0; i < 3; ++i) {
    threads.push_back(with_cpu([this](Cpu& cpu) { go_through(cpu, 8); }));
  }
  go_through(cpu_, 8);
  for (std::thread& thread : threads) thread.join();
}

// Chunks are freed although a virtual CPU never leaves compiled code by itself.
TEST_F(CacheTest, EvictionDoesNotWaitForLoops) {
  put_chain(memory_);
  memory_.put(0, {{'a', 1}, {'j', -1}});
  memory_.put(0x200, {{'d', 1}, {'x'}});
  start(kTiny);
  std::atomic<Cpu*> loops[2] = {};
  std::vector<std::thread> threads;
  for (unsigned i = 0; i < 2; ++i) {
    threads.push_back(with_cpu([this, i, &loops](Cpu& cpu) {
      cpu.a() = memory_.base() + 0x200;
      loops[i].store(&cpu);
      EXPECT_EQ(run(cpu, i * 0x200).kind, ExitKind::Stop);
    }));
  }
  for (auto& loop : loops) {
    while (loop.load() == nullptr) std::this_thread::yield();
  }
  go_through(cpu_, 10);
  for (auto& loop : loops) loop.load()->header.stop_request.store(1);
  for (std::thread& thread : threads) thread.join();
}

TEST_F(CacheTest, ThreadsSurviveInvalidations) {
  put_chain(memory_);
  start({.hot_threshold = 3});
  std::atomic<int> running{2};
  std::vector<std::thread> threads;
  for (int i = 0; i < 2; ++i) {
    threads.push_back(with_cpu([this, &running](Cpu& cpu) {
      do {
        go_through(cpu, 20);
        cpu.a() = 0;
      } while (engine_->statistics().invalidated < 200);
      --running;
    }));
  }
  for (uint64_t i = 0; running.load() != 0; ++i) {
    const uint64_t at = memory_.base() + kFirst + i % kBlocks * kSpacing;
    engine_->invalidate(at, at + kSpacing);
    std::this_thread::yield();
  }
  for (std::thread& thread : threads) thread.join();
}

TEST_F(CacheTest, InvalidationUnlinksAndForgets) {
  memory_.put(0, {{'a', 1}, {'j', 50}});
  memory_.put(102, {{'a', 2}, {'s'}});
  start();
  run(0);
  EXPECT_EQ(cpu_.a(), 3U);
  memory_.put(102, {{'a', 10}, {'s'}});
  engine_->invalidate(memory_.base() + 103, memory_.base() + 104);
  EXPECT_EQ(translation(102), nullptr);
  EXPECT_EQ(translation(0)->links[0].to, nullptr);
  run(0);
  EXPECT_EQ(cpu_.a(), 14U);
  engine_->invalidate(0, ~uint64_t{0});
  EXPECT_EQ(translation(0), nullptr);
  EXPECT_EQ(engine_->statistics().invalidated, 3U);
}

TEST_F(CacheTest, IndirectJumpsAndReturnsForgetInvalidatedCode) {
  memory_.put(0, {{'x'}});
  memory_.put(200, {{'d', 1}, {'s'}});
  start();
  for (int i = 0; i < 2; ++i) {
    cpu_.a() = memory_.base() + 200;
    run(0);
  }
  memory_.put(200, {{'d', 100}, {'s'}});
  engine_->invalidate(memory_.base() + 200, memory_.base() + 204);
  cpu_.a() = memory_.base() + 200;
  run(0);
  EXPECT_EQ(cpu_.count(), uint64_t{0} - 102);

  // The callee exits, the caller changes meanwhile, the callee returns.
  memory_.put(0x400, {{'c', 8}, {'d', 1}, {'s'}});
  memory_.put(0x410, {{'s'}, {'r'}});
  cpu_.count() = 0;
  run(0x400);
  EXPECT_EQ(pc(), 0x412U);
  memory_.put(0x402, {{'d', 50}});
  engine_->invalidate(memory_.base() + 0x402, memory_.base() + 0x404);
  engine_->run(cpu_.header);
  EXPECT_EQ(pc(), 0x406U);
  EXPECT_EQ(cpu_.count(), uint64_t{0} - 50);
}

// Stores go to pages that were translated from: the fault handler invalidates in the middle of compiled code.
TEST_F(CacheTest, CodeMayRewriteCode) {
  memory_.protect = true;
  memory_.put(0, {{'w'}, {'j', 50}});
  memory_.put(102, {{'a', 1}, {'s'}, {'s'}, {'s'}});
  start();
  const FaultHandler handler(*engine_, cpu_.header, memory_);
  cpu_.address() = memory_.base() + 102;
  uint64_t sum = 0;
  for (unsigned i = 1; i <= 20; ++i) {
    const std::vector<uint8_t> code = ir::test::toy_code({{'a', static_cast<int>(i)}, {'s'}, {'s'}, {'s'}});
    std::memcpy(&cpu_.data(), code.data(), 8);
    sum += i;
    EXPECT_EQ(run(0).kind, ExitKind::Syscall);
    EXPECT_EQ(cpu_.a(), sum);
  }
  EXPECT_GT(engine_->statistics().invalidated, 20U);
}

// A loop whose body lies in the page that it writes to.
TEST_F(CacheTest, LoopsMayWriteToTheirOwnPage) {
  memory_.protect = true;
  memory_.put(0, {{'w'}, {'a', 1}, {'d', 1}, {'b', -3}, {'s'}});
  start({.hot_threshold = 5});
  const FaultHandler handler(*engine_, cpu_.header, memory_);
  cpu_.address() = memory_.base() + 0x800;
  cpu_.count() = 100;
  EXPECT_EQ(run(0).kind, ExitKind::Syscall);
  EXPECT_EQ(cpu_.a(), 100U);
}

TEST_F(CacheTest, AForkedChildHasCodeOfItsOwn) {
  put_chain(memory_);
  memory_.put(0, {{'a', 1}, {'j', 50}});
  memory_.put(102, {{'a', 2}, {'s'}});
  start();
  go_through(cpu_, 2);
  cpu_.a() = 0;
  // Another virtual CPU, whose thread the child will not have.
  std::atomic<bool> done{false};
  std::atomic<bool> ready{false};
  std::thread other = with_cpu([&](Cpu& cpu) {
    run(cpu, 102);
    ready = true;
    while (!done) std::this_thread::yield();
  });
  while (!ready) std::this_thread::yield();

  engine_->before_fork();
  const pid_t child = fork();
  if (child == 0) {
    engine_->after_fork_child();
    // New code, new links, and old code that must still be there.
    bool good = run(0).kind == ExitKind::Syscall && cpu_.a() == 3;
    cpu_.a() = 0;
    good = good && run(kFirst).kind == ExitKind::Syscall && cpu_.a() == kOnce;
    engine_->invalidate(0, ~uint64_t{0});
    good = good && run(kFirst).kind == ExitKind::Syscall && cpu_.a() == 2 * kOnce;
    _exit(good ? 42 : 1);
  }
  engine_->after_fork_parent();
  int status = 0;
  ASSERT_EQ(waitpid(child, &status, 0), child);
  EXPECT_TRUE(WIFEXITED(status));
  EXPECT_EQ(WEXITSTATUS(status), 42);
  EXPECT_EQ(translation(0), nullptr);
  go_through(cpu_, 2);
  done = true;
  other.join();
}

}  // namespace
}  // namespace menura::runtime::test
