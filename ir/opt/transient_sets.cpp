#include "ir/opt/transient_sets.h"

#include <algorithm>

namespace menura::ir::opt {

namespace {

constexpr uint32_t kAll = ~uint32_t{0};

// What may be computed a second time elsewhere: cheap, and without any effect.
constexpr bool is_cheap(const Inst& inst) {
  switch (inst.op) {
    case Op::Add:
    case Op::Sub:
    case Op::And:
    case Op::Or:
    case Op::Xor:
    case Op::Andn:
    case Op::Shl:
    case Op::Shr:
    case Op::Sar:
    case Op::ICmp:
    case Op::AddCarry:
    case Op::AddOverflow:
    case Op::SubOverflow:
    case Op::Zext:
    case Op::Sext:
    case Op::Trunc:
    case Op::Select:
    case Op::Bitcast:
    case Op::VTrunc:
      return true;
    case Op::FCmp:
      return unpack<FpDesc>(inst.aux).flags == static_cast<uint32_t>(FlagPolicy::None);
    default:
      return false;
  }
}

constexpr bool is_extension(Op op) { return op == Op::Zext || op == Op::Sext || op == Op::VZext; }
constexpr bool goes_on(Op op) { return op == Op::Br || op == Op::CondBr; }

}  // namespace

TransientSets::TransientSets(const StateLayout& layout, const HelperTable& helpers, const SlotMap& slots)
    : helpers_(helpers), slots_(slots), number_(layout.slots.size(), kNone) {
  for (SlotId slot = 0; slot < layout.slots.size(); ++slot) {
    if (!layout.slots[slot].transient || !slots.alone(slot) || transient_.size() == 32) continue;
    number_[slot] = static_cast<unsigned>(transient_.size());
    transient_.push_back(slot);
  }
}

bool TransientSets::sees_state(const Inst& inst) const {
  if (inst.op != Op::Call) return false;
  const HelperEffects& effects = helpers_[static_cast<HelperId>(inst.imm)].effects;
  return effects.reads_state || effects.writes_state;
}

void TransientSets::run(Region& region) {
  if (transient_.empty()) return;
  const bool any = std::any_of(region.insts.begin(), region.insts.end(),
                               [&](const Inst& inst) { return inst.op == Op::Set && flag_of(inst) != 0; });
  if (!any) return;
  find_entries(region);
  find_live(region);
  const std::size_t blocks = region.blocks.size();
  moves_.assign(blocks, {});
  held_at_.assign(blocks, {});
  dead_.assign(region.insts.size(), 0);
  map_.assign(region.insts.size(), kNoValue);
  out_.clear();
  out_.identity = region.identity;
  out_.order_model = region.order_model;
  out_.guest = region.guest;
  out_.guest_instructions = region.guest_instructions;
  out_.blocks = region.blocks;
  out_.order = region.order;
  for (const BlockId id : region.order) {
    plan(region, id);
    emit(region, id);
  }
  std::swap(region, out_);
}

void TransientSets::find_entries(const Region& region) {
  entries_.assign(region.blocks.size(), 0);
  place_.assign(region.blocks.size(), 0);
  ++entries_[region.order.front()];
  for (std::size_t place = 0; place < region.order.size(); ++place) {
    const BlockId id = region.order[place];
    place_[id] = static_cast<uint32_t>(place);
    const Inst& end = region.terminator(region.blocks[id]);
    if (end.edge_count != 0) for_each_edge(region, end, [&](const Edge& edge) { ++entries_[edge.target]; });
  }
}

TransientSets::Flags TransientSets::live_out(const Region& region, const Block& block) const {
  const Inst& end = region.terminator(block);
  if (!goes_on(end.op)) return kAll;
  Flags live = 0;
  for_each_edge(region, end, [&](const Edge& edge) { live |= live_in_[edge.target]; });
  return live;
}

// What is live before the block, if `live` is behind it.
TransientSets::Flags TransientSets::through(const Region& region, const Block& block, Flags live) const {
  for (Value at = block.first + block.count; at-- > block.first;) {
    const Inst& inst = region.insts[at];
    if (inst.op == Op::Get) live |= flag_of(inst);
    if (inst.op == Op::Set) live &= ~flag_of(inst);
    if (sees_state(inst)) live = kAll;
  }
  return live;
}

void TransientSets::find_live(const Region& region) {
  live_in_.assign(region.blocks.size(), 0);
  for (bool changed = true; changed;) {
    changed = false;
    for (std::size_t place = region.order.size(); place-- > 0;) {
      const BlockId id = region.order[place];
      const Block& block = region.blocks[id];
      const Flags live = through(region, block, live_out(region, block));
      changed = changed || live != live_in_[id];
      live_in_[id] = live;
    }
  }
}

// Which Sets of the block, and of those moved to its start, go away or on to its successors.
void TransientSets::plan(const Region& region, BlockId id) {
  const Block& block = region.blocks[id];
  std::vector<Move>& moves = moves_[id];
  // Backward: a Set is dead behind which another comes, before anyone looks.
  Flags overwritten = 0;
  Flags open = kAll;  // nobody has looked, no Set has come behind
  const Flags live = live_out(region, block);
  find_held(region, id);
  for (Value at = block.first + block.count; at-- > block.first;) {
    const Inst& inst = region.insts[at];
    if (sees_state(inst)) {
      overwritten = 0;
      open = 0;
    } else if (inst.op == Op::Get) {
      overwritten &= ~flag_of(inst);
      open &= ~flag_of(inst);
    } else if (const Flags flag = inst.op == Op::Set ? flag_of(inst) : 0; flag != 0) {
      if ((overwritten & flag) != 0) {
        dead_[at] = 1;
      } else if ((open & flag) != 0) {
        dead_[at] = (live & flag) == 0 || move_on(region, id, number_[static_cast<SlotId>(inst.imm)], inst.args[0]);
      }
      overwritten |= flag;
      open &= ~flag;
    }
  }
  std::erase_if(moves, [&](const Move& move) {
    const Flags flag = Flags{1} << move.flag;
    if ((overwritten & flag) != 0) return true;
    return (open & flag) != 0 && ((live & flag) == 0 || move_on(region, id, move.flag, move.value));
  });
}

// Moves the Set of a flag to those successors that want it, if not all do.
bool TransientSets::move_on(const Region& region, BlockId id, unsigned flag, Value value) {
  const Inst& end = region.terminator(region.blocks[id]);
  if (end.op != Op::CondBr) return false;
  const Flags bit = Flags{1} << flag;
  bool good = true;
  for_each_edge(region, end, [&](const Edge& edge) {
    if ((live_in_[edge.target] & bit) == 0) return;
    good = good && entries_[edge.target] == 1 && place_[edge.target] > place_[id];
  });
  if (!good || !can_make(region, value, 0)) return false;
  for_each_edge(region, end, [&](const Edge& edge) {
    if ((live_in_[edge.target] & bit) == 0) return;
    if (moves_[edge.target].empty()) held_at_[edge.target] = held_;
    moves_[edge.target].push_back({flag, value});
  });
  return true;
}

// What the slots hold at the end of the block.
void TransientSets::find_held(const Region& region, BlockId id) {
  held_ = held_at_[id];
  const Block& block = region.blocks[id];
  const auto forget = [&](SlotId slot) {
    std::erase_if(held_, [&](const Held& held) {
      if (held.first == slot) return true;
      const auto others = slots_.overlapping(slot);
      return std::find(others.begin(), others.end(), held.first) != others.end();
    });
  };
  for (Value at = block.first; at < block.first + block.count; ++at) {
    const Inst& inst = region.insts[at];
    const auto slot = static_cast<SlotId>(inst.imm);
    if (inst.op == Op::Set) {
      forget(slot);
      if (number_[slot] == kNone) held_.emplace_back(slot, inst.args[0]);
    } else if (inst.op == Op::Get) {
      if (number_[slot] == kNone) held_.emplace_back(slot, at);
    } else if (sees_state(inst)) {
      held_.clear();
    }
  }
}

SlotId TransientSets::slot_with(Value v) const {
  for (const auto& [slot, value] : held_) {
    if (value == v) return slot;
  }
  return StateLayout::kNoSlot;
}

// A slot that holds the value, a word or a float, with zeros or copies of its sign above.
const TransientSets::Held* TransientSets::held_extended(const Region& region, Value v) const {
  for (const Held& held : held_) {
    const Inst& inst = region.insts[held.second];
    if (is_extension(inst.op) && inst.args[0] == v) return &held;
  }
  return nullptr;
}

// v from a sum or difference that a slot holds; *how is the instruction that gives v, in terms of old values.
bool TransientSets::can_invert(const Region& region, Value v, unsigned depth, Inst* how) const {
  for (const auto& [slot, held] : held_) {
    Value value = held;
    const Op outer = region.insts[value].op;
    if (outer == Op::Zext || outer == Op::Sext) value = region.insts[value].args[0];
    const Inst& inst = region.insts[value];
    if ((inst.op != Op::Add && inst.op != Op::Sub) || inst.args[0] != v || inst.args[1] == v) continue;
    if (!can_make(region, inst.args[1], depth + 1)) continue;
    *how = inst;
    how->op = inst.op == Op::Add ? Op::Sub : Op::Add;
    how->args[0] = value;
    return true;
  }
  return false;
}

bool TransientSets::can_make(const Region& region, Value v, unsigned depth) const {
  const Inst& inst = region.insts[v];
  if (inst.op == Op::Const || inst.op == Op::PcRel) return true;
  if (slot_with(v) != StateLayout::kNoSlot || held_extended(region, v) != nullptr) return true;
  if (depth == kDeepest) return false;
  if (is_cheap(inst)) {
    bool good = true;
    for (unsigned i = 0; i < inst.arg_count && good; ++i) good = can_make(region, inst.args[i], depth + 1);
    if (good) return true;
  }
  Inst how;
  return can_invert(region, v, depth, &how);
}

Value TransientSets::append(const Inst& inst) {
  out_.insts.push_back(inst);
  return static_cast<Value>(out_.insts.size() - 1);
}

// The value anew, from what slots hold.
Value TransientSets::make(const Region& region, Value v, unsigned depth) {
  Inst inst = region.insts[v];
  if (inst.op == Op::Const || inst.op == Op::PcRel) return append(inst);
  const auto get = [&](SlotId slot, Type type) {
    Inst load;
    load.op = Op::Get;
    load.type = type;
    load.imm = slot;
    return append(load);
  };
  if (const SlotId slot = slot_with(v); slot != StateLayout::kNoSlot) return get(slot, inst.type);
  if (const Held* held = held_extended(region, v); held != nullptr) {
    const Inst& extension = region.insts[held->second];
    Inst low;
    low.op = extension.op == Op::VZext ? Op::VTrunc : Op::Trunc;
    low.type = inst.type;
    low.arg_count = 1;
    low.args[0] = get(held->first, extension.type);
    return append(low);
  }
  bool cheap = is_cheap(inst);
  for (unsigned i = 0; i < inst.arg_count && cheap; ++i) cheap = can_make(region, inst.args[i], depth + 1);
  if (!cheap) can_invert(region, v, depth, &inst);
  for (unsigned i = 0; i < inst.arg_count; ++i) inst.args[i] = make(region, inst.args[i], depth + 1);
  return append(inst);
}

void TransientSets::emit_moves(const Region& region, BlockId id) {
  held_ = held_at_[id];
  for (const Move& move : moves_[id]) {
    Inst set;
    set.op = Op::Set;
    set.arg_count = 1;
    set.args[0] = make(region, move.value, 0);
    set.imm = transient_[move.flag];
    append(set);
  }
}

// Copies the block with its plan. Moved Sets come behind its first marker, if it begins with one.
void TransientSets::emit(const Region& region, BlockId id) {
  const Block& from = region.blocks[id];
  Block& block = out_.blocks[id];
  block.first = static_cast<uint32_t>(out_.insts.size());
  bool moved = false;
  for (Value at = from.first; at < from.first + from.count; ++at) {
    Inst inst = region.insts[at];
    if (!moved && inst.op != Op::Param && (inst.op != Op::Insn || at != from.first + from.param_count)) {
      emit_moves(region, id);
      moved = true;
    }
    if (dead_[at] != 0) continue;
    const auto list = static_cast<uint32_t>(out_.extra.size());
    if (inst.arg_count > inst.args.size()) {
      for (const Value arg : region.args(inst)) out_.extra.push_back(map_[arg]);
    } else {
      for (unsigned i = 0; i < inst.arg_count; ++i) inst.args[i] = map_[inst.args[i]];
    }
    if (inst.edge_count != 0) {
      for_each_edge(region, inst, [&](const Edge& edge) {
        out_.extra.push_back(edge.target);
        out_.extra.push_back(static_cast<uint32_t>(edge.args.size()));
        for (const Value arg : edge.args) out_.extra.push_back(map_[arg]);
      });
    }
    if (inst.extra != kNoExtra) inst.extra = list;
    map_[at] = append(inst);
  }
  block.count = static_cast<uint32_t>(out_.insts.size()) - block.first;
}

}  // namespace menura::ir::opt
