#include "ir/opt/slot_map.h"

namespace menura::ir::opt {

SlotMap::SlotMap(const StateLayout& layout) {
  const auto begin = [&](SlotId id) { return layout.slots[id].offset; };
  const auto end = [&](SlotId id) { return layout.slots[id].offset + storage_bytes(layout.slots[id].type); };
  const auto count = static_cast<SlotId>(layout.slots.size());
  rows_.resize(count);
  for (SlotId id = 0; id < count; ++id) {
    Row& row = rows_[id];
    row.overlapping = static_cast<uint32_t>(others_.size());
    for (SlotId other = 0; other < count; ++other) {
      if (other != id && begin(other) < end(id) && begin(id) < end(other)) others_.push_back(other);
    }
    row.inside = static_cast<uint32_t>(others_.size());
    row.alone = row.inside == row.overlapping;
    for (SlotId other = 0; other < count; ++other) {
      if (other != id && begin(other) >= begin(id) && end(other) <= end(id)) others_.push_back(other);
    }
    row.end = static_cast<uint32_t>(others_.size());
  }
}

}  // namespace menura::ir::opt
