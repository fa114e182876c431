// virtio 1.2, 5.2, on image files.
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/disk_file.h"
#include "tests/devices/virtio/driver.h"

namespace menura::boards::testing {
namespace {

constexpr uint32_t kIn = 0, kOut = 1, kFlush = 4, kGetId = 8, kDiscard = 11, kWriteZeroes = 13;
constexpr uint8_t kOk = 0, kIoErr = 1, kUnsupported = 2;
constexpr uint64_t kFlushFeature = uint64_t{1} << 9, kReadOnlyFeature = uint64_t{1} << 5;

// Sector n is full of the letter 'a' + n.
class Image {
 public:
  explicit Image(unsigned sectors = 16) {
    const int fd = ::mkstemp(path_.data());
    std::string bytes;
    for (unsigned i = 0; i < sectors; ++i) bytes += std::string(512, static_cast<char>('a' + i));
    EXPECT_EQ(::write(fd, bytes.data(), bytes.size()), static_cast<ssize_t>(bytes.size()));
    ::close(fd);
  }
  ~Image() { ::unlink(path_.c_str()); }
  const std::string& path() const { return path_; }
  std::string sector(unsigned number) const {
    std::string bytes(512, '\0');
    const int fd = ::open(path_.c_str(), O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(::pread(fd, bytes.data(), 512, 512 * static_cast<off_t>(number)), 512);
    ::close(fd);
    return bytes;
  }

 private:
  std::string path_ = "/tmp/menura-blk-XXXXXX";
};

std::unique_ptr<host::DiskFile> open_disk(const std::string& path, bool read_only = false) {
  auto disk = host::DiskFile::open(path, read_only, false);
  EXPECT_TRUE(disk) << disk.error().message;
  return disk ? std::move(*disk) : nullptr;
}

struct BlkBench {
  explicit BlkBench(const std::string& path, bool read_only = false, uint64_t features = kFlushFeature)
      : disk(open_disk(path, read_only)),
        attachment{.kind = &kVirtioBlk, .disk = disk.get(), .name = "serial-1"},
        bench(kVirtioSlot, 1, &attachment),
        driver(bench, features) {}

  struct Header {
    uint32_t type, reserved;
    uint64_t sector;
  };
  // Returns the status byte.
  uint8_t request(uint32_t type, uint64_t sector, std::vector<Piece> data, uint32_t* written = nullptr) {
    const Header header = {type, 0, sector};
    const uint64_t status = driver.place("\xff");
    data.insert(data.begin(), {driver.place_value(header), 16, false});
    data.push_back({status, 1, true});
    const Used used = driver.request(0, data);
    if (written != nullptr) *written = used.written;
    return driver.value_at<uint8_t>(status);
  }

  std::unique_ptr<host::DiskFile> disk;
  Attachment attachment;
  Bench bench;
  Driver driver;
};

TEST(VirtioBlk, IsOnTheTimeline) {
  const Image image;
  BlkBench t(image.path());
  const uint64_t room = t.driver.place(std::string(512, '-'));
  EXPECT_EQ(t.request(kIn, 3, {{room, 512, true}}), kOk);
  EXPECT_EQ(t.request(kOut, 4, {{room, 512, false}}), kOk);
  EXPECT_EQ(t.request(kFlush, 0, {}), kOk);
  const std::vector<std::string> events = t.bench.timeline.wait_for("virtio-blk, queue 0", 6);
  EXPECT_EQ(events.size(), 6U);
  // A request may come behind the next notification: it ends when the driver has heard of it.
  std::vector<std::string> requests = events;
  EXPECT_EQ(events.front(), "notified");
  EXPECT_EQ(std::erase(requests, "notified"), 3U);
  EXPECT_EQ(requests, (std::vector<std::string>{"read+", "write+", "flush+"}));
}

TEST(VirtioBlk, TellsItsSize) {
  const Image image;
  BlkBench t(image.path());
  EXPECT_EQ(t.driver.read(kDeviceId), 2U);
  EXPECT_EQ(t.bench.read(kConfig, 8), 16U);
  EXPECT_EQ(t.driver.offered() & kReadOnlyFeature, 0U);
}

TEST(VirtioBlk, Reads) {
  const Image image;
  BlkBench t(image.path());
  const uint64_t at = t.driver.allocate(1024);
  uint32_t written = 0;
  EXPECT_EQ(t.request(kIn, 3, {{at, 100, true}, {at + 100, 924, true}}, &written), kOk);
  EXPECT_EQ(written, 1025U);
  EXPECT_EQ(t.driver.bytes_at(at, 1024), std::string(512, 'd') + std::string(512, 'e'));
}

TEST(VirtioBlk, Writes) {
  const Image image;
  BlkBench t(image.path());
  const uint64_t at = t.driver.place(std::string(512, 'X'));
  EXPECT_EQ(t.request(kOut, 5, {{at, 512, false}}), kOk);
  EXPECT_EQ(t.request(kFlush, 0, {}), kOk);
  EXPECT_EQ(image.sector(5), std::string(512, 'X'));
  EXPECT_EQ(image.sector(4), std::string(512, 'e'));
}

TEST(VirtioBlk, NothingBehindTheEnd) {
  const Image image;
  BlkBench t(image.path());
  const uint64_t at = t.driver.allocate(1024);
  for (const uint64_t sector : {uint64_t{16}, uint64_t{15}, ~uint64_t{0}, (~uint64_t{0} >> 9) + 1}) {
    EXPECT_EQ(t.request(kIn, sector, {{at, 1024, true}}), kIoErr) << sector;
    EXPECT_EQ(t.request(kOut, sector, {{at, 1024, false}}), kIoErr) << sector;
  }
  EXPECT_EQ(t.request(kIn, 0, {{at, 511, true}}), kIoErr) << "no whole sector";
  EXPECT_EQ(t.request(kIn, 0, {{Bench::kRam - 256, 512, true}}), kIoErr) << "not in memory";
  struct stat info = {};
  ::stat(image.path().c_str(), &info);
  EXPECT_EQ(info.st_size, 16 * 512);
}

TEST(VirtioBlk, ReadOnly) {
  const Image image;
  BlkBench t(image.path(), true);
  EXPECT_NE(t.driver.offered() & kReadOnlyFeature, 0U);
  const uint64_t at = t.driver.allocate(512);
  EXPECT_EQ(t.request(kOut, 0, {{at, 512, false}}), kIoErr);
  EXPECT_EQ(t.request(kIn, 0, {{at, 512, true}}), kOk);
  EXPECT_EQ(image.sector(0), std::string(512, 'a'));
}

TEST(VirtioBlk, DiscardsAndZeroes) {
  const Image image;
  BlkBench t(image.path());
  struct Range {
    uint64_t sector;
    uint32_t sectors, flags;
  };
  const auto clear = [&](uint32_t type, Range range) {
    return t.request(type, 0, {{t.driver.place_value(range), 16, false}});
  };
  EXPECT_EQ(clear(kWriteZeroes, {2, 2, 0}), kOk);
  EXPECT_EQ(image.sector(2), std::string(512, '\0'));
  EXPECT_EQ(image.sector(3), std::string(512, '\0'));
  EXPECT_EQ(image.sector(4), std::string(512, 'e'));
  EXPECT_EQ(clear(kWriteZeroes, {6, 1, 1}), kOk);
  EXPECT_EQ(image.sector(6), std::string(512, '\0'));
  EXPECT_EQ(clear(kDiscard, {8, 8, 0}), kOk);
  EXPECT_EQ(image.sector(7), std::string(512, 'h'));
  // 5.2.6.2
  EXPECT_EQ(clear(kDiscard, {0, 1, 1}), kUnsupported);
  EXPECT_EQ(clear(kWriteZeroes, {0, 1, 2}), kUnsupported);
  EXPECT_EQ(clear(kWriteZeroes, {15, 2, 0}), kIoErr);
  EXPECT_EQ(clear(kWriteZeroes, {~uint64_t{0}, 2, 0}), kIoErr);
}

TEST(VirtioBlk, TellsItsSerialNumber) {
  const Image image;
  BlkBench t(image.path());
  const uint64_t at = t.driver.place(std::string(20, '.'));
  EXPECT_EQ(t.request(kGetId, 0, {{at, 20, true}}), kOk);
  EXPECT_EQ(t.driver.bytes_at(at, 20), std::string("serial-1") + std::string(12, '\0'));
}

TEST(VirtioBlk, UnknownRequestsAndNone) {
  const Image image;
  BlkBench t(image.path());
  EXPECT_EQ(t.request(0x1234, 0, {}), kUnsupported);
  t.driver.add(0, {{t.driver.place("short"), 5, false}, {t.driver.allocate(1), 1, true}});
  t.driver.notify(0);
  EXPECT_TRUE(Driver::until([&] { return t.driver.needs_reset(); }));
}

TEST(VirtioBlk, WithoutImage) {
  Bench bench(kVirtioBlk);
  EXPECT_EQ(bench.read(kConfig, 8), 0U);
}

TEST(DiskFile, OneWriterOrManyReaders) {
  const Image image;
  {
    const auto one = open_disk(image.path());
    const auto other = host::DiskFile::open(image.path(), false, false);
    ASSERT_FALSE(other);
    EXPECT_NE(other.error().message.find("in use by another machine"), std::string::npos);
    EXPECT_FALSE(host::DiskFile::open(image.path(), true, false));
  }
  const auto one = open_disk(image.path(), true);
  const auto other = open_disk(image.path(), true);
  EXPECT_FALSE(host::DiskFile::open(image.path(), false, false));
}

TEST(DiskFile, SaysWhatIsWrong) {
  const auto missing = host::DiskFile::open("/nonexistent/disk", false, false);
  ASSERT_FALSE(missing);
  EXPECT_NE(missing.error().message.find("truncate -s"), std::string::npos);
  EXPECT_FALSE(host::DiskFile::open("/tmp", true, false));
  const Image image(1);
  const int fd = ::open(image.path().c_str(), O_WRONLY | O_CLOEXEC);
  EXPECT_EQ(::pwrite(fd, "QFI\xfb", 4, 0), 4);
  ::close(fd);
  const auto wrong = host::DiskFile::open(image.path(), false, false);
  ASSERT_FALSE(wrong);
  EXPECT_NE(wrong.error().message.find("qcow2"), std::string::npos);
  EXPECT_TRUE(host::DiskFile::open(image.path(), false, true));
}

// Requests of all kinds at once, in whatever order they end, and a reset while some are under way.
TEST(VirtioBlk, ManyAtOnce) {
  const Image image(64);
  BlkBench t(image.path());
  for (unsigned turn = 0; turn < 50; ++turn) {
    struct Sent {
      uint64_t status, data;
      unsigned sector;
    };
    std::vector<Sent> reads;
    // Two descriptors or three each, of eight.
    const uint64_t written = t.driver.place(std::string(512, static_cast<char>('0' + turn)));
    const auto add = [&](uint32_t type, uint64_t sector, std::vector<Piece> data) {
      std::vector<Piece> pieces = {{t.driver.place_value(BlkBench::Header{type, 0, sector}), 16, false}};
      pieces.insert(pieces.end(), data.begin(), data.end());
      const uint64_t status = t.driver.place("?");
      pieces.push_back({status, 1, true});
      t.driver.add(0, pieces);
      return status;
    };
    std::vector<uint64_t> others = {add(kOut, 63, {{written, 512, false}}), add(kFlush, 0, {})};
    const uint64_t data = t.driver.allocate(512);
    reads.push_back({add(kIn, turn % 26, {{data, 512, true}}), data, turn % 26});
    t.driver.notify(0);
    for (unsigned i = 0; i < 3; ++i) t.driver.wait(0);
    for (const uint64_t at : others) EXPECT_EQ(t.driver.value_at<uint8_t>(at), kOk);
    for (const Sent& read : reads) {
      EXPECT_EQ(t.driver.value_at<uint8_t>(read.status), kOk);
      EXPECT_EQ(t.driver.bytes_at(read.data, 512), std::string(512, static_cast<char>('a' + read.sector)));
    }
    EXPECT_EQ(image.sector(63), std::string(512, static_cast<char>('0' + turn)));
  }
  for (unsigned i = 0; i < 3; ++i) {
    t.driver.add(0,
                 {{t.driver.place_value(BlkBench::Header{kFlush, 0, 0}), 16, false}, {t.driver.place("?"), 1, true}});
  }
  t.driver.notify(0);
  t.driver.write(kStatus, 0);
  EXPECT_EQ(t.driver.read(kStatus), 0U);
}

// What the host has in its memory, and then the rest.
TEST(DiskFile, ReadsWhatIsAtHand) {
  const Image image(26);
  const int fd = ::open(image.path().c_str(), O_RDONLY | O_CLOEXEC);
  ::fdatasync(fd);
  ::posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
  ::close(fd);
  const auto disk = open_disk(image.path());
  std::string bytes(27 * 512, '?');
  iovec vectors[2] = {{bytes.data(), 1000}, {bytes.data() + 1000, bytes.size() - 1000}};
  std::span<iovec> parts = vectors;
  uint64_t offset = 0;
  const int error = disk->read_at_hand(&parts, &offset);
  if (error != 0) {
    EXPECT_EQ(error, -EAGAIN);
    EXPECT_EQ(disk->read(parts, offset), 0);
  }
  std::string expected;
  for (unsigned i = 0; i < 26; ++i) expected += std::string(512, static_cast<char>('a' + i));
  EXPECT_EQ(bytes, expected + std::string(512, '\0'));
}

// 5.2.6.2: the cache is as it was asked for until the driver says otherwise, and after a reset again.
TEST(VirtioBlk, BeginsWriteThrough) {
  const Image image;
  const auto disk = open_disk(image.path());
  const Attachment attachment = {.kind = &kVirtioBlk, .disk = disk.get(), .write_through = true};
  Bench bench(kVirtioSlot, 1, &attachment);
  Driver driver(bench, kFlushFeature);
  EXPECT_EQ(bench.read(kConfig + 32, 1), 0U);
  bench.write(kConfig + 32, 1, 1);
  EXPECT_EQ(bench.read(kConfig + 32, 1), 1U);
  driver.write(kStatus, 0);
  EXPECT_EQ(bench.read(kConfig + 32, 1), 0U);
}

// A process that writes, flushes, says so and is killed.
TEST(VirtioBlk, WhatWasFlushedSurvivesAKill) {
  const Image image;
  int said[2];
  ASSERT_EQ(::pipe(said), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    BlkBench t(image.path());
    const uint64_t at = t.driver.place(std::string(512, 'K'));
    const bool good = t.request(kOut, 1, {{at, 512, false}}) == kOk && t.request(kFlush, 0, {}) == kOk;
    if (::write(said[1], good ? "y" : "n", 1) != 1) ::_exit(1);
    for (;;) ::pause();
  }
  char answer = 0;
  ASSERT_EQ(::read(said[0], &answer, 1), 1);
  EXPECT_EQ(answer, 'y');
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_EQ(image.sector(1), std::string(512, 'K'));
  open_disk(image.path());  // and its lock is gone
  ::close(said[0]);
  ::close(said[1]);
}

}  // namespace
}  // namespace menura::boards::testing
