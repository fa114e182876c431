#include "frontends/riscv/system/walk.h"

#include "frontends/riscv/system/fields.h"

namespace menura::riscv {
namespace {

constexpr unsigned kPageShift = 12;
constexpr unsigned kLevelBits = 9;
constexpr unsigned kEntryLog2 = 3;

// One entry as it stands. PMP treats accesses to tables as a supervisor's (3.7.2).
struct EntryReader {
  softmmu::PhysicalMemory& memory;
  const Pmp& pmp;

  bool read(uint64_t physical, uint64_t* entry) const {
    return pmp.rights(physical, kEntryLog2, Privilege::Supervisor).read &&
           pmp.rights(physical, kEntryLog2, Privilege::Supervisor).size_log2 == kEntryLog2 &&
           memory.read(physical, entry, sizeof *entry);
  }
  bool exchange(uint64_t physical, uint64_t expected, uint64_t desired, uint64_t* seen) const {
    return pmp.rights(physical, kEntryLog2, Privilege::Supervisor).write &&
           memory.compare_exchange(physical, sizeof desired, expected, desired, seen);
  }
};

// 12.3.1: bits that must be 0 so far. Memory types belong to leaves, and only where menvcfg.PBMTE turns them on.
bool reserved(uint64_t entry, bool is_leaf, const Translation& translation) {
  if ((entry & Pte::kReserved) != 0) return true;
  const uint64_t type = (entry & Pte::kPbmt) >> Pte::kPbmtShift;
  if (!is_leaf) return type != 0 || (entry & (Pte::kA | Pte::kD | Pte::kU)) != 0;
  return translation.memory_types ? type == 3 : type != 0;
}

// 12.3.2, step 6.
bool allowed(uint64_t entry, const Translation& translation, ir::Access access) {
  const bool is_user_page = (entry & Pte::kU) != 0;
  if (translation.privilege == Privilege::User) {
    if (!is_user_page) return false;
  } else if (is_user_page && (access == ir::Access::Execute || !translation.sum)) {
    return false;
  }
  switch (access) {
    case ir::Access::Read:
      return (entry & Pte::kR) != 0 || (translation.mxr && (entry & Pte::kX) != 0);
    case ir::Access::Write:
      return (entry & Pte::kW) != 0;
    case ir::Access::Execute:
      return (entry & Pte::kX) != 0;
  }
  return false;
}

}  // namespace

// The steps are those of 12.3.2.
WalkResult walk_tables(softmmu::PhysicalMemory& memory, const Pmp& pmp, const Translation& translation,
                       uint64_t address, ir::Access access, softmmu::PageMapping* mapping) {
  const EntryReader tables{memory, pmp};
  const auto levels = static_cast<unsigned>(Satp::mode(translation.satp) - Satp::kSv39 + 3);
  const unsigned width = kPageShift + kLevelBits * levels;
  // All bits above the highest that is translated equal it.
  const auto upper = static_cast<int64_t>(address) >> (width - 1);
  if (upper != 0 && upper != -1) return WalkResult::PageFault;

  uint64_t table = (translation.satp & Satp::kPpn) << kPageShift;
  for (unsigned level = levels; level-- > 0;) {
    const unsigned shift = kPageShift + kLevelBits * level;
    const uint64_t place = table + ((address >> shift & ((1U << kLevelBits) - 1)) << kEntryLog2);
    uint64_t entry = 0;
    if (!tables.read(place, &entry)) return WalkResult::AccessFault;
    for (;;) {  // again where somebody else changes the entry meanwhile
      const bool is_leaf = (entry & (Pte::kR | Pte::kX)) != 0;
      if ((entry & Pte::kV) == 0 || (entry & (Pte::kR | Pte::kW)) == Pte::kW || reserved(entry, is_leaf, translation)) {
        return WalkResult::PageFault;
      }
      const uint64_t base = (entry >> Pte::kPpnShift & Pte::kPpnMask) << kPageShift;
      if (!is_leaf) {
        table = base;
        break;
      }
      if (!allowed(entry, translation, access)) return WalkResult::PageFault;
      const uint64_t inside = (uint64_t{1} << shift) - 1;
      if ((base & inside) != 0) return WalkResult::PageFault;  // a misaligned superpage
      const uint64_t wanted = entry | Pte::kA | (access == ir::Access::Write ? Pte::kD : 0);
      if (wanted != entry) {
        if (!translation.hardware_update) return WalkResult::PageFault;
        uint64_t seen = 0;
        if (!tables.exchange(place, entry, wanted, &seen)) return WalkResult::AccessFault;
        const bool changed = seen != entry;
        entry = changed ? seen : wanted;
        if (changed) continue;
      }
      mapping->physical = base;
      mapping->size_log2 = static_cast<uint8_t>(shift);
      mapping->read = allowed(entry, translation, ir::Access::Read);
      mapping->write = (entry & Pte::kD) != 0 && allowed(entry, translation, ir::Access::Write);
      mapping->execute = allowed(entry, translation, ir::Access::Execute);
      mapping->global = (entry & Pte::kG) != 0;
      return WalkResult::Done;
    }
  }
  return WalkResult::PageFault;
}

}  // namespace menura::riscv
