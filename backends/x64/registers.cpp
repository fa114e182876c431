// Where values are: host registers, state slots, spill memory. A value may be in several places at once; a register
// holds at most one value.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Op;
using ir::Type;

namespace {
constexpr ir::SlotId kNoSlot = ir::StateLayout::kNoSlot;
}

void Emitter::reset_chain() {
  for (Reg r = 0; r < 32; ++r) drop(r);
  for (const ir::SlotId slot : held_slots_) {
    if (slot_holder_[slot] != ir::kNoValue) loc_[slot_holder_[slot]].slot = kNoSlot;
    slot_holder_[slot] = ir::kNoValue;
  }
  held_slots_.clear();
  spill_top_ = info_.spill_used();
}

uint64_t Emitter::const_bits(Value v) const {
  const Inst& inst = inst_of(v);
  const unsigned width = ir::bits(inst.type);
  const auto value = static_cast<uint64_t>(inst.imm);
  return width >= 64 ? value : value & ((uint64_t{1} << width) - 1);
}

bool Emitter::imm32(Value v, unsigned width, int32_t* out) const {
  if (!is_const(v)) return false;
  const auto value = const_bits(v);
  int64_t wide = 0;
  switch (width) {
    case 8:
      wide = static_cast<int8_t>(value);
      break;
    case 16:
      wide = static_cast<int16_t>(value);
      break;
    case 32:
      wide = static_cast<int32_t>(value);
      break;
    default:
      wide = static_cast<int64_t>(value);
      break;
  }
  *out = static_cast<int32_t>(wide);
  return *out == wide;
}

bool Emitter::in_memory(Value v) const {
  const Location& l = loc_[rep(v)];
  return l.slot != kNoSlot || l.spill != kNever;
}

unsigned Emitter::memory_bits(Value v) const {
  const Location& l = loc_[rep(v)];
  if (l.slot != kNoSlot) return 8 * ir::storage_bytes(layout_.slot(l.slot).type);
  const Type type = inst_of(v).type;
  return in_vec(type) ? std::max(64U, ir::bits(type)) : 64;
}

x86::Mem Emitter::memory_of(Value v, unsigned bytes) const {
  const Location& l = loc_[rep(v)];
  if (l.slot != kNoSlot) return state(layout_.slot(l.slot).offset, bytes);
  return spill_memory(l.spill, bytes);
}

void Emitter::drop(Reg reg) {
  const Value w = holder_[reg];
  if (w == ir::kNoValue) return;
  loc_[w].regs &= ~mask_of(reg);
  holder_[reg] = ir::kNoValue;
}

uint32_t Emitter::spill_place(Type type) {
  const uint32_t size = std::max(8U, ir::storage_bytes(type));
  spill_top_ = (spill_top_ + size - 1) & ~(size - 1);
  const uint32_t place = spill_top_;
  spill_top_ += size;
  if (spill_top_ > ir::kSpillBytes) {
    failed_ = true;
    spill_top_ = info_.spill_used();
  }
  return place;
}

// Whether the register's value can be had from elsewhere, or is not needed from `from` on.
bool Emitter::replaceable(Reg reg, uint32_t from) const {
  const Value w = holder_[reg];
  if (w == ir::kNoValue || info_[w].last_use < from) return true;
  const Location& l = loc_[w];
  const Op op = region_->insts[w].op;
  return (l.regs & ~mask_of(reg)) != 0 || l.slot != kNoSlot || l.spill != kNever || op == Op::Const || op == Op::PcRel;
}

void Emitter::evict(Reg reg) {
  if (!replaceable(reg, pos_)) {
    const Value w = holder_[reg];
    const Type type = region_->insts[w].type;
    loc_[w].spill = spill_place(type);
    store_memory(spill_memory(loc_[w].spill), reg, held_type(w));
  }
  drop(reg);
}

Reg Emitter::alloc(RegMask wanted) {
  const RegMask all = pool_ & wanted & ~locked_;
  if (all == 0) {
    failed_ = true;  // more operands than registers: no emitter asks for that
    return (wanted & kIntRegs) != 0 ? kRax : Reg{31};
  }
  // rax comes last: divisions, calls and exits want it.
  for (const RegMask some : {all & ~mask_of(kRax), all & mask_of(kRax)}) {
    for (RegMask m = some; m != 0; m &= m - 1) {
      const Reg r = static_cast<Reg>(__builtin_ctz(m));
      const Value w = holder_[r];
      if (w == ir::kNoValue || info_[w].last_use < pos_) {
        drop(r);
        return r;
      }
    }
  }
  Reg best = kNoReg;
  uint32_t best_score = 0;
  for (RegMask m = all; m != 0; m &= m - 1) {
    const Reg r = static_cast<Reg>(__builtin_ctz(m));
    const uint32_t score = info_[holder_[r]].last_use + (replaceable(r, pos_) ? 1000000 : 0);
    if (best == kNoReg || score > best_score) {
      best = r;
      best_score = score;
    }
  }
  evict(best);
  return best;
}

Reg Emitter::temp(RegMask wanted) {
  const Reg r = alloc(wanted);
  lock(r);
  return r;
}

void Emitter::take(Reg reg) {
  if (replaceable(reg, pos_)) {
    drop(reg);
  } else {
    const Value w = holder_[reg];
    const RegMask before = locked_;
    lock(reg);
    const Reg other = alloc(is_vec(reg) ? kVecRegs : kIntRegs);
    locked_ = before;
    move(other, reg);
    drop(reg);
    holder_[other] = w;
    loc_[w].regs |= mask_of(other);
  }
  lock(reg);
}

void Emitter::preserve(Reg reg) {
  if (replaceable(reg, pos_ + 1)) return;
  const Value w = holder_[reg];
  const RegMask wanted = is_vec(reg) ? kVecRegs : kIntRegs;
  if ((pool_ & wanted & ~locked_) == 0) {
    const Type type = region_->insts[w].type;
    loc_[w].spill = spill_place(type);
    store_memory(spill_memory(loc_[w].spill), reg, held_type(w));
    return;
  }
  const Reg other = alloc(wanted);
  move(other, reg);
  holder_[other] = w;
  loc_[w].regs |= mask_of(other);
  lock(other);
}

void Emitter::define(Value v, Reg reg) {
  drop(reg);
  holder_[reg] = v;
  loc_[v].regs |= mask_of(reg);
  lock(reg);
}

void Emitter::define_copy(Value v, Reg from) {
  const Reg home = home_hint(v);
  if (home == kNoReg) {
    define(v, from);
    return;
  }
  const Reg dst = dest(v);
  move(dst, from);
  define(v, dst);
}

// The home that a value should be computed in: that of the slot which it, or what its only user makes of it, is about
// to be written to. The slot must not be looked at in between, by anyone.
Reg Emitter::home_hint(Value v) const {
  Value w = v;
  uint32_t at = info_[w].set_at;
  for (unsigned hops = 0; at == kNever || at <= pos_; ++hops) {
    const ValueInfo& info = info_[w];
    if (hops == 2 || info.uses != 1 || info.spill != kNever || info.last_use <= pos_) return kNoReg;
    const Inst& user = region_->insts[info.last_use];
    if (user.arg_count == 0 || user.arg_count > 3 || in_vec(user.type) || is_wide(user.type)) return kNoReg;
    const bool first = rep(user.args[0]) == w;
    switch (user.op) {
      case Op::Add:
      case Op::And:
      case Op::Or:
      case Op::Xor:
      case Op::Mul:
        break;
      case Op::Sub:
      case Op::Shl:
      case Op::Shr:
      case Op::Sar:
        if (!first) return kNoReg;
        break;
      case Op::Sext:
      case Op::Zext:
        break;
      default:
        return kNoReg;
    }
    w = info.last_use;
    at = info_[w].set_at;
  }
  if (at - pos_ > 16) return kNoReg;
  const int64_t slot = region_->insts[at].imm;
  const Reg home = homes_.of(static_cast<ir::SlotId>(slot));
  if (is_vec(home) != in_vec(type_of(v)) || homes_.overlaps(static_cast<ir::SlotId>(slot))) return kNoReg;
  if (w != v && holder_[home] != ir::kNoValue && info_[holder_[home]].last_use > pos_) return kNoReg;
  for (uint32_t p = pos_ + 1; p < at; ++p) {
    const Inst& between = region_->insts[p];
    if (info_[p].rep != p || info_[p].dead) continue;
    switch (ir::info(between.op).effect) {
      case ir::Effect::None:
        break;
      case ir::Effect::State:
        if (between.imm == slot) return kNoReg;
        break;
      case ir::Effect::Other:
        if (between.op != Op::Insn) return kNoReg;
        break;
      case ir::Effect::Fp:
        if (needs_slow(between)) return kNoReg;
        break;
      case ir::Effect::Mem:
      case ir::Effect::End:
        return kNoReg;
    }
  }
  return home;
}

Reg Emitter::dest(Value v, std::initializer_list<Value> reuse, RegMask avoid) {
  const RegMask wanted = class_of(type_of(v));
  const Reg home = home_hint(v);
  if (home != kNoReg && (mask_of(home) & avoid) == 0) {
    lock(home);
    preserve(home);
    return home;
  }
  for (const Value r : reuse) {
    const RegMask regs = loc_[rep(r)].regs & pool_ & wanted & ~avoid;
    if (regs != 0 && !live_after(r)) {
      const Reg reg = static_cast<Reg>(__builtin_ctz(regs));
      lock(reg);
      return reg;
    }
  }
  return temp(wanted);
}

void Emitter::force(Value v) {
  info_[v].fused = false;
  --pos_;  // operands that die here may be operands of the instruction being emitted, too
  const RegMask before = locked_;
  const bool boxed = made_boxed_;
  const bool zero = made_zero_;
  emit_value(v);
  made_boxed_ = boxed;
  made_zero_ = zero;
  locked_ = before;
  ++pos_;
}

Reg Emitter::use(Value v) {
  v = rep(v);
  if (info_[v].fused) force(v);
  const RegMask regs = loc_[v].regs;
  if (regs != 0) {
    const RegMask home = regs & homes_.homes();
    const Reg reg = static_cast<Reg>(__builtin_ctz(home != 0 ? home : regs));
    lock(reg);
    return reg;
  }
  const Reg reg = temp(class_of(region_->insts[v].type));
  load_into(reg, v);
  define(v, reg);
  return reg;
}

Operand Emitter::use_rm(Value v, unsigned width) {
  // A value that was just stored comes back for free through a plain 64-bit load (the host renames the memory), but
  // waits for the store where the load is part of another instruction: README.md has the figures. So there are no
  // memory operands.
  const Reg reg = use(v);
  if (is_vec(reg)) return xm(reg);
  return gp(reg, width);
}

void Emitter::load_into(Reg reg, Value v) {
  v = rep(v);
  if (info_[v].fused) force(v);
  const Inst& inst = region_->insts[v];
  const Location& l = loc_[v];
  if (l.regs != 0) {
    if ((l.regs & mask_of(reg)) == 0) {
      const RegMask home = l.regs & homes_.homes();
      move(reg, static_cast<Reg>(__builtin_ctz(home != 0 ? home : l.regs)));
    }
  } else if (inst.op == Op::Const) {
    move_constant(reg, const_bits(v), inst.type);
  } else if (inst.op == Op::PcRel) {
    load_guest_pc(reg, inst.imm);
  } else if (l.slot != kNoSlot) {
    load_memory(reg, state(layout_.slot(l.slot).offset), layout_.slot(l.slot).type);
  } else if (l.spill != kNever) {
    load_memory(reg, spill_memory(l.spill), held_type(v));
  } else {
    failed_ = true;  // a value used before it is computed: the region is not well-formed
  }
}

void Emitter::move(Reg to, Reg from) {
  if (to == from) return;
  if (is_vec(to) && is_vec(from)) {
    vec_move(to, from);
  } else if (is_vec(to)) {
    a_.emit(host_.avx ? Id::kIdVmovq : Id::kIdMovq, xm(to), g64(from));
  } else if (is_vec(from)) {
    a_.emit(host_.avx ? Id::kIdVmovq : Id::kIdMovq, g64(to), xm(from));
  } else {
    a_.mov(g64(to), g64(from));
  }
}

void Emitter::vec_move(Reg to, Reg from) {
  if (to != from) a_.emit(host_.avx ? Id::kIdVmovaps : Id::kIdMovaps, xm(to), xm(from));
}

void Emitter::move_constant(Reg to, uint64_t bits, Type type) {
  if (!is_vec(to)) {
    if (bits == 0) {
      a_.xor_(g32(to), g32(to));
    } else if (bits <= UINT32_MAX) {
      a_.mov(g32(to), static_cast<uint32_t>(bits));
    } else {
      a_.mov(g64(to), static_cast<int64_t>(bits));
    }
    return;
  }
  if (bits == 0) {
    if (host_.avx) {
      a_.vxorps(xm(to), xm(to), xm(to));
    } else {
      a_.xorps(xm(to), xm(to));
    }
    return;
  }
  const uint64_t high = type == Type::V128 ? bits : 0;
  load_memory(to, pool(bits, high, 16), type);
}

void Emitter::load_memory(Reg to, const x86::Mem& from, Type type) {
  x86::Mem m = from;
  m.setSize(ir::storage_bytes(type));
  const bool avx = host_.avx;
  if (!is_vec(to)) {
    switch (ir::storage_bytes(type)) {
      case 1:
        a_.movzx(g32(to), m);
        break;
      case 2:
        a_.movzx(g32(to), m);
        break;
      case 4:
        a_.mov(g32(to), m);
        break;
      default:
        a_.mov(g64(to), m);
        break;
    }
    return;
  }
  switch (ir::storage_bytes(type)) {
    case 2:
      a_.emit(avx ? Id::kIdVpxor : Id::kIdPxor, xm(to), xm(to), avx ? Operand(xm(to)) : Operand());
      if (avx) {
        a_.vpinsrw(xm(to), xm(to), m, 0);
      } else {
        a_.pinsrw(xm(to), m, 0);
      }
      break;
    case 4:
      a_.emit(avx ? Id::kIdVmovss : Id::kIdMovss, xm(to), m);
      break;
    case 8:
      a_.emit(avx ? Id::kIdVmovsd : Id::kIdMovsd, xm(to), m);
      break;
    default:
      a_.emit(avx ? Id::kIdVmovups : Id::kIdMovups, xm(to), m);
      break;
  }
}

void Emitter::store_memory(const x86::Mem& to, Reg from, Type type) {
  x86::Mem m = to;
  const unsigned bytes = ir::storage_bytes(type);
  m.setSize(bytes);
  if (!is_vec(from)) {
    a_.mov(m, gp(from, bytes * 8));
    return;
  }
  const bool avx = host_.avx;
  switch (bytes) {
    case 2:
      a_.emit(avx ? Id::kIdVpextrw : Id::kIdPextrw, m, xm(from), asmjit::Imm(0));
      break;
    case 4:
      a_.emit(avx ? Id::kIdVmovss : Id::kIdMovss, m, xm(from));
      break;
    case 8:
      a_.emit(avx ? Id::kIdVmovsd : Id::kIdMovsd, m, xm(from));
      break;
    default:
      a_.emit(avx ? Id::kIdVmovups : Id::kIdMovups, m, xm(from));
      break;
  }
}

x86::Mem Emitter::pool(uint64_t low, uint64_t high, unsigned bytes) {
  for (const PoolEntry& entry : pool_entries_) {
    if (entry.low == low && entry.high == high) return x86::ptr(entry.label, 0, bytes);
  }
  pool_entries_.push_back({a_.newLabel(), low, high});
  return x86::ptr(pool_entries_.back().label, 0, bytes);
}

}  // namespace menura::x64
