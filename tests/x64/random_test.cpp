// Random regions on the interpreter and on a compiler: same state, same exit, bit for bit.
#include <gtest/gtest.h>
#include <sys/mman.h>

#include <cstdlib>

#include "backends/llvm/loader.h"
#include "backends/x64/compiler.h"
#include "ir/interp/evaluator.h"
#include "ir/text/print.h"
#include "ir/verify/verify.h"
#include "tests/x64/random_region.h"
#include "tests/x64/region_machine.h"

namespace menura::x64::test {
namespace {

using ir::CpuHeader;

// Memory is the host's own.
class HostMemory : public ir::MemoryPort {
 public:
  bool read(uint64_t address, void* data, unsigned size, ir::Fault*) override {
    std::memcpy(data, reinterpret_cast<void*>(address), size);
    return true;
  }
  bool write(uint64_t address, const void* data, unsigned size, ir::Fault*) override {
    std::memcpy(reinterpret_cast<void*>(address), data, size);
    return true;
  }
  void* atomic_pointer(uint64_t address, unsigned, ir::Fault*) override { return reinterpret_cast<void*>(address); }
  bool probe(uint64_t, uint64_t, ir::Access, ir::Fault*) override { return true; }
  std::span<const uint8_t> fetch(uint64_t, unsigned, ir::Fault*) override { return {}; }
  void watch_code(uint64_t, uint64_t) override {}
};

class RandomTest : public testing::Test {
 protected:
  static constexpr unsigned kState = 4096 + 4096;

  explicit RandomTest(std::unique_ptr<runtime::Compiler> compiler = nullptr) : compiler_(std::move(compiler)) {
    if (compiler_ == nullptr) compiler_ = make_compiler(guest_.layout(), guest_.helpers(), HostFeatures::detect());
    buffer_ = static_cast<uint8_t*>(mmap(nullptr, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_LE(guest_.layout().size, kState);
  }
  ~RandomTest() override { munmap(buffer_, 65536); }

  // The same for the same seed.
  void fill_state(uint8_t* state, uint32_t seed) {
    std::memset(state, 0, kState);
    auto* const header = new (state) CpuHeader;
    std::mt19937 random(seed ^ 0x5eed);
    const auto word = [&] {
      const uint64_t bits = uint64_t{random()} << 32 | random();
      switch (random() % 8) {
        case 6:
          return kDoubles[random() % kDoubles.size()];
        case 7:
          return uint64_t{kSingles[random() % kSingles.size()]} << 32 | kSingles[random() % kSingles.size()];
        case 0:
          return bits >> random() % 64;
        case 1:
          return static_cast<uint64_t>(static_cast<int64_t>(bits) >> random() % 64);
        case 2: {
          const double number = static_cast<double>(static_cast<int64_t>(bits) >> (random() % 60)) / 16;
          return std::bit_cast<uint64_t>(number);
        }
        default:
          return bits;
      }
    };
    for (ir::SlotId id = 0; id < guest_.layout().slots.size(); ++id) {
      const ir::Slot& slot = guest_.layout().slot(id);
      for (unsigned at = 0; at < ir::storage_bytes(slot.type); at += 8) {
        uint64_t bits = word();
        if (slot.type == ir::Type::I1) bits &= 1;
        if (slot.type == ir::Type::F32 && random() % 2 == 0) {
          bits = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(bits)) / 8);
        }
        std::memcpy(state + slot.offset + at, &bits, std::min(8U, ir::storage_bytes(slot.type) - at));
      }
    }
    const uint64_t passes = 1 + random() % 4;
    std::memcpy(state + guest_.layout().slot(9).offset, &passes, 8);
    header->mxcsr = 0x1f80 | (random() % 4) << 13;
    header->heat = nullptr;
  }
  void fill_buffer(uint32_t seed) {
    std::mt19937 random(seed);
    for (unsigned i = 0; i < 8192; i += 4) {
      const uint32_t bits = random();
      std::memcpy(buffer_ + i, &bits, 4);
    }
  }

  // Empty, or what differs.
  std::string compare(uint32_t seed, const RandomOptions& random_options, const runtime::CompileOptions& options) {
    ir::Region region;
    RandomRegion(guest_, seed, random_options, reinterpret_cast<uint64_t>(buffer_)).draw(region);
    std::string wrong = ir::verify(region, guest_.layout(), guest_.helpers());
    if (!wrong.empty()) return "drawn badly: " + wrong + "\n" + ir::print(region, guest_.layout(), guest_.helpers());

    runtime::CompiledCode code;
    if (!compiler_->compile(region, options, code)) {
      return "refused\n" + ir::print(region, guest_.layout(), guest_.helpers());
    }

    alignas(64) static uint8_t expected[kState];
    alignas(64) static uint8_t actual[kState];
    fill_state(expected, seed);
    fill_buffer(seed);
    ir::InterpreterExit exit;
    auto& want = *reinterpret_cast<CpuHeader*>(expected);
    want.budget = 1 << 20;
    ir::Evaluator evaluator(guest_.layout(), guest_.helpers(), memory_);
    const ir::PreparedRegion prepared(region);
    const bool goes_on = evaluator.run(prepared, want, {.count = options.count}, &exit);
    const std::vector<uint8_t> want_memory(buffer_, buffer_ + 8192);

    fill_state(actual, seed);
    fill_buffer(seed);
    auto& got = *reinterpret_cast<CpuHeader*>(actual);
    got.budget = 1 << 20;
    machine_.way = RegionMachine::Way::None;
    std::memset(machine_.counters, 0, sizeof machine_.counters);
    machine_.counters[0] = 1000;
    machine_.run(region, code, got);

    std::string differences;
    const auto differ = [&](const std::string& what, uint64_t w, uint64_t g) {
      char line[160];
      std::snprintf(line, sizeof line, "  %s: interpreter %#lx, compiled %#lx\n", what.c_str(), w, g);
      if (w != g) differences += line;
    };
    // A masked return to kNoPc, which no guest has code at, finds the prediction at the bottom before its mask.
    if (!(want.pc == runtime::kNoPc - 1 && got.pc == runtime::kNoPc)) differ("pc", want.pc, got.pc);
    differ("leaves by exit", !goes_on, machine_.way == RegionMachine::Way::None);
    if (!goes_on && machine_.way == RegionMachine::Way::None) {
      differ("exit kind", static_cast<uint64_t>(exit.kind), got.exit_kind);
      if (exit.kind == ir::ExitKind::Breakpoint) differ("exit detail", exit.detail, got.exit_detail);
    }
    differ("mxcsr but for the denormal flag", want.mxcsr & ~2U, got.mxcsr & ~2U);
    differ("denormal operands flushed", want.fp_denormal, got.fp_denormal);
    if (options.count) {
      differ("retired", want.retired, got.retired);
      differ("budget", static_cast<uint64_t>(want.budget), static_cast<uint64_t>(got.budget));
    }
    for (const ir::Slot& slot : guest_.layout().slots) {
      const unsigned size = slot.type == ir::Type::F80 ? 10 : ir::storage_bytes(slot.type);
      if (std::memcmp(expected + slot.offset, actual + slot.offset, size) != 0) {
        uint64_t w = 0;
        uint64_t g = 0;
        std::memcpy(&w, expected + slot.offset, std::min(size, 8U));
        std::memcpy(&g, actual + slot.offset, std::min(size, 8U));
        differ(std::string(slot.name), w, g);
        if (w == g) differences += "  " + std::string(slot.name) + ": upper words\n";
      }
    }
    for (unsigned i = 0; i < 8192; ++i) {
      if (want_memory[i] != buffer_[i]) {
        differ("memory at " + std::to_string(i), want_memory[i], buffer_[i]);
        break;
      }
    }
    if (differences.empty()) return {};
    return differences + ir::print(region, guest_.layout(), guest_.helpers());
  }

  // MENURA_RANDOM_SEED, _COUNT and _SIZE (instructions per block) draw others than the usual ones: a small size finds a
  // small case.
  void run(RandomOptions random_options, const runtime::CompileOptions& options, uint32_t first, uint32_t count) {
    if (const char* size = std::getenv("MENURA_RANDOM_SIZE")) {
      random_options.instructions = static_cast<unsigned>(std::atoi(size));
    }
    if (const char* only = std::getenv("MENURA_RANDOM_SEED")) {
      first = static_cast<uint32_t>(std::strtoul(only, nullptr, 0));
      count = 1;
    }
    if (const char* many = std::getenv("MENURA_RANDOM_COUNT")) count = static_cast<uint32_t>(std::atoi(many));
    for (uint32_t seed = first; seed < first + count; ++seed) {
      const std::string difference = compare(seed, random_options, options);
      ASSERT_EQ(difference, "") << "seed " << seed;
    }
  }

  ir::test::TestGuest guest_;
  HostMemory memory_;
  std::unique_ptr<runtime::Compiler> compiler_;
  RegionMachine machine_{guest_.layout(), guest_.helpers()};
  uint8_t* buffer_;
};

TEST_F(RandomTest, Integers) { run({.wide = false, .fp = false, .memory = false}, {}, 1, 3000); }
TEST_F(RandomTest, Memory) { run({.wide = false, .fp = false}, {}, 10000, 3000); }
TEST_F(RandomTest, FloatingPoint) { run({.wide = false, .memory = false}, {}, 20000, 3000); }
TEST_F(RandomTest, Vectors) { run({.wide = false, .fp = false, .vectors = true}, {}, 80000, 6000); }
TEST_F(RandomTest, VectorFloats) { run({.wide = false, .vectors = true}, {}, 90000, 6000); }
TEST_F(RandomTest, HotVectors) { run({.blocks = 6, .vectors = true}, {.hot = true}, 100000, 4000); }
TEST_F(RandomTest, Everything) { run({.blocks = 6}, {}, 30000, 3000); }
TEST_F(RandomTest, Hot) { run({.blocks = 6}, {.hot = true}, 40000, 4000); }
TEST_F(RandomTest, HotIntegers) { run({.blocks = 8, .wide = false, .fp = false}, {.hot = true}, 50000, 4000); }
TEST_F(RandomTest, Counting) { run({.blocks = 6, .wide = false}, {.count = true}, 60000, 1000); }
TEST_F(RandomTest, Profiling) { run({.blocks = 6, .wide = false}, {.profile = true, .heat_index = 0}, 70000, 1000); }

// LLVM's compiler, which takes a hundred times as long.
class LlvmRandomTest : public RandomTest {
 protected:
  LlvmRandomTest() : RandomTest(load()) {}
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "in the release build: LLVM's library is the same in both, and slow";
#endif
  }

 private:
  static std::unique_ptr<runtime::Compiler> load() {
    static const ir::test::TestGuest guest;
    auto compiler = llvmjit::load_compiler(MENURA_LLVM_MODULE, guest.layout(), guest.helpers());
    if (!compiler) throw std::runtime_error(compiler.error().message);
    return std::move(*compiler);
  }
};

TEST_F(LlvmRandomTest, Integers) { run({.blocks = 6, .wide = false, .fp = false}, {.hot = true}, 1000000, 150); }
TEST_F(LlvmRandomTest, Everything) { run({.blocks = 6}, {.hot = true}, 1100000, 150); }
// A spilled value is compared, and its place in the frame taken before the jump.
TEST_F(LlvmRandomTest, ComparisonInFrame) { run({.blocks = 6}, {.hot = true}, 1101437, 1); }
TEST_F(LlvmRandomTest, Vectors) { run({.blocks = 6, .vectors = true}, {.hot = true}, 1200000, 150); }

}  // namespace
}  // namespace menura::x64::test
