// Translation: what the runtime keeps of one piece of placed host code.
#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <span>

#include "backends/runtime/compiled_code.h"
#include "backends/runtime/statistics.h"
#include "backends/runtime/thunks.h"
#include "ir/core/region.h"

namespace menura::runtime {

// Translations are found by the guest pages that they were made from.
inline constexpr unsigned kGuestPageBits = 12;

struct Translation;

// A Link in place.
struct LinkSite {
  Translation* from = nullptr;
  Translation* to = nullptr;      // what it is patched to, or nullptr
  LinkSite* next = nullptr;       // among the incoming links of `to`
  LinkSite** previous = nullptr;  // what points to this one
  int64_t target = 0;             // guest pc, from the base
  uint32_t displacement = 0;
  uint32_t stub = 0;
  uint32_t stub_end = 0;
};

// Entry among the translations of one guest page.
struct PageEntry {
  Translation* translation = nullptr;
  PageEntry* next = nullptr;
  PageEntry** previous = nullptr;
};

// Lives in its chunk of the code cache until the chunk is used anew: whoever has found it may keep it until its virtual
// CPU's next quiescent point. What is not atomic and not set at publication belongs to the engine's lock.
struct Translation : CodeRecord {
  uint64_t mode = 0;
  uint64_t extra = 0;
  uint64_t frame = 0;
  uint64_t next_frame = 0;
  uint32_t chunk = 0;
  uint32_t size = 0;     // bytes of host code
  uint32_t ordinal = 0;  // of its heat counter
  Gear gear = Gear::Trace;
  bool imprecise = false;              // CompiledCode::imprecise
  std::atomic<bool> live{true};        // not invalidated, not evicted
  std::atomic<bool> promoting{false};  // somebody makes its successor
  uint32_t guest_instructions = 0;
  uint32_t slow_accesses = 0;  // Gear::Optimized: that had to be made elsewhere
  LinkSite* incoming = nullptr;
  std::span<LinkSite> links;
  std::span<const PcStub> pc_stubs;
  std::span<const PcEntry> pcs;
  std::span<const Home> homes;
  std::span<const Recovery> recoveries;
  std::span<const SlotPlace> places;
  std::span<const ir::GuestRange> guest;
  std::span<PageEntry> pages;

  ir::Identity identity() const { return {pc, mode, extra, frame, next_frame}; }
  uint64_t host_address() const { return reinterpret_cast<uint64_t>(entry); }
};

// Calls visit(page number) for each page of sorted ranges, once, in order.
template <typename Ranges, typename Visit>
void for_each_page(const Ranges& ranges, Visit visit) {
  uint64_t next = 0;
  for (const ir::GuestRange& range : ranges) {
    for (uint64_t page = std::max(next, range.begin >> kGuestPageBits); page <= (range.end - 1) >> kGuestPageBits;
         ++page) {
      visit(page);
      next = page + 1;
    }
  }
}

}  // namespace menura::runtime
