#include "backends/x64/homes.h"

#include <algorithm>

namespace menura::x64 {

using ir::Op;
using ir::SlotId;
using ir::StateLayout;

Homes::Homes(const StateLayout& layout) : layout_(layout) {
  const size_t count = layout.slots.size();
  pinned_.assign(count, kNoReg);
  aliased_.assign(count, false);
  for (unsigned rank = 0; rank < kPinnedInts.size(); ++rank) {
    if (layout.pinned_ints[rank] != StateLayout::kNoSlot) pinned_[layout.pinned_ints[rank]] = kPinnedInts[rank];
  }
  for (unsigned rank = 0; rank < kPinnedFloats.size(); ++rank) {
    if (layout.pinned_floats[rank] == StateLayout::kNoSlot) continue;
    pinned_[layout.pinned_floats[rank]] = kPinnedFloats[rank];
    vectors_ |= layout.slot(layout.pinned_floats[rank]).type == ir::Type::V128;
  }
  for (SlotId a = 0; a < count; ++a) {
    const ir::Slot& s = layout.slot(a);
    for (SlotId b = 0; b < count; ++b) {
      const ir::Slot& o = layout.slot(b);
      if (a != b && o.offset < s.offset + ir::storage_bytes(s.type) &&
          s.offset < o.offset + ir::storage_bytes(o.type)) {
        aliased_[a] = true;
      }
    }
  }
  contract_ = false;
  set_contract();
}

void Homes::set_contract() {
  if (contract_) return;
  contract_ = true;
  home_ = pinned_;
  slot_.assign(32, StateLayout::kNoSlot);
  moved_.clear();
  evicted_.clear();
  homes_ = 0;
  for (SlotId slot = 0; slot < home_.size(); ++slot) {
    if (home_[slot] == kNoReg) continue;
    slot_[home_[slot]] = slot;
    homes_ |= mask_of(home_[slot]);
  }
}

// The pinned slot in its own register that the region uses least.
SlotId Homes::least_used(bool vec) const {
  uint32_t least = UINT32_MAX;
  SlotId found = StateLayout::kNoSlot;
  for (SlotId slot = 0; slot < home_.size(); ++slot) {
    if (home_[slot] == kNoReg || home_[slot] != pinned_[slot] || is_vec(home_[slot]) != vec || aliased_[slot]) continue;
    if (weight_[slot] < least) {
      least = weight_[slot];
      found = slot;
    }
  }
  return found;
}

Reg Homes::evict(SlotId slot) {
  contract_ = false;
  const Reg reg = home_[slot];
  home_[slot] = kNoReg;
  slot_[reg] = StateLayout::kNoSlot;
  homes_ &= ~mask_of(reg);
  evicted_.push_back({slot, reg, written_[slot]});
  return reg;
}

void Homes::choose(const ir::Region& region, std::span<const uint8_t> depth, bool hot, unsigned scratch) {
  set_contract();
  if (!hot || std::all_of(depth.begin(), depth.end(), [](uint8_t d) { return d == 0; })) return;
  weight_.assign(layout_.slots.size(), 0);
  written_.assign(layout_.slots.size(), false);
  constexpr uint32_t per_depth[] = {1, 16, 128, 1024, 4096};
  uint32_t crossings = 4;  // entries and exits: what moving a home costs
  for (const ir::BlockId b : region.order) {
    const ir::Block& block = region.blocks[b];
    const uint32_t factor = per_depth[depth[b]];
    for (uint32_t at = block.first; at < block.first + block.count; ++at) {
      const ir::Inst& inst = region.insts[at];
      if (inst.op == Op::Get || inst.op == Op::Set) weight_[inst.imm] += factor;
      if (inst.op == Op::Set) written_[inst.imm] = true;
      // Calls cross to the contract and back.
      if (inst.op == Op::CallDirect || inst.op == Op::CallIndirect || inst.op == Op::Call) crossings += 3 * factor;
    }
  }
  for (const bool vec : {false, true}) {
    candidates_.clear();
    RegMask free = vec ? kVecRegs : kIntRegs;
    for (SlotId slot = 0; slot < home_.size(); ++slot) {
      const ir::Type type = layout_.slot(slot).type;
      if (home_[slot] != kNoReg) free &= ~mask_of(home_[slot]);
      const bool movable = vec ? in_vec(type) && ir::bits(type) >= 64 : type == ir::Type::I64;
      if (movable && !aliased_[slot] && home_[slot] == kNoReg && weight_[slot] > crossings) {
        candidates_.push_back({slot, weight_[slot]});
      }
    }
    std::sort(candidates_.begin(), candidates_.end(), [](Candidate a, Candidate b) { return a.weight > b.weight; });
    // What stays for values between slots: rax, rbx and rbp, or two vector registers; six where slots are vectors,
    // whose ops take up to three operands and as many temporaries.
    free &= vec ? ~(vectors_ ? RegMask{0xfc000000} : mask_of(30) | mask_of(31))
                : ~(mask_of(kRax) | mask_of(kRbx) | mask_of(kRbp));
    if (!vec) {
      // Beyond three, what stays free comes from the free ones first, then from the pinned slots used least.
      for (unsigned n = 3; n < scratch; ++n) {
        if (free != 0) {
          free &= free - 1;
          continue;
        }
        const SlotId victim = least_used(vec);
        if (victim == StateLayout::kNoSlot) break;
        evict(victim);
      }
    }
    for (const Candidate& candidate : candidates_) {
      Reg reg = kNoReg;
      if (free != 0) {
        reg = static_cast<Reg>(__builtin_ctz(free));
        free &= free - 1;
      } else {
        // The pinned slot that the region uses least gives up its register, if the gain pays for the crossings.
        const SlotId victim = least_used(vec);
        if (victim == StateLayout::kNoSlot || weight_[victim] + 2 * crossings >= candidate.weight) break;
        reg = evict(victim);
      }
      contract_ = false;
      home_[candidate.slot] = reg;
      slot_[reg] = candidate.slot;
      homes_ |= mask_of(reg);
      moved_.push_back({candidate.slot, reg, written_[candidate.slot]});
    }
  }
}

}  // namespace menura::x64
