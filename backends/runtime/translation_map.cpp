#include "backends/runtime/translation_map.h"

namespace menura::runtime {

namespace {

constexpr std::size_t kFirstSize = 1024;

}  // namespace

TranslationMap::TranslationMap() {
  tables_.push_back(std::make_unique<Table>(kFirstSize));
  table_.store(tables_.back().get(), std::memory_order_release);
}

uint64_t TranslationMap::hash(const ir::Identity& identity) {
  const uint64_t mixed =
      (identity.pc ^ (identity.mode * 0x9e3779b97f4a7c15U) ^ (identity.extra << 17) ^ (identity.frame << 5)) *
      0xff51afd7ed558ccdU;
  return mixed ^ mixed >> 32;
}

TranslationMap::Place TranslationMap::place_of(uint64_t hash, Translation* translation) {
  return (hash >> kTagShift << kTagShift) | reinterpret_cast<uintptr_t>(translation);
}

Translation* TranslationMap::translation_of(Place place) {
  return reinterpret_cast<Translation*>(place & ((Place{1} << kTagShift) - 1));
}

Translation* TranslationMap::find(const ir::Identity& identity) const {
  const Table& table = *table_.load(std::memory_order_acquire);
  const uint64_t key = hash(identity);
  for (std::size_t i = key;; ++i) {
    const Place place = table.places[i & table.mask].load(std::memory_order_acquire);
    if (place == kFree) return nullptr;
    if (((place ^ key) >> kTagShift) != 0 || place == kRemoved) continue;
    Translation* const found = translation_of(place);
    if (found->identity() == identity) return found;
  }
}

void TranslationMap::set(Translation* translation, uint64_t epoch) {
  if (taken_ * 2 >= tables_.back()->mask) grow(epoch);
  const Table& table = *tables_.back();
  const ir::Identity identity = translation->identity();
  const uint64_t key = hash(identity);
  for (std::size_t i = key;; ++i) {
    std::atomic<Place>& place = table.places[i & table.mask];
    const Place found = place.load(std::memory_order_relaxed);
    if (found != kFree && (found == kRemoved || translation_of(found)->identity() != identity)) continue;
    place.store(place_of(key, translation), std::memory_order_release);
    if (found == kFree) {
      ++taken_;
      ++count_;
    }
    return;
  }
}

void TranslationMap::remove(const Translation* translation) {
  const Table& table = *tables_.back();
  for (std::size_t i = hash(translation->identity());; ++i) {
    std::atomic<Place>& place = table.places[i & table.mask];
    const Place found = place.load(std::memory_order_relaxed);
    if (found == kFree) return;
    if (translation_of(found) != translation) continue;
    place.store(kRemoved, std::memory_order_release);
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
    const Place entry = old.places[i].load(std::memory_order_relaxed);
    if (entry == kFree || entry == kRemoved) continue;
    std::size_t at = hash(translation_of(entry)->identity());
    while (table->places[at & table->mask].load(std::memory_order_relaxed) != kFree) ++at;
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
