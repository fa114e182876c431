// What nobody needs: values without a use, and Sets of slots that are written again before anyone can see them. The
// guest's state must be right wherever a fault may leave the region (Effect::Mem), where control leaves it, at helpers
// that read it, and at back edges, where a stop request may leave.
#pragma once

#include <cstdint>
#include <vector>

#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/opt/slot_map.h"

namespace menura::ir::opt {

// Slots that will be written before they are seen, walking backward.
class OverwrittenSlots {
 public:
  explicit OverwrittenSlots(const SlotMap& slots) : slots_(slots), mark_(slots.size(), 0) {}

  bool overwritten(SlotId slot) const { return mark_[slot] == now_; }
  // Somebody may look at all of them.
  void seen() { ++now_; }
  void read(SlotId slot) {
    mark_[slot] = 0;
    for (const SlotId other : slots_.overlapping(slot)) mark_[other] = 0;
  }
  void written(SlotId slot) {
    mark_[slot] = now_;
    for (const SlotId other : slots_.inside(slot)) mark_[other] = now_;
  }
  void mark(SlotId slot) { mark_[slot] = now_; }

 private:
  const SlotMap& slots_;
  std::vector<uint64_t> mark_;
  uint64_t now_ = 1;
};

class Liveness {
 public:
  Liveness(const HelperTable& helpers, const SlotMap& slots) : helpers_(helpers), slots_(slots), overwritten_(slots) {}

  // For the forward pass: which Sets will be dead once it has replaced the Gets between them and the next Set.
  void predict(const Region& region, std::vector<uint8_t>& dying);
  // Marks the instructions to keep. `across_blocks`: Sets that are overwritten on all ways through later blocks die,
  // too.
  void run(const Region& region, bool across_blocks, std::vector<uint8_t>& keep);

 private:
  bool sees_state(const Inst& inst) const;
  void start_from_successors(const Region& region, const Block& block, std::size_t place);
  void export_block(BlockId id);

  const HelperTable& helpers_;
  const SlotMap& slots_;
  OverwrittenSlots overwritten_;
  std::vector<uint32_t> place_;   // by block
  std::vector<uint64_t> export_;  // by block: a bit for each slot that it overwrites before anyone sees it
  std::size_t words_ = 0;         // of 64 bits, per block
};

}  // namespace menura::ir::opt
