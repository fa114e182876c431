#include "ir/core/state_layout.h"

namespace menura::ir {

StateLayout make_layout(std::span<const Slot> slots, uint32_t size) {
  StateLayout layout;
  layout.slots = slots;
  layout.size = size;
  layout.pinned_ints.fill(StateLayout::kNoSlot);
  layout.pinned_floats.fill(StateLayout::kNoSlot);
  for (SlotId id = 0; id < slots.size(); ++id) {
    const Slot& slot = slots[id];
    assert(slot.offset + storage_bytes(slot.type) <= size);
    if (slot.pin_rank == kNotPinned) continue;
    if (is_int(slot.type)) {
      assert(slot.pin_rank < kPinnedInts && layout.pinned_ints[slot.pin_rank] == StateLayout::kNoSlot);
      layout.pinned_ints[slot.pin_rank] = id;
    } else {
      assert(slot.pin_rank < kPinnedFloats && layout.pinned_floats[slot.pin_rank] == StateLayout::kNoSlot);
      layout.pinned_floats[slot.pin_rank] = id;
    }
  }
  return layout;
}

}  // namespace menura::ir
