// SlotFacts: what the slots are known to hold at the entry of each block of a region, whatever way led there. A forward
// dataflow over the region as it came from the frontend; for hot regions only.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/opt/facts.h"
#include "ir/opt/slot_map.h"

namespace menura::ir::opt {

struct SlotFact {
  Facts facts;
  int64_t constant = 0;
  bool is_constant = false;
  bool operator==(const SlotFact&) const = default;
};

class SlotFacts {
 public:
  SlotFacts(const StateLayout& layout, const HelperTable& helpers, const SlotMap& slots)
      : layout_(layout), helpers_(helpers), slots_(slots) {}

  void run(const Region& region);
  // Of a slot that the region reads and that shares no byte with another.
  const SlotFact& at_entry(BlockId block, SlotId slot) const { return entry_[block * read_.size() + index_[slot]]; }

 private:
  static constexpr uint32_t kNotRead = UINT32_MAX;

  void find_reads(const Region& region);
  void transfer(const Region& region, BlockId block);
  void flow(BlockId target);
  SlotFact unknown(std::size_t number) const { return {Facts::of(layout_.slots[read_[number]].type), 0, false}; }
  void forget_all();

  const StateLayout& layout_;
  const HelperTable& helpers_;
  const SlotMap& slots_;
  std::vector<SlotId> read_;      // slots that the region reads: by number, in which the tables below count
  std::vector<uint32_t> index_;   // by slot: its number
  std::vector<SlotFact> entry_;   // by block and slot number
  std::vector<uint8_t> reached_;  // by block
  std::vector<SlotFact> now_;     // by slot number, while walking a block
  std::vector<Facts> facts_;      // by instruction
  bool changed_ = false;
  bool give_up_ = false;  // what still changes becomes unknown
};

}  // namespace menura::ir::opt
