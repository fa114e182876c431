// Guest state: slots with a home in a register, and slots in the state struct.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Op;
using ir::SlotId;
using ir::Type;

x86::Mem Emitter::slot_memory(SlotId slot) const {
  const ir::Slot& s = layout_.slot(slot);
  return state(s.offset, ir::storage_bytes(s.type));
}

x86::Mem Emitter::spill_memory(uint32_t offset, unsigned bytes) const {
  return state(static_cast<int64_t>(offsetof(ir::CpuHeader, spill)) + offset, bytes);
}

void Emitter::emit_get(Value v, const Inst& inst) {
  const auto slot = static_cast<SlotId>(inst.imm);
  const Reg home = homes_.of(slot);
  if (home != kNoReg) {
    preserve(home);
    define(v, home);
    return;
  }
  if (homes_.overlaps(slot)) {
    sync_overlapping(slot, true);
    const Reg reg = temp(class_of(inst.type));
    load_memory(reg, slot_memory(slot), inst.type);
    define(v, reg);
    return;
  }
  // Nothing is loaded before it is used: mostly the user takes it as a memory operand.
  release_slot(slot);
  slot_holder_[slot] = v;
  held_slots_.push_back(slot);
  loc_[v].slot = slot;
}

void Emitter::emit_set(const Inst& inst) {
  const auto slot = static_cast<SlotId>(inst.imm);
  const Value v = rep(inst.args[0]);
  const Type type = layout_.slot(slot).type;
  const Reg home = homes_.of(slot);
  const bool overlaps = homes_.overlaps(slot);
  if (overlaps) sync_overlapping(slot, true);
  if (home != kNoReg) {
    if ((loc_[v].regs & mask_of(home)) == 0) {
      lock(home);
      preserve(home);
      load_into(home, v);
      define(v, home);
    }
    if (overlaps) {
      store_memory(slot_memory(slot), home, type);
      sync_overlapping(slot, false);
    }
    return;
  }
  if (slot_holder_[slot] == v) return;
  if (info_[v].fused) {
    // Its operands are looked at here, also one that only this slot holds.
    for (const Value arg : region_->args(region_->insts[v])) {
      if (slot_holder_[slot] == rep(arg)) use(arg);
    }
  }
  release_slot(slot);
  if (info_[v].fused) return store_condition(slot_memory(slot), region_->insts[v]);
  const x86::Mem memory = slot_memory(slot);
  int32_t imm = 0;
  if (loc_[v].regs == 0 && !in_vec(type) && imm32(v, ir::storage_bytes(type) * 8, &imm)) {
    a_.mov(memory, imm);
  } else {
    store_memory(memory, use(v), type);
    if (!overlaps && ir::bits(type) >= ir::bits(region_->insts[v].type) && !is_const(v)) {
      if (loc_[v].slot != ir::StateLayout::kNoSlot) slot_holder_[loc_[v].slot] = ir::kNoValue;
      loc_[v].slot = slot;
      slot_holder_[slot] = v;
      held_slots_.push_back(slot);
    }
  }
  if (overlaps) sync_overlapping(slot, false);
}

void Emitter::release_slot(SlotId slot) {
  const Value w = slot_holder_[slot];
  if (w == ir::kNoValue) return;
  if (live_after(w) && loc_[w].regs == 0 && loc_[w].spill == kNever) {
    // Not locked: forget_slots may have more of them than there are registers.
    const RegMask before = locked_;
    use(w);
    locked_ = before;
  }
  loc_[w].slot = ir::StateLayout::kNoSlot;
  slot_holder_[slot] = ir::kNoValue;
}

void Emitter::forget_slots() {
  for (const SlotId slot : held_slots_) release_slot(slot);
  held_slots_.clear();
  for (RegMask m = homes_.homes(); m != 0; m &= m - 1) {
    const Reg home = static_cast<Reg>(__builtin_ctz(m));
    preserve(home);
    drop(home);
  }
}

// Slots that share bytes with `slot` and live in registers: to memory before it is touched (store), and back after it
// was written.
void Emitter::sync_overlapping(SlotId slot, bool store) {
  const ir::Slot& s = layout_.slot(slot);
  for (RegMask m = homes_.homes(); m != 0; m &= m - 1) {
    const Reg home = static_cast<Reg>(__builtin_ctz(m));
    const SlotId other = homes_.slot_in(home);
    const ir::Slot& o = layout_.slot(other);
    if (other == slot || o.offset >= s.offset + ir::storage_bytes(s.type) ||
        s.offset >= o.offset + ir::storage_bytes(o.type)) {
      continue;
    }
    if (store) {
      store_memory(state(o.offset), home, o.type);
    } else {
      preserve(home);
      drop(home);
      load_memory(home, state(o.offset), o.type);
    }
  }
}

}  // namespace menura::x64
