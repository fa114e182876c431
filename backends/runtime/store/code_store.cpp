#include "backends/runtime/store/code_store.h"

#include <sys/mman.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

#include "backends/runtime/store/folder.h"

namespace menura::runtime {

namespace {

constexpr std::size_t kBlockWords = 32768;

// A segment is written if, over so many runs, it saves more time than writing it takes.
constexpr uint64_t kRuns = 8;
constexpr uint64_t kNanosecondsPerFile = 200'000;
constexpr uint64_t bytes_to_nanoseconds(uint64_t bytes) { return bytes / 2; }

// A process that does not end by itself, or not soon, writes when it has spent so much on new code, and then half of
// what it has spent until then; or some, and a while has passed.
constexpr uint64_t kFirstWrite = 250'000'000;
constexpr uint64_t kSome = 20'000'000;
constexpr std::chrono::seconds kWhile{2};
constexpr uint64_t kMostPending = uint64_t{64} << 20;  // bytes

// What tier 1 takes for an instruction, at most: more was somebody else's time.
constexpr uint64_t kNanosecondsPerInstruction = 1500;

}  // namespace

CodeStore::CodeStore(StoreOptions options) : options_(std::move(options)) {
  void* const shared = mmap(nullptr, sizeof *family_writes_, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared != MAP_FAILED) family_writes_ = new (shared) std::atomic<uint64_t>(0);
}

CodeStore::~CodeStore() {
  if (family_writes_ != nullptr) munmap(family_writes_, sizeof *family_writes_);
}

const SegmentSet* CodeStore::segments_of(uint64_t object) {
  const std::lock_guard lock(mutex_);
  Object& it = objects_[object];
  if (!it.opened) {
    it.opened = true;
    if (const auto folder = Folder::open(options_.folder, false)) {
      it.segments = SegmentSet::open(*folder, options_.fingerprint, object);
    }
    statistics_.segments += it.segments.count();
  }
  return &it.segments;
}

void CodeStore::keep(uint64_t object, const CodeKey& key, Gear gear, const ir::Region& region, uint64_t base,
                     std::span<const uint8_t> guest, const CompiledCode& code, uint64_t nanoseconds, bool found_wrong) {
  const std::lock_guard lock(mutex_);
  if (gear != Gear::Optimized) {
    nanoseconds = std::min(nanoseconds, region.guest_instructions * kNanosecondsPerInstruction);
  }
  scratch_.clear();
  if (!encode(key, gear, region, base, guest, code, &scratch_)) return;
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
  if (pending_nanoseconds_ > std::max(kFirstWrite, written_nanoseconds_ / 2) || pending_bytes_ > kMostPending ||
      (pending_nanoseconds_ > kSome && std::chrono::steady_clock::now() - last_write_ > kWhile)) {
    flush_locked();
  }
}

void CodeStore::flush() {
  const std::lock_guard lock(mutex_);
  flush_locked();
}

void CodeStore::flush_locked() {
  const uint64_t before = statistics_.written;
  last_write_ = std::chrono::steady_clock::now();
  for (auto& [object, it] : objects_) {
    if (!it.pending.entries.empty()) write(object, it.pending);
    it.pending = {};
  }
  written_nanoseconds_ += std::exchange(pending_nanoseconds_, 0);
  pending_bytes_ = 0;
  if (statistics_.written == before) return;
  if (const auto folder = Folder::open(options_.folder, false)) folder->trim(options_.limit);
}

void CodeStore::write(uint64_t object, const Pending& pending) {
  if (pending.nanoseconds * kRuns < kNanosecondsPerFile + bytes_to_nanoseconds(pending.bytes)) return;
  const auto folder = Folder::open(options_.folder, true);
  if (!folder) return;
  // Another process may have written since this one looked.
  const SegmentSet there = SegmentSet::open(*folder, options_.fingerprint, object);
  SegmentBuilder builder(pending.entries.size());
  for (std::size_t i = 0; i < pending.entries.size(); ++i) {
    const EntryView& entry = pending.entries[i];
    const std::optional<EntryView> known = there.find(entry.key());
    const bool better =
        !known || entry.gear() > known->gear() || (entry.gear() == known->gear() && entry.flags() < known->flags());
    if (!better && !pending.found_wrong[i]) continue;
    builder.add(entry, pending.found_wrong[i]);
  }
  if (builder.entries().empty() || builder.size() > options_.limit / 2) return;
  const uint64_t written = SegmentSet::add(*folder, options_.fingerprint, object, builder);
  statistics_.written += written;
  if (written != 0 && family_writes_ != nullptr) family_writes_->fetch_add(1, std::memory_order_relaxed);
}

// Else each child of a process that ran for the first time would compile, and try to write, what the first one has.
void CodeStore::before_fork() {
  mutex_.lock();
  if (family_writes_ == nullptr) return;
  const uint64_t writes = family_writes_->load(std::memory_order_relaxed);
  if (std::exchange(seen_writes_, writes) == writes) return;
  const auto folder = Folder::open(options_.folder, false);
  if (!folder) return;
  for (auto& [object, it] : objects_) {
    if (it.opened) it.segments = SegmentSet::open(*folder, options_.fingerprint, object);
  }
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
