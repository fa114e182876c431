// Loops and which slots they leave alone: those are written to memory where a loop is entered, so that its accesses
// need not know where they are. A region may begin anywhere in a nest of loops, which then are entered at several
// places: here a loop is all that can reach itself, and what is within it all that still can without its head.
#include <algorithm>

#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

using ir::BlockId;
using ir::Op;
using ir::SlotId;
using ir::Type;

void Lowering::find_loops() {
  loops_.clear();
  loop_of_.assign(region_.blocks.size(), kNoLoop);
  Edges successors(region_.blocks.size());
  Edges predecessors(region_.blocks.size());
  BlockSet blocks(region_.blocks.size(), false);
  for (const BlockId id : region_.order) {
    if (!reached_[id]) continue;
    blocks[id] = true;
    const Inst& end = region_.terminator(region_.blocks[id]);
    if (end.op == Op::CallDirect || end.op == Op::CallIndirect) continue;
    ir::for_each_edge(region_, end, [&](ir::Edge edge) {
      successors[id].push_back(edge.target);
      predecessors[edge.target].push_back(id);
    });
  }
  find_loops_in(blocks, kNoLoop, successors, predecessors);
}

void Lowering::find_loops_in(BlockSet blocks, unsigned around, const Edges& successors, const Edges& predecessors) {
  // Without coming by anything else.
  const auto reach = [&](BlockId start, const Edges& edges) {
    BlockSet reached(blocks.size(), false);
    std::vector<BlockId> work = {start};
    while (!work.empty()) {
      const BlockId id = work.back();
      work.pop_back();
      for (const BlockId next : edges[id]) {
        if (!blocks[next] || reached[next]) continue;
        reached[next] = true;
        work.push_back(next);
      }
    }
    return reached;
  };
  for (const BlockId id : region_.order) {
    if (!blocks[id]) continue;
    BlockSet body = reach(id, successors);
    if (!body[id]) {
      blocks[id] = false;
      continue;
    }
    const BlockSet before = reach(id, predecessors);
    const auto number = static_cast<unsigned>(loops_.size());
    for (BlockId block = 0; block < body.size(); ++block) {
      body[block] = body[block] && before[block];
      if (!body[block]) continue;
      blocks[block] = false;
      loop_of_[block] = number;
    }
    loops_.push_back({body, kept_by(body, around)});
    body[head_of(body, predecessors)] = false;
    find_loops_in(std::move(body), number, successors, predecessors);
  }
}

// Where a loop is entered; of several such places, or none but the function's, the one at the lowest address, where
// compilers begin loops.
BlockId Lowering::head_of(const BlockSet& body, const Edges& predecessors) const {
  BlockId head = kNoBlock;
  bool head_is_entered = false;
  for (BlockId id = 0; id < body.size(); ++id) {
    if (!body[id]) continue;
    const bool is_entered =
        std::any_of(predecessors[id].begin(), predecessors[id].end(), [&](BlockId from) { return !body[from]; });
    const bool lower = head == kNoBlock || region_.blocks[id].pc_offset < region_.blocks[head].pc_offset;
    if (head != kNoBlock && (is_entered == head_is_entered ? !lower : !is_entered)) continue;
    head = id;
    head_is_entered = is_entered;
  }
  return head;
}

// Slots that need not be in memory: those that the loop sets.
Lowering::SlotSet Lowering::kept_by(const BlockSet& body, unsigned around) const {
  SlotSet keeps(layout_.slots.size(), false);
  bool accesses = false;
  bool vectors = false;
  for (BlockId id = 0; id < body.size(); ++id) {
    if (!body[id]) continue;
    const ir::Block& block = region_.blocks[id];
    for (uint32_t at = block.first; at < block.first + block.count; ++at) {
      const Inst& inst = region_.insts[at];
      if (inst.op == Op::Set) keeps[static_cast<SlotId>(inst.imm)] = true;
      accesses |= ir::info(inst.op).effect == ir::Effect::Mem;
      vectors |= !ir::is_int(inst.type) && inst.type != Type::Void;
    }
  }
  for (SlotId id = 0; id < keeps.size(); ++id) {
    // Without accesses nobody asks, and what no computation needs room for stays where it is.
    if (!accesses || (!vectors && !ir::is_int(layout_.slot(id).type))) keeps[id] = true;
    // Both may be entered at once.
    if (around != kNoLoop && !loops_[around].keeps[id]) keeps[id] = false;
  }
  return keeps;
}

bool Lowering::enters_loop(BlockId from, BlockId to) const {
  return loop_of_[to] != kNoLoop && (from == kNoBlock || !loops_[loop_of_[to]].blocks[from]);
}

void Lowering::clean_for_loop(SlotSet& dirty, BlockId to) const {
  const SlotSet& keeps = loops_[loop_of_[to]].keeps;
  for (SlotId id = 0; id < dirty.size(); ++id) dirty[id] = dirty[id] && keeps[id];
}

void Lowering::flush_for_loop(BlockId to) {
  const SlotSet& keeps = loops_[loop_of_[to]].keeps;
  for (SlotId id = 0; id < slots_.size(); ++id) {
    if (slots_[id] != nullptr && dirty_[id] && !keeps[id]) store_slot_memory(id);
  }
}

}  // namespace menura::llvmjit
