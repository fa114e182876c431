// Homes: which state slot lives in which host register while a region's body runs. First-gear regions take the
// contract's; hot regions with loops give the registers to the slots that the loops use most.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "backends/x64/host_registers.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"

namespace menura::x64 {

inline constexpr unsigned kMostScratch = 7;

class Homes {
 public:
  explicit Homes(const ir::StateLayout& layout);

  // `depth` is the loop depth of each block; all zero: nothing is gained by leaving the contract. At least `scratch`
  // (3 to kMostScratch) general registers stay without a slot.
  void choose(const ir::Region& region, std::span<const uint8_t> depth, bool hot, unsigned scratch);

  Reg of(ir::SlotId slot) const { return home_[slot]; }
  ir::SlotId slot_in(Reg reg) const { return slot_[reg]; }
  RegMask homes() const { return homes_; }
  bool is_contract() const { return moved_.empty() && evicted_.empty(); }

  // Whether a slot shares bytes with another.
  bool overlaps(ir::SlotId slot) const { return aliased_[slot]; }

  // Where the region contract has a slot: its home outside regions.
  Reg pinned(ir::SlotId slot) const { return pinned_[slot]; }

  struct Place {
    ir::SlotId slot;
    Reg reg;
    bool written;  // somewhere in the region
  };
  // Slots with a home that the contract does not know: loaded at entry, stored at exits.
  std::span<const Place> moved() const { return moved_; }
  // Pinned slots whose register was taken: stored at entry, loaded at exits.
  std::span<const Place> evicted() const { return evicted_; }

 private:
  struct Candidate {
    ir::SlotId slot;
    uint32_t weight;
  };
  void set_contract();
  ir::SlotId least_used(bool vec) const;
  Reg evict(ir::SlotId slot);

  const ir::StateLayout& layout_;
  std::vector<Reg> pinned_;
  std::vector<bool> aliased_;  // slots that share bytes with another
  std::vector<Reg> home_;
  std::vector<ir::SlotId> slot_;
  std::vector<Place> moved_;
  std::vector<Place> evicted_;
  std::vector<uint32_t> weight_;
  std::vector<bool> written_;
  std::vector<Candidate> candidates_;
  RegMask homes_ = 0;
  bool vectors_ = false;   // some pinned slots are vectors
  bool contract_ = false;  // home_ is pinned_
};

}  // namespace menura::x64
