// A board's table becomes a machine: what is where, who interrupts whom, threads that run, wait, stop and start anew.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <cstdlib>
#include <thread>

#include "boards/devices/devices.h"
#include "boards/machine.h"

namespace menura::boards {
namespace {

using namespace std::chrono_literals;

constexpr uint64_t kMebibyte = 1 << 20;

// --- virtual CPUs that count what is asked of them

class FakeCpu final : public vcpu::SystemCpu {
 public:
  ir::CpuHeader& header() override { return header_; }
  void reset(uint64_t pc, uint64_t, uint64_t) override {
    header_.pc = pc;
    waiting = false;
    ++resets;
  }
  Next handle(const vcpu::Exit& exit) override {
    if (exit.kind != vcpu::ExitKind::Wait) return Next::Run;
    waiting = true;
    return Next::Wait;
  }
  void take_interrupt() override {
    if (inputs.load() != 0) waiting = false;
  }
  bool runnable() const override { return !waiting || inputs.load() != 0; }
  void set_interrupt(unsigned input, bool level) override {
    if (level) {
      inputs.fetch_or(1U << input);
    } else {
      inputs.fetch_and(~(1U << input));
    }
    header_.stop_request.fetch_or(vcpu::kStopInterrupt);
    wake();
  }

  std::atomic<uint32_t> inputs{0};
  std::atomic<bool> waiting{false};
  std::atomic<int> resets{0};

 private:
  ir::CpuHeader header_;
};

// Every run waits for an interrupt, or spins until it is asked to stop.
class FakeEngine final : public vcpu::Engine {
 public:
  void attach(ir::CpuHeader&) override { ++attached; }
  void detach(ir::CpuHeader&) override { --attached; }
  vcpu::Exit run(ir::CpuHeader& cpu) override {
    ++runs;
    while (spin) {
      if (cpu.stop_request.load() != 0) return {};
      std::this_thread::yield();
    }
    return {.kind = vcpu::ExitKind::Wait, .fault = {}};
  }
  void invalidate(uint64_t, uint64_t) override {}
  void set_breakpoints(std::vector<uint64_t>) override {}
  vcpu::Exit interpret(ir::CpuHeader&, uint64_t) override { return {.kind = vcpu::ExitKind::Budget, .fault = {}}; }
  bool take_host_fault(ir::CpuHeader&, void*, const ir::Fault&) override { return false; }

  std::atomic<int> attached{0};
  std::atomic<int> runs{0};
  std::atomic<bool> spin{false};
};

class FakeCpus final : public Cpus {
 public:
  explicit FakeCpus(unsigned count) : cpus_(count) {}
  unsigned count() const override { return static_cast<unsigned>(cpus_.size()); }
  FakeCpu& cpu(unsigned index) override { return cpus_[index]; }
  FakeEngine& engine() override { return engine_; }
  // No debugger is here.
  softmmu::MachineMemory& memory() override { std::abort(); }
  softmmu::PageWalker& walker(unsigned) override { std::abort(); }
  const vcpu::DebugRegisters& debug_registers() const override { std::abort(); }
  void reset(const Entry& entry) override {
    for (FakeCpu& cpu : cpus_) cpu.reset(entry.pc, 0, 0);
  }

 private:
  std::deque<FakeCpu> cpus_;
  FakeEngine engine_;
};

Result<std::unique_ptr<Cpus>> make_cpus(const CpuSetup& setup) {
  if (setup.name != "fake") return Error{"--cpu " + setup.name + ": expected fake"};
  return std::unique_ptr<Cpus>(std::make_unique<FakeCpus>(setup.count));
}
void describe(Machine&, fdt::Tree& tree) { tree.text("/", "compatible", "test"); }
void describe_interrupt(fdt::Tree& tree, const std::string& path, uint32_t interrupt) {
  tree.cells(path, "interrupts", {interrupt});
}
constexpr BoardCode kCode = {make_cpus, nullptr, describe, describe_interrupt, nullptr, "/soc"};

constexpr uint32_t kAclintInputs[] = {3, 7};
constexpr uint32_t kPlicInputs[] = {11, 9};
constexpr MemoryRow kMemory[] = {{"ROM", MemoryKind::Rom, 0x1000, 0x1000}, {"RAM", MemoryKind::Ram, 0x80000000, 0}};
constexpr BoardRow kDevices[] = {
    {&kNs16550a, 0x10000000, 0x100, 10, 2},
    {&kSifiveTest, 0x100000, 0x1000},
    {&kAclint, 0x2000000, 0x10000, kNoInterrupt, 1, kAclintInputs},
    {&kPlic, 0xc000000, 0x600000, kNoInterrupt, 1, kPlicInputs},
};
static_assert(rows_are_disjoint(kMemory, kDevices, 64 * kMebibyte));
constexpr Board kBoard = {"test",         "none",     "for tests", "fake",   4,     16 * kMebibyte,
                          64 * kMebibyte, 10'000'000, kMemory,     kDevices, &kCode};

struct NoLog final : vcpu::GuestLog {
  void write(vcpu::LogItem, std::string_view) override {}
};

Result<std::unique_ptr<Machine>> make(unsigned cpus = 2, uint64_t memory = 0, const std::string& cpu = "") {
  static NoLog log;
  MachineOptions options;
  options.board = &kBoard;
  options.cpus = cpus;
  options.memory = memory;
  options.cpu = cpu;
  options.log = &log;
  return Machine::make(options);
}

FakeCpus& cpus_of(Machine& machine) { return static_cast<FakeCpus&>(machine.cpus()); }

void store(Machine& machine, uint64_t physical, uint32_t value, unsigned size = 4) {
  const softmmu::Region* const region = machine.bus().find(physical);
  ASSERT_NE(region, nullptr);
  ASSERT_TRUE(softmmu::Bus::mmio_write(*region, physical, &value, size));
}

template <typename Condition>
bool soon(Condition condition) {
  const auto end = std::chrono::steady_clock::now() + 300s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::sleep_for(1ms);
  }
  return true;
}

TEST(Board, OverlapsAreFound) {
  constexpr BoardRow kInMemory[] = {{&kNs16550a, 0x80000000, 0x100}};
  static_assert(!rows_are_disjoint(kMemory, kInMemory, kMebibyte));
  constexpr BoardRow kTwice[] = {{&kNs16550a, 0x2000, 0x100, 1, 3}, {&kSifiveTest, 0x2200, 0x1000}};
  static_assert(!rows_are_disjoint(kMemory, kTwice, kMebibyte));
  constexpr BoardRow kBeside[] = {{&kNs16550a, 0x2000, 0x100, 1, 2}, {&kSifiveTest, 0x2200, 0x1000}};
  static_assert(rows_are_disjoint(kMemory, kBeside, kMebibyte));
}

TEST(Machine, IsWhatItsRowsSay) {
  auto machine = make(2, 32 * kMebibyte);
  ASSERT_TRUE(machine);
  softmmu::Bus& bus = (*machine)->bus();
  EXPECT_EQ(bus.find(0x1000)->kind, softmmu::RegionKind::Rom);
  EXPECT_EQ(bus.find(0x80000000)->end, 0x80000000 + 32 * kMebibyte);
  EXPECT_EQ(bus.name(bus.find(0x10000150)->mapping), "ns16550a");
  EXPECT_EQ(bus.find(0x10000200), nullptr);
  EXPECT_EQ((*machine)->devices().size(), 5U);
}

TEST(Machine, DeviceTree) {
  auto machine = make();
  ASSERT_TRUE(machine);
  const fdt::Tree tree = (*machine)->device_tree();
  const auto cells = [&](const char* path, const char* name) {
    std::vector<uint32_t> values;
    const auto bytes = tree.get(path, name);
    for (std::size_t i = 0; i + 4 <= bytes.size(); i += 4) {
      values.push_back(static_cast<uint32_t>(bytes[i]) << 24 | bytes[i + 1] << 16 | bytes[i + 2] << 8 | bytes[i + 3]);
    }
    return values;
  };
  using Cells = std::vector<uint32_t>;
  EXPECT_EQ(cells("/memory@80000000", "reg"), (Cells{0, 0x80000000, 0, 16 * kMebibyte}));
  EXPECT_EQ(cells("/soc/serial@10000100", "reg"), (Cells{0, 0x10000100, 0, 0x100}));
  EXPECT_EQ(cells("/soc/serial@10000100", "interrupts"), (Cells{11}));
  EXPECT_EQ(cells("/soc/serial@10000100", "interrupt-parent"), cells("/soc/plic@c000000", "phandle"));
  const auto output = tree.get("/chosen", "stdout-path");
  EXPECT_EQ(std::string(output.begin(), output.end()), std::string("/soc/serial@10000000") + '\0');
  EXPECT_TRUE(fdt::Tree::read(tree.blob()));
}

TEST(Machine, ImpossibleOnes) {
  const std::pair<Result<std::unique_ptr<Machine>>, const char*> cases[] = {{make(0), "--smp"},
                                                                            {make(5), "--smp"},
                                                                            {make(1, 65 * kMebibyte), "--memory"},
                                                                            {make(1, 12345), "--memory"},
                                                                            {make(1, 0, "other"), "--cpu"}};
  for (const auto& [machine, word] : cases) {
    ASSERT_FALSE(machine);
    EXPECT_NE(machine.error().message.find(word), std::string::npos) << machine.error().message;
  }
}

TEST(Machine, InterruptsWakeWhoWaits) {
  auto machine = make(2);
  ASSERT_TRUE(machine);
  FakeCpus& cpus = cpus_of(**machine);
  std::thread runner([&] { EXPECT_EQ((*machine)->run(), 7); });
  EXPECT_TRUE(soon([&] { return cpus.cpu(0).waiting && cpus.cpu(1).waiting; }));
  const int runs = cpus.engine().runs;
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(cpus.engine().runs, runs) << "they sleep";
  store(**machine, 0x2000004, 1);  // MSIP of the second
  EXPECT_TRUE(soon([&] { return cpus.engine().runs > runs; }));
  EXPECT_EQ(cpus.cpu(0).inputs.load(), 0U);
  EXPECT_EQ(cpus.cpu(1).inputs.load(), 1U << 3);
  store(**machine, 0x2000004, 0);
  store(**machine, 0x100000, 0x00073333);
  runner.join();
}

TEST(Machine, StopsBetweenInstructionsAndGoesOn) {
  auto machine = make(4);
  ASSERT_TRUE(machine);
  FakeCpus& cpus = cpus_of(**machine);
  cpus.engine().spin = true;
  std::thread runner([&] { (*machine)->run(); });
  EXPECT_TRUE(soon([&] { return cpus.engine().runs >= 4; }));
  for (int i = 0; i < 20; ++i) {
    (*machine)->stop_cpus();
    (*machine)->stop_cpus();
    const int runs = cpus.engine().runs;
    std::this_thread::sleep_for(1ms);
    (*machine)->resume_cpus();
    EXPECT_EQ(cpus.engine().runs, runs);
    (*machine)->resume_cpus();
    EXPECT_TRUE(soon([&] { return cpus.engine().runs > runs; }));
  }
  (*machine)->power_off(0);
  runner.join();
  cpus.engine().spin = false;
}

TEST(Machine, ResetPutsEverythingBack) {
  auto machine = make(2);
  ASSERT_TRUE(machine);
  BootPlan plan;
  plan.images = {{0x1000, {1, 2, 3, 4}}, {0x80000000, {5, 6, 7, 8}}};
  plan.entry.pc = 0x1000;
  ASSERT_TRUE((*machine)->load(std::move(plan)));
  FakeCpus& cpus = cpus_of(**machine);
  EXPECT_EQ(cpus.cpu(1).header().pc, 0x1000U);
  std::thread runner([&] { (*machine)->run(); });
  EXPECT_TRUE(soon([&] { return cpus.cpu(0).waiting && cpus.cpu(1).waiting; }));
  const uint32_t other = 0xffffffff;
  EXPECT_TRUE((*machine)->bus().write(0x80000000, &other, 4));
  store(**machine, 0x10000007, 0x55, 1);  // SCR
  store(**machine, 0x100000, 0x7777);
  EXPECT_TRUE(soon([&] { return cpus.cpu(0).resets == 2 && cpus.cpu(1).resets == 2; }));
  (*machine)->power_off(0);
  runner.join();
  uint32_t value = 0;
  EXPECT_TRUE((*machine)->bus().read(0x80000000, &value, 4));
  EXPECT_EQ(value, 0x08070605U);
}

TEST(Machine, ImagesOutsideOfMemory) {
  auto machine = make();
  ASSERT_TRUE(machine);
  BootPlan plan;
  plan.images = {{0x80000000 + 16 * kMebibyte - 2, {1, 2, 3, 4}}};
  EXPECT_FALSE((*machine)->load(std::move(plan)));
}

TEST(Machine, FrozenUntilResumed) {
  auto machine = make(1);
  ASSERT_TRUE(machine);
  FakeCpus& cpus = cpus_of(**machine);
  std::thread runner([&] { (*machine)->run(true); });
  std::this_thread::sleep_for(20ms);
  EXPECT_EQ(cpus.engine().runs, 0);
  (*machine)->resume_cpus();
  EXPECT_TRUE(soon([&] { return cpus.engine().runs > 0; }));
  (*machine)->power_off(0);
  runner.join();
}

}  // namespace
}  // namespace menura::boards
