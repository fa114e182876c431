// An entry of the store: one piece of compiled code, the guest code that it was made from, and what it is known by.
//
// Written by encode(), read by EntryView. Nothing of an entry is believed before it has been checked: its bytes may be
// those of a damaged file.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "backends/runtime/compiled_code.h"
#include "backends/runtime/statistics.h"
#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"

namespace menura::runtime {

// What code is known by within one object (ir::CodeOrigin), wherever that is mapped.
struct CodeKey {
  uint64_t offset = 0;  // of the entry pc in the object
  uint64_t mode = 0;
  uint64_t extra = 0;
  bool low = false;  // the pc has 31 bits: compilers have shorter forms for such (Relocation::Kind::GuestPc32)
  bool operator==(const CodeKey&) const = default;
  uint64_t hash() const;
};

inline bool is_low(uint64_t pc) { return pc <= INT32_MAX; }

// Guest code, as bytes from the entry pc.
struct StoredRange {
  int32_t begin = 0;
  int32_t end = 0;
};

// Ranges lie no further from the entry than this, and hold no more bytes in all.
inline constexpr int32_t kMostDistance = 1 << 26;
inline constexpr uint32_t kMostGuestBytes = 1 << 16;

inline constexpr uint16_t kImprecise = 1;  // CompiledCode::imprecise

// On disk. The arrays follow in the order of their counts, then the code, then the bytes of all ranges.
struct EntryHeader {
  uint64_t checksum = 0;  // of all that follows
  uint64_t offset = 0;
  uint64_t mode = 0;
  uint64_t extra = 0;
  uint32_t size = 0;  // bytes of the entry, a multiple of 8
  uint32_t cold = 0;  // CompiledCode::cold
  uint32_t guest_instructions = 0;
  uint8_t gear = 0;
  uint8_t low = 0;
  uint16_t flags = 0;  // kImprecise
  uint32_t places = 0;
  uint32_t ranges = 0;
  uint32_t links = 0;
  uint32_t pc_stubs = 0;
  uint32_t pcs = 0;
  uint32_t recoveries = 0;
  uint32_t relocations = 0;
  uint32_t homes = 0;
  uint32_t code = 0;   // bytes
  uint32_t guest = 0;  // bytes
};

// Appends an entry to `out`. `guest` has the bytes of region.guest, one range after the other. False, and nothing is
// appended: the code does not fit what entries can say.
bool encode(const CodeKey& key, Gear gear, const ir::Region& region, uint64_t base, std::span<const uint8_t> guest,
            const CompiledCode& code, std::vector<uint8_t>* out);

class EntryView {
 public:
  // Of the entry that `bytes` starts with; nothing: there is none, or it is damaged. `bytes` is aligned to 8 and
  // outlives the view.
  static std::optional<EntryView> open(std::span<const uint8_t> bytes);
  // The same without the checksum, where it has been looked at before or will be.
  static std::optional<EntryView> open_unchecked(std::span<const uint8_t> bytes);

  CodeKey key() const { return {header_->offset, header_->mode, header_->extra, header_->low != 0}; }
  Gear gear() const { return static_cast<Gear>(header_->gear); }
  // Of restrictions: code with fewer may be used more often.
  uint16_t flags() const { return header_->flags; }
  uint32_t guest_instructions() const { return header_->guest_instructions; }
  std::span<const uint8_t> bytes() const { return {reinterpret_cast<const uint8_t*>(header_), header_->size}; }
  bool checksum_is_right() const;

  // Sorted, not overlapping, as kMostDistance and kMostGuestBytes say; and their bytes, one after the other.
  std::span<const StoredRange> ranges() const { return ranges_; }
  std::span<const uint8_t> guest() const { return guest_; }

  // Fills `out`, which is empty, for the entry at `pc`. False: it says what no compiler would, or it cannot be placed
  // at this pc.
  bool decode(uint64_t pc, const ir::StateLayout& layout, const ir::HelperTable& helpers, CompiledCode* out) const;

 private:
  const EntryHeader* header_ = nullptr;
  std::span<const StoredRange> ranges_;
  std::span<const uint8_t> guest_;
};

}  // namespace menura::runtime
