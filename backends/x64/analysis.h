// What the emitter knows about a region before it emits the first byte: which values are one and the same in a host
// register, who uses them last, which are computed inside their only user, and how blocks follow each other.
#pragma once

#include <cstdint>
#include <vector>

#include "backends/x64/homes.h"
#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"

namespace menura::x64 {

// Positions are indices into Region::insts, which is also the order of emission.
inline constexpr uint32_t kNever = UINT32_MAX;

struct ValueInfo {
  ir::Value rep = ir::kNoValue;  // the value whose register this one shares (itself, mostly)
  uint32_t uses = 0;
  uint32_t last_use = 0;     // in its own chain of blocks
  uint32_t emit_at = 0;      // where it is computed: its own position, or its user's if `fused`
  uint32_t set_at = kNever;  // the first write of it to a slot with a home, in its chain
  uint32_t spill = kNever;   // byte offset in CpuHeader::spill, fixed, of a value used in other chains
  uint8_t known_bits = 64;   // all bits of the host register from here up are zero
  bool upper = true;         // someone looks at bits above the lower 32
  bool fused = false;        // emitted by its only user
  bool dead = false;
  bool boxed = false;       // an f32 that is also kept as its NaN box: its register has ones above it
  bool zeroed = false;      // a narrow float or vector whose register is made with zeros above it, up to bit 127
  uint8_t zero_from = 128;  // in a vector register: all bits from here up to bit 127 are zero
  bool any_nan = true;      // a float: no user can tell one quiet NaN from another
};

struct BlockInfo {
  uint32_t place = 0;  // index in Region::order
  uint32_t preds = 0;
  // Blocks of one chain are entered only from the one before: registers keep their values. The chain's first position.
  uint32_t chain_first = 0;
  bool continues = false;  // not the first of its chain
  bool polls = false;      // nothing but a jump out, backward: it looks for stop requests
  bool link_only = false;  // nothing but a jump out: branches to it become links
  uint8_t depth = 0;       // of loops around it
};

// A vector op on two vectors' bits.
bool is_vector_logic(ir::Op op);

// 64-bit operations done in 32 bits, where no one needs the upper half of the result.
bool computed_narrow(const ir::Inst& inst, bool upper);

class Analysis {
 public:
  // `ternary_logic`: the host has any function of three vectors' bits as one instruction.
  Analysis(const ir::StateLayout& layout, const ir::HelperTable& helpers, bool ternary_logic)
      : ternary_logic_(ternary_logic), layout_(layout), helpers_(helpers) {
    for (const ir::Slot& slot : layout.slots) may_box_ &= slot.type != ir::Type::F32;
  }

  // Blocks and loops, then homes, then values. False: more values live across blocks than there is spill space.
  void blocks(const ir::Region& region);
  bool values(const ir::Region& region, const Homes& homes, bool hot);

  ValueInfo& operator[](ir::Value v) { return info_[v]; }
  const ValueInfo& operator[](ir::Value v) const { return info_[v]; }
  const BlockInfo& block(ir::BlockId b) const { return block_[b]; }
  const std::vector<uint8_t>& depths() const { return depth_; }
  uint32_t spill_used() const { return spill_used_; }
  // Some value is too wide for a register.
  bool has_wide() const { return has_wide_; }
  // Most values that are alive at once in the innermost loops, slots' homes not counted.
  unsigned pressure(const ir::Region& region) const;
  // Blocks whose jump out needs code before it (a poll, moved homes) are not link-only.
  template <typename Which>
  void clear_link_only(Which which) {
    for (ir::BlockId b = 0; b < block_.size(); ++b) {
      if (block_[b].link_only && which(b)) block_[b].link_only = false;
    }
  }

 private:
  void find_demand(const ir::Region& region);
  void find_reps(const ir::Region& region, const Homes& homes);
  void count_uses(const ir::Region& region);
  void drop_dead(const ir::Region& region);
  bool place_globals(const ir::Region& region);
  void fuse(const ir::Region& region, const Homes& homes, bool drop_dead);
  bool is_dead(const ir::Region& region, ir::Value v);
  uint8_t zeros_known(const ir::Region& region, const ir::Inst& inst, const Homes& homes) const;
  bool may_zero(const ir::Region& region, ir::Value v, unsigned bits) const;
  bool may_share_box(const ir::Region& region, const ir::Inst& box, ir::BlockId block) const;
  bool may_fuse(const ir::Region& region, const Homes& homes, ir::Value v, ir::Value user) const;
  bool slots_stay(const ir::Region& region, const ir::Inst& inst, uint32_t from, uint32_t to) const;
  uint8_t bits_known(const ir::Region& region, const ir::Inst& inst, const Homes& homes) const;
  ir::Value rep(ir::Value v) const { return info_[v].rep; }

  bool ternary_logic_;
  bool may_box_ = true;  // no slot holds a bare f32, without the box around it
  const ir::StateLayout& layout_;
  const ir::HelperTable& helpers_;
  std::vector<ValueInfo> info_;
  std::vector<BlockInfo> block_;
  std::vector<uint8_t> depth_;
  std::vector<ir::Value> slot_value_;  // while walking: what a slot is known to hold
  uint32_t spill_used_ = 0;
  bool has_wide_ = false;
  bool has_globals_ = false;  // values that need a place in spill memory for the whole region
};

}  // namespace menura::x64
