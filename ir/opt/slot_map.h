// SlotMap: which slots of a state layout share bytes. Computed once per layout.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/core/state_layout.h"

namespace menura::ir::opt {

class SlotMap {
 public:
  explicit SlotMap(const StateLayout& layout);

  uint32_t size() const { return static_cast<uint32_t>(rows_.size()); }
  // No other slot shares a byte with it.
  bool alone(SlotId slot) const { return rows_[slot].alone; }
  // Other slots that share at least one byte with it.
  std::span<const SlotId> overlapping(SlotId slot) const {
    return {others_.data() + rows_[slot].overlapping, rows_[slot].inside - rows_[slot].overlapping};
  }
  // Those of them that lie in it with all their bytes.
  std::span<const SlotId> inside(SlotId slot) const {
    return {others_.data() + rows_[slot].inside, rows_[slot].end - rows_[slot].inside};
  }

 private:
  struct Row {
    uint32_t overlapping = 0;
    uint32_t inside = 0;
    uint32_t end = 0;
    bool alone = true;
  };
  std::vector<Row> rows_;
  std::vector<SlotId> others_;
};

}  // namespace menura::ir::opt
