// TranslationMap: identity -> translation. Readers never lock; writers hold the engine's lock.
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <vector>

#include "backends/runtime/translation.h"

namespace menura::runtime {

class TranslationMap {
 public:
  TranslationMap();

  Translation* find(const ir::Identity& identity) const;
  // Adds it, or puts it in the place of the one with its identity. Memory that readers may still use is kept until
  // release() of `epoch`, the next one to be acknowledged by all virtual CPUs.
  void set(Translation* translation, uint64_t epoch);
  // Removes it if it is there.
  void remove(const Translation* translation);
  void release(uint64_t epoch);

 private:
  // A translation's address, and 16 bits of its identity's hash above: who looks for another one need not look there.
  using Place = uint64_t;
  static constexpr unsigned kTagShift = 48;
  static constexpr Place kFree = 0;
  static constexpr Place kRemoved = 1;

  // Open addressing, linear probing; a removed entry leaves a mark, which goes when the table is rebuilt.
  struct Table {
    explicit Table(std::size_t size) : mask(size - 1), places(new std::atomic<Place>[size]()) {}
    std::size_t mask;
    std::unique_ptr<std::atomic<Place>[]> places;
    uint64_t epoch = 0;  // when it was replaced
  };

  static uint64_t hash(const ir::Identity& identity);
  static Place place_of(uint64_t hash, Translation* translation);
  static Translation* translation_of(Place place);
  void grow(uint64_t epoch);

  std::atomic<const Table*> table_;
  // The present one last. Earlier ones may still be read.
  std::vector<std::unique_ptr<Table>> tables_;
  std::size_t taken_ = 0;  // places that are not empty, marks included
  std::size_t count_ = 0;
};

}  // namespace menura::runtime
