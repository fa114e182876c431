// Common Flash Memory Interface (JEDEC JEP137, JESD68.01), Intel StrataFlash (290667).
#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "tests/devices/bench.h"

namespace menura::boards::testing {
namespace {

// For both chips.
constexpr uint64_t both(uint64_t word) { return word << 16 | word; }
constexpr uint64_t kReady = both(0x80);

void erase(Bench& bench, uint64_t offset) {
  bench.write(offset, both(0x20));
  bench.write(offset, both(0xd0));
}
void program(Bench& bench, uint64_t offset, uint32_t value) {
  bench.write(offset, both(0x40));
  bench.write(offset, value);
}

TEST(CfiFlash, IsFoundByItsQuery) {  // JESD68.01, table 1
  Bench bench(kCfiFlash);
  bench.write(0x55 * 4, both(0x98));
  EXPECT_EQ(bench.read(0x10 * 4), both('Q'));
  EXPECT_EQ(bench.read(0x11 * 4), both('R'));
  EXPECT_EQ(bench.read(0x12 * 4), both('Y'));
  EXPECT_EQ(bench.read(0x13 * 4), both(1));
  EXPECT_EQ(bench.read(0x27 * 4), both(25));  // 32 MiB each
  EXPECT_EQ(bench.read(0x2c * 4), both(1));
  EXPECT_EQ(bench.read(0x2d * 4) & 0xff, 255U);  // 256 sectors of 512 * 256 bytes
  EXPECT_EQ(bench.read(0x2e * 4) & 0xff, 0U);
  EXPECT_EQ(bench.read(0x2f * 4) & 0xff, 0U);
  EXPECT_EQ(bench.read(0x30 * 4) & 0xff, 2U);
  const uint64_t table = bench.read(0x15 * 4) & 0xff;
  EXPECT_EQ(bench.read(table * 4), both('P'));
  bench.write(0, both(0xff));
  EXPECT_EQ(bench.read(0x10 * 4), 0U);
}

TEST(CfiFlash, ProgrammingClearsBitsAndErasingSetsThem) {
  Bench bench(kCfiFlash);
  erase(bench, 0x40000);
  EXPECT_EQ(bench.read(0x40000), kReady);
  bench.write(0, both(0xff));
  EXPECT_EQ(bench.read(0x40000), 0xffffffffU);
  EXPECT_EQ(bench.read(0x7fffc), 0xffffffffU);
  EXPECT_EQ(bench.read(0x80000), 0U) << "the next sector";
  program(bench, 0x40008, 0xf0f0f0f0);
  program(bench, 0x40008, 0xff00ff00);
  bench.write(0, both(0xff));
  EXPECT_EQ(bench.read(0x40008), 0xf000f000U);
}

TEST(CfiFlash, WritesABufferAtOnce) {
  Bench bench(kCfiFlash);
  erase(bench, 0);
  bench.write(0x100, both(0xe8));
  EXPECT_EQ(bench.read(0x100), kReady);
  bench.write(0x100, both(2));  // three words
  for (uint32_t i = 0; i < 3; ++i) bench.write(0x100 + 4 * i, 0x1000 + i);
  bench.write(0x100, both(0xd0));
  EXPECT_EQ(bench.read(0x100), kReady);
  bench.write(0, both(0xff));
  for (uint32_t i = 0; i < 3; ++i) EXPECT_EQ(bench.read(0x100 + 4 * i), 0x1000 + i);
  EXPECT_EQ(bench.read(0x10c), 0xffffffffU);
}

TEST(CfiFlash, WrongSequencesShowInTheStatus) {
  Bench bench(kCfiFlash);
  bench.write(0, both(0x20));
  bench.write(0, both(0xff));
  EXPECT_EQ(bench.read(0), both(0xb0));
  bench.write(0, both(0x50));
  bench.write(0, both(0x70));
  EXPECT_EQ(bench.read(0), kReady);
  bench.write(0, both(0xe8));
  bench.write(0, both(0xffff));
  EXPECT_EQ(bench.read(0), both(0xb0)) << "more than the buffer holds";
}

TEST(CfiFlash, IsNamed) {
  Bench bench(kCfiFlash);
  bench.write(0, both(0x90));
  EXPECT_EQ(bench.read(0), both(0x89));
  EXPECT_EQ(bench.read(4), both(0x18));
  EXPECT_EQ(bench.read(8), 0U) << "not locked";
}

// What switches between direct reads and the device's.
struct Port final : ContentsPort {
  void set_direct(bool on) override { direct = on; }
  void changed(uint64_t offset, uint64_t size) override { changes.emplace_back(offset, size); }
  bool direct = true;
  std::vector<std::pair<uint64_t, uint64_t>> changes;
};

TEST(CfiFlash, IsMemoryWhileNoCommandIsUnderWay) {
  Bench bench(kCfiFlash);
  Port port;
  bench.device->set_contents_port(port);
  ASSERT_EQ(bench.device->contents()->size(), kCfiFlash.size);
  bench.write(0, both(0x70));
  EXPECT_FALSE(port.direct);
  bench.write(0, both(0xff));
  EXPECT_TRUE(port.direct);
  erase(bench, 0x40004);
  EXPECT_EQ(port.changes, (std::vector<std::pair<uint64_t, uint64_t>>{{0x40000, 0x40000}}));
  EXPECT_EQ(bench.device->contents()->data()[0x40000], std::byte{0xff});
  bench.device->reset();
  EXPECT_TRUE(port.direct);
}

TEST(CfiFlash, IsKeptInItsFile) {
  char path[] = "/tmp/menura-flash-XXXXXX";
  const int fd = ::mkstemp(path);
  ASSERT_GE(fd, 0);
  ASSERT_EQ(::ftruncate(fd, 0x50000), 0);
  ASSERT_EQ(::pwrite(fd, "bird", 4, 0x10), 4);
  {
    auto file = host::DiskFile::open(path, false, true);
    ASSERT_TRUE(static_cast<bool>(file));
    Bench bench(kCfiFlash, 1, nullptr, file->get());
    EXPECT_EQ(bench.read(0x10), 0x64726962U);
    erase(bench, 0x40000);
    program(bench, 0x40000, 0x6572796c);
  }
  uint32_t word = 0;
  EXPECT_EQ(::pread(fd, &word, 4, 0x40000), 4);
  EXPECT_EQ(word, 0x6572796cU);
  EXPECT_EQ(::lseek(fd, 0, SEEK_END), 0x50000) << "a file does not grow";
  ::close(fd);
  ::unlink(path);
}

}  // namespace
}  // namespace menura::boards::testing
