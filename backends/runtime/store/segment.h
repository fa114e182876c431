// A segment: the entries of one object under one fingerprint, in a file that is never changed once it has its name.
//
//   SegmentHeader | table of TableSlot, by CodeKey::hash, linear probing | entries, each aligned to 8
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "backends/runtime/store/entry.h"
#include "backends/runtime/store/fingerprint.h"

namespace menura::runtime {

struct SegmentHeader {
  static constexpr uint64_t kMagic = 0x3130'4552'554e'454d;  // "MENURE01" as this host lays out bytes

  uint64_t magic = kMagic;
  Fingerprint::Value fingerprint = {};
  uint64_t object = 0;
  uint64_t size = 0;      // bytes of the file
  uint32_t slots = 0;     // of the table, a power of two
  uint32_t entries = 0;   // fewer than slots
  uint64_t checksum = 0;  // of all above
};

struct TableSlot {
  uint32_t tag = 0;  // high half of the key's hash
  uint32_t at = 0;   // of the entry in the file, in units of 8 bytes; 0: free
};

// The file in memory, or any bytes that claim to be one.
class Segment {
 public:
  // Maps the file `name` of a folder. Null: there is none, it is not this user's alone, or not of this fingerprint.
  static std::shared_ptr<const Segment> open(int folder, const char* name, const Fingerprint::Value& fingerprint,
                                             uint64_t object);
  // The same, of whatever fingerprint and object.
  static std::shared_ptr<const Segment> open_any(int folder, const char* name);
  // `bytes` is aligned to 8 and outlives the segment. Null: it is none.
  static std::shared_ptr<const Segment> of_bytes(std::span<const uint8_t> bytes);
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  const SegmentHeader& header() const { return *reinterpret_cast<const SegmentHeader*>(bytes_.data()); }
  std::size_t size() const { return bytes_.size(); }

  // The entry of this key; its checksum has not been looked at.
  std::optional<EntryView> find(const CodeKey& key) const;
  // All that the table names, in the table's order; nothing where an entry is damaged.
  std::vector<std::optional<EntryView>> entries() const;

 private:
  Segment(std::span<const uint8_t> bytes, bool mapped) : bytes_(bytes), mapped_(mapped) {}
  bool header_is_right() const;
  std::span<const TableSlot> table() const;
  std::optional<EntryView> entry_at(const TableSlot& slot) const;

  std::span<const uint8_t> bytes_;
  bool mapped_;
};

// Collects entries and writes a segment of them.
class SegmentBuilder {
 public:
  explicit SegmentBuilder(std::size_t most_entries);

  // Its bytes stay until the segment is written. One entry is kept of each key: this one, if `replaces`, or if it is of
  // no lower gear.
  void add(const EntryView& entry, bool replaces);
  std::span<const EntryView> entries() const { return entries_; }
  // Of the file, in bytes.
  uint64_t size() const;
  // To a file that is open at its start. False: it could not be written whole.
  bool write(int file, const Fingerprint::Value& fingerprint, uint64_t object) const;

 private:
  struct Place {
    uint32_t tag = 0;
    uint32_t entry = 0;  // number + 1, 0: free
  };
  std::vector<Place> table_;
  std::vector<EntryView> entries_;
};

}  // namespace menura::runtime
