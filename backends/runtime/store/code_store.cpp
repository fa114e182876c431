#include "backends/runtime/store/code_store.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <cstring>
#include <utility>

#include "backends/runtime/store/folder.h"

namespace menura::runtime {

namespace {

constexpr std::size_t kBlockWords = 32768;

// A segment is written if, over so many runs, it saves more time than writing it takes.
constexpr uint64_t kRuns = 8;
constexpr uint64_t kNanosecondsPerFile = 100'000;
constexpr uint64_t bytes_to_nanoseconds(uint64_t bytes) { return bytes / 2; }

// A process that does not end by itself, or not soon, writes when it has spent so much on new code, and then half of
// what it has spent until then.
constexpr uint64_t kFirstWrite = 60'000'000;
constexpr uint64_t kMostPending = uint64_t{64} << 20;  // bytes

}  // namespace

const Segment* CodeStore::segment_of(uint64_t object) {
  const std::lock_guard lock(mutex_);
  Object& it = objects_[object];
  if (!it.opened) {
    it.opened = true;
    if (const auto folder = Folder::open(options_.folder, false)) {
      const std::string name = segment_name(options_.fingerprint, object);
      it.segment = Segment::open(folder->fd(), name.c_str(), options_.fingerprint, object);
    }
    if (it.segment != nullptr) ++statistics_.segments;
  }
  return it.segment.get();
}

void CodeStore::keep(uint64_t object, const CodeKey& key, Gear gear, const ir::Region& region,
                     std::span<const uint8_t> guest, const CompiledCode& code, uint64_t nanoseconds, bool found_wrong) {
  const std::lock_guard lock(mutex_);
  scratch_.clear();
  if (!encode(key, gear, region, guest, code, &scratch_)) return;
  Pending& pending = objects_[object].pending;
  const std::size_t words = scratch_.size() / 8;
  if (pending.blocks.empty() || pending.blocks.back().capacity() - pending.blocks.back().size() < words) {
    pending.blocks.emplace_back().reserve(std::max(words, kBlockWords));
  }
  std::vector<uint64_t>& block = pending.blocks.back();
  const std::size_t at = block.size();
  block.resize(at + words);
  std::memcpy(block.data() + at, scratch_.data(), scratch_.size());
  const std::optional<EntryView> entry =
      EntryView::open_unchecked({reinterpret_cast<const uint8_t*>(block.data() + at), scratch_.size()});
  if (!entry) return;
  pending.entries.push_back(*entry);
  pending.found_wrong.push_back(found_wrong);
  pending.nanoseconds += nanoseconds;
  pending.bytes += scratch_.size();
  pending_nanoseconds_ += nanoseconds;
  pending_bytes_ += scratch_.size();
  ++statistics_.kept;
  if (pending_nanoseconds_ > std::max(kFirstWrite, written_nanoseconds_ / 2) || pending_bytes_ > kMostPending) {
    flush_locked();
  }
}

void CodeStore::flush() {
  const std::lock_guard lock(mutex_);
  flush_locked();
}

void CodeStore::flush_locked() {
  for (auto& [object, it] : objects_) {
    if (!it.pending.entries.empty()) write(object, it);
    it.pending = {};
  }
  written_nanoseconds_ += std::exchange(pending_nanoseconds_, 0);
  pending_bytes_ = 0;
}

void CodeStore::write(uint64_t object, Object& it) {
  const Pending& pending = it.pending;
  const uint64_t known = it.segment != nullptr ? it.segment->size() : 0;
  const auto cost = [](uint64_t bytes) { return kNanosecondsPerFile + bytes_to_nanoseconds(bytes); };
  if (pending.nanoseconds * kRuns < cost(known + pending.bytes)) return;
  const auto folder = Folder::open(options_.folder, true);
  if (!folder) return;

  // Another process may have written since this one looked.
  const std::string name = segment_name(options_.fingerprint, object);
  const auto old = Segment::open(folder->fd(), name.c_str(), options_.fingerprint, object);
  std::vector<EntryView> entries;
  struct Hash {
    std::size_t operator()(const CodeKey& key) const { return key.hash(); }
  };
  std::unordered_map<CodeKey, std::size_t, Hash> known_keys;
  if (old != nullptr) {
    for (const std::optional<EntryView>& entry : old->entries()) {
      if (entry && known_keys.try_emplace(entry->key(), entries.size()).second) entries.push_back(*entry);
    }
  }
  for (std::size_t i = 0; i < pending.entries.size(); ++i) {
    const EntryView& entry = pending.entries[i];
    const auto [found, added] = known_keys.try_emplace(entry.key(), entries.size());
    if (added) {
      entries.push_back(entry);
    } else if (pending.found_wrong[i] || entry.gear() >= entries[found->second].gear()) {
      entries[found->second] = entry;
    }
  }
  // In the order of the guest's code: what is used together lies together.
  std::sort(entries.begin(), entries.end(),
            [](const EntryView& a, const EntryView& b) { return a.key().offset < b.key().offset; });
  uint64_t size = 0;
  for (const EntryView& entry : entries) size += entry.bytes().size();

  // A file that is larger than the guest may write would be its death (SIGXFSZ).
  rlimit limit = {};
  if (::getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur < 2 * size + 4096 || size > options_.limit / 2) return;

  const std::string unfinished = unfinished_name(name);
  const int file =
      ::openat(folder->fd(), unfinished.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
  if (file < 0) return;
  ::fchmod(file, 0600);  // whatever the guest's umask
  const bool whole = write_segment(file, options_.fingerprint, object, entries);
  ::close(file);
  // No fsync: after a loss of power, what is not on the disk is found to be damaged, and made anew.
  if (!whole || ::renameat(folder->fd(), unfinished.c_str(), folder->fd(), name.c_str()) != 0) {
    folder->remove(unfinished);
    return;
  }
  statistics_.written += size;
  folder->trim(options_.limit);
}

void CodeStore::after_fork_child() {
  for (auto& [object, it] : objects_) it.pending = {};
  pending_nanoseconds_ = pending_bytes_ = 0;
  mutex_.unlock();
}

StoreStatistics CodeStore::statistics() {
  const std::lock_guard lock(mutex_);
  return statistics_;
}

}  // namespace menura::runtime
