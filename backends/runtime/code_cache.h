// The code cache: chunks of host code and, with each, what is known about it. Allocation goes up through one chunk
// after the other; when the budget is used up, the oldest chunk is given back whole.
//
// All functions but find() need the engine's lock; find() may be called by a signal handler.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

#include "backends/runtime/code_memory.h"
#include "backends/runtime/translation.h"

namespace menura::runtime {

class CodeCache {
 public:
  // `budget` and `chunk_size` in bytes; the chunk size is a power of two and at least a page, and what lies in the
  // first chunk beside `fixed` bytes (the thunks) is never evicted.
  Result<void> reserve(std::size_t budget, std::size_t chunk_size);

  CodeMemory& memory() { return memory_; }
  const CodeMemory& memory() const { return memory_; }
  std::size_t chunk_size() const { return chunk_size_; }

  // Room for code that stays for good, before any translation is added. The code is to be written at `writable`.
  std::size_t add_fixed(std::size_t size);

  // Room for `size` bytes, aligned to `alignment`, and `metadata` bytes beside it (aligned for pointers), in the
  // current chunk; false: it is full.
  struct Place {
    std::size_t offset = 0;
    std::byte* metadata = nullptr;
    uint32_t chunk = 0;
    uint32_t ordinal = 0;  // of the translation in this engine: unique among those that are kept
  };
  bool allocate(std::size_t size, std::size_t alignment, std::size_t metadata, Place* place);
  // Makes a translation at `place` visible to find().
  void add(const Place& place, Translation* translation);

  // The most that allocate() can ever have room for.
  std::size_t largest() const { return chunk_size_ - fixed_; }

  // Continues in a chunk that nobody uses; false: there is none within the budget or, with `beyond_budget`, within the
  // reserved range. Retired chunks count: they still hold memory.
  bool open_chunk(bool beyond_budget);
  // The oldest chunk that holds translations and is not the current one, or kNone.
  static constexpr uint32_t kNone = UINT32_MAX;
  uint32_t oldest_chunk() const;
  // Its translations, in order of their addresses.
  std::span<Translation* const> translations(uint32_t chunk) const;
  // No longer to be executed as soon as all virtual CPUs have acknowledged `epoch`.
  void retire(uint32_t chunk, uint64_t epoch);
  // Frees retired chunks of epochs up to `epoch`.
  void release(uint64_t epoch);

  // The translation at a host address of the executable view, or nullptr.
  Translation* find(const void* host) const;

  // Ordinals are below this.
  uint32_t ordinals() const { return static_cast<uint32_t>(chunks_.size()) * per_chunk_; }
  std::vector<CodeRange> used() const;
  std::size_t used_bytes() const;

  ~CodeCache();

 private:
  enum class State : uint8_t { Fresh, Filling, Full, Retired, Free };
  struct Chunk {
    State state = State::Fresh;
    uint64_t age = 0;    // when it was opened
    uint64_t epoch = 0;  // retired
    std::size_t used = 0;
    std::size_t prepared = 0;  // bytes whose pages are there
    std::atomic<uint32_t> count{0};
    std::vector<std::unique_ptr<std::byte[]>> blocks;  // metadata
    std::byte* block_at = nullptr;
    std::byte* block_end = nullptr;
  };

  Translation** index_of(std::size_t chunk) const { return index_ + chunk * per_chunk_; }
  std::byte* allocate_metadata(Chunk& chunk, std::size_t size);

  CodeMemory memory_;
  std::size_t chunk_size_ = 0;
  std::size_t budget_chunks_ = 0;
  uint32_t per_chunk_ = 0;         // translations that a chunk can hold
  Translation** index_ = nullptr;  // per_chunk_ places for each chunk; committed as used
  std::vector<Chunk> chunks_;
  std::size_t fixed_ = 0;  // bytes at the start of the first chunk
  uint32_t current_ = 0;
  std::size_t held_ = 1;  // chunks that are being filled, full or retired
  uint64_t clock_ = 0;
};

}  // namespace menura::runtime
