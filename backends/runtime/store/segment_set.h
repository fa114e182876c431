// All segments of one object: a large one and, newer, a few small ones, so that a run that has compiled little writes
// little.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>

#include "backends/runtime/store/folder.h"
#include "backends/runtime/store/segment.h"

namespace menura::runtime {

class SegmentSet {
 public:
  static SegmentSet open(const Folder& folder, const Fingerprint::Value& fingerprint, uint64_t object);

  unsigned count() const;
  // The newest entry of this key; its checksum has not been looked at.
  std::optional<EntryView> find(const CodeKey& key) const;

  // Adds a segment of these entries to those that are there, or puts one in the place of several. Returns how many
  // bytes were written; 0: it was not possible, or others were faster.
  static uint64_t add(const Folder& folder, const Fingerprint::Value& fingerprint, uint64_t object,
                      const SegmentBuilder& entries);

 private:
  static constexpr unsigned kSmall = 6;

  uint64_t small_bytes() const;
  // Adds what is there, the newest last.
  void add_to(SegmentBuilder* builder, bool with_large) const;

  std::array<std::shared_ptr<const Segment>, 1 + kSmall> segments_;  // the large one first, the newest last
  unsigned count_ = 0;                                               // of small ones
};

}  // namespace menura::runtime
