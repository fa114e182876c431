// QEMU's firmware configuration device (docs/specs/fw_cfg.txt).
#include "boards/devices/system/fw_cfg.h"

#include <gtest/gtest.h>

#include "tests/devices/bench.h"

namespace menura::boards::testing {
namespace {

constexpr uint64_t kData = 0, kSelector = 8, kDma = 0x10;

const FirmwareItems kItems = {{0x08, {5, 0, 0, 0}}, {0x11, {1, 2, 3, 4, 5}}};

void select(Bench& bench, uint16_t item) { bench.write(kSelector, 2, __builtin_bswap16(item)); }

TEST(FwCfg, HasASignatureAndAnId) {
  Bench bench(kFwCfg, 3);
  EXPECT_EQ(bench.read(kData, 4), 0x554d4551U) << "QEMU, selected by reset";
  EXPECT_EQ(bench.read(kData, 8), 0U) << "behind the end";
  select(bench, 1);
  EXPECT_EQ(bench.read(kData, 4), 3U);
  select(bench, 5);
  EXPECT_EQ(bench.read(kData, 2), 3U) << "CPUs";
}

TEST(FwCfg, ReadsItemsByBytesAndWords) {
  Bench bench(kFwCfg, 1, nullptr, nullptr, &kItems);
  select(bench, 0x11);
  EXPECT_EQ(bench.read(kData, 1), 1U);
  EXPECT_EQ(bench.read(kData, 2), 0x0302U);
  EXPECT_EQ(bench.read(kData, 8), 0x0504U);
  select(bench, 0x42);
  EXPECT_EQ(bench.read(kData, 8), 0U) << "no such item";
}

TEST(FwCfg, HasADirectoryOfNamedFiles) {
  FirmwareItems items = kItems;
  add_named({{"opt/b", {7, 8}}, {std::string(kLongestFirmwareName, 'a'), {9}}, {"opt/c", {}}}, &items);
  Bench bench(kFwCfg, 1, nullptr, nullptr, &items);
  select(bench, 0x19);
  EXPECT_EQ(bench.read(kData, 4), __builtin_bswap32(3));
  struct File {
    uint32_t size;
    uint16_t number;
    std::string name;
  };
  std::vector<File> files;
  for (unsigned i = 0; i < 3; ++i) {
    File& file = files.emplace_back();
    file.size = __builtin_bswap32(static_cast<uint32_t>(bench.read(kData, 4)));
    file.number = __builtin_bswap16(static_cast<uint16_t>(bench.read(kData, 2)));
    EXPECT_EQ(bench.read(kData, 2), 0U);
    for (unsigned at = 0; at < 56; ++at) file.name += static_cast<char>(bench.read(kData, 1));
    EXPECT_EQ(file.name.back(), 0);
    file.name = file.name.c_str();
    if (i != 0) {
      EXPECT_LT(files[i - 1].name, file.name) << "sorted";
    }
  }
  EXPECT_EQ(files[0].name, std::string(kLongestFirmwareName, 'a'));
  EXPECT_EQ(files[1].name, "opt/b");
  EXPECT_EQ(files[1].size, 2U);
  EXPECT_EQ(files[2].size, 0U);
  EXPECT_GE(files[0].number, 0x20U);
  select(bench, files[1].number);
  EXPECT_EQ(bench.read(kData, 4), 0x0807U);
}

TEST(FwCfg, CopiesByDma) {
  Bench bench(kFwCfg, 1, nullptr, nullptr, &kItems);
  EXPECT_EQ(bench.read(kDma, 8), 0x47464320554d4551U) << "\"QEMU CFG\"";
  const auto run = [&](uint32_t control, uint32_t length, uint64_t address) {
    const uint32_t head[] = {__builtin_bswap32(control), __builtin_bswap32(length)};
    const uint64_t to = __builtin_bswap64(address);
    EXPECT_TRUE(bench.bus.write(Bench::kRam, head, sizeof head));
    EXPECT_TRUE(bench.bus.write(Bench::kRam + 8, &to, sizeof to));
    bench.write(kDma, 4, 0);
    bench.write(kDma + 4, 4, __builtin_bswap32(Bench::kRam));
    uint32_t result = 0;
    EXPECT_TRUE(bench.bus.read(Bench::kRam, &result, sizeof result));
    return __builtin_bswap32(result);
  };
  constexpr uint64_t kTo = Bench::kRam + 0x100;
  EXPECT_EQ(run(0x11U << 16 | 8 | 4, 1, 0), 0U);  // select and skip
  EXPECT_EQ(run(2, 4, kTo), 0U);
  uint32_t word = 0;
  ASSERT_TRUE(bench.bus.read(kTo, &word, sizeof word));
  EXPECT_EQ(word, 0x05040302U);
  EXPECT_EQ(run(16, 4, kTo), 1U) << "nothing can be written";
  EXPECT_EQ(run(0x11U << 16 | 8 | 2, 4, 0x1000000000), 1U) << "no memory there";
}

}  // namespace
}  // namespace menura::boards::testing
