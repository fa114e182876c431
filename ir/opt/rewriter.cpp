#include "ir/opt/rewriter.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "ir/opt/fold.h"
#include "ir/opt/rules.h"

namespace menura::ir::opt {

namespace {

constexpr bool is_commutative(Op op) {
  switch (op) {
    case Op::Add:
    case Op::Mul:
    case Op::MulHighU:
    case Op::MulHighS:
    case Op::And:
    case Op::Or:
    case Op::Xor:
    case Op::ClMul:
    case Op::ClMulHigh:
    case Op::MinU:
    case Op::MaxU:
    case Op::MinS:
    case Op::MaxS:
      return true;
    default:
      return false;
  }
}

using Rule = Value (*)(Rewriter&, Inst&);

Rule rule_of(Op op) {
  switch (op) {
    case Op::Add:
    case Op::Sub:
    case Op::Mul:
    case Op::MulHighU:
    case Op::MulHighS:
    case Op::MulHighSU:
    case Op::DivU:
    case Op::DivS:
    case Op::RemU:
    case Op::RemS:
      return simplify_arithmetic;
    case Op::And:
    case Op::Or:
    case Op::Xor:
    case Op::Andn:
    case Op::MinU:
    case Op::MaxU:
    case Op::MinS:
    case Op::MaxS:
      return simplify_logic;
    case Op::Shl:
    case Op::Shr:
    case Op::Sar:
    case Op::Rotl:
    case Op::Rotr:
      return simplify_shift;
    case Op::ICmp:
      return simplify_compare;
    case Op::Select:
      return simplify_select;
    case Op::Zext:
    case Op::Sext:
    case Op::Trunc:
    case Op::Bitcast:
      return simplify_convert;
    case Op::NanBox:
    case Op::NanUnbox:
    case Op::FNeg:
    case Op::FAbs:
    case Op::FCopySign:
      return simplify_float;
    case Op::VTrunc:
    case Op::VZext:
    case Op::VHigh:
    case Op::VConcat:
    case Op::VSplat:
    case Op::VSelect:
    case Op::VShl:
    case Op::VShr:
    case Op::VSar:
    case Op::VRotl:
    case Op::VReverse:
    case Op::VZip:
    case Op::VAdd:
    case Op::VSub:
    case Op::VSubSat:
    case Op::VAnd:
    case Op::VOr:
    case Op::VXor:
    case Op::VAndn:
    case Op::VMin:
    case Op::VMax:
      return simplify_vector;
    default:
      return nullptr;
  }
}

bool same(const Inst& a, const Inst& b) {
  return a.op == b.op && a.type == b.type && a.imm == b.imm && a.aux == b.aux && a.args == b.args;
}

uint32_t hash(const Inst& inst) {
  uint64_t h = static_cast<uint64_t>(inst.op) | static_cast<uint64_t>(inst.type) << 8 | uint64_t{inst.aux} << 16;
  h = (h ^ static_cast<uint64_t>(inst.imm)) * 0x9e3779b97f4a7c15U;
  h ^= (inst.args[0] | uint64_t{inst.args[1]} << 32) * 0xc2b2ae3d27d4eb4fU;
  h ^= inst.args[2] * 0x165667b19e3779f9U;
  return static_cast<uint32_t>(h >> 40);
}

}  // namespace

bool Rewriter::run(const Region& in, const std::vector<uint8_t>& dying, const SlotFacts* slot_facts, Region& out) {
  in_ = &in;
  dying_ = &dying;
  slot_facts_ = slot_facts;
  out_ = &out;
  cut_edges_ = false;
  depth_ = 0;
  out.identity = in.identity;
  out.insts.clear();
  out.extra.clear();
  out.blocks = in.blocks;
  facts_.clear();
  holder_.clear();
  map_.resize(in.insts.size());
  slot_value_.assign(slots_.size(), kNoValue);
  slots_stale_ = false;
  table_.assign(kTableSize, kNoValue);
  chain_first_ = 0;
  count_entries();
  for (std::size_t place = 0; place < in.order.size(); ++place) {
    const BlockId id = in.order[place];
    begin_block(id, place);
    const Block& block = in.blocks[id];
    out.blocks[id].first = static_cast<uint32_t>(out.insts.size());
    for (Value at = block.first; at < block.first + block.count; ++at) {
      if (!rewrite(at, in.insts[at])) return false;
    }
    out.blocks[id].count = static_cast<uint32_t>(out.insts.size()) - out.blocks[id].first;
  }
  return true;
}

void Rewriter::count_entries() {
  entries_.assign(in_->blocks.size(), 0);
  ++entries_[in_->order.front()];
  for (const BlockId id : in_->order) {
    const Inst& end = in_->terminator(in_->blocks[id]);
    if (end.edge_count != 0) for_each_edge(*in_, end, [&](const Edge& edge) { ++entries_[edge.target]; });
  }
}

// Whether the block continues a chain decides what is still known.
void Rewriter::begin_block(BlockId id, std::size_t place) {
  block_ = id;
  entry_facts_hold_ = slot_facts_ != nullptr;
  const Block& block = in_->blocks[id];
  if (place != 0 && entries_[id] == 1 && block.param_count == 0) {
    const Inst& end = in_->terminator(in_->blocks[in_->order[place - 1]]);
    bool continues = false;
    if (end.op == Op::Br || end.op == Op::CondBr)
      for_each_edge(*in_, end, [&](const Edge& edge) { continues |= edge.target == id; });
    if (continues) {
      if (block.count > 1 && slots_stale_) forget_slots();
      return;
    }
  }
  chain_first_ = static_cast<Value>(out_->insts.size());
  // Side exits, of which traces have many, hold nothing but a jump.
  slots_stale_ = true;
  if (block.count > 1) forget_slots();
}

void Rewriter::forget_slots() {
  std::fill(slot_value_.begin(), slot_value_.end(), kNoValue);
  slots_stale_ = false;
}

bool Rewriter::may_reach(Value outer, Value inner) const {
  if (is_constant(inner) || op(inner) == Op::PcRel) return true;
  if (outer < chain_first_) return false;
  return !held(outer) || held(inner);
}

// Operands in their new form. False: one of them is defined further down.
bool Rewriter::map_operands(Value at, Inst& inst) {
  if (inst.arg_count <= 3) {
    for (unsigned i = 0; i < inst.arg_count; ++i) {
      if (inst.args[i] >= at) return false;
      inst.args[i] = map_[inst.args[i]];
    }
  } else {
    const uint32_t from = inst.extra;
    inst.extra = static_cast<uint32_t>(out_->extra.size());
    for (unsigned i = 0; i < inst.arg_count; ++i) {
      const Value arg = in_->extra[from + i];
      if (arg >= at) return false;
      out_->extra.push_back(map_[arg]);
    }
  }
  if (inst.edge_count == 0) return true;
  const Inst edges = inst;
  inst.extra = static_cast<uint32_t>(out_->extra.size());
  bool good = true;
  for_each_edge(*in_, edges, [&](const Edge& edge) {
    out_->extra.push_back(edge.target);
    out_->extra.push_back(static_cast<uint32_t>(edge.args.size()));
    for (const Value arg : edge.args) {
      good = good && arg < at;
      out_->extra.push_back(good ? map_[arg] : kNoValue);
    }
  });
  return good;
}

bool Rewriter::rewrite(Value at, const Inst& original) {
  switch (original.op) {
    case Op::Nop:
      return true;
    case Op::Insn:
    case Op::Param:
      map_[at] = append(original);
      return true;
    case Op::Get:
      map_[at] = get(original);
      return true;
    default:
      break;
  }
  Inst inst = original;
  if (!map_operands(at, inst)) return false;
  switch (info(inst.op).effect) {
    case Effect::None:
      map_[at] = inst.op == Op::Copy ? inst.args[0] : pure(inst);
      return true;
    case Effect::State:
      set(at, inst);
      return true;
    case Effect::Mem:
      if (inst.op == Op::Load || inst.op == Op::Store) simplify_access(*this, inst);
      break;
    case Effect::End:
      end(inst);
      break;
    case Effect::Fp:
      // An integer that every float format holds: exact, whatever the rounding mode, and raises nothing.
      if (inst.op == Op::I2F && is_constant(inst.args[0], 0)) {
        map_[at] = constant(inst.type, 0);
        return true;
      }
      break;
    case Effect::Other:
      if (inst.op == Op::Call) call(inst);
      break;
  }
  map_[at] = append(inst);
  return true;
}

Value Rewriter::get(const Inst& inst) {
  const auto slot = static_cast<SlotId>(inst.imm);
  Value& known = slot_value_[slot];
  if (known != kNoValue) return known;
  if (entry_facts_hold_ && slots_.alone(slot)) {
    const SlotFact& fact = slot_facts_->at_entry(block_, slot);
    // A constant is worth more than the slot only if instructions can hold it.
    const bool fits =
        fact.constant >= std::numeric_limits<int32_t>::min() && fact.constant <= std::numeric_limits<int32_t>::max();
    if (fact.is_constant && is_small_int(inst.type) && fits) {
      const Value value = constant(inst.type, canonical(inst.type, static_cast<uint64_t>(fact.constant)));
      holder_[value] = slot;
      return known = value;
    }
    const Value value = append(inst);
    facts_[value] = fact.facts;
    holder_[value] = slot;
    return known = value;
  }
  const Value value = append(inst);
  holder_[value] = slot;
  return known = value;
}

void Rewriter::set(Value at, const Inst& inst) {
  const auto slot = static_cast<SlotId>(inst.imm);
  const Value value = inst.args[0];
  if (slot_value_[slot] == value) return;  // it is there already
  if (!slots_.alone(slot)) {
    for (const SlotId other : slots_.overlapping(slot)) slot_value_[other] = kNoValue;
  }
  slot_value_[slot] = value;
  if ((*dying_)[at] == 0) holder_[value] = slot;
  append(inst);
}

void Rewriter::call(const Inst& inst) {
  if (!helpers_[static_cast<HelperId>(inst.imm)].effects.writes_state) return;
  forget_slots();
  entry_facts_hold_ = false;
}

// Jumps whose target is known after all, and branches whose way is.
void Rewriter::end(Inst& inst) {
  switch (inst.op) {
    case Op::JumpIndirect:
    case Op::CallIndirect: {
      if (op(inst.args[0]) != Op::PcRel) return;
      inst.op = inst.op == Op::JumpIndirect ? Op::Jump : Op::CallDirect;
      inst.imm = def(inst.args[0]).imm;
      inst.arg_count = 0;
      inst.args = {kNoValue, kNoValue, kNoValue};
      return;
    }
    case Op::CondBr: {
      uint32_t* const edges = out_->extra.data() + inst.extra;
      const uint32_t second = 2 + edges[1];
      const Inst condition = def(inst.args[0]);
      const bool plain = edges[1] == 0 && edges[second + 1] == 0;
      if (condition.op == Op::Const || (plain && edges[0] == edges[second])) {
        const bool takes_second = condition.op == Op::Const && condition.imm == 0;
        inst.op = Op::Br;
        if (takes_second) inst.extra += second;
        inst.arg_count = 0;
        inst.edge_count = 1;
        inst.args = {kNoValue, kNoValue, kNoValue};
        cut_edges_ = true;
      } else if (condition.op == Op::Xor && plain && is_constant(condition.args[1], 1)) {
        std::swap(edges[0], edges[second]);
        inst.args[0] = condition.args[0];
      }
      return;
    }
    default:
      return;
  }
}

Value Rewriter::make(Op op, Type type, Value a, Value b, Value c, uint32_t aux, int64_t imm) {
  Inst inst;
  inst.op = op;
  inst.type = type;
  inst.args = {a, b, c};
  inst.arg_count = static_cast<uint8_t>(c != kNoValue ? 3 : b != kNoValue ? 2 : a != kNoValue ? 1 : 0);
  inst.aux = aux;
  inst.imm = imm;
  return pure(inst);
}

// Simplifies an instruction without effects.
Value Rewriter::pure(Inst& inst) {
  if (inst.op == Op::Const) {
    if (is_small_int(inst.type)) inst.imm = canonical(inst.type, static_cast<uint64_t>(inst.imm));
    return reuse(inst);
  }
  if (inst.arg_count == 0) return reuse(inst);
  if (is_commutative(inst.op) && is_constant(inst.args[0])) std::swap(inst.args[0], inst.args[1]);
  const unsigned count = inst.arg_count;
  const bool constants =
      is_constant(inst.args[0]) && (count < 2 || is_constant(inst.args[1])) && (count < 3 || is_constant(inst.args[2]));
  if (constants) {
    const auto result = fold(inst, type(inst.args[0]), def(inst.args[0]).imm, count > 1 ? def(inst.args[1]).imm : 0,
                             count > 2 ? def(inst.args[2]).imm : 0);
    if (result) return constant(inst.type, *result);
  }
  if (depth_ < kDeepest) {
    if (const Rule rule = rule_of(inst.op); rule != nullptr) {
      ++depth_;
      const Value simpler = rule(*this, inst);
      --depth_;
      if (simpler != kNoValue) return simpler;
    }
  }
  const Value value = reuse(inst);
  // All bits known to be zero.
  if (is_small_int(inst.type) && facts_[value].ones == 0) return constant(inst.type, 0);
  return value;
}

// The earlier instruction of this chain that computes the same, or a new one.
Value Rewriter::reuse(const Inst& inst) {
  Value& place = table_[hash(inst) % kTableSize];
  if (place != kNoValue && place >= chain_first_ && same(def(place), inst)) return place;
  return place = append(inst);
}

Value Rewriter::append(const Inst& inst) {
  const auto value = static_cast<Value>(out_->insts.size());
  out_->insts.push_back(inst);
  holder_.push_back(StateLayout::kNoSlot);
  Facts facts;
  if (inst.type != Type::Void) {
    if (inst.op == Op::Get || inst.op == Op::Param) {
      facts = Facts::of(inst.type);
    } else {
      FactInputs in;
      if (inst.arg_count <= 3) {
        for (unsigned i = 0; i < inst.arg_count; ++i) in.args[i] = facts_[inst.args[i]];
        if (inst.arg_count > 0) in.source = type(inst.args[0]);
        if (inst.arg_count > 1 && is_constant(inst.args[1])) {
          in.has_constant = true;
          in.constant = def(inst.args[1]).imm;
        }
      }
      facts = compute_facts(inst, in);
    }
  }
  facts_.push_back(facts);
  return value;
}

}  // namespace menura::ir::opt
