// PageBitmap: a set of pages of the guest's address space, cheap where it is empty.
#pragma once

#include <array>
#include <bit>
#include <cstdint>
#include <memory>
#include <unordered_map>

namespace menura::linux_user {

class PageBitmap {
 public:
  // All addresses are multiples of 4096.
  bool test(uint64_t page) const {
    const Chunk* chunk = find(page >> kChunkShift);
    return chunk != nullptr && ((chunk->words[word(page)] >> bit(page)) & 1) != 0;
  }
  void set(uint64_t page) {
    auto& chunk = chunks_[page >> kChunkShift];
    if (!chunk) chunk = std::make_unique<Chunk>();
    chunk->words[word(page)] |= uint64_t{1} << bit(page);
  }
  void clear(uint64_t page) {
    Chunk* chunk = find(page >> kChunkShift);
    if (chunk != nullptr) chunk->words[word(page)] &= ~(uint64_t{1} << bit(page));
  }

  // Calls visit(page) for the set pages in [begin, end), in order; visit may clear the page it is given.
  template <typename Visit>
  void for_each(uint64_t begin, uint64_t end, Visit visit) const {
    for (uint64_t at = begin; at < end;) {
      const Chunk* chunk = chunks_.empty() ? nullptr : find(at >> kChunkShift);
      if (chunk == nullptr) {
        if (chunks_.empty()) return;
        at = ((at >> kChunkShift) + 1) << kChunkShift;
        continue;
      }
      const uint64_t bits = chunk->words[word(at)] >> bit(at);
      if (bits == 0) {
        at = ((at >> kWordShift) + 1) << kWordShift;
        continue;
      }
      at += static_cast<uint64_t>(std::countr_zero(bits)) << kPageShift;
      if (at >= end) return;
      visit(at);
      at += uint64_t{1} << kPageShift;
    }
  }

 private:
  static constexpr unsigned kPageShift = 12;
  static constexpr unsigned kWordShift = kPageShift + 6;
  static constexpr unsigned kChunkShift = kWordShift + 7;  // 32 MiB
  struct Chunk {
    std::array<uint64_t, 1U << (kChunkShift - kWordShift)> words = {};
  };

  static unsigned word(uint64_t page) { return (page >> kWordShift) & ((1U << (kChunkShift - kWordShift)) - 1); }
  static unsigned bit(uint64_t page) { return (page >> kPageShift) & 63; }
  Chunk* find(uint64_t key) const {
    const auto found = chunks_.find(key);
    return found == chunks_.end() ? nullptr : found->second.get();
  }

  std::unordered_map<uint64_t, std::unique_ptr<Chunk>> chunks_;
};

}  // namespace menura::linux_user
