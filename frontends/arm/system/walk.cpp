#include "frontends/arm/system/walk.h"

#include <algorithm>
#include <cstring>

#include "frontends/arm/system/fields.h"

namespace menura::arm {
namespace {

constexpr uint64_t low_bits(unsigned count) { return (uint64_t{1} << count) - 1; }
constexpr uint64_t bits(uint64_t value, unsigned high, unsigned low) { return value >> low & low_bits(high - low + 1); }

// D8.3.1 and D8.3.2: table, block and page descriptors.
struct Descriptor {
  static constexpr uint64_t kValid = 1U << 0;
  static constexpr uint64_t kTable = 1U << 1;  // at the last level: a page
  static constexpr unsigned kAttributesShift = 2;
  static constexpr uint64_t kUser = 1U << 6;      // AP[1]: EL0 may access it
  static constexpr uint64_t kReadOnly = 1U << 7;  // AP[2]
  static constexpr unsigned kShareabilityShift = 8;
  static constexpr uint64_t kAccessed = 1U << 10;
  static constexpr uint64_t kNotGlobal = 1U << 11;
  static constexpr uint64_t kDirtyModifier = uint64_t{1} << 51;
  static constexpr uint64_t kPxn = uint64_t{1} << 53;
  static constexpr uint64_t kUxn = uint64_t{1} << 54;  // XN in regimes of one level, and in stage 2
  static constexpr unsigned kStage2Read = 1U << 6;     // S2AP
  static constexpr unsigned kStage2Write = 1U << 7;
  static constexpr uint64_t kPxnTable = uint64_t{1} << 59;
  static constexpr uint64_t kUxnTable = uint64_t{1} << 60;
  static constexpr uint64_t kNoUserTable = uint64_t{1} << 61;    // APTable[0]
  static constexpr uint64_t kReadOnlyTable = uint64_t{1} << 62;  // APTable[1]
  static constexpr uint64_t kAddress = low_bits(48) & ~low_bits(12);
};

constexpr unsigned kLastLevel = 3;

struct Half {
  unsigned input_bits = 0;
  unsigned granule_bits = 12;
  bool disabled = false;   // EPDn, E0PDn
  bool hierarchy = false;  // permissions in tables count

  unsigned stride() const { return granule_bits - 3; }
  // Bits of the address below what a descriptor of this level maps.
  unsigned shift(unsigned level) const { return granule_bits + stride() * (kLastLevel - level); }
  // D8.2.5: as few levels as cover the input.
  unsigned first_level() const { return kLastLevel - (input_bits - granule_bits - 1) / stride(); }
  bool has_blocks(unsigned level) const { return granule_bits == 12 ? level == 1 || level == 2 : level == 2; }
};

// TG0 and TG1 number the granules differently (D19.2.139); what is not there is taken for 4 KiB.
unsigned granule_bits(uint64_t tcr, unsigned half, bool granule16) {
  const uint64_t field = half == 0 ? bits(tcr, 15, Tcr::kTg0Shift) : bits(tcr, 31, Tcr::kTg1Shift);
  if (field == (half == 0 ? 1 : 3)) return 16;
  if (field == (half == 0 ? 2 : 1) && granule16) return 14;
  return 12;
}

Half half_of(const Translation& t, unsigned half) {
  // D8.2.3: sizes out of range are taken for the nearest.
  const uint64_t size = t.tcr >> (half == 0 ? Tcr::kT0szShift : Tcr::kT1szShift) & 63;
  const uint64_t ignored = half == 0 ? Tcr::kHpd0 : Tcr::kHpd1;
  const uint64_t closed = t.closes && !t.kernel ? (half == 0 ? Tcr::kE0pd0 : Tcr::kE0pd1) : 0;
  return {.input_bits = 64 - static_cast<unsigned>(std::clamp<uint64_t>(size, 16, 39)),
          .granule_bits = granule_bits(t.tcr, half, t.granule16),
          .disabled = (t.tcr & ((half == 0 ? Tcr::kEpd0 : Tcr::kEpd1) | closed)) != 0,
          .hierarchy = !t.hierarchy || (t.tcr & ignored) == 0};
}

// D8.4.1: what EL1 and EL0 may do.
struct Rights {
  bool read = false;
  bool write = false;
  bool execute = false;
};
Rights rights_of(const Translation& t, uint64_t descriptor) {
  if (t.stage2_level >= 0) {  // D8.4.2; without FEAT_XNX XN is for both levels
    return {(descriptor & Descriptor::kStage2Read) != 0, (descriptor & Descriptor::kStage2Write) != 0,
            (descriptor & Descriptor::kUxn) == 0};
  }
  if (t.single) {
    const bool is_writable = (descriptor & Descriptor::kReadOnly) == 0;
    return {true, is_writable, (descriptor & Descriptor::kUxn) == 0 && !(t.wxn && is_writable)};
  }
  const bool user = (descriptor & Descriptor::kUser) != 0;
  const bool writable = (descriptor & Descriptor::kReadOnly) == 0;
  if (!t.kernel) {
    const bool execute = (descriptor & Descriptor::kUxn) == 0 && !(t.wxn && user && writable);
    return {user, user && writable, execute};
  }
  const bool execute = (descriptor & Descriptor::kPxn) == 0 && !(user && writable) && !(t.wxn && writable);
  if (t.pan && user) return {false, false, execute};
  return {true, writable, execute};
}

bool allows(const Rights& rights, ir::Access access) {
  switch (access) {
    case ir::Access::Read:
      return rights.read;
    case ir::Access::Write:
      return rights.write;
    case ir::Access::Execute:
      return rights.execute;
  }
  return false;
}

WalkResult fault(uint8_t status, unsigned level) { return {.status = static_cast<uint8_t>(status | level)}; }

}  // namespace

unsigned physical_bits(uint64_t range) {
  constexpr unsigned kBits[] = {32, 36, 40, 42, 44, 48};
  return kBits[std::min<uint64_t>(range, 5)];
}

bool ignores_top_byte(uint64_t tcr, uint64_t address) {
  return (tcr & ((address >> 55 & 1) == 0 ? Tcr::kTbi0 : Tcr::kTbi1)) != 0;
}

WalkResult walk_tables(softmmu::PhysicalMemory& memory, const Translation& t, uint64_t address, ir::Access access,
                       softmmu::PageMapping* mapping) {
  const bool stage2 = t.stage2_level >= 0;
  const unsigned which = stage2 ? 0 : address >> 55 & 1;
  const Half half = half_of(t, which);
  const unsigned top = ignores_top_byte(t.tcr, address) ? 55 : 63;
  const uint64_t above = bits(address, top, half.input_bits);
  if (above != (which == 0 ? 0 : low_bits(top - half.input_bits + 1)) || half.disabled) return fault(kTranslation, 0);

  const unsigned output_bits = std::min(t.physical_bits, physical_bits(bits(t.tcr, 34, Tcr::kIpsShift)));
  const uint64_t input = address & low_bits(half.input_bits);
  unsigned level = stage2 ? static_cast<unsigned>(t.stage2_level) : half.first_level();
  // D8.2.6: a first table of up to 16, or entries that lie above what one level has.
  if (stage2 && half.input_bits > half.shift(level) + half.stride() + 4) return fault(kTranslation, 0);
  if (stage2 && half.input_bits <= half.shift(level)) return fault(kTranslation, 0);
  // D8.2.5: the first table may be shorter than a granule, and its address more finely aligned.
  const unsigned first_bits = half.input_bits - half.shift(level) + 3;
  uint64_t table = t.ttbr[which] & low_bits(48) & ~low_bits(std::max(first_bits, 6U));
  if (table >> output_bits != 0) return fault(kAddressSize, 0);
  uint64_t index = input >> half.shift(level);
  uint64_t from_tables = 0;  // kPxn, kUxn, kReadOnly; kUser for "EL0 may not"

  for (;;) {
    const uint64_t at = table + index * 8;
    uint64_t descriptor = 0;
    if (!memory.read(at, &descriptor, sizeof descriptor)) return fault(kExternalOnWalk, level);
    if ((descriptor & Descriptor::kValid) == 0) return fault(kTranslation, level);
    const bool is_table = (descriptor & Descriptor::kTable) != 0;
    const uint64_t output = descriptor & Descriptor::kAddress;
    if (is_table && level < kLastLevel) {
      table = output & ~low_bits(half.granule_bits);
      if (table >> output_bits != 0) return fault(kAddressSize, level);
      if (half.hierarchy && !stage2) {
        if ((descriptor & Descriptor::kPxnTable) != 0) from_tables |= Descriptor::kPxn;
        if ((descriptor & Descriptor::kUxnTable) != 0) from_tables |= Descriptor::kUxn;
        if ((descriptor & Descriptor::kNoUserTable) != 0) from_tables |= Descriptor::kUser;
        if ((descriptor & Descriptor::kReadOnlyTable) != 0) from_tables |= Descriptor::kReadOnly;
      }
      ++level;
      index = input >> half.shift(level) & low_bits(half.stride());
      continue;
    }
    if (level == kLastLevel ? !is_table : !half.has_blocks(level)) return fault(kTranslation, level);

    const unsigned shift = half.shift(level);
    const uint64_t page = output & ~low_bits(shift);
    if (page >> output_bits != 0) return fault(kAddressSize, level);

    // D8.4.6: the access flag, then the dirty state; both in one update. A page that a table makes read-only is not
    // made writable.
    uint64_t wanted = descriptor;
    const bool sets_accessed = t.updates && (t.tcr & Tcr::kHa) != 0;
    const bool sets_dirty = sets_accessed && (t.tcr & Tcr::kHd) != 0;
    if ((descriptor & Descriptor::kAccessed) == 0) {
      if (!sets_accessed) return fault(kAccessFlag, level);
      wanted |= Descriptor::kAccessed;
    }
    const auto with_tables = [&](uint64_t value) {
      if (stage2) return value;
      value |= from_tables & ~Descriptor::kUser;
      return (from_tables & Descriptor::kUser) != 0 ? value & ~Descriptor::kUser : value;
    };
    Rights rights = rights_of(t, with_tables(descriptor));
    if (!allows(rights, access) && access == ir::Access::Write && sets_dirty &&
        (descriptor & Descriptor::kDirtyModifier) != 0) {
      const uint64_t made = stage2 ? wanted | Descriptor::kStage2Write : wanted & ~Descriptor::kReadOnly;
      const Rights dirty = rights_of(t, with_tables(made));
      if (dirty.write) {
        wanted = made;
        rights = dirty;
      }
    }
    if (!allows(rights, access)) return fault(kPermission, level);
    if (wanted != descriptor) {
      uint64_t seen = 0;
      if (!memory.compare_exchange(at, sizeof descriptor, descriptor, wanted, &seen)) {
        return fault(kExternalOnWalk, level);
      }
      if (seen != descriptor) continue;  // another processing element was faster: what does it say now?
    }
    *mapping = {.physical = page,
                .size_log2 = static_cast<uint8_t>(shift),
                .read = rights.read,
                .write = rights.write,
                .execute = rights.execute,
                .global = !stage2 && !t.single && (descriptor & Descriptor::kNotGlobal) == 0};
    return {.done = true,
            .attributes = static_cast<unsigned>(bits(descriptor, 4, Descriptor::kAttributesShift)),
            .shareability = static_cast<unsigned>(bits(descriptor, 9, Descriptor::kShareabilityShift))};
  }
}

}  // namespace menura::arm
