// What one thread has told the timeline and the file has not got yet: a ring that the thread fills without a lock, and
// the spans that it is in. Whoever writes the file, the thread or another, holds the recorder's mutex.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "vcpu/timeline.h"

namespace menura::cli {

struct TimelineRecord {
  enum class Shape : uint32_t { Span, Instant };
  vcpu::TimelineEvent event;
  uint64_t began = 0;  // nanoseconds
  uint64_t length = 0;
  vcpu::Timeline::Track track = vcpu::Timeline::kThread;
  Shape shape = Shape::Span;
};

// A record that one thread writes and others may look at.
class SharedRecord {
 public:
  void set(const TimelineRecord& record) {
    const auto words = std::bit_cast<Words>(record);
    version_.fetch_add(1, std::memory_order_acq_rel);
    for (std::size_t i = 0; i < words.size(); ++i) words_[i].store(words[i], std::memory_order_relaxed);
    version_.fetch_add(1, std::memory_order_release);
  }
  // Nothing: it is being written just now.
  std::optional<TimelineRecord> get() const {
    const uint32_t before = version_.load(std::memory_order_acquire);
    Words words;
    for (std::size_t i = 0; i < words.size(); ++i) words[i] = words_[i].load(std::memory_order_relaxed);
    std::atomic_thread_fence(std::memory_order_acquire);
    if (before % 2 != 0 || version_.load(std::memory_order_relaxed) != before) return std::nullopt;
    return std::bit_cast<TimelineRecord>(words);
  }

 private:
  using Words = std::array<uint64_t, sizeof(TimelineRecord) / sizeof(uint64_t)>;
  static_assert(sizeof(Words) == sizeof(TimelineRecord));

  std::atomic<uint32_t> version_{0};
  std::array<std::atomic<uint64_t>, std::tuple_size_v<Words>> words_{};
};

class ThreadEvents {
 public:
  explicit ThreadEvents(pid_t thread) : thread_(thread) {}

  // --- the thread's own
  // False: the ring is full.
  bool add(const TimelineRecord& record) {
    const std::size_t at = added_.load(std::memory_order_relaxed);
    if (at - taken_.load(std::memory_order_acquire) == kCapacity) return false;
    ring_[at % kCapacity] = record;
    added_.store(at + 1, std::memory_order_release);
    return true;
  }
  // Its number; those that are too deep have kNoSpan and are not kept.
  unsigned begin(const TimelineRecord& record) {
    const unsigned depth = depth_.load(std::memory_order_relaxed);
    if (depth == kDepth) return kNoSpan;
    open_[depth].set(record);
    depth_.store(depth + 1, std::memory_order_release);
    return depth;
  }
  // What has begun within it and not ended is forgotten: the child of a vfork leaves such spans behind.
  std::optional<TimelineRecord> end(unsigned span) {
    if (span >= depth_.load(std::memory_order_relaxed)) return std::nullopt;
    depth_.store(span, std::memory_order_relaxed);
    return open_[span].get();
  }
  // Whether so many more events may be kept: what takes long always, else a number per second, with a store for
  // moments when much happens. What is refused is counted.
  bool affordable(const TimelineRecord& record, uint64_t now) {
    if (record.length >= kLong) return true;
    allowance_ += now - std::min(now, asked_at_);
    allowance_ = std::min(allowance_, kMostAllowance);
    asked_at_ = now;
    if (allowance_ < kCost) {
      refused_.fetch_add(1, std::memory_order_relaxed);
      return false;
    }
    allowance_ -= kCost;
    return true;
  }
  // The oldest event that the file has not got; 0: there is none.
  std::atomic<uint64_t> waiting_since{0};

  // --- with the recorder's mutex
  template <typename Take>
  void take_all(Take take) {
    const std::size_t end = added_.load(std::memory_order_acquire);
    std::size_t at = taken_.load(std::memory_order_relaxed);
    for (; at != end; ++at) take(ring_[at % kCapacity]);
    taken_.store(end, std::memory_order_release);
  }
  template <typename Look>
  void look_at_open(Look look) const {
    const unsigned depth = depth_.load(std::memory_order_acquire);
    for (unsigned i = 0; i < depth; ++i) {
      if (const auto record = open_[i].get()) look(*record);
    }
  }
  void leave_out(uint64_t events) { refused_.fetch_add(events, std::memory_order_relaxed); }
  uint64_t refused() const { return refused_.load(std::memory_order_relaxed); }
  pid_t thread() const { return thread_; }
  // In the child of a fork: it has told nothing yet, but is where its parent was.
  void become_child(pid_t thread) {
    thread_ = thread;
    taken_.store(added_.load());
    waiting_since = 0;
    refused_.store(0);
    refused_in_file = 0;
    in_file_until = 0;
    name_in_file.clear();
  }
  std::string name_in_file;
  uint64_t in_file_until = 0;                   // what has been told before is there
  std::map<std::string_view, uint64_t> counts;  // of each category that there ever was, since then
  uint64_t refused_in_file = 0;

  static constexpr unsigned kDepth = 16;
  static constexpr unsigned kNoSpan = kDepth;

 private:
  static constexpr std::size_t kCapacity = 512;
  static constexpr uint64_t kCost = 20'000;                    // nanoseconds per event: 50,000 a second
  static constexpr uint64_t kMostAllowance = 500'000 * kCost;  // so many at once
  static constexpr uint64_t kLong = 50'000;                    // there are never more than 20,000 a second of those

  pid_t thread_;
  std::vector<TimelineRecord> ring_ = std::vector<TimelineRecord>(kCapacity);
  std::atomic<std::size_t> added_{0};
  std::atomic<std::size_t> taken_{0};
  std::array<SharedRecord, kDepth> open_;
  std::atomic<unsigned> depth_{0};
  uint64_t allowance_ = kMostAllowance;
  uint64_t asked_at_ = 0;
  std::atomic<uint64_t> refused_{0};
};

}  // namespace menura::cli
