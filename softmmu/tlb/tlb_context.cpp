#include "softmmu/tlb/tlb_context.h"

#include <algorithm>
#include <atomic>
#include <utility>

namespace menura::softmmu {

namespace {

constexpr std::size_t kLeast = 256;  // entries: 8 KiB
constexpr std::size_t kMost = 16384;

void store(uint64_t& tag, uint64_t value) { std::atomic_ref(tag).store(value, std::memory_order_relaxed); }

void clear(TlbEntry& entry) {
  store(entry.read, TlbEntry::kNone);
  store(entry.write, TlbEntry::kNone);
  entry.page = TlbEntry::kNone;
}

}  // namespace

// The smallest aligned range around both.
LargePages::Range LargePages::Range::around(const Range& other) const {
  uint64_t both = mask & other.mask;
  while (((base ^ other.base) & both) != 0) both <<= 1;
  return {base & both, both};
}

void LargePages::add(uint64_t page, uint8_t size_log2) {
  const uint64_t mask = size_log2 < 64 ? ~uint64_t{0} << size_log2 : 0;
  const Range range = {page & mask, mask};
  const auto holds = [&](const Range& other) { return (other.mask & ~mask) == 0 && other.contains(range.base); };
  const auto end = ranges_.begin() + count_;
  if (std::any_of(ranges_.begin(), end, holds)) return;
  if (count_ < ranges_.size()) {
    ranges_[count_++] = range;
    return;
  }
  // A smaller range has more bits in its mask.
  Range& nearest = *std::max_element(ranges_.begin(), end, [&](const Range& one, const Range& other) {
    return one.around(range).mask < other.around(range).mask;
  });
  nearest = nearest.around(range);
}

bool LargePages::contain(uint64_t page) const {
  return std::any_of(ranges_.begin(), ranges_.begin() + count_,
                     [page](const Range& range) { return range.contains(page); });
}

TlbContext::TlbContext() : entries_(kLeast), infos_(kLeast) {}

void TlbContext::assign(uint64_t number, uint64_t generation) {
  number_ = number;
  used_ = true;
  flush(generation, true);
}

void TlbContext::close(TlbEntry& entry) {
  store(entry.read, TlbEntry::kNone);
  store(entry.write, TlbEntry::kNone);
}

TlbEntry* TlbContext::find(uint64_t page) {
  const std::size_t place = place_of(page);
  TlbEntry& entry = entries_[place];
  if (entry.page == page) return &entry;
  for (Victim& victim : victims_) {
    if (victim.entry.page != page) continue;
    std::swap(victim.entry, entry);
    std::swap(victim.info, infos_[place]);
    return &entry;
  }
  return nullptr;
}

void TlbContext::retire(TlbEntry& entry) {
  if (entry.page == TlbEntry::kNone) return;
  victims_[next_victim_] = {entry, info(entry)};
  next_victim_ = (next_victim_ + 1) % victims_.size();
}

// What runs for long without a flush, as a program with an address space of its own does, needs more than it began
// with.
void TlbContext::grow() {
  std::vector<TlbEntry> entries(entries_.size() * 2);
  std::vector<TlbInfo> infos(entries.size());
  entries_.swap(entries);
  infos_.swap(infos);
  for (std::size_t i = 0; i < entries.size(); ++i) {
    if (entries[i].page == TlbEntry::kNone) continue;
    const std::size_t place = place_of(entries[i].page);
    entries_[place] = entries[i];
    infos_[place] = infos[i];
    clear(entries[i]);
  }
  outgrown_.push_back(std::move(entries));
  displaced_ = 0;
}

TlbEntry& TlbContext::insert(uint64_t page) {
  if (entries_[place_of(page)].page != TlbEntry::kNone) ++displaced_;
  if (displaced_ > entries_.size() && entries_.size() < kMost) grow();
  TlbEntry& entry = entries_[place_of(page)];
  retire(entry);
  clear(entry);
  entry.page = page;
  info(entry) = {};
  ++inserted_;
  return entry;
}

void TlbContext::add_code_page(const CodePage& page) {
  code_page(page.page) = page;
  any_code_ = true;
  code_pages_.insert(page.page);
  code_bits_.set(page.page / kPageSize % code_bits_.size());
}

void TlbContext::resize() {
  const std::size_t size = entries_.size();
  std::size_t wanted = size;
  if (inserted_ > size / 2 && size < kMost) wanted = size * 2;
  if (inserted_ < size / 16 && size > kLeast) wanted = size / 2;
  if (wanted == size) return;
  entries_.assign(wanted, {});
  infos_.assign(wanted, {});
}

void TlbContext::flush(uint64_t generation, bool may_resize) {
  if (may_resize) {
    outgrown_.clear();
    resize();
  }
  for (TlbEntry& entry : entries_) clear(entry);
  for (Victim& victim : victims_) victim.entry.page = TlbEntry::kNone;
  inserted_ = displaced_ = 0;
  large_pages_.clear();
  if (any_code_) {
    code_.fill({});
    code_pages_.clear();
    code_bits_.reset();
    any_code_ = false;
  }
  generation_ = generation;
  stale_ = false;
}

void TlbContext::flush_page(uint64_t page, uint64_t generation) {
  if (stale_) return;
  if (large_pages_.contain(page)) {
    flush(generation, false);
    return;
  }
  if (TlbEntry& entry = entries_[place_of(page)]; entry.page == page) clear(entry);
  for (Victim& victim : victims_) {
    if (victim.entry.page == page) victim.entry.page = TlbEntry::kNone;
  }
  if (code_bits_.test(page / kPageSize % code_bits_.size()) && code_pages_.contains(page)) {
    if (CodePage& code = code_page(page); code.page == page) code = {};
    generation_ = generation;
  }
}

void TlbContext::forget_writes(uint64_t host) {
  const auto forget = [host](TlbEntry& entry) {
    if (entry.write != TlbEntry::kNone && entry.write + entry.addend == host) store(entry.write, TlbEntry::kNone);
  };
  for (TlbEntry& entry : entries_) forget(entry);
  for (Victim& victim : victims_) {
    if (victim.entry.page != TlbEntry::kNone) forget(victim.entry);
  }
}

}  // namespace menura::softmmu
