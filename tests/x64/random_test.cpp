// Random regions on the interpreter and on a compiler: same state, same exit, bit for bit.
#include <gtest/gtest.h>

#include <cstdlib>

#include "tests/ir/random_seeds.h"
#include "tests/x64/random_region.h"
#include "tests/x64/region_comparison.h"

namespace menura::x64::test {
namespace {

class RandomTest : public testing::Test {
 protected:
  explicit RandomTest(RegionComparison::With with = RegionComparison::With::X64) : comparison_(with) {}

  // Empty, or what differs.
  std::string compare(uint32_t seed, const RandomOptions& random_options, const runtime::CompileOptions& options) {
    ir::Region region;
    uint8_t* const buffer = comparison_.buffer();
    const ir::test::TestGuest& guest = comparison_.guest();
    RandomRegion(guest, seed, random_options, reinterpret_cast<uint64_t>(buffer)).draw(region);
    std::string wrong = ir::verify(region, guest.layout(), guest.helpers());
    if (!wrong.empty()) return "drawn badly: " + wrong + "\n" + comparison_.text(region);
    if (!comparison_.compile(region, options)) return "refused\n" + comparison_.text(region);
    const std::string differences = comparison_.run(region, seed, [&] {
      std::mt19937 random(seed);
      for (unsigned i = 0; i < RegionComparison::kBufferBytes; i += 4) {
        const uint32_t bits = random();
        std::memcpy(buffer + i, &bits, 4);
      }
    });
    return differences.empty() ? "" : differences + comparison_.text(region);
  }

  // MENURA_RANDOM_SEED, _COUNT and _SIZE (instructions per block) draw others than the usual ones: a small size finds a
  // small case.
  void run(RandomOptions random_options, const runtime::CompileOptions& options, uint32_t first, uint32_t count) {
    if (const char* size = std::getenv("MENURA_RANDOM_SIZE")) {
      random_options.instructions = static_cast<unsigned>(std::atoi(size));
    }
    const ir::test::RandomSeeds seeds = ir::test::random_seeds({first, count});
    for (uint32_t seed = seeds.first; seed < seeds.first + seeds.count; ++seed) {
      const std::string difference = compare(seed, random_options, options);
      ASSERT_EQ(difference, "") << "seed " << seed;
    }
  }

  RegionComparison comparison_;
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
  LlvmRandomTest() : RandomTest(RegionComparison::With::Llvm) {}
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "in the release build: LLVM's library is the same in both, and slow";
#endif
  }
};

TEST_F(LlvmRandomTest, Integers) { run({.blocks = 6, .wide = false, .fp = false}, {.hot = true}, 1000000, 150); }
TEST_F(LlvmRandomTest, Everything) { run({.blocks = 6}, {.hot = true}, 1100000, 150); }
// A spilled value is compared, and its place in the frame taken before the jump.
TEST_F(LlvmRandomTest, ComparisonInFrame) { run({.blocks = 6}, {.hot = true}, 1101437, 1); }
// A 0 that only LLVM's passes know of is added atomically.
TEST_F(LlvmRandomTest, NothingAdded) { run({.blocks = 6}, {.hot = true}, 1100533, 1); }
TEST_F(LlvmRandomTest, Vectors) { run({.blocks = 6, .vectors = true}, {.hot = true}, 1200000, 150); }

}  // namespace
}  // namespace menura::x64::test
