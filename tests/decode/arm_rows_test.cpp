// The A64 decode tables against themselves: no two rows claim one word by accident, every row lifts to a region that
// verifies in every mode, and scan() says what lift() does.
#include <gtest/gtest.h>

#include "frontends/arm/decode/decode.h"
#include "frontends/arm/frontend.h"
#include "frontends/arm/state.h"
#include "tests/decode/row_checks.h"

namespace menura::arm {
namespace {

using tests::Row;

const tests::NestedRows kNested = {
    {"yield", "hint"},     {"wfe", "hint"},       {"wfi", "hint"},       {"bti", "hint"},       {"xpaclri", "hint"},
    {"pacia1716", "hint"}, {"pacib1716", "hint"}, {"autia1716", "hint"}, {"autib1716", "hint"}, {"paciaz", "hint"},
    {"paciasp", "hint"},   {"pacibz", "hint"},    {"pacibsp", "hint"},   {"autiaz", "hint"},    {"autiasp", "hint"},
    {"autibz", "hint"},    {"autibsp", "hint"}};

frontends::RowId decode_with(uint64_t word, FeatureSet features) {
  return static_cast<frontends::RowId>(decode(static_cast<uint32_t>(word), features));
}

TEST(ArmRows, Have32Bits) {
  for (const Row& row : rows()) EXPECT_EQ(row.bits, 32) << row.id;
}

TEST(ArmRows, OverlapOnlyWhereNamed) {
  tests::expect_overlaps_only(rows(), kNested, [](const Row&, const Row&) { return true; });
}

TEST(ArmRows, TheTreeFindsEveryRow) {
  const FeatureSet all = *parse_cpu("max,+pauth-qarma5");
  tests::expect_finds(rows(), kNested, [&](const Row& row, uint64_t word) {
    const auto id = static_cast<frontends::RowId>(&row - rows().data());
    const bool reserved = is_reserved(static_cast<RowName>(id), static_cast<uint32_t>(word));
    EXPECT_TRUE(!reserved || decode_with(word, all) == frontends::kNoRow) << row.id << " " << word;
    return reserved ? id : decode_with(word, all);
  });
}

TEST(ArmRows, NothingWithoutItsFeature) {
  tests::expect_finds_nothing(rows(), [](uint64_t word) { return decode_with(word, FeatureSet{}); });
}

// Everything is guarded: instructions at the start of a region look at how a branch came there.
class AllGuarded final : public CodeGuard {
 public:
  bool is_guarded(uint64_t) const override { return true; }
};

struct Cpu {
  const char* name;
  Level level;
};

class ArmLift : public testing::TestWithParam<Cpu> {
 protected:
  ArmLift() { frontend_.set_code_guard(&guard_); }
  void lift_and_check(uint64_t word, uint64_t mode, std::string_view what) const {
    // A machine's registers may be trapped, and unmasking interrupts lets them in.
    const bool may_trap = (mode & Mode::kCheckBranchTargets) != 0 || frontend_.level() == Level::Machine;
    tests::expect_lifts(frontend_, word, mode, what, may_trap);
  }
  std::span<const uint64_t> modes() const;

  AllGuarded guard_;
  Frontend frontend_{*parse_cpu(GetParam().name), GetParam().level};
};

// Modes that lifting looks at, alone and together.
constexpr uint64_t kModes[] = {0,
                               Mode::kDefaultNan,
                               Mode::kFlushToZero,
                               Mode::kFlushToZero16 | Mode::kAlternateHalf,
                               Mode::kTopByteIgnored,
                               Mode::kSharedMemory,
                               Mode::kCheckBranchTargets};
constexpr uint64_t kMachineModes[] = {0,
                                      Mode::kFpTrapped | Mode::kZvaTrapped,
                                      Mode::kUserCounter,
                                      Mode::kEl1,
                                      Mode::kEl1 | Mode::kSp0 | Mode::kFpTrapped,
                                      Mode::kEl1 | Mode::kUao | Mode::kKeyDisabled,
                                      Mode::kEl1 | Mode::kSharedMemory | Mode::kFlushToZero};

std::span<const uint64_t> ArmLift::modes() const {
  if (frontend_.level() == Level::Machine) return kMachineModes;
  return kModes;
}

TEST_P(ArmLift, EveryRowVerifiesAndScans) {
  std::mt19937_64 random(3);
  for (const Row& row : rows()) {
    if (!row.features.met_by(frontend_.features())) continue;
    for (int n = 0; n < 40; ++n) {
      uint64_t word = 0;
      if (!tests::random_word(row, random, word)) continue;
      for (const uint64_t mode : modes()) {
        lift_and_check(word, mode, row.id);
        if (testing::Test::HasFatalFailure()) return;
      }
    }
  }
}

TEST_P(ArmLift, AnyWordVerifiesAndScans) {
  std::mt19937_64 random(4);
  for (int n = 0; n < 20000; ++n) {
    lift_and_check(random() & 0xffffffff, modes()[static_cast<size_t>(n) % modes().size()], "random");
    if (testing::Test::HasFatalFailure()) return;
  }
}

INSTANTIATE_TEST_SUITE_P(Cpus, ArmLift,
                         testing::Values(Cpu{"max", Level::Process}, Cpu{"max,+pauth-qarma5", Level::Process},
                                         Cpu{"cortex-a53", Level::Process}, Cpu{"max", Level::Machine},
                                         Cpu{"cortex-a53", Level::Machine}));

}  // namespace
}  // namespace menura::arm
