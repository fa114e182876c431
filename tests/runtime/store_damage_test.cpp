// Files of compiled code that are damaged: whatever is in them, programs run as ever.
#include <sys/wait.h>

#include <csignal>
#include <random>

#include "backends/runtime/store/checksum.h"
#include "tests/runtime/stored_machine.h"

namespace menura::runtime::test {
namespace {

class StoreDamageTest : public ::testing::Test {
 protected:
  void SetUp() override {
    fill(folder_.path());
    file_ = folder_.only_file();
    good_ = read_file(file_);
    ASSERT_GT(good_.size(), 1000U);
  }
  // Runs the program with this for a file.
  void check(std::span<const uint8_t> bytes, const std::string& what) {
    write_file(file_, bytes);
    StoredRun run(folder_.path());
    ASSERT_TRUE(run.go()) << what;
  }

  TemporaryFolder folder_;
  std::string file_;
  std::vector<uint8_t> good_;
};

// What is found in the damaged file is what is found in the good one, bit for bit.
TEST_F(StoreDamageTest, EveryByteFlipped) {
  std::vector<uint64_t> original(good_.size() / 8);
  std::memcpy(original.data(), good_.data(), good_.size());
  const auto bytes_of = [&](std::vector<uint64_t>& words) {
    return std::span(reinterpret_cast<uint8_t*>(words.data()), good_.size());
  };
  const auto segment = Segment::of_bytes(bytes_of(original));
  ASSERT_NE(segment, nullptr);
  std::vector<EntryView> entries;
  for (const std::optional<EntryView>& entry : segment->entries()) {
    ASSERT_TRUE(entry.has_value());
    entries.push_back(*entry);
  }
  std::vector<uint64_t> words = original;
  const std::span<uint8_t> bytes = bytes_of(words);
  std::mt19937 random(1);
  for (std::size_t at = 0; at < bytes.size(); ++at) {
    const auto flip = static_cast<uint8_t>(1U << random() % 8);
    bytes[at] ^= flip;
    unsigned missing = 0;
    if (const auto damaged = Segment::of_bytes(bytes)) {
      for (const EntryView& entry : entries) {
        const std::optional<EntryView> found = damaged->find(entry.key());
        if (!found || !found->checksum_is_right()) {
          ++missing;
          continue;
        }
        ASSERT_TRUE(std::equal(found->bytes().begin(), found->bytes().end(), entry.bytes().begin())) << at;
      }
      ASSERT_LE(missing, 1U) << at;
      ASSERT_TRUE(missing == 1 || at < sizeof(SegmentHeader) + segment->header().slots * sizeof(TableSlot)) << at;
    } else {
      ASSERT_LT(at, sizeof(SegmentHeader));
    }
    bytes[at] ^= flip;
  }
}

TEST_F(StoreDamageTest, ProgramsRunWithFlippedBytes) {
  std::mt19937 random(5);
  for (std::size_t at = 0; at < good_.size(); at += 1 + random() % 200) {
    std::vector<uint8_t> bytes = good_;
    bytes[at] ^= static_cast<uint8_t>(1U << random() % 8);
    check(bytes, "byte " + std::to_string(at));
  }
}

TEST_F(StoreDamageTest, EveryLength) {
  for (std::size_t size = 0; size < good_.size(); size += size < 64 ? 1 : 163) {
    check(std::span(good_).first(size), "length " + std::to_string(size));
  }
  std::vector<uint8_t> longer = good_;
  longer.resize(good_.size() + 100);
  check(longer, "longer");
}

TEST_F(StoreDamageTest, OtherPartsOfTheFileInPlaceOfEachOther) {
  std::mt19937 random(2);
  for (int i = 0; i < 100; ++i) {
    std::vector<uint8_t> bytes = good_;
    const std::size_t count = 8 * (1 + random() % 64);
    const std::size_t from = random() % (bytes.size() - count) & ~std::size_t{7};
    const std::size_t to = random() % (bytes.size() - count) & ~std::size_t{7};
    std::memmove(bytes.data() + to, good_.data() + from, count);
    check(bytes, "move " + std::to_string(i));
  }
}

// An entry whose checksum is right says nonsense about its code: it is refused, or it stays within bounds.
TEST_F(StoreDamageTest, NonsenseWithARightChecksumIsRefused) {
  const ir::test::ToyGuest guest;
  std::mt19937 random(3);
  std::vector<uint64_t> memory(good_.size() / 8 + 1);
  std::memcpy(memory.data(), good_.data(), good_.size());
  const auto segment = Segment::of_bytes({reinterpret_cast<const uint8_t*>(memory.data()), good_.size()});
  ASSERT_NE(segment, nullptr);
  unsigned refused = 0;
  for (const std::optional<EntryView>& entry : segment->entries()) {
    ASSERT_TRUE(entry.has_value());
    const std::span<const uint8_t> original = entry->bytes();
    for (int i = 0; i < 200; ++i) {
      // An allocation of the entry's size, so that a sanitizer sees what leaves it.
      std::vector<uint64_t> words(original.size() / 8);
      auto* const bytes = reinterpret_cast<uint8_t*>(words.data());
      std::memcpy(bytes, original.data(), original.size());
      const std::size_t header = 1 + random() % 3 == 1 ? sizeof(EntryHeader) : original.size();
      for (unsigned flips = 1 + random() % 3; flips != 0; --flips) {
        bytes[8 + random() % (header - 8)] = static_cast<uint8_t>(random());
      }
      const std::span<const uint8_t> whole(bytes, original.size());
      words[0] = checksum(whole.subspan(8));
      const std::optional<EntryView> view = EntryView::open(whole);
      CompiledCode code;
      if (!view || !view->decode(0x1000, guest.layout(), guest.helpers(), &code)) {
        ++refused;
        continue;
      }
      ASSERT_FALSE(code.bytes.empty());
      for (const Link& link : code.links) ASSERT_LE(link.displacement + 4, code.bytes.size());
      for (const Relocation& relocation : code.relocations) ASSERT_LE(relocation.offset + 4, code.bytes.size());
      for (const Home& home : code.homes) ASSERT_LT(home.slot, guest.layout().slots.size());
    }
  }
  EXPECT_GT(refused, 100U);
}

// A child fills the folder, as fast as it can, until it is killed. What is there then is whole.
TEST_F(StoreDamageTest, WritersMayBeKilledAtAnyTime) {
  std::mt19937 random(4);
  for (int round = 0; round < 40; ++round) {
    const pid_t child = fork();
    if (child == 0) {
      for (uint64_t object = 0;; ++object) {
        StoredRun run(folder_.path(), {}, {1, 2});
        run.memory.object = 0x1234 + object % 3;
        // Another program each time, so that there is something to write.
        run.memory.put(StoredRun::kFirst + 4, {{'d', 1}, {'b', -2}, {'a', static_cast<int>(random() % 100)}});
        for (int i = 0; i < 3; ++i) run.run(StoredRun::kFirst);
        run.store().flush();
      }
    }
    ::usleep(1000 + random() % 20000);
    ASSERT_EQ(::kill(child, SIGKILL), 0);
    ASSERT_EQ(waitpid(child, nullptr, 0), child);

    const auto folder = Folder::open(folder_.path(), false);
    ASSERT_TRUE(static_cast<bool>(folder));
    for (const Folder::File& file : folder->segments()) {
      const auto segment = Segment::open_any(folder->fd(), file.name.c_str());
      ASSERT_NE(segment, nullptr) << file.name;
      for (const std::optional<EntryView>& entry : segment->entries()) ASSERT_TRUE(entry.has_value()) << file.name;
    }
    StoredRun run(folder_.path());
    ASSERT_TRUE(run.go());
  }
  // What they left unfinished goes once no writer can be at it any more.
  const auto folder = Folder::open(folder_.path(), false);
  for (const Folder::File& file : folder->leavings()) {
    const timespec times[2] = {{1, 0}, {1, 0}};
    ASSERT_EQ(::utimensat(folder->fd(), file.name.c_str(), times, 0), 0);
  }
  folder->trim(uint64_t{1} << 30);
  EXPECT_TRUE(folder->leavings().empty());
  EXPECT_FALSE(folder->segments().empty());
}

}  // namespace
}  // namespace menura::runtime::test
