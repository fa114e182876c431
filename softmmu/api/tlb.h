// The TLB as compiled code probes it: direct-mapped, one per translation regime, reached through CpuHeader::tlb. An
// access of `size` bytes at `address` hits where
//
//   entry = entries + ((address >> kTlbShift) & mask),  (address + size - 1) & ~0xfff == entry.read (or entry.write);
//
// then it lies in one page of plain memory, and address + entry.addend is the host's address of it. Everything else
// (misses, devices, accesses across pages, pages with code in them) is ir::MemoryPort's.
#pragma once

#include <cstdint>

#include "ir/core/cpu_header.h"

namespace menura::softmmu {

inline constexpr unsigned kPageBits = 12;
inline constexpr uint64_t kPageSize = uint64_t{1} << kPageBits;

// A tag is the guest address of a page. No address of a page is odd.
struct TlbEntry {
  static constexpr uint64_t kNone = 1;
  uint64_t read = kNone;
  uint64_t write = kNone;
  uint64_t addend = 0;
  uint64_t page = kNone;  // what the entry is for, whatever may be done there; the owner's
};
static_assert(sizeof(TlbEntry) == 32);

inline constexpr unsigned kTlbEntryBits = 5;
inline constexpr unsigned kTlbShift = kPageBits - kTlbEntryBits;

}  // namespace menura::softmmu
