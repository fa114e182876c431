// Random software at machine level: memory full of instructions, half of them privileged, trap handlers anywhere in it.
// The interpreter and x64 in both gears execute the same number of instructions and end in the same state, and so does
// the memory. Time stands still, so that nothing else differs.
#include <gtest/gtest.h>

#include <cstring>
#include <random>

#include "backends/runtime/interpreter_engine.h"
#include "backends/runtime/translator_engine.h"
#include "backends/x64/compiler.h"
#include "boards/host_faults.h"
#include "frontends/riscv/decode/decode.h"
#include "frontends/riscv/system/hart.h"
#include "softmmu/tlb/machine_memory.h"

namespace menura::riscv {
namespace {

constexpr uint64_t kRam = 0x80000000;
constexpr uint64_t kRamSize = 256 << 10;
constexpr uint64_t kRoot = kRam + kRamSize - 4096;  // a table that maps RAM to itself, for supervisors
constexpr int64_t kInstructions = 3000;
constexpr int kExits = 2000;  // traps, returns, changes of mode

struct StandingDoor final : vcpu::Door {
  int clock(clockid_t, timespec*) override { return -1; }
  void entropy(std::span<std::byte>) override {}
  uint64_t counter() override { return 1000; }
  uint64_t counter_hz() const override { return 10'000'000; }
};

struct NoTimers final : vcpu::TimerService {
  struct NoTimer final : vcpu::Timer {
    void arm(uint64_t) override {}
    void disarm() override {}
  };
  std::unique_ptr<vcpu::Timer> make_timer(std::function<void()>) override { return std::make_unique<NoTimer>(); }
};

struct NoLog final : vcpu::GuestLog {
  void write(vcpu::LogItem, std::string_view) override {}
};

struct Result {
  std::vector<uint8_t> slots;
  std::vector<uint8_t> memory;
  uint64_t pc = 0, mode = 0, retired = 0;
  uint32_t mxcsr = 0;
  int exits = 0;
};

// Registers that trap handlers and tables hang on are written less often, or nothing goes on for long.
uint32_t csr_instruction(std::mt19937_64& random) {
  static constexpr uint16_t kNumbers[] = {0x100, 0x100, 0x100, 0x104, 0x106, 0x10a, 0x140, 0x141, 0x142, 0x143, 0x144,
                                          0x144, 0x180, 0x300, 0x300, 0x300, 0x301, 0x302, 0x303, 0x304, 0x306, 0x30a,
                                          0x320, 0x340, 0x341, 0x342, 0x343, 0x344, 0x344, 0x001, 0x002, 0x003, 0xc00,
                                          0xc01, 0xc02, 0xb00, 0xb02, 0x14d, 0xf14, 0x3a0, 0x3b1, 0x7a0, 0x105, 0x305};
  const uint64_t bits = random();
  const uint32_t number = kNumbers[bits % std::size(kNumbers)];
  const bool rarely = number == 0x105 || number == 0x305 || number == 0x3a0;
  uint32_t form = 1 + (bits >> 8) % 3 + ((bits >> 12 & 1) != 0 ? 4 : 0);
  uint32_t rs1 = bits >> 16 & 31;
  if (rarely && (bits >> 24 & 15) != 0) form = 2, rs1 = 0;
  return number << 20 | rs1 << 15 | form << 12 | static_cast<uint32_t>(bits >> 32 & 31) << 7 | 0x73;
}

uint32_t instruction(std::mt19937_64& random) {
  const uint64_t kind = random() % 100;
  if (kind < 35) return csr_instruction(random);
  if (kind < 45) {
    static constexpr uint32_t kPrivileged[] = {0x30200073, 0x10200073, 0x12000073, 0x00000073, 0x00100073, 0x0000100f,
                                               0x30200073, 0x10200073, 0x18000073, 0x18100073, 0x16000073, 0x12050073};
    return kPrivileged[random() % std::size(kPrivileged)];
  }
  for (;;) {
    const frontends::Row& row = rows()[random() % rows().size()];
    const auto word = static_cast<uint32_t>((random() & ~row.mask & ((uint64_t{1} << row.bits) - 1)) | row.match);
    if (row.bits != 32 || !row.matches(word) || row.id == "wfi") continue;
    return word;
  }
}

std::vector<uint32_t> make_image(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<uint32_t> image(kRamSize / 4);
  for (uint32_t& word : image) word = instruction(random);
  const uint64_t leaf = kRam >> 12 << 10 | 0xcf;
  std::memset(&image[(kRoot - kRam) / 4], 0, 4096);
  std::memcpy(&image[(kRoot - kRam) / 4 + 4], &leaf, sizeof leaf);
  return image;
}

// Until that many exits, or until the budget is used up where the engine counts.
template <typename MakeEngine>
Result run(uint64_t seed, const MakeEngine& make_engine, int most_exits) {
  const Frontend frontend(*parse_cpu("max"), Level::Machine);
  StandingDoor door;
  NoTimers timers;
  NoLog log;
  softmmu::Bus bus;
  EXPECT_TRUE(bus.add_ram("ram", kRam, kRamSize));
  softmmu::MachineMemory memory(bus);
  Hart hart(frontend, 0, bus, door, timers, log);
  softmmu::CpuMemory& own = memory.add(hart.header());
  own.set_walker(hart);
  hart.set_mmu(own);
  const std::unique_ptr<vcpu::Engine> engine = make_engine(frontend, memory);
  memory.set_engine(*engine);

  const std::vector<uint32_t> image = make_image(seed);
  EXPECT_TRUE(bus.load(kRam, image.data(), kRamSize));
  std::mt19937_64 random(~seed);
  const auto code_address = [&] { return kRam + (random() % (kRamSize - 8192) & ~uint64_t{3}); };
  hart.reset(code_address(), 0, 0);
  ir::CpuHeader& cpu = hart.header();
  auto* const state = reinterpret_cast<uint8_t*>(&cpu);
  for (unsigned i = 1; i < 32; ++i) {
    const uint64_t values[] = {code_address(), random(), random() % 64, Satp::kSv39 << 60 | kRoot >> 12,
                               random() & Status::kMachineWritable};
    const uint64_t value = values[random() % std::size(values)];
    std::memcpy(state + frontend.layout().slot(x_slot(i)).offset, &value, sizeof value);
  }
  hart.write_csr(0x305, code_address());
  hart.write_csr(0x105, code_address());
  hart.write_csr(0x302, random());
  hart.write_csr(0x303, random());
  hart.write_csr(0x306, 7);
  hart.write_csr(0x106, 7);
  hart.write_csr(0x3b0, ~uint64_t{0});
  hart.write_csr(0x3a0, 0x1f);
  hart.write_csr(0x300, random());
  hart.write_csr(0x10a, 0xf1);
  hart.write_csr(0x30a, 0xf1 | Envcfg::kAdue | Envcfg::kStce);
  hart.refresh();
  cpu.budget = kInstructions;

  int exits = 0;
  {
    const boards::HostFaults faults(*engine, cpu);
    engine->attach(cpu);
    while (exits < most_exits && hart.runnable()) {
      hart.take_interrupt();
      const vcpu::Exit exit = engine->run(cpu);
      if (exit.kind == vcpu::ExitKind::Budget) break;
      exits += exit.kind != vcpu::ExitKind::Stop;
      hart.handle(exit);
    }
    engine->detach(cpu);
  }
  Result result;
  result.slots.assign(state + sizeof(ir::CpuHeader), state + frontend.layout().size);
  result.pc = cpu.pc;
  result.mode = cpu.mode;
  result.retired = cpu.retired;
  result.mxcsr = cpu.mxcsr;
  result.exits = exits;
  result.memory.resize(kRamSize);
  EXPECT_TRUE(bus.read(kRam, result.memory.data(), kRamSize));
  return result;
}

auto interpreter(bool count) {
  return [count](const ir::Frontend& frontend, ir::MemoryPort& memory) {
    return std::unique_ptr<vcpu::Engine>(std::make_unique<runtime::InterpreterEngine>(
        frontend, memory, ir::Interpreter::Options{.count = count, .machine = true}));
  };
}

auto x64(runtime::Compiler& compiler, int32_t hot_threshold) {
  return [&compiler, hot_threshold](const ir::Frontend& frontend, ir::MemoryPort& memory) {
    auto engine = std::make_unique<runtime::TranslatorEngine>(
        frontend, memory, compiler,
        runtime::EngineOptions{
            .cache_budget = 16 << 20, .chunk_size = 1 << 20, .hot_threshold = hot_threshold, .machine = true});
    EXPECT_TRUE(static_cast<bool>(engine->start()));
    return std::unique_ptr<vcpu::Engine>(std::move(engine));
  };
}

void expect_same(const Result& expected, const Result& got, const std::string& what) {
  EXPECT_EQ(expected.pc, got.pc) << what;
  EXPECT_EQ(expected.mode, got.mode) << what;
  EXPECT_EQ(expected.exits, got.exits) << what;
  constexpr uint32_t kDenormal = 2;  // the host's own flag, which no guest sees
  EXPECT_EQ(expected.mxcsr & ~kDenormal, got.mxcsr & ~kDenormal) << what;
  const ir::StateLayout& layout = state_layout(64, Level::Machine);
  for (const ir::Slot& slot : layout.slots) {
    const size_t at = slot.offset - sizeof(ir::CpuHeader);
    uint64_t values[2] = {};
    std::memcpy(&values[0], &expected.slots[at], ir::storage_bytes(slot.type));
    std::memcpy(&values[1], &got.slots[at], ir::storage_bytes(slot.type));
    EXPECT_EQ(values[0], values[1]) << what << ": " << slot.name;
  }
  EXPECT_TRUE(expected.memory == got.memory) << what << ": memory";
}

TEST(RiscvSystemRandom, EnginesAgree) {
  const Frontend frontend(*parse_cpu("max"), Level::Machine);
  const auto compiler = x64::make_compiler(frontend.layout(), frontend.helpers(), x64::HostFeatures::detect());
  uint64_t retired = 0;
  uint64_t exits = 0;
  const uint64_t first = std::getenv("MENURA_SEED") != nullptr ? std::stoull(std::getenv("MENURA_SEED")) : 1;
  for (uint64_t seed = first; seed < first + 100 && !HasFailure(); ++seed) {
    const std::string what = "seed " + std::to_string(seed);
    // How far it goes: code may loop for ever without an exit.
    const Result counted = run(seed, interpreter(true), kExits);
    const Result expected = run(seed, interpreter(false), counted.exits);
    expect_same(expected, run(seed, x64(*compiler, 0), counted.exits), what + ", first gear");
    expect_same(expected, run(seed, x64(*compiler, 2), counted.exits), what + ", second gear");
    retired += counted.retired;
    exits += static_cast<uint64_t>(counted.exits);
  }
  EXPECT_GT(retired, 100000U);
  EXPECT_GT(exits, 10000U);
}

}  // namespace
}  // namespace menura::riscv
