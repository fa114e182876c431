#include "backends/runtime/store/entry.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <type_traits>

#include "backends/runtime/store/checksum.h"

namespace menura::runtime {

namespace {

// Elements of an entry's arrays. All have sizes and alignments that leave no gaps.
struct StoredPlace {
  int64_t value = 0;
  uint32_t slot = 0;
  uint8_t kind = 0;
  uint8_t reg = 0;
  uint8_t is_vector = 0;
  uint8_t part = 0;
};

struct StoredLink {
  uint32_t displacement = 0;
  uint32_t stub = 0;
  uint32_t stub_end = 0;
  int32_t target = 0;
  uint32_t is_call = 0;
};

struct StoredPcStub {
  uint32_t stub_end = 0;
  int32_t pc = 0;
};

struct StoredPc {
  uint32_t host = 0;
  int32_t pc = 0;
};

struct StoredRecovery {
  uint32_t host = 0;
  int32_t pc = 0;
  uint32_t first = 0;
  uint32_t count = 0;
};

struct StoredRelocation {
  uint32_t offset = 0;
  uint32_t kind = 0;
  int32_t addend = 0;
};

struct StoredHome {
  uint16_t slot = 0;
  uint8_t reg = 0;
  uint8_t is_vector = 0;
};

static_assert(sizeof(EntryHeader) == 88 && std::has_unique_object_representations_v<EntryHeader>);
static_assert(std::has_unique_object_representations_v<StoredPlace> && sizeof(StoredPlace) == 16);
static_assert(std::has_unique_object_representations_v<StoredLink>);
static_assert(std::has_unique_object_representations_v<StoredRelocation>);

// Whatever else code is made of must be in its entry, too: a flag in EntryHeader::flags, an array as the others, both
// in encode() and decode(); and if code with it may not be used at all times, recall() must not return it then.
static_assert(sizeof(CompiledCode) == 9 * sizeof(std::vector<int>) + 2 * sizeof(uint64_t));

constexpr unsigned kHostRegisters = 16;
constexpr unsigned kPlaceVectors = 32;  // where AVX-512 is
constexpr uint8_t kState = 12;
constexpr uint8_t kRsp = 4;
constexpr uint8_t kRbp = 5;
constexpr uint32_t kMostElements = 1 << 24;  // of any array, so that sums of sizes do not wrap

bool fits(int64_t value) { return value == static_cast<int32_t>(value); }

// Into memory that was measured for it.
class Writer {
 public:
  explicit Writer(uint8_t* at) : at_(at) {}
  template <typename Element>
  void put(const Element& element) {
    std::memcpy(at_, &element, sizeof element);
    at_ += sizeof element;
  }
  void put(std::span<const uint8_t> bytes) { at_ = std::copy(bytes.begin(), bytes.end(), at_); }

 private:
  uint8_t* at_;
};

// Takes one array after the other from behind a header whose sizes have been checked.
class Reader {
 public:
  explicit Reader(const EntryHeader& header) : at_(reinterpret_cast<const uint8_t*>(&header + 1)) {}
  template <typename Element>
  std::span<const Element> take(uint32_t count) {
    const std::span<const Element> elements(reinterpret_cast<const Element*>(at_), count);
    at_ += elements.size_bytes();
    return elements;
  }

 private:
  const uint8_t* at_;
};

uint64_t size_of(const EntryHeader& header) {
  const uint64_t size = sizeof(EntryHeader) + uint64_t{header.places} * sizeof(StoredPlace) +
                        uint64_t{header.ranges} * sizeof(StoredRange) + uint64_t{header.links} * sizeof(StoredLink) +
                        uint64_t{header.pc_stubs} * sizeof(StoredPcStub) + uint64_t{header.pcs} * sizeof(StoredPc) +
                        uint64_t{header.recoveries} * sizeof(StoredRecovery) +
                        uint64_t{header.relocations} * sizeof(StoredRelocation) +
                        uint64_t{header.homes} * sizeof(StoredHome) + header.code + header.guest;
  return (size + 7) & ~uint64_t{7};
}

bool can_be_stored(const ir::Region& region, uint64_t base, std::span<const uint8_t> guest, const CompiledCode& code) {
  bool good = code.counts.empty() && guest.size() <= kMostGuestBytes && !region.guest.empty();
  for (const ir::GuestRange& range : region.guest) {
    const auto begin = static_cast<int64_t>(range.begin - base);
    const auto end = static_cast<int64_t>(range.end - base);
    good = good && begin >= -kMostDistance && end <= kMostDistance;
  }
  for (const Link& link : code.links) good = good && fits(link.target);
  for (const PcStub& stub : code.pc_stubs) good = good && fits(stub.pc);
  for (const PcEntry& entry : code.pcs) good = good && entry.ahead == 0;
  for (const Relocation& relocation : code.relocations) good = good && fits(relocation.addend);
  for (const Home& home : code.homes) good = good && home.slot <= UINT16_MAX;
  for (const std::size_t count : {code.bytes.size(), code.links.size(), code.pc_stubs.size(), code.pcs.size(),
                                  code.recoveries.size(), code.places.size(), code.relocations.size()}) {
    good = good && count < kMostElements;
  }
  return good;
}

// `vectors`: how many there are.
bool holds(HostReg reg, unsigned bytes, unsigned vectors) {
  // The kernel keeps general registers in 8 bytes, one beside the other.
  return reg.number < (reg.is_vector ? vectors : kHostRegisters) && (reg.is_vector || bytes <= 8);
}

// `size`: of the code.
bool is_possible(const SlotPlace& place, const ir::Slot& slot, uint32_t size) {
  const unsigned storage = ir::storage_bytes(slot.type);
  const unsigned bytes = place.bytes(storage);
  switch (place.part) {
    case SlotPlace::Part::Whole:
      break;
    case SlotPlace::Part::Boxed:
      if (slot.type != ir::Type::F64) return false;
      break;
    case SlotPlace::Part::Low4:
    case SlotPlace::Part::Low8:
    case SlotPlace::Part::Over4:
    case SlotPlace::Part::Over8:
      if (bytes > storage) return false;
      break;
    default:
      return false;
  }
  const HostReg reg = place.reg;
  const int64_t value = place.value;
  switch (place.kind) {
    case SlotPlace::Kind::Register:
      return holds(reg, bytes, kPlaceVectors);
    case SlotPlace::Kind::Frame:
      // Frames lie in CpuHeader::spill, and so does what is addressed from the state.
      if (reg.is_vector) return false;
      if (reg.number == kState) {
        constexpr int64_t spill = offsetof(ir::CpuHeader, spill);
        return value >= spill && value <= spill + int64_t{ir::kSpillBytes} - bytes;
      }
      return (reg.number == kRsp || reg.number == kRbp) && std::abs(value) <= int64_t{ir::kSpillBytes};
    case SlotPlace::Kind::Constant:
    case SlotPlace::Kind::PcRelative:
      return true;
    case SlotPlace::Kind::Code:
      return value >= 0 && value <= size && size - value >= bytes;
  }
  return false;
}

}  // namespace

uint64_t CodeKey::hash() const {
  return fold(offset ^ 0x9e3779b97f4a7c15, (mode ^ 0xc2b2ae3d27d4eb4f) + extra * 0xd6e8feb86659fd93 + (low ? 1 : 0));
}

bool encode(const CodeKey& key, Gear gear, const ir::Region& region, uint64_t base, std::span<const uint8_t> guest,
            const CompiledCode& code, std::vector<uint8_t>* out) {
  if (!can_be_stored(region, base, guest, code)) return false;
  EntryHeader header;
  header.offset = key.offset;
  header.mode = key.mode;
  header.extra = key.extra;
  header.low = key.low ? 1 : 0;
  if (code.imprecise) header.flags |= kImprecise;
  header.gear = static_cast<uint8_t>(gear);
  header.cold = code.cold;
  header.guest_instructions = region.guest_instructions;
  header.places = static_cast<uint32_t>(code.places.size());
  header.ranges = static_cast<uint32_t>(region.guest.size());
  header.links = static_cast<uint32_t>(code.links.size());
  header.pc_stubs = static_cast<uint32_t>(code.pc_stubs.size());
  header.pcs = static_cast<uint32_t>(code.pcs.size());
  header.recoveries = static_cast<uint32_t>(code.recoveries.size());
  header.relocations = static_cast<uint32_t>(code.relocations.size());
  header.homes = static_cast<uint32_t>(code.homes.size());
  header.code = static_cast<uint32_t>(code.bytes.size());
  header.guest = static_cast<uint32_t>(guest.size());
  header.size = static_cast<uint32_t>(size_of(header));

  const std::size_t begin = out->size();
  out->resize(begin + header.size);
  Writer writer(out->data() + begin);
  writer.put(header);
  for (const SlotPlace& place : code.places) {
    writer.put(StoredPlace{place.value, place.slot, static_cast<uint8_t>(place.kind), place.reg.number,
                           static_cast<uint8_t>(place.reg.is_vector), static_cast<uint8_t>(place.part)});
  }
  for (const ir::GuestRange& range : region.guest) {
    writer.put(StoredRange{static_cast<int32_t>(range.begin - base), static_cast<int32_t>(range.end - base)});
  }
  for (const Link& link : code.links) {
    writer.put(StoredLink{link.displacement, link.stub, link.stub_end, static_cast<int32_t>(link.target),
                          link.is_call ? 1U : 0U});
  }
  for (const PcStub& stub : code.pc_stubs) writer.put(StoredPcStub{stub.stub_end, static_cast<int32_t>(stub.pc)});
  for (const PcEntry& entry : code.pcs) writer.put(StoredPc{entry.host, entry.pc});
  for (const Recovery& recovery : code.recoveries) {
    writer.put(StoredRecovery{recovery.host, recovery.pc, recovery.first, recovery.count});
  }
  for (const Relocation& relocation : code.relocations) {
    writer.put(StoredRelocation{relocation.offset, static_cast<uint32_t>(relocation.kind),
                                static_cast<int32_t>(relocation.addend)});
  }
  for (const Home& home : code.homes) {
    writer.put(StoredHome{static_cast<uint16_t>(home.slot), home.reg.number, static_cast<uint8_t>(home.reg.is_vector)});
  }
  writer.put(std::span<const uint8_t>(code.bytes));
  writer.put(guest);
  const std::span<const uint8_t> entry(out->data() + begin, header.size);
  const uint64_t sum = checksum(entry.subspan(sizeof header.checksum));
  std::memcpy(out->data() + begin, &sum, sizeof sum);
  return true;
}

std::optional<EntryView> EntryView::open_unchecked(std::span<const uint8_t> bytes) {
  if (bytes.size() < sizeof(EntryHeader) || reinterpret_cast<uintptr_t>(bytes.data()) % 8 != 0) return {};
  EntryView view;
  view.header_ = reinterpret_cast<const EntryHeader*>(bytes.data());
  const EntryHeader& header = *view.header_;
  for (const uint32_t count : {header.places, header.ranges, header.links, header.pc_stubs, header.pcs,
                               header.recoveries, header.relocations, header.homes, header.code, header.guest}) {
    if (count >= kMostElements) return {};
  }
  if (header.size > bytes.size() || header.size != size_of(header) || header.guest > kMostGuestBytes ||
      header.low > 1 || header.gear >= kGearCount || (header.flags & ~kImprecise) != 0) {
    return {};
  }
  Reader reader(header);
  reader.take<StoredPlace>(header.places);
  view.ranges_ = reader.take<StoredRange>(header.ranges);
  // The code of the guest, with padding behind it, ends the entry.
  reader.take<StoredLink>(header.links);
  reader.take<StoredPcStub>(header.pc_stubs);
  reader.take<StoredPc>(header.pcs);
  reader.take<StoredRecovery>(header.recoveries);
  reader.take<StoredRelocation>(header.relocations);
  reader.take<StoredHome>(header.homes);
  reader.take<uint8_t>(header.code);
  view.guest_ = reader.take<uint8_t>(header.guest);

  uint64_t guest = 0;
  int64_t behind = -kMostDistance;
  for (const StoredRange& range : view.ranges_) {
    if (range.begin < behind || range.end <= range.begin || range.end > kMostDistance) return {};
    guest += static_cast<uint64_t>(range.end - range.begin);
    behind = range.end;
  }
  if (view.ranges_.empty() || guest != header.guest) return {};
  return view;
}

bool EntryView::checksum_is_right() const {
  return checksum(bytes().subspan(sizeof header_->checksum)) == header_->checksum;
}

std::optional<EntryView> EntryView::open(std::span<const uint8_t> bytes) {
  const std::optional<EntryView> view = open_unchecked(bytes);
  return view && view->checksum_is_right() ? view : std::nullopt;
}

bool EntryView::decode(uint64_t pc, const ir::StateLayout& layout, const ir::HelperTable& helpers,
                       CompiledCode* out) const {
  const EntryHeader& header = *header_;
  const uint32_t size = header.code;
  const auto inside = [size](uint32_t offset, uint32_t length) { return offset <= size && size - offset >= length; };
  bool good = size != 0 && header.cold <= size;
  Reader reader(header);
  for (const StoredPlace& place : reader.take<StoredPlace>(header.places)) {
    const HostReg reg{place.reg, place.is_vector != 0};
    out->places.push_back({place.slot, static_cast<SlotPlace::Kind>(place.kind), reg, place.value,
                           static_cast<SlotPlace::Part>(place.part)});
    good = good && place.slot < layout.slots.size() && is_possible(out->places.back(), layout.slot(place.slot), size);
  }
  reader.take<StoredRange>(header.ranges);
  for (const StoredLink& link : reader.take<StoredLink>(header.links)) {
    good = good && inside(link.displacement, 4) && link.displacement % 8 <= 4 && inside(link.stub, 1) &&
           inside(link.stub_end, 0);
    out->links.push_back({link.displacement, link.stub, link.stub_end, link.target, link.is_call != 0});
  }
  for (const StoredPcStub& stub : reader.take<StoredPcStub>(header.pc_stubs)) {
    good = good && inside(stub.stub_end, 0);
    out->pc_stubs.push_back({stub.stub_end, stub.pc});
  }
  uint32_t last = 0;
  for (const StoredPc& entry : reader.take<StoredPc>(header.pcs)) {
    good = good && entry.host >= last && inside(entry.host, 0);
    last = entry.host;
    out->pcs.push_back({entry.host, entry.pc, 0});
  }
  last = 0;
  for (const StoredRecovery& recovery : reader.take<StoredRecovery>(header.recoveries)) {
    good = good && recovery.host >= last && inside(recovery.host, 1) && recovery.first <= header.places &&
           recovery.count <= header.places - recovery.first;
    last = recovery.host;
    out->recoveries.push_back({recovery.host, recovery.pc, recovery.first, recovery.count});
  }
  for (const StoredRelocation& relocation : reader.take<StoredRelocation>(header.relocations)) {
    const auto kind = static_cast<Relocation::Kind>(relocation.kind);
    const uint64_t guest_pc = pc + static_cast<uint64_t>(int64_t{relocation.addend});
    good = good && relocation.kind < static_cast<uint32_t>(Relocation::Kind::Count) &&
           inside(relocation.offset, kind == Relocation::Kind::GuestPc64 ? 8 : 4) &&
           (kind != Relocation::Kind::GuestPc32 || is_low(guest_pc)) &&
           (kind != Relocation::Kind::Helper || static_cast<uint32_t>(relocation.addend) < helpers.helpers.size());
    out->relocations.push_back({kind, relocation.offset, relocation.addend});
  }
  for (const StoredHome& home : reader.take<StoredHome>(header.homes)) {
    const HostReg reg{home.reg, home.is_vector != 0};
    good = good && home.slot < layout.slots.size() &&
           holds(reg, ir::storage_bytes(layout.slot(home.slot).type), kHostRegisters);
    out->homes.push_back({home.slot, reg});
  }
  const std::span<const uint8_t> code = reader.take<uint8_t>(size);
  out->bytes.assign(code.begin(), code.end());
  out->cold = header.cold;
  out->imprecise = (header.flags & kImprecise) != 0;
  return good;
}

}  // namespace menura::runtime
