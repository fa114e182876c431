// CodeStore: compiled code that survives the process. Segments (segment_set.h) for each object that code comes from, so
// that programs share what they have compiled of their libraries.
//
// What is new is kept in memory and written as a new segment: by flush(), and in between when it is worth it.
// Nothing here is ever an error of the run: without a folder, or room, or rights, there is just no stored code.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "backends/runtime/store/entry.h"
#include "backends/runtime/store/segment_set.h"

namespace menura::runtime {

struct StoreOptions {
  std::string folder;  // absolute; made when there is something to write
  Fingerprint::Value fingerprint = {};
  uint64_t limit = uint64_t{512} << 20;  // bytes of all segments; what was used longest ago goes first
};

struct StoreStatistics {
  uint64_t segments = 0;  // opened
  uint64_t kept = 0;      // new entries
  uint64_t written = 0;   // bytes
};

class CodeStore {
 public:
  explicit CodeStore(StoreOptions options);
  ~CodeStore();
  CodeStore(const CodeStore&) = delete;
  CodeStore& operator=(const CodeStore&) = delete;

  // What earlier runs have left of an object. Good for as long as the store lives; views of its entries are good until
  // the next fork. Any thread.
  const SegmentSet* segments_of(uint64_t object);

  // Keeps code for the next run. `nanoseconds`: what it took to compile. `found_wrong`: what find() had for this key
  // was no good here. `base`: the entry's address, as region.guest has addresses. `guest`: the bytes of region.guest
  // that it was compiled from.
  void keep(uint64_t object, const CodeKey& key, Gear gear, const ir::Region& region, uint64_t base,
            std::span<const uint8_t> guest, const CompiledCode& code, uint64_t nanoseconds, bool found_wrong);

  // Writes what is worth writing. Called before the process ends or becomes another program.
  void flush();

  // Around a fork, as vcpu::Engine; nobody looks at an entry meanwhile. What the parent has not written yet is the
  // parent's to write; what its other children have written, the next one finds.
  void before_fork();
  void after_fork_parent() { mutex_.unlock(); }
  void after_fork_child();

  StoreStatistics statistics();

 private:
  // New entries in blocks that stay where they are.
  struct Pending {
    std::vector<std::vector<uint64_t>> blocks;
    std::vector<EntryView> entries;
    std::vector<bool> found_wrong;
    uint64_t nanoseconds = 0;
    uint64_t bytes = 0;
  };
  struct Object {
    SegmentSet segments;  // once opened, they stay
    bool opened = false;
    Pending pending;
  };

  void write(uint64_t object, const Pending& pending);
  void flush_locked();

  const StoreOptions options_;
  // Of this process and all that it has forked: shared memory, or null.
  std::atomic<uint64_t>* family_writes_ = nullptr;
  uint64_t seen_writes_ = 0;
  std::mutex mutex_;
  std::unordered_map<uint64_t, Object> objects_;
  std::vector<uint8_t> scratch_;
  uint64_t pending_nanoseconds_ = 0;
  uint64_t pending_bytes_ = 0;
  uint64_t written_nanoseconds_ = 0;
  std::chrono::steady_clock::time_point last_write_ = std::chrono::steady_clock::now();
  StoreStatistics statistics_;
};

}  // namespace menura::runtime
