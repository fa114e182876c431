// The RISC-V decode tables against themselves: no two rows claim one word by accident, every row lifts to a region that
// verifies, in both bases, and scan() says what lift() does.
#include <gtest/gtest.h>

#include "frontends/riscv/decode/decode.h"
#include "frontends/riscv/frontend.h"
#include "frontends/riscv/state.h"
#include "tests/decode/row_checks.h"

namespace menura::riscv {
namespace {

using tests::Row;

FeatureSet everything(unsigned xlen) {
  FeatureSet all = *parse_cpu("max");
  if (xlen == 32) all = all - set_of(Feature::RV64) + set_of(Feature::RV32);
  return all;
}

const tests::NestedRows kNested = {
    {"pause", "fence"},    {"fence_tso", "fence"}, {"prefetch_i", "ori"}, {"prefetch_r", "ori"},
    {"prefetch_w", "ori"}, {"zext_h", "packw"},    {"zext_h_32", "pack"},
};

TEST(RiscvRows, OverlapOnlyWhereNamed) {
  tests::expect_overlaps_only(rows(), kNested, [](const Row& a, const Row& b) {
    const auto in = [](const Row& row, unsigned xlen) { return row.features.met_by(everything(xlen)); };
    return (in(a, 32) && in(b, 32)) || (in(a, 64) && in(b, 64));
  });
}

frontends::RowId decode_with(uint64_t word, FeatureSet features) {
  return static_cast<frontends::RowId>(decode(word, features));
}

TEST(RiscvRows, TheTreeFindsEveryRow) {
  tests::expect_finds(rows(), kNested, [](const Row& row, uint64_t word) {
    return decode_with(word, everything(row.features.met_by(everything(64)) ? 64 : 32));
  });
}

TEST(RiscvRows, NothingWithoutItsFeature) {
  tests::expect_finds_nothing(rows(), [](uint64_t word) { return decode_with(word, FeatureSet{}); });
}

struct Cpu {
  FeatureSet features;
  Level level;
};

class RiscvLift : public testing::TestWithParam<Cpu> {};

constexpr uint64_t in(Privilege privilege) { return static_cast<uint64_t>(privilege) << Mode::kPrivilegeShift; }

std::vector<uint64_t> modes(Level level) {
  std::vector<uint64_t> modes = {0, Mode::kNearestAway, Mode::kFrmInvalid};
  if (level == Level::Process) return modes;
  for (const uint64_t mode :
       {Mode::kFpOff, Mode::kFpClean, Mode::kFpClean | Mode::kNearestAway, in(Privilege::Supervisor),
        in(Privilege::Machine), in(Privilege::Machine) | Mode::kNearestAway}) {
    modes.push_back(mode);
  }
  return modes;
}

void lift_and_check(const Frontend& frontend, uint64_t word, uint64_t mode, std::string_view what) {
  // Without C, indirect jumps look at their target first; above user mode, much looks at mstatus.
  const bool may_trap = !has(frontend.features(), Feature::C) || frontend.level() == Level::Machine;
  tests::expect_lifts(frontend, word, mode, what, may_trap);
}

// Every row that the base has, in each mode, with random fields; and random words, most of them illegal.
TEST_P(RiscvLift, EveryRowVerifiesAndScans) {
  const Frontend frontend(GetParam().features, GetParam().level);
  std::mt19937_64 random(3);
  for (const Row& row : rows()) {
    if (!row.features.met_by(frontend.features())) continue;
    int lifted = 0;
    for (int n = 0; n < 60; ++n) {
      uint64_t word = 0;
      if (!tests::random_word(row, random, word)) continue;
      // CSR numbers that exist are rare among random ones.
      if (row.id.substr(0, 4) == "csrr" && n % 2 == 0) {
        const uint64_t numbers[] = {1, 2, 3, 0xc00, 0xc01, 0xc02, 0xc80, 0x100, 0x140, 0x180, 0x300, 0x344, 0xb00};
        word = (word & 0xfffff) | numbers[random() % std::size(numbers)] << 20;
      }
      for (const uint64_t mode : modes(frontend.level())) {
        lift_and_check(frontend, word, mode, row.id);
        if (testing::Test::HasFatalFailure()) return;
      }
      ++lifted;
    }
    EXPECT_GT(lifted, 0) << row.id;
  }
}

TEST_P(RiscvLift, AnyWordVerifiesAndScans) {
  const Frontend frontend(GetParam().features, GetParam().level);
  std::mt19937_64 random(4);
  const std::vector<uint64_t> all = modes(frontend.level());
  for (size_t n = 0; n < 20000; ++n) {
    lift_and_check(frontend, random() & 0xffffffff, all[n % all.size()], "random");
    if (testing::Test::HasFatalFailure()) return;
  }
}

std::string base_name(const testing::TestParamInfo<Cpu>& info) {
  constexpr const char* kNames[] = {"Rv32", "Rv64", "Rv64WithoutC", "Rv64i", "Machine"};
  return kNames[info.index];
}

INSTANTIATE_TEST_SUITE_P(Bases, RiscvLift,
                         testing::Values(Cpu{everything(32), Level::Process}, Cpu{everything(64), Level::Process},
                                         Cpu{*parse_cpu("max,-c"), Level::Process},
                                         Cpu{*parse_cpu("rv64i"), Level::Process}, Cpu{everything(64), Level::Machine}),
                         base_name);

}  // namespace
}  // namespace menura::riscv
