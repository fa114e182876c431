// Guest code changes, and code goes away: quiescence of the virtual CPUs.
#include <algorithm>

#include "backends/runtime/translator_engine.h"
#include "backends/runtime/vcpu_record.h"

namespace menura::runtime {

namespace {

bool overlap(const ir::GuestRange& a, const ir::GuestRange& b) { return a.begin < b.end && b.begin < a.end; }

}  // namespace

// Regions that wait for the compiling thread: more changes may happen meanwhile than changes_ remembers.
void TranslatorEngine::outdate_jobs(const ir::GuestRange& range) {
  const auto outdate = [&](Tier2Job& job) {
    for (const ir::GuestRange& guest : job.guest) job.stale |= overlap(guest, range);
  };
  for (const auto& job : tier2_->queue) outdate(*job);
  if (tier2_->compiling != nullptr) outdate(*tier2_->compiling);
}

void TranslatorEngine::index_pages(Translation* translation) {
  std::size_t used = 0;
  for_each_page(translation->guest, [&](uint64_t page) {
    PageEntry& entry = translation->pages[used++];
    PageEntry*& head = pages_[page];
    entry.translation = translation;
    entry.next = head;
    entry.previous = &head;
    if (head != nullptr) head->previous = &entry.next;
    head = &entry;
  });
}

void TranslatorEngine::invalidate_page(PageEntry* entry, const ir::GuestRange& range, bool* killed) {
  while (entry != nullptr) {
    Translation* const translation = entry->translation;
    entry = entry->next;
    const auto hit = [&](const ir::GuestRange& guest) { return overlap(guest, range); };
    if (std::none_of(translation->guest.begin(), translation->guest.end(), hit)) continue;
    // A translation is listed once per page, so `entry` is another's.
    kill(translation);
    ++statistics_.invalidated;
    *killed = true;
  }
}

void TranslatorEngine::invalidate(uint64_t begin, uint64_t end) {
  if (begin >= end) return;
  const ir::GuestRange range{begin, end};
  const std::lock_guard lock(mutex_);
  changes_[change_count_++ % changes_.size()] = range;
  outdate_jobs(range);
  const uint64_t first = begin >> kGuestPageBits;
  const uint64_t last = (end - 1) >> kGuestPageBits;
  bool killed = false;
  if (last - first < pages_.size()) {
    for (uint64_t page = first; page <= last; ++page) {
      if (const auto it = pages_.find(page); it != pages_.end()) invalidate_page(it->second, range, &killed);
    }
  } else {
    for (const auto& [page, entries] : pages_) {
      if (page >= first && page <= last) invalidate_page(entries, range, &killed);
    }
  }
  if (killed) request_quiescence();
}

bool TranslatorEngine::outdated(const Workshop& workshop) const {
  return workshop.job != nullptr ? workshop.job->stale : changed_since(workshop.sequence, workshop.region.guest);
}

void TranslatorEngine::require_precise_faults() {
  if (precise_faults_.exchange(true, std::memory_order_seq_cst)) return;
  const std::lock_guard lock(mutex_);
  bool killed = false;
  for (auto& [page, entries] : pages_) {
    for (PageEntry* entry = entries; entry != nullptr;) {
      Translation* const translation = entry->translation;
      entry = entry->next;
      if (!translation->imprecise) continue;
      kill(translation);
      killed = true;
    }
  }
  if (killed) request_quiescence();
}

bool TranslatorEngine::changed_since(uint64_t sequence, std::span<const ir::GuestRange> ranges) const {
  if (change_count_ - sequence > changes_.size()) return true;
  for (; sequence != change_count_; ++sequence) {
    for (const ir::GuestRange& guest : ranges) {
      if (overlap(guest, changes_[sequence % changes_.size()])) return true;
    }
  }
  return false;
}

uint64_t TranslatorEngine::request_quiescence() {
  const uint64_t epoch = epoch_.fetch_add(1, std::memory_order_seq_cst) + 1;
  for (const auto& vcpu : vcpus_) vcpu->ask(kEngineStop);
  return epoch;
}

uint64_t TranslatorEngine::acknowledged() const {
  uint64_t least = epoch_.load(std::memory_order_seq_cst);
  for (const auto& vcpu : vcpus_) {
    if (vcpu->running.load(std::memory_order_seq_cst)) {
      least = std::min(least, vcpu->acknowledged.load(std::memory_order_acquire));
    }
  }
  return least;
}

}  // namespace menura::runtime
