#include "backends/runtime/store/segment.h"

#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <bit>
#include <cerrno>
#include <cstring>

#include "backends/runtime/store/checksum.h"
#include "backends/runtime/store/folder.h"

namespace menura::runtime {

namespace {

static_assert(sizeof(SegmentHeader) == 56 && std::has_unique_object_representations_v<SegmentHeader>);

constexpr time_t kUseIsNoted = 600;  // seconds: the time of a file's last use is kept no more exactly

std::span<const uint8_t> checked(const SegmentHeader& header) {
  return {reinterpret_cast<const uint8_t*>(&header), offsetof(SegmentHeader, checksum)};
}

uint32_t tag_of(uint64_t hash) { return static_cast<uint32_t>(hash >> 32); }

// Writes spans of memory one after the other, many at a time.
class Gather {
 public:
  explicit Gather(int file) : file_(file) {}
  void add(std::span<const uint8_t> bytes) {
    if (bytes.empty()) return;
    if (count_ != 0) {
      iovec& last = parts_[count_ - 1];
      if (static_cast<const uint8_t*>(last.iov_base) + last.iov_len == bytes.data()) {
        last.iov_len += bytes.size();
        return;
      }
    }
    if (count_ == parts_.size()) flush();
    parts_[count_++] = {const_cast<uint8_t*>(bytes.data()), bytes.size()};
  }
  bool flush() {
    iovec* at = parts_.data();
    while (good_ && count_ != 0) {
      ssize_t written = ::writev(file_, at, static_cast<int>(count_));
      if (written < 0 && errno == EINTR) continue;
      good_ = written > 0;
      for (; good_ && count_ != 0 && static_cast<std::size_t>(written) >= at->iov_len; ++at, --count_) {
        written -= static_cast<ssize_t>(at->iov_len);
      }
      if (good_ && count_ != 0) {
        at->iov_base = static_cast<uint8_t*>(at->iov_base) + written;
        at->iov_len -= static_cast<std::size_t>(written);
      }
    }
    count_ = 0;
    return good_;
  }

 private:
  int file_;
  bool good_ = true;
  std::array<iovec, 256> parts_ = {};
  std::size_t count_ = 0;
};

}  // namespace

std::shared_ptr<const Segment> Segment::open_any(int folder, const char* name) {
  const int file = ::openat(folder, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return nullptr;
  struct stat info = {};
  void* at = MAP_FAILED;
  std::size_t size = 0;
  if (::fstat(file, &info) == 0 && S_ISREG(info.st_mode) && is_trusted(info) &&
      static_cast<std::size_t>(info.st_size) >= sizeof(SegmentHeader)) {
    size = static_cast<std::size_t>(info.st_size);
    at = ::mmap(nullptr, size, PROT_READ, MAP_PRIVATE, file, 0);
    if (::time(nullptr) - info.st_mtime > kUseIsNoted) ::futimens(file, nullptr);
  }
  ::close(file);
  if (at == MAP_FAILED) return nullptr;
  std::shared_ptr<const Segment> segment(new Segment({static_cast<const uint8_t*>(at), size}, true));
  return segment->header_is_right() ? segment : nullptr;
}

std::shared_ptr<const Segment> Segment::open(int folder, const char* name, const Fingerprint::Value& fingerprint,
                                             uint64_t object) {
  const auto segment = open_any(folder, name);
  if (segment == nullptr || segment->header().fingerprint != fingerprint || segment->header().object != object) {
    return nullptr;
  }
  return segment;
}

std::shared_ptr<const Segment> Segment::of_bytes(std::span<const uint8_t> bytes) {
  if (bytes.size() < sizeof(SegmentHeader)) return nullptr;
  std::shared_ptr<const Segment> segment(new Segment(bytes, false));
  return segment->header_is_right() ? segment : nullptr;
}

Segment::~Segment() {
  if (mapped_) ::munmap(const_cast<uint8_t*>(bytes_.data()), bytes_.size());
}

bool Segment::header_is_right() const {
  const SegmentHeader& it = header();
  return it.magic == SegmentHeader::kMagic && it.checksum == runtime::checksum(checked(it)) &&
         it.size == bytes_.size() && std::has_single_bit(it.slots) && it.entries < it.slots &&
         it.slots <= (bytes_.size() - sizeof(SegmentHeader)) / sizeof(TableSlot);
}

std::span<const TableSlot> Segment::table() const {
  return {reinterpret_cast<const TableSlot*>(bytes_.data() + sizeof(SegmentHeader)), header().slots};
}

std::optional<EntryView> Segment::entry_at(const TableSlot& slot) const {
  const uint64_t at = uint64_t{slot.at} * 8;
  if (at >= bytes_.size()) return {};
  return EntryView::open_unchecked(bytes_.subspan(at));
}

std::optional<EntryView> Segment::find(const CodeKey& key) const {
  const uint64_t hash = key.hash();
  const std::span<const TableSlot> all = table();
  const std::size_t mask = all.size() - 1;
  std::size_t at = hash & mask;
  for (std::size_t tried = 0; tried < all.size() && all[at].at != 0; ++tried, at = (at + 1) & mask) {
    if (all[at].tag != tag_of(hash)) continue;
    const std::optional<EntryView> entry = entry_at(all[at]);
    if (entry && entry->key() == key) return entry;
  }
  return {};
}

std::vector<std::optional<EntryView>> Segment::entries() const {
  std::vector<std::optional<EntryView>> list;
  for (const TableSlot& slot : table()) {
    if (slot.at == 0) continue;
    list.push_back(entry_at(slot));
    if (list.back() && !list.back()->checksum_is_right()) list.back().reset();
  }
  return list;
}

SegmentBuilder::SegmentBuilder(std::size_t most_entries) : table_(std::bit_ceil(most_entries * 3 / 2 + 1)) {
  entries_.reserve(most_entries);
}

void SegmentBuilder::add(const EntryView& entry, bool replaces) {
  const CodeKey key = entry.key();
  const uint64_t hash = key.hash();
  const std::size_t mask = table_.size() - 1;
  std::size_t at = hash & mask;
  for (; table_[at].entry != 0; at = (at + 1) & mask) {
    EntryView& known = entries_[table_[at].entry - 1];
    if (table_[at].tag != tag_of(hash) || known.key() != key) continue;
    if (replaces || entry.gear() >= known.gear()) known = entry;
    return;
  }
  entries_.push_back(entry);
  table_[at] = {tag_of(hash), static_cast<uint32_t>(entries_.size())};
}

uint64_t SegmentBuilder::size() const {
  uint64_t sum = sizeof(SegmentHeader) + table_.size() * sizeof(TableSlot);
  for (const EntryView& entry : entries_) sum += entry.bytes().size();
  return sum;
}

bool SegmentBuilder::write(int file, const Fingerprint::Value& fingerprint, uint64_t object) const {
  SegmentHeader header;
  header.fingerprint = fingerprint;
  header.object = object;
  header.entries = static_cast<uint32_t>(entries_.size());
  header.slots = static_cast<uint32_t>(table_.size());
  uint64_t end = sizeof header + table_.size() * sizeof(TableSlot);
  std::vector<uint32_t> places;
  places.reserve(entries_.size());
  for (const EntryView& entry : entries_) {
    if (end / 8 > UINT32_MAX) return false;
    places.push_back(static_cast<uint32_t>(end / 8));
    end += entry.bytes().size();
  }
  std::vector<TableSlot> table(table_.size());
  for (std::size_t i = 0; i < table.size(); ++i) {
    if (table_[i].entry != 0) table[i] = {table_[i].tag, places[table_[i].entry - 1]};
  }
  header.size = end;
  header.checksum = runtime::checksum(checked(header));

  Gather gather(file);
  gather.add({reinterpret_cast<const uint8_t*>(&header), sizeof header});
  gather.add({reinterpret_cast<const uint8_t*>(table.data()), table.size() * sizeof(TableSlot)});
  for (const EntryView& entry : entries_) gather.add(entry.bytes());
  return gather.flush();
}

}  // namespace menura::runtime
