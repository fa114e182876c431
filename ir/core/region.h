// A region: what one translation covers. Basic blocks of SSA instructions over named state slots, entered at block 0,
// left through side exits. A block's instructions are contiguous in `insts`; `order` lists the blocks as they lie
// there, which is also the order in which compilers place them. A value may be used in every block that its own
// dominates; but nothing outlives a guest call: what is behind the edge of a call sees no value from before it.
//
// Engines look at CpuHeader::stop_request on back edges, but stop only at blocks without parameters that begin with an
// insn marker: there all of the state is in slots. A loop within one guest instruction must end by itself.
#pragma once

#include <cassert>
#include <cstdint>
#include <span>
#include <vector>

#include "ir/core/inst.h"

namespace menura::ir {

// What a plain load or store promises to other threads of this guest.
enum class MemoryModel : uint8_t { Weak, Tso };

// Code is known by these words (the region contract, backends/runtime/README.md).
struct Identity {
  uint64_t pc = 0;
  uint64_t mode = 0;   // what decoding depends on besides the bytes
  uint64_t extra = 0;  // e.g. the bytes of an instruction that another one executes
  // Machines: physical addresses of the page that pc lies in and, if the first instruction goes on there, of the next
  // page (ir/api/frames.h). Code of a machine lies in no other, so it is good wherever these frames appear at pc.
  uint64_t frame = 0;
  uint64_t next_frame = 0;
  bool operator==(const Identity&) const = default;
};

struct Block {
  uint32_t first = 0;  // index into Region::insts; parameters (Op::Param) come first
  uint32_t count = 0;  // instructions, the terminator last
  uint32_t param_count = 0;
  int64_t pc_offset = 0;  // of the guest instruction that it starts with or within, from the base pc
};

struct GuestRange {
  uint64_t begin = 0;
  uint64_t end = 0;  // one past the last byte
};

struct Region {
  Identity identity;  // identity.pc is the base pc
  MemoryModel order_model = MemoryModel::Weak;
  std::vector<Inst> insts;
  std::vector<Block> blocks;
  std::vector<BlockId> order;     // entry first; an edge to the same or an earlier block here is a back edge
  std::vector<uint32_t> extra;    // operand lists and edges
  std::vector<GuestRange> guest;  // guest code it was made from, sorted, not overlapping
  uint32_t guest_instructions = 0;

  // Empties the region and keeps its memory for the next.
  void clear() {
    identity = {};
    insts.clear();
    blocks.clear();
    order.clear();
    extra.clear();
    guest.clear();
    guest_instructions = 0;
  }

  std::span<const Value> args(const Inst& inst) const {
    if (inst.arg_count <= inst.args.size()) return {inst.args.data(), inst.arg_count};
    return {extra.data() + inst.extra, inst.arg_count};
  }
  std::span<Value> args(Inst& inst) {
    if (inst.arg_count <= inst.args.size()) return {inst.args.data(), inst.arg_count};
    return {extra.data() + inst.extra, inst.arg_count};
  }
  const Inst& terminator(const Block& block) const { return insts[block.first + block.count - 1]; }
};

// One edge of a terminator, viewed in place.
struct Edge {
  BlockId target;
  std::span<const Value> args;
};

// Calls visit(Edge) for each edge of a terminator, in order.
template <typename Visit>
void for_each_edge(const Region& region, const Inst& terminator, Visit visit) {
  uint32_t at = terminator.extra;
  for (unsigned i = 0; i < terminator.edge_count; ++i) {
    const uint32_t count = region.extra[at + 1];
    visit(Edge{region.extra[at], {region.extra.data() + at + 2, count}});
    at += 2 + count;
  }
}

}  // namespace menura::ir
