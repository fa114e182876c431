#include "backends/runtime/translation_map.h"

namespace menura::runtime {

namespace {

constexpr std::size_t kFirstSize = 1024;

// Stands where an entry was removed: its identity equals none that is asked for.
Translation removed;

}  // namespace

TranslationMap::TranslationMap() {
  tables_.push_back(std::make_unique<Table>(kFirstSize));
  table_.store(tables_.back().get(), std::memory_order_release);
}

std::size_t TranslationMap::hash(const ir::Identity& identity) {
  const uint64_t mixed =
      (identity.pc ^ (identity.mode * 0x9e3779b97f4a7c15U) ^ (identity.extra << 17)) * 0xff51afd7ed558ccdU;
  return mixed >> 24;
}

Translation* TranslationMap::find(const ir::Identity& identity) const {
  const Table& table = *table_.load(std::memory_order_acquire);
  for (std::size_t i = hash(identity);; ++i) {
    Translation* const found = table.places[i & table.mask].load(std::memory_order_acquire);
    if (found == nullptr) return nullptr;
    if (found->pc == identity.pc && found->mode == identity.mode && found->extra == identity.extra &&
        found != &removed) {
      return found;
    }
  }
}

void TranslationMap::set(Translation* translation, uint64_t epoch) {
  if (taken_ * 2 >= tables_.back()->mask) grow(epoch);
  const Table& table = *tables_.back();
  const ir::Identity identity = translation->identity();
  for (std::size_t i = hash(identity);; ++i) {
    std::atomic<Translation*>& place = table.places[i & table.mask];
    Translation* const found = place.load(std::memory_order_relaxed);
    if (found != nullptr && (found == &removed || found->identity() != identity)) continue;
    place.store(translation, std::memory_order_release);
    if (found == nullptr) {
      ++taken_;
      ++count_;
    }
    return;
  }
}

void TranslationMap::remove(const Translation* translation) {
  const Table& table = *tables_.back();
  for (std::size_t i = hash(translation->identity());; ++i) {
    std::atomic<Translation*>& place = table.places[i & table.mask];
    Translation* const found = place.load(std::memory_order_relaxed);
    if (found == nullptr) return;
    if (found != translation) continue;
    place.store(&removed, std::memory_order_release);
    --count_;
    return;
  }
}

void TranslationMap::grow(uint64_t epoch) {
  Table& old = *tables_.back();
  // Mostly marks: the same size will do again.
  const std::size_t size = count_ * 4 >= old.mask ? (old.mask + 1) * 2 : old.mask + 1;
  auto table = std::make_unique<Table>(size);
  for (std::size_t i = 0; i <= old.mask; ++i) {
    Translation* const entry = old.places[i].load(std::memory_order_relaxed);
    if (entry == nullptr || entry == &removed) continue;
    std::size_t at = hash(entry->identity());
    while (table->places[at & table->mask].load(std::memory_order_relaxed) != nullptr) ++at;
    table->places[at & table->mask].store(entry, std::memory_order_relaxed);
  }
  taken_ = count_;
  old.epoch = epoch;
  table_.store(table.get(), std::memory_order_release);
  tables_.push_back(std::move(table));
}

void TranslationMap::release(uint64_t epoch) {
  std::erase_if(tables_, [&](const auto& table) { return table != tables_.back() && table->epoch <= epoch; });
}

}  // namespace menura::runtime
