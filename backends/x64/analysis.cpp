#include "backends/x64/analysis.h"

#include <algorithm>

#include "ir/interp/vector_slow.h"

namespace menura::x64 {

using ir::BlockId;
using ir::Inst;
using ir::Op;
using ir::Region;
using ir::Type;
using ir::Value;

namespace {

// The first bytes of CpuHeader::spill pass arguments to thunks and hold MXCSR for a moment.
constexpr uint32_t kReservedSpill = ir::kVectorSlowEnd;
// How far apart an instruction and the user that absorbs it may be.
constexpr uint32_t kFuseDistance = 24;

// Whether the user's result and flags are the same for every quiet NaN in this operand.
bool takes_any_nan(const Inst& user) {
  switch (user.op) {
    case Op::FAdd:
    case Op::FSub:
    case Op::FMul:
    case Op::FDiv:
    case Op::FSqrt:
    case Op::FMa:
    case Op::FMin:
    case Op::FMax:
    case Op::FRound:
    case Op::FCvt:
      return static_cast<ir::NanPolicy>(ir::unpack<ir::FpDesc>(user.aux).nan) == ir::NanPolicy::Canonical;
    case Op::FCmp:
    case Op::F2I:
      return true;
    default:
      return false;
  }
}

bool is_pure(Op op) { return ir::info(op).effect == ir::Effect::None || op == Op::Get; }

// Offset of the guest instruction that a block ends in.
int64_t last_insn(const Region& region, const ir::Block& block) {
  for (uint32_t at = block.first + block.count; at-- > block.first;) {
    if (region.insts[at].op == Op::Insn) return region.insts[at].imm;
  }
  return block.pc_offset;
}

}  // namespace

bool computed_narrow(const Inst& inst, bool upper) {
  if (upper || inst.type != Type::I64) return false;
  switch (inst.op) {
    case Op::Add:
    case Op::Sub:
    case Op::Mul:
    case Op::And:
    case Op::Or:
    case Op::Xor:
    case Op::Andn:
      return true;
    default:
      return false;
  }
}

void Analysis::blocks(const Region& region) {
  block_.assign(region.blocks.size(), {});
  depth_.assign(region.blocks.size(), 0);
  for (uint32_t place = 0; place < region.order.size(); ++place) {
    block_[region.order[place]].place = place;
  }
  block_[region.order[0]].preds = 1;
  for (const BlockId b : region.order) {
    const Inst& end = region.terminator(region.blocks[b]);
    ir::for_each_edge(region, end, [&](ir::Edge edge) {
      ++block_[edge.target].preds;
      // The blocks between the target of a back edge and its source are taken for the loop: what order says, not
      // what dominators prove, and good enough for weights.
      if (block_[edge.target].place <= block_[b].place) {
        for (uint32_t p = block_[edge.target].place; p <= block_[b].place; ++p) {
          uint8_t& depth = depth_[region.order[p]];
          if (depth < 4) ++depth;
        }
      }
    });
  }
  uint32_t chain_first = 0;
  for (uint32_t place = 0; place < region.order.size(); ++place) {
    BlockInfo& info = block_[region.order[place]];
    const ir::Block& block = region.blocks[region.order[place]];
    info.depth = depth_[region.order[place]];
    if (place > 0 && info.preds == 1 && block.param_count == 0) {
      const Inst& end = region.terminator(region.blocks[region.order[place - 1]]);
      if (end.op == Op::Br || end.op == Op::CondBr) {
        ir::for_each_edge(region, end, [&](ir::Edge edge) { info.continues |= edge.target == region.order[place]; });
      }
    }
    if (!info.continues) chain_first = block.first;
    info.chain_first = chain_first;
    const Inst& end = region.terminator(block);
    const Value first = block.first;
    const bool leaves_only =
        end.op == Op::Jump && std::none_of(region.insts.begin() + first, region.insts.begin() + first + block.count,
                                           [](const Inst& inst) { return inst.op == Op::Insn; });
    if (leaves_only) {
      for (uint32_t p = 0; p < place && !info.polls; ++p) {
        const ir::Block& from = region.blocks[region.order[p]];
        ir::for_each_edge(region, region.terminator(from), [&](ir::Edge edge) {
          if (edge.target == region.order[place] && end.imm <= last_insn(region, from)) info.polls = true;
        });
      }
      info.link_only = block.count == 1 && place > 0 && !info.polls;
    }
  }
}

bool Analysis::values(const Region& region, const Homes& homes, bool hot) {
  info_.assign(region.insts.size(), {});
  has_wide_ = false;
  has_globals_ = false;
  if (hot) find_demand(region);
  find_reps(region, homes);
  count_uses(region);
  spill_used_ = kReservedSpill;
  if (has_globals_) {
    drop_dead(region);
    if (!place_globals(region)) return false;
  }
  fuse(region, homes, !has_globals_);
  return true;
}

// Backward: of which 64-bit values no one looks at the upper half. 32-bit operations compute those, and need no
// extension of their operands. What flows along edges is taken to be needed whole.
void Analysis::find_demand(const Region& region) {
  for (ValueInfo& info : info_) info.upper = false;
  bool backward = false;  // a use lies before its definition: blocks are not in the order of their dominators
  for (auto place = region.order.rbegin(); place != region.order.rend(); ++place) {
    const ir::Block& block = region.blocks[*place];
    for (Value v = block.first + block.count; v-- > block.first;) {
      const Inst& inst = region.insts[v];
      const bool upper = info_[v].upper;
      if (inst.edge_count > 0) {
        ir::for_each_edge(region, inst, [&](ir::Edge edge) {
          for (const Value arg : edge.args) {
            info_[arg].upper = true;
            backward |= arg > v;
          }
        });
      }
      const std::span<const Value> args = region.args(inst);
      for (unsigned i = 0; i < args.size(); ++i) {
        bool needed = true;
        switch (inst.op) {
          case Op::Trunc:
            needed = is_wide(region.insts[args[0]].type) || ir::bits(inst.type) > 32;
            break;
          case Op::Copy:
          case Op::Add:
          case Op::Sub:
          case Op::Mul:
          case Op::And:
          case Op::Or:
          case Op::Xor:
          case Op::Andn:
            needed = upper || inst.type != Type::I64;
            break;
          case Op::Shl:
            needed = upper || inst.type != Type::I64 || i > 0;
            break;
          case Op::Select:
            needed = upper || inst.type != Type::I64 || i == 0;
            break;
          case Op::Store:
            needed = i == 0 || ir::unpack<ir::MemDesc>(inst.aux).size_log2 > 2;
            break;
          default:
            break;
        }
        if (needed) info_[args[i]].upper = true;
        backward |= args[i] > v;
      }
    }
  }
  if (backward) {
    for (ValueInfo& info : info_) info.upper = true;
  }
}

// Forward: values that need no instruction of their own share the register of another.
void Analysis::find_reps(const Region& region, const Homes& homes) {
  slot_value_.assign(layout_.slots.size(), ir::kNoValue);
  const auto forget_overlaps = [&](ir::SlotId id) {
    const ir::Slot& s = layout_.slot(id);
    for (ir::SlotId other = 0; other < slot_value_.size(); ++other) {
      const ir::Slot& o = layout_.slot(other);
      if (o.offset < s.offset + ir::storage_bytes(s.type) && s.offset < o.offset + ir::storage_bytes(o.type)) {
        slot_value_[other] = ir::kNoValue;
      }
    }
  };
  bool stale = false;  // slot_value_ is another chain's
  for (const BlockId b : region.order) {
    const ir::Block& block = region.blocks[b];
    stale |= !block_[b].continues;
    if (stale && block.count > 1) {
      std::fill(slot_value_.begin(), slot_value_.end(), ir::kNoValue);
      stale = false;
    }
    for (Value v = block.first; v < block.first + block.count; ++v) {
      const Inst& inst = region.insts[v];
      ValueInfo& info = info_[v];
      info.rep = v;
      info.emit_at = v;
      switch (inst.op) {
        case Op::Set: {
          const auto slot = static_cast<ir::SlotId>(inst.imm);
          if (homes.overlaps(slot)) forget_overlaps(slot);
          slot_value_[slot] = rep(inst.args[0]);
          continue;
        }
        case Op::Get: {
          Value& known = slot_value_[static_cast<ir::SlotId>(inst.imm)];
          if (known == ir::kNoValue) known = v;
          info.rep = known;
          break;
        }
        case Op::Copy:
          info.rep = rep(inst.args[0]);
          break;
        case Op::NanUnbox:
          // A narrower float is the low bits of the same register.
          if (inst.imm != 0 || (inst.type == Type::F32 && info_[rep(inst.args[0])].boxed)) {
            info.rep = rep(inst.args[0]);
          } else {
            // Checked, it is a copy of the box, or the box of a NaN.
            info.boxed = may_box_ && inst.type == Type::F32;
          }
          break;
        case Op::NanBox:
          if (may_share_box(region, inst, b)) {
            // The f32 is made with ones above, in one register that serves for both.
            info.rep = rep(inst.args[0]);
            info_[info.rep].boxed = region.insts[info.rep].type == Type::F32;
          }
          break;
        case Op::Call:
          if (helpers_[static_cast<ir::HelperId>(inst.imm)].effects.writes_state)
            std::fill(slot_value_.begin(), slot_value_.end(), ir::kNoValue);
          break;
        case Op::Trunc:
          // Bits above a value's type are unspecified in its register, so the narrower value is the same register.
          if (inst.type != Type::I1 && !is_wide(region.insts[inst.args[0]].type)) info.rep = rep(inst.args[0]);
          break;
        case Op::Sext:
        case Op::Zext: {
          const Value a = rep(inst.args[0]);
          const Type from = region.insts[inst.args[0]].type;
          if (inst.type == Type::I64 && from == Type::I32 && !info.upper && region.insts[a].op != Op::Const) {
            info.rep = a;
          } else if (inst.op == Op::Zext && !is_wide(inst.type) && region.insts[a].op != Op::Const &&
                     info_[a].known_bits <= ir::bits(from))
            info.rep = a;
          break;
        }
        case Op::Param:
          has_globals_ = true;
          break;
        case Op::VTrunc: {
          // As for integers. (An f32 in the register of an f64 would be taken for a box.)
          const Type whole = region.insts[rep(inst.args[0])].type;
          if (!is_wide(whole) && (ir::is_vector(whole) || whole == inst.type)) info.rep = rep(inst.args[0]);
          break;
        }
        case Op::VZext: {
          const Value a = rep(inst.args[0]);
          const unsigned from = ir::bits(region.insts[inst.args[0]].type);
          if (is_wide(inst.type) || is_wide(region.insts[a].type)) break;
          if (from == ir::bits(inst.type)) {
            info.rep = a;
            break;
          }
          if (info_[a].boxed) break;
          if (info_[a].zero_from <= from) {
            info_[a].zeroed = true;
            info.rep = a;
          } else if (may_zero(region, a, from)) {
            info_[a].zeroed = true;
            info_[a].zero_from = static_cast<uint8_t>(from);
            info.rep = a;
          }
          break;
        }
        default:
          break;
      }
      if (inst.type == Type::Void) continue;
      if (is_wide(inst.type)) has_wide_ = has_globals_ = true;
      if (info.rep == v) info.known_bits = bits_known(region, inst, homes);
      if (info.rep == v && in_vec(inst.type)) info.zero_from = zeros_known(region, inst, homes);
    }
  }
}

// Whether a box may be made by the instruction that makes the f32 in it, in this chain of blocks; or is there already.
bool Analysis::may_share_box(const Region& region, const Inst& box, BlockId block) const {
  if (!may_box_ || box.type != Type::F64 || region.insts[box.args[0]].type != Type::F32) return false;
  const Value single = rep(box.args[0]);
  const Inst& inst = region.insts[single];
  if (info_[single].zeroed) return false;
  if (inst.type == Type::F64) return true;  // opened without a check: known to be a box
  const bool makes = (inst.op >= Op::FAdd && inst.op <= Op::I2F) || inst.op == Op::Load || inst.op == Op::NanUnbox ||
                     (inst.op == Op::Bitcast && region.insts[inst.args[0]].type == Type::I32);
  return makes && single >= block_[block].chain_first;
}

// From which bit on the vector register of a value is zero, by how the emitter computes the op.
uint8_t Analysis::zeros_known(const Region& region, const Inst& inst, const Homes& homes) const {
  const auto width = static_cast<uint8_t>(ir::bits(inst.type));
  switch (inst.op) {
    case Op::Const:
      return inst.imm == 0 ? 0 : width;
    case Op::Param:
      return width;  // always loaded, by its width
    case Op::Get:
      return homes.of(static_cast<ir::SlotId>(inst.imm)) == kNoReg ? width : 128;
    case Op::Load:
      return static_cast<uint8_t>(std::min(128U, 8 * ir::unpack<ir::MemDesc>(inst.aux).size()));
    case Op::VZext:
      return static_cast<uint8_t>(ir::bits(region.insts[inst.args[0]].type));
    default:
      return 128;
  }
}

// Whether the instruction that makes a value can be told to make it with zeros above.
bool Analysis::may_zero(const Region& region, Value v, unsigned bits) const {
  const Inst& inst = region.insts[v];
  return ir::bits(inst.type) == bits && inst.op != Op::Get;
}

// Which low bits of the host register can be other than zero, by how the emitter computes the op.
uint8_t Analysis::bits_known(const Region& region, const Inst& inst, const Homes& homes) const {
  if (inst.type == Type::I1) return 1;
  if (computed_narrow(inst, info_[&inst - region.insts.data()].upper)) return 32;
  if (!ir::is_int(inst.type) || is_wide(inst.type)) return 64;
  switch (inst.op) {
    case Op::Const:
    case Op::Param:
    case Op::PcRel:
      return 64;
    case Op::Get:
      return homes.of(static_cast<ir::SlotId>(inst.imm)) != kNoReg ? 64 : static_cast<uint8_t>(ir::bits(inst.type));
    case Op::Load:
    case Op::Atomic:
    case Op::CmpXchg:
    case Op::LoadLinked: {
      const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
      if (!desc.sign_extend) return static_cast<uint8_t>(8 * desc.size());
      return ir::bits(inst.type) == 32 ? 32 : 64;
    }
    case Op::Zext:
      return static_cast<uint8_t>(ir::bits(region.insts[inst.args[0]].type));
    case Op::VExtract: {
      const auto desc = ir::unpack<ir::LaneDesc>(inst.aux);
      if (desc.sign_extend == 0) return static_cast<uint8_t>(ir::bits(static_cast<Type>(desc.lane)));
      break;
    }
    case Op::And: {
      const Inst& mask = region.insts[rep(inst.args[1])];
      if (mask.op == Op::Const && mask.imm >= 0) {
        return static_cast<uint8_t>(64 - std::min(63, __builtin_clzll(static_cast<uint64_t>(mask.imm) | 1)));
      }
      break;
    }
    case Op::Shr: {
      const Inst& amount = region.insts[rep(inst.args[1])];
      if (inst.type == Type::I64 && amount.op == Op::Const) return static_cast<uint8_t>(64 - (amount.imm & 63));
      break;
    }
    default:
      break;
  }
  return inst.type == Type::I32 ? 32 : 64;
}

// Uses are counted on representatives.
void Analysis::count_uses(const Region& region) {
  for (const BlockId b : region.order) {
    const ir::Block& block = region.blocks[b];
    const uint32_t chain_first = block_[b].chain_first;
    for (Value v = block.first; v < block.first + block.count; ++v) {
      if (info_[v].rep != v) continue;
      const Inst& inst = region.insts[v];
      const auto use = [&](Value arg) {
        ValueInfo& info = info_[rep(arg)];
        ++info.uses;
        if (info.any_nan) info.any_nan = takes_any_nan(inst);
        if (rep(arg) < chain_first || rep(arg) > v) {
          info.spill = 0;  // global: gets its place below
          has_globals_ = true;
        } else {
          info.last_use = v;  // positions only grow
        }
      };
      for (const Value arg : region.args(inst)) use(arg);
      if (inst.edge_count > 0) {
        ir::for_each_edge(region, inst, [&](ir::Edge edge) {
          for (const Value arg : edge.args) use(arg);
        });
      }
    }
  }
}

// Nobody needs it: its operands have one use less. Users must have been asked before.
bool Analysis::is_dead(const Region& region, Value v) {
  const Inst& inst = region.insts[v];
  if (info_[v].uses != 0 || !is_pure(inst.op)) return false;
  info_[v].dead = true;
  for (const Value arg : region.args(inst)) --info_[rep(arg)].uses;
  return true;
}

void Analysis::drop_dead(const Region& region) {
  for (auto place = region.order.rbegin(); place != region.order.rend(); ++place) {
    const ir::Block& block = region.blocks[*place];
    for (Value v = block.first + block.count; v-- > block.first;) {
      if (info_[v].rep == v) is_dead(region, v);
    }
  }
}

// Values used beyond their chain get a fixed place in spill memory for the whole region.
bool Analysis::place_globals(const Region& region) {
  uint32_t used = kReservedSpill;
  const auto place = [&](ValueInfo& info, Type type) {
    const uint32_t size = std::max(8U, ir::storage_bytes(type));
    used = (used + size - 1) & ~(size - 1);
    info.spill = used;
    used += size;
  };
  for (Value v = 0; v < info_.size(); ++v) {
    ValueInfo& info = info_[v];
    const Inst& inst = region.insts[v];
    const bool needed = info.rep == v && !info.dead && inst.type != Type::Void;
    const bool constant = (inst.op == Op::Const && !is_wide(inst.type)) || inst.op == Op::PcRel;
    if (needed && !constant && (info.spill != kNever || inst.op == Op::Param || is_wide(inst.type))) {
      place(info, inst.type);
    } else {
      info.spill = kNever;
    }
  }
  spill_used_ = used;
  return used <= ir::kSpillBytes - 1024;  // the rest is for the allocator
}

unsigned Analysis::pressure(const Region& region) const {
  uint8_t deepest = 0;
  for (const uint8_t depth : depth_) deepest = std::max(deepest, depth);
  unsigned most = 0;
  for (const BlockId b : region.order) {
    if (depth_[b] != deepest || deepest == 0) continue;
    const ir::Block& block = region.blocks[b];
    // Ends of the values alive at this point: few, so a plain list does.
    uint32_t ends[64];
    unsigned alive = 0;
    for (Value v = block.first; v < block.first + block.count; ++v) {
      unsigned kept = 0;
      for (unsigned i = 0; i < alive; ++i) {
        if (ends[i] > v) ends[kept++] = ends[i];
      }
      alive = kept;
      const Inst& inst = region.insts[v];
      const ValueInfo& info = info_[v];
      if (info.rep != v || info.dead || info.fused || inst.op == Op::Const || inst.op == Op::PcRel ||
          inst.op == Op::Get || inst.type == Type::Void || in_vec(inst.type)) {
        continue;
      }
      const uint32_t end = std::min(info.last_use, info.set_at);
      if (end > v && alive < 64) ends[alive++] = end;
      most = std::max(most, alive);
    }
  }
  return most;
}

bool Analysis::slots_stay(const Region& region, const Inst& inst, uint32_t from, uint32_t to) const {
  for (uint32_t p = from + 1; p < to; ++p) {
    const Inst& between = region.insts[p];
    if (between.op != Op::Set) continue;
    for (const Value arg : region.args(inst)) {
      const Inst& source = region.insts[rep(arg)];
      if (source.op == Op::Get && source.imm == between.imm) return false;
    }
  }
  return true;
}

// Whether the emitter of `user` knows a form that includes `v`.
bool Analysis::may_fuse(const Region& region, const Homes& homes, Value v, Value user) const {
  const Inst& inst = region.insts[v];
  const Inst& by = region.insts[user];
  const auto constant = [&](Value x) { return region.insts[rep(x)].op == Op::Const; };
  switch (inst.op) {
    case Op::ICmp:
    case Op::SubOverflow:
      if (is_wide(region.insts[inst.args[0]].type)) return false;
      if (by.op == Op::Set) {  // setcc writes the slot
        const auto slot = static_cast<ir::SlotId>(by.imm);
        return region.insts[by.args[0]].type == Type::I1 && homes.of(slot) == kNoReg && !homes.overlaps(slot) &&
               region.insts[inst.args[0]].type != Type::I1;
      }
      if (inst.op == Op::SubOverflow) return false;
      return (by.op == Op::CondBr || (by.op == Op::Select && rep(by.args[1]) != v && rep(by.args[2]) != v)) &&
             rep(by.args[0]) == v;
    case Op::FCmp: {
      if (by.op != Op::CondBr || rep(by.args[0]) != v) return false;
      if (const Type type = region.insts[inst.args[0]].type; type != Type::F32 && type != Type::F64) return false;
      if (ir::unpack<ir::FpDesc>(inst.aux).flush != 0) return false;
      for (uint32_t p = v + 1; p < user; ++p) {
        const ir::Effect effect = ir::info(region.insts[p].op).effect;
        if (effect != ir::Effect::None && effect != ir::Effect::State && region.insts[p].op != Op::Insn) return false;
      }
      return true;
    }
    case Op::And:
      // An address with its lowest bits cleared.
      if (by.op == Op::Return || by.op == Op::JumpIndirect || by.op == Op::CallIndirect) {
        const Value mask = rep(inst.args[1]);
        return region.insts[mask].op == Op::Const && region.insts[mask].imm >= -16 && region.insts[mask].imm < 0;
      }
      return by.op == Op::ICmp && rep(by.args[0]) == v && constant(by.args[1]) &&
             region.insts[rep(by.args[1])].imm == 0 && by.aux <= static_cast<uint32_t>(ir::Cond::Ne);
    case Op::Sub:
      // The sign of a difference, or whether there is one.
      if (by.op != Op::ICmp || rep(by.args[0]) != v || !constant(by.args[1])) return false;
      if (region.insts[rep(by.args[1])].imm != 0 || is_wide(inst.type) || inst.type == Type::I1) return false;
      return by.aux <= static_cast<uint32_t>(ir::Cond::Ne) || by.aux == static_cast<uint32_t>(ir::Cond::Slt) ||
             by.aux == static_cast<uint32_t>(ir::Cond::Sge);
    case Op::Add:
    case Op::Shl: {
      if (inst.type != Type::I64 && inst.type != Type::I32) return false;
      const bool scale = inst.op == Op::Shl && constant(inst.args[1]) && region.insts[rep(inst.args[1])].imm >= 1 &&
                         region.insts[rep(inst.args[1])].imm <= 3;
      if (inst.op == Op::Shl && !scale) return false;
      if ((by.op == Op::Load || by.op == Op::Store) && rep(by.args[0]) == v) return inst.type == Type::I64;
      if (by.op != Op::Add || by.type != inst.type || !scale) return false;
      // lea base + index * scale, of which one operand is the scaled one.
      const Value other = rep(by.args[0]) == v ? rep(by.args[1]) : rep(by.args[0]);
      return other != v && !info_[other].fused;
    }
    case Op::VConcat:  // a constant: the bytes that a table look-up wants
      return by.op == Op::VTable && rep(by.args[1]) == v && rep(by.args[0]) != v && constant(inst.args[0]) &&
             constant(inst.args[1]);
    case Op::VAnd:
    case Op::VOr:
    case Op::VXor:
    case Op::VAndn: {
      if (!ternary_logic_ || is_wide(inst.type) || !is_vector_logic(by.op) || info_[user].fused) return false;
      // Nothing between them that needs zeros above.
      if (by.type != inst.type || info_[v].zeroed) return false;
      const Value other = rep(by.args[0]) == v ? rep(by.args[1]) : rep(by.args[0]);
      return other != v && !info_[other].fused;
    }
    case Op::FNeg:
      return by.op == Op::FMa && (by.type == Type::F32 || by.type == Type::F64);
    default:
      return false;
  }
}

// Backward: the users come first, so that chains of absorbed instructions end up at their last user's position.
void Analysis::fuse(const Region& region, const Homes& homes, bool drop_dead) {
  for (auto place = region.order.rbegin(); place != region.order.rend(); ++place) {
    const ir::Block& block = region.blocks[*place];
    for (Value v = block.first + block.count; v-- > block.first;) {
      ValueInfo& info = info_[v];
      const Inst& inst = region.insts[v];
      if (info.rep != v || info.dead || (drop_dead && is_dead(region, v))) continue;
      if (inst.op == Op::Set && homes.of(static_cast<ir::SlotId>(inst.imm)) != kNoReg) {
        const Value value = rep(inst.args[0]);
        if (value >= block_[*place].chain_first) info_[value].set_at = v;
      }
      if (info.uses != 1 || info.spill != kNever || info.last_use <= v) continue;
      const Value user = info.last_use;
      if (info_[user].dead) continue;  // the one use that counts is another
      const uint32_t at = info_[user].emit_at;
      if (at - v > kFuseDistance || !may_fuse(region, homes, v, user) || !slots_stay(region, inst, v, at)) continue;
      info.fused = true;
      info.emit_at = at;
      info.last_use = at;
      for (const Value arg : region.args(inst)) {
        ValueInfo& operand = info_[rep(arg)];
        operand.last_use = std::max(operand.last_use, at);
      }
    }
  }
}

}  // namespace menura::x64
