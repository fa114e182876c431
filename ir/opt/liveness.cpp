#include "ir/opt/liveness.h"

namespace menura::ir::opt {

bool Liveness::sees_state(const Inst& inst) const {
  switch (info(inst.op).effect) {
    case Effect::Mem:
    case Effect::End:
      return true;
    case Effect::Other: {
      if (inst.op != Op::Call) return false;
      const HelperEffects& effects = helpers_[static_cast<HelperId>(inst.imm)].effects;
      return effects.reads_state || effects.writes_state;
    }
    default:
      return false;
  }
}

void Liveness::predict(const Region& region, std::vector<uint8_t>& dying) {
  dying.resize(region.insts.size());
  for (std::size_t place = region.order.size(); place-- > 0;) {
    const Block& block = region.blocks[region.order[place]];
    for (Value at = block.first + block.count; at-- > block.first;) {
      const Inst& inst = region.insts[at];
      if (inst.op == Op::Set) {
        const auto slot = static_cast<SlotId>(inst.imm);
        dying[at] = static_cast<uint8_t>(overwritten_.overwritten(slot));
        overwritten_.written(slot);
      } else if (inst.op == Op::Get) {
        // Its own Set will be forwarded to it; of other slots, only the overlapping ones lie in memory.
        if (!slots_.alone(static_cast<SlotId>(inst.imm))) overwritten_.read(static_cast<SlotId>(inst.imm));
      } else if (sees_state(inst)) {
        overwritten_.seen();
      }
    }
  }
}

void Liveness::run(const Region& region, bool across_blocks, std::vector<uint8_t>& keep) {
  keep.assign(region.insts.size(), 0);
  if (across_blocks) {
    words_ = (slots_.size() + 63) / 64;
    export_.assign(region.blocks.size() * words_, 0);
    place_.assign(region.blocks.size(), 0);
    for (std::size_t place = 0; place < region.order.size(); ++place)
      place_[region.order[place]] = static_cast<uint32_t>(place);
  }
  for (std::size_t place = region.order.size(); place-- > 0;) {
    const BlockId id = region.order[place];
    const Block& block = region.blocks[id];
    overwritten_.seen();
    if (across_blocks) start_from_successors(region, block, place);
    const Value end = block.first + block.count - 1;
    for (Value at = block.first + block.count; at-- > block.first;) {
      const Inst& inst = region.insts[at];
      switch (info(inst.op).effect) {
        case Effect::None:
          if (keep[at] == 0 && inst.op != Op::Param) continue;
          break;
        case Effect::State: {
          const auto slot = static_cast<SlotId>(inst.imm);
          if (inst.op == Op::Get) {
            if (keep[at] == 0) continue;
            overwritten_.read(slot);
          } else {
            if (overwritten_.overwritten(slot)) continue;
            overwritten_.written(slot);
          }
          break;
        }
        case Effect::Fp:
          // Flags that somebody wants are an effect.
          if (keep[at] == 0 && (inst.op == Op::FpFlagsGet ||
                                unpack<FpDesc>(inst.aux).flags == static_cast<uint32_t>(FlagPolicy::None))) {
            continue;
          }
          break;
        case Effect::Mem:
          overwritten_.seen();
          break;
        case Effect::Other:
          if (inst.op == Op::Call) {
            const HelperEffects& effects = helpers_[static_cast<HelperId>(inst.imm)].effects;
            const bool any = effects.reads_state || effects.writes_state || effects.fp_flags || effects.memory;
            if (!any && keep[at] == 0) continue;
          }
          if (sees_state(inst)) overwritten_.seen();
          break;
        case Effect::End:
          break;
      }
      keep[at] = 1;
      for (const Value arg : region.args(inst)) keep[arg] = 1;
      if (at == end && inst.edge_count != 0) {
        for_each_edge(region, inst, [&](const Edge& edge) {
          for (const Value arg : edge.args) keep[arg] = 1;
        });
      }
    }
    if (across_blocks) export_block(id);
  }
}

// What all successors overwrite. A back edge may leave for a stop request.
void Liveness::start_from_successors(const Region& region, const Block& block, std::size_t place) {
  const Inst& end = region.terminator(block);
  if (end.op != Op::Br && end.op != Op::CondBr) return;
  bool forward = true;
  for_each_edge(region, end, [&](const Edge& edge) { forward = forward && place_[edge.target] > place; });
  if (!forward) return;
  for (std::size_t word = 0; word < words_; ++word) {
    uint64_t common = ~uint64_t{0};
    for_each_edge(region, end, [&](const Edge& edge) { common &= export_[edge.target * words_ + word]; });
    for (; common != 0; common &= common - 1)
      overwritten_.mark(static_cast<SlotId>(word * 64 + static_cast<unsigned>(__builtin_ctzll(common))));
  }
}

void Liveness::export_block(BlockId id) {
  for (SlotId slot = 0; slot < slots_.size(); ++slot) {
    if (overwritten_.overwritten(slot)) export_[id * words_ + slot / 64] |= uint64_t{1} << slot % 64;
  }
}

}  // namespace menura::ir::opt
