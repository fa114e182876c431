// Any bytes as a file of compiled code, with checksums that are right so that they get further: nothing is read beyond
// the file, and what is accepted keeps its promises.
#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "backends/runtime/store/checksum.h"
#include "backends/runtime/store/segment.h"
#include "tests/ir/toy_guest.h"

namespace {

using namespace menura;
using namespace menura::runtime;

void check(bool promise) {
  if (!promise) std::abort();
}

bool inside(uint64_t offset, uint64_t size, const CompiledCode& code) { return offset + size <= code.bytes.size(); }

void look_at(const EntryView& entry, uint64_t pc) {
  static const ir::test::ToyGuest guest;
  uint64_t bytes = 0;
  int32_t behind = INT32_MIN;
  for (const StoredRange& range : entry.ranges()) {
    check(range.begin >= behind && range.end > range.begin);
    behind = range.end;
    bytes += static_cast<uint64_t>(range.end - range.begin);
  }
  check(bytes != 0 && bytes == entry.guest().size());
  CompiledCode code;
  if (!entry.decode(pc, guest.layout(), guest.helpers(), &code)) return;
  check(!code.bytes.empty() && code.cold <= code.bytes.size() && code.counts.empty());
  for (const Link& link : code.links) {
    check(link.displacement % 8 <= 4 && inside(link.displacement, 4, code) && inside(link.stub, 1, code));
  }
  for (const Relocation& relocation : code.relocations) {
    check(inside(relocation.offset, relocation.kind == Relocation::Kind::GuestPc64 ? 8 : 4, code));
    check(relocation.kind != Relocation::Kind::Helper && relocation.kind < Relocation::Kind::Count);
  }
  for (const Home& home : code.homes) check(home.slot < guest.layout().slots.size() && home.reg.number < 16);
  for (const Recovery& recovery : code.recoveries) check(recovery.first + recovery.count <= code.places.size());
  for (const SlotPlace& place : code.places) check(place.slot < guest.layout().slots.size());
}

// Right checksums for an entry that claims to lie there.
void sign(std::span<uint8_t> bytes) {
  EntryHeader header;
  if (bytes.size() < sizeof header) return;
  std::memcpy(&header, bytes.data(), sizeof header);
  const std::size_t size = std::min<std::size_t>(header.size, bytes.size());
  if (size < sizeof header.checksum) return;
  header.checksum = checksum(bytes.first(size).subspan(sizeof header.checksum));
  std::memcpy(bytes.data(), &header.checksum, sizeof header.checksum);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  // Of the very size, so that the sanitizer sees what lies behind it.
  const std::vector<uint8_t> copy(data, data + size);
  auto* const memory = static_cast<uint8_t*>(std::malloc(size));
  std::copy(copy.begin(), copy.end(), memory);
  const std::span<uint8_t> bytes(memory, size);

  sign(bytes);
  if (const auto entry = EntryView::open(bytes)) look_at(*entry, 0x1000);

  std::copy(copy.begin(), copy.end(), memory);
  if (size >= sizeof(SegmentHeader)) {
    auto& header = *reinterpret_cast<SegmentHeader*>(memory);
    header.magic = SegmentHeader::kMagic;
    header.size = size;
    header.checksum = checksum(bytes.first(offsetof(SegmentHeader, checksum)));
    const uint64_t slots = std::min<uint64_t>(header.slots, (size - sizeof header) / sizeof(TableSlot));
    for (uint64_t i = 0; i < slots; ++i) {
      TableSlot slot;
      std::memcpy(&slot, memory + sizeof header + i * sizeof slot, sizeof slot);
      // Not the table itself.
      if (slot.at * uint64_t{8} >= sizeof header + slots * sizeof slot && slot.at * uint64_t{8} < size) {
        sign(bytes.subspan(slot.at * uint64_t{8}));
      }
    }
  }
  if (const auto segment = Segment::of_bytes(bytes)) {
    for (const auto& entry : segment->entries()) {
      if (!entry) continue;
      look_at(*entry, uint64_t{1} << 40);
      const auto found = segment->find(entry->key());
      check(!found || found->key() == entry->key());
    }
    segment->find({size, 1, 2, true});
  }
  std::free(memory);
  return 0;
}
