// What every device must do, run on each row of the table of devices.
#include <gtest/gtest.h>

#include <random>

#include "tests/devices/bench.h"

namespace menura::boards::testing {
namespace {

class EveryDevice : public ::testing::TestWithParam<const DeviceKind*> {};

// Accesses at random places of all sizes; half of them at registers that the table names.
void shake(Bench& bench, uint32_t seed, int accesses) {
  std::mt19937_64 random(seed);
  const DeviceKind& kind = bench.kind;
  for (int i = 0; i < accesses; ++i) {
    const unsigned size = 1U << random() % 4;
    uint64_t offset = random() % kind.size;
    if (!kind.registers.empty() && random() % 2 == 0) {
      const RegisterRow& row = kind.registers[random() % kind.registers.size()];
      const uint64_t stride = row.stride == 0 ? row.size : row.stride;
      offset = row.offset + random() % std::min<uint64_t>(row.count, 64) * stride;
    }
    offset &= ~uint64_t{size - 1};
    switch (random() % 4) {
      case 0:
        bench.read(offset, size);
        break;
      case 1:
        bench.write(offset, size, random() % 8);
        break;
      case 2:
        bench.write(offset, size, random());
        break;
      default:
        bench.time.advance(random() % 1000);
        if (random() % 8 == 0) bench.stream.type("xyz");
        break;
    }
  }
}

// All that can be read, where reading has no effect that counts.
std::string described(Bench& bench) {
  const std::vector<uint8_t> state = bench.save();
  std::string text(state.begin(), state.end());
  for (unsigned i = 0; i < 16; ++i) text += bench.levels[i] ? '1' : '0';
  return text;
}

TEST_P(EveryDevice, IsNamed) {
  const DeviceKind& kind = *GetParam();
  EXPECT_EQ(find_device_kind(kind.name), &kind);
  EXPECT_STRNE(kind.what, "");
  EXPECT_STRNE(kind.datasheet, "");
  for (const RegisterRow& row : kind.registers) {
    const uint64_t stride = row.stride == 0 ? row.size : row.stride;
    EXPECT_LE(row.offset + stride * (row.count - 1) + row.size, kind.size) << row.name;
    EXPECT_NE(find_register(kind, row.offset), nullptr) << row.name;
  }
}

TEST_P(EveryDevice, ResetIsAsNew) {
  Bench bench(*GetParam());
  const std::string fresh = described(bench);
  shake(bench, 1, 2000);
  bench.stream.waiting.clear();
  bench.device->reset();
  EXPECT_EQ(described(bench), fresh);
  bench.device->reset();
  EXPECT_EQ(described(bench), fresh) << "reset twice";
}

TEST_P(EveryDevice, SavedAndRestoredIsTheSame) {
  for (uint32_t seed = 0; seed < 20; ++seed) {
    Bench one(*GetParam());
    shake(one, seed, 300);
    const std::vector<uint8_t> saved = one.save();
    Bench other(*GetParam());
    shake(other, seed + 1000, 50);
    other.time.advance(one.time.counter() > other.time.counter() ? one.time.counter() - other.time.counter() : 0);
    one.time.advance(other.time.counter() > one.time.counter() ? other.time.counter() - one.time.counter() : 0);
    ASSERT_TRUE(other.restore(one.save()));
    EXPECT_EQ(described(other), described(one)) << "seed " << seed;
    // A state that is cut off is noticed.
    if (!saved.empty()) {
      EXPECT_FALSE(Bench(*GetParam()).restore(std::span(saved).first(saved.size() - 1)));
    }
  }
}

TEST_P(EveryDevice, TakesAnyAccess) {
  for (uint32_t seed = 0; seed < 8; ++seed) {
    Bench bench(*GetParam(), 1 + seed);
    shake(bench, seed, 5000);
  }
}

INSTANTIATE_TEST_SUITE_P(Devices, EveryDevice, ::testing::ValuesIn(device_kinds().begin(), device_kinds().end()),
                         [](const auto& one) {
                           std::string name = one.param->name;
                           std::replace_if(
                               name.begin(), name.end(), [](char c) { return std::isalnum(c) == 0; }, '_');
                           return name;
                         });

}  // namespace
}  // namespace menura::boards::testing
