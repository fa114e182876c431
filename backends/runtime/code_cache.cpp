#include "backends/runtime/code_cache.h"

#include <sys/mman.h>

#include <algorithm>
#include <cassert>

namespace menura::runtime {

namespace {

// Least distance between two translations: how many a chunk can hold follows from it.
constexpr std::size_t kLeastSpacing = 32;
constexpr std::size_t kMetadataBlock = 65536;
// Pages are made ready so many bytes ahead, or a quarter of what the chunk holds.
constexpr std::size_t kAhead = 65536;
constexpr std::size_t kPage = 4096;

constexpr std::size_t align_up(std::size_t value, std::size_t alignment) {
  return (value + alignment - 1) & ~(alignment - 1);
}

}  // namespace

Result<void> CodeCache::reserve(std::size_t budget, std::size_t chunk_size) {
  assert(chunk_size >= 4096 && (chunk_size & (chunk_size - 1)) == 0);
  chunk_size_ = chunk_size;
  budget_chunks_ = std::max<std::size_t>(budget / chunk_size, 2);
  per_chunk_ = static_cast<uint32_t>(chunk_size / kLeastSpacing);
  // Chunks wait for all virtual CPUs before they are used anew; meanwhile others take their place.
  const std::size_t count = budget_chunks_ * 2;
  if (Result<void> reserved = memory_.reserve(count * chunk_size); !reserved) return reserved;
  void* const index = mmap(nullptr, count * per_chunk_ * sizeof(Translation*), PROT_READ | PROT_WRITE,
                           MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (index == MAP_FAILED) {
    return Error{"no address space for the index of translated code; try a larger limit (ulimit -v)"};
  }
  index_ = static_cast<Translation**>(index);
  chunks_ = std::vector<Chunk>(count);
  chunks_[0].state = State::Filling;
  return {};
}

CodeCache::~CodeCache() {
  if (index_ != nullptr) munmap(index_, chunks_.size() * per_chunk_ * sizeof(Translation*));
}

std::size_t CodeCache::add_fixed(std::size_t size) {
  assert(chunks_[0].count == 0);
  const std::size_t at = fixed_;
  fixed_ += align_up(size, 64);
  assert(fixed_ <= chunk_size_);
  chunks_[0].used = fixed_;
  return at;
}

std::byte* CodeCache::allocate_metadata(Chunk& chunk, std::size_t size) {
  size = align_up(size, alignof(std::max_align_t));
  if (static_cast<std::size_t>(chunk.block_end - chunk.block_at) < size) {
    const std::size_t block = std::max(size, std::min(kMetadataBlock, chunk_size_));
    chunk.blocks.push_back(std::make_unique_for_overwrite<std::byte[]>(block));
    chunk.block_at = chunk.blocks.back().get();
    chunk.block_end = chunk.block_at + block;
    if (block >= 2 * kPage) {
      const auto first = align_up(reinterpret_cast<uintptr_t>(chunk.block_at), kPage);
      prepare_pages(reinterpret_cast<void*>(first), (block - kPage) / kPage * kPage, true);
    }
  }
  std::byte* const at = chunk.block_at;
  chunk.block_at += size;
  return at;
}

bool CodeCache::allocate(std::size_t size, std::size_t alignment, std::size_t metadata, Place* place) {
  Chunk& chunk = chunks_[current_];
  const std::size_t at = align_up(chunk.used, alignment);
  const uint32_t count = chunk.count.load(std::memory_order_relaxed);
  if (size > chunk_size_ || at > chunk_size_ - size || count == per_chunk_) return false;
  if (at + size > chunk.prepared) {
    const std::size_t end = std::min(align_up(at + size + std::max(kAhead, at / 4), kPage), chunk_size_);
    memory_.prepare({current_ * chunk_size_ + chunk.prepared, current_ * chunk_size_ + end});
    chunk.prepared = end;
  }
  place->offset = current_ * chunk_size_ + at;
  place->metadata = allocate_metadata(chunk, metadata);
  place->chunk = current_;
  place->ordinal = current_ * per_chunk_ + count;
  return true;
}

void CodeCache::add(const Place& place, Translation* translation) {
  Chunk& chunk = chunks_[place.chunk];
  const uint32_t count = chunk.count.load(std::memory_order_relaxed);
  index_of(place.chunk)[count] = translation;
  chunk.used = place.offset - place.chunk * chunk_size_ + translation->size;
  chunk.count.store(count + 1, std::memory_order_release);
}

bool CodeCache::open_chunk(bool beyond_budget) {
  if (held_ >= budget_chunks_ && !beyond_budget) return false;
  const auto in_state = [this](State state) {
    return std::find_if(chunks_.begin(), chunks_.end(), [=](const Chunk& chunk) { return chunk.state == state; });
  };
  auto chunk = in_state(State::Free);  // its memory is there
  if (chunk == chunks_.end()) chunk = in_state(State::Fresh);
  if (chunk == chunks_.end()) return false;
  chunks_[current_].state = State::Full;
  current_ = static_cast<uint32_t>(chunk - chunks_.begin());
  chunk->state = State::Filling;
  chunk->age = ++clock_;
  chunk->used = current_ == 0 ? fixed_ : 0;
  ++held_;
  return true;
}

uint32_t CodeCache::oldest_chunk() const {
  uint32_t oldest = kNone;
  for (uint32_t i = 0; i < chunks_.size(); ++i) {
    if (chunks_[i].state == State::Full && (oldest == kNone || chunks_[i].age < chunks_[oldest].age)) oldest = i;
  }
  return oldest;
}

std::span<Translation* const> CodeCache::translations(uint32_t chunk) const {
  return {index_of(chunk), chunks_[chunk].count.load(std::memory_order_acquire)};
}

void CodeCache::retire(uint32_t chunk, uint64_t epoch) {
  chunks_[chunk].state = State::Retired;
  chunks_[chunk].epoch = epoch;
}

void CodeCache::release(uint64_t epoch) {
  for (Chunk& chunk : chunks_) {
    if (chunk.state != State::Retired || chunk.epoch > epoch) continue;
    chunk.state = State::Free;
    chunk.count.store(0, std::memory_order_release);
    chunk.blocks.clear();
    chunk.block_at = chunk.block_end = nullptr;
    --held_;
  }
}

Translation* CodeCache::find(const void* host) const {
  if (!memory_.contains(host)) return nullptr;
  const std::span<Translation* const> all = translations(static_cast<uint32_t>(memory_.offset_of(host) / chunk_size_));
  // What is asked for is mostly what was added lately: from there back, in growing steps, then in between.
  std::size_t step = 1;
  while (step < all.size() && all[all.size() - step]->entry > host) step *= 2;
  const auto begin = all.end() - static_cast<std::ptrdiff_t>(std::min(step, all.size()));
  const auto after =
      std::upper_bound(begin, all.end() - static_cast<std::ptrdiff_t>(step / 2), host,
                       [](const void* address, const Translation* entry) { return address < entry->entry; });
  if (after == all.begin()) return nullptr;
  Translation* const found = *(after - 1);
  return static_cast<const uint8_t*>(host) < static_cast<const uint8_t*>(found->entry) + found->size ? found : nullptr;
}

std::vector<CodeRange> CodeCache::used() const {
  std::vector<CodeRange> ranges = {{0, fixed_}};
  for (std::size_t i = 0; i < chunks_.size(); ++i) {
    if (chunks_[i].state == State::Free || chunks_[i].state == State::Fresh) continue;
    ranges.push_back({i * chunk_size_, i * chunk_size_ + chunks_[i].used});
  }
  return ranges;
}

std::size_t CodeCache::used_bytes() const {
  std::size_t sum = 0;
  for (const Chunk& chunk : chunks_) {
    if (chunk.state != State::Free && chunk.state != State::Fresh) sum += chunk.used;
  }
  return sum;
}

}  // namespace menura::runtime
