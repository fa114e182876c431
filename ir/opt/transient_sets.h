// TransientSets: Sets of transient slots (Slot::transient, condition flags above all) move to where somebody needs
// them. Most instructions that set flags are followed, on the way that is taken, by others that set them again; only a
// side exit may lead to code that reads them. For hot regions only.
//
// Transient slots need not be right at an access that faults or a stop request, where the code that follows overwrites
// them before it reads them: no program can tell.
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"
#include "ir/opt/slot_map.h"

namespace menura::ir::opt {

class TransientSets {
 public:
  // All outlive it. More than 32 transient slots, or ones that share bytes with others, are left alone.
  TransientSets(const StateLayout& layout, const HelperTable& helpers, const SlotMap& slots);

  // Rewrites `region`, whose blocks are placed with definitions first.
  void run(Region& region);

 private:
  using Flags = uint32_t;  // a set of transient slots
  struct Move {
    unsigned flag;
    Value value;  // as numbered in the old region
  };
  using Held = std::pair<SlotId, Value>;
  static constexpr unsigned kNone = UINT32_MAX;
  static constexpr unsigned kDeepest = 6;

  bool sees_state(const Inst& inst) const;
  Flags flag_of(const Inst& inst) const {
    const unsigned number = number_[static_cast<SlotId>(inst.imm)];
    return number == kNone ? 0 : Flags{1} << number;
  }
  void find_entries(const Region& region);
  void find_live(const Region& region);
  Flags live_out(const Region& region, const Block& block) const;
  Flags through(const Region& region, const Block& block, Flags live) const;

  void plan(const Region& region, BlockId id);
  bool move_on(const Region& region, BlockId id, unsigned flag, Value value);
  void find_held(const Region& region, BlockId id);
  bool can_make(const Region& region, Value v, unsigned depth) const;
  bool can_invert(const Region& region, Value v, unsigned depth, Inst* how) const;
  SlotId slot_with(Value v) const;
  const Held* held_extended(const Region& region, Value v) const;

  void emit(const Region& region, BlockId id);
  void emit_moves(const Region& region, BlockId id);
  Value make(const Region& region, Value v, unsigned depth);
  Value append(const Inst& inst);

  const HelperTable& helpers_;
  const SlotMap& slots_;
  std::vector<SlotId> transient_;  // by number
  std::vector<unsigned> number_;   // by slot, or kNone

  std::vector<uint32_t> entries_;           // by block: edges that lead there
  std::vector<uint32_t> place_;             // by block: in Region::order
  std::vector<Flags> live_in_;              // by block
  std::vector<std::vector<Move>> moves_;    // by block: what is set at its start
  std::vector<std::vector<Held>> held_at_;  // by block: what slots hold at its start, as far as known
  std::vector<uint8_t> dead_;               // by instruction: Sets that are left out
  std::vector<Held> held_;                  // at the place that is looked at
  std::vector<Value> map_;
  Region out_;
};

}  // namespace menura::ir::opt
