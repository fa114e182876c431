// Guest memory: loads, stores, probes, fences. In a process guest addresses are host addresses.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Op;
using ir::Type;

// The operand [base + index << scale + displacement] of an address; additions and shifts that only this access uses are
// part of it.
x86::Mem Emitter::address(Value addr, int64_t displacement, unsigned bytes) {
  addr = rep(addr);
  Reg base = kNoReg;
  Reg index = kNoReg;
  unsigned scale = 0;
  const auto take_shift = [&](Value shift) {
    const Inst& inst = region_->insts[shift];
    index = use(inst.args[0]);
    scale = static_cast<unsigned>(const_bits(inst.args[1]));
  };
  const auto is_shift = [&](Value x) { return info_[x].fused && region_->insts[x].op == Op::Shl; };
  Value rest = addr;
  while (info_[rest].fused && region_->insts[rest].op == Op::Add && index == kNoReg) {
    const Inst& inst = region_->insts[rest];
    Value a = rep(inst.args[0]);
    Value b = rep(inst.args[1]);
    if (is_const(a) || is_shift(a)) std::swap(a, b);
    if (is_const(b)) {
      displacement += static_cast<int64_t>(const_bits(b));
    } else if (is_shift(b)) {
      take_shift(b);
    } else {
      index = use(b);
    }
    rest = a;
  }
  if (index == kNoReg && is_shift(rest)) {
    take_shift(rest);
  } else if (is_const(rest)) {
    displacement += static_cast<int64_t>(const_bits(rest));
  } else {
    base = use(rest);
  }
  if (displacement != static_cast<int32_t>(displacement) || (base == kNoReg && index == kNoReg)) {
    const Reg t = temp_int();
    move_constant(t, static_cast<uint64_t>(displacement), Type::I64);
    displacement = 0;
    if (base == kNoReg) {
      base = t;
    } else if (index == kNoReg) {
      index = t;
    } else {
      a_.add(g64(t), g64(base));
      base = t;
    }
  }
  const auto disp = static_cast<int32_t>(displacement);
  if (index == kNoReg) return x86::ptr(g64(base), disp, bytes);
  if (base == kNoReg) return x86::ptr(static_cast<uint64_t>(displacement), g64(index), scale, bytes);
  return x86::ptr(g64(base), g64(index), scale, disp, bytes);
}

// Counting mode: what the block has counted and not done, if the current instruction does not happen. An instruction
// that the block is in the middle of has been counted where it began.
uint32_t Emitter::insns_ahead() const {
  if (!options_->count) return 0;
  return insns_counted_ + 1 - insns_passed_;
}

void Emitter::mark_pc() {
  if (marked_pc_ == insn_pc_) return;
  marked_pc_ = insn_pc_;
  out_->pcs.push_back({here(), static_cast<int32_t>(insn_pc_), insns_ahead()});
}

// Leaves with ExitKind::Misaligned where the address is not a multiple of the alignment.
void Emitter::check_alignment(const x86::Mem& memory, unsigned align_log2) {
  if (align_log2 == 0) return;
  Reg t = kNoReg;
  if (memory.hasIndex() || !memory.hasBase() || memory.offsetLo32() != 0) {
    t = temp_int();
    a_.lea(g64(t), memory);
  } else {
    t = static_cast<Reg>(memory.baseId());
  }
  a_.test(gp(t, 8), (1 << align_log2) - 1);
  a_.jnz(cold(
      [](Emitter& e, const Cold& c) {
        e.move(kRax, static_cast<Reg>(c.data[0]));
        e.to_contract();
        e.a_.mov(e.state(offsetof(ir::CpuHeader, exit_detail)), x86::rax);
        e.leave_at_insn(ir::ExitKind::Misaligned, static_cast<int64_t>(c.data[1]), static_cast<int32_t>(c.data[2]));
      },
      {t, static_cast<uint64_t>(insn_pc_), insns_ahead()}));
}

// The contract holds. The guest instruction at `pc` has not happened, nor have the `ahead` that were counted.
void Emitter::leave_at_insn(ir::ExitKind kind, int64_t pc, int32_t ahead) {
  if (ahead != 0) {
    a_.add(state(offsetof(ir::CpuHeader, budget)), ahead);
    a_.sub(state(offsetof(ir::CpuHeader, retired)), ahead);
  }
  a_.mov(state(offsetof(ir::CpuHeader, exit_kind), 4), static_cast<int>(kind));
  store_guest_pc(state(offsetof(ir::CpuHeader, pc)), pc);
  jump_to_thunk(runtime::Thunk::Exit);
}

void Emitter::swap_bytes(Reg reg, unsigned bytes) {
  switch (bytes) {
    case 2:
      a_.rol(gp(reg, 16), 8);
      break;
    case 4:
      a_.bswap(g32(reg));
      break;
    case 8:
      a_.bswap(g64(reg));
      break;
    default:
      break;
  }
}

void Emitter::emit_load(Value v, const Inst& inst) {
  const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
  const unsigned bytes = desc.size();
  const x86::Mem memory = translate(locate(inst, bytes), inst, runtime::SlowAccess::Kind::Load);
  const bool reversed = desc.big_endian && bytes > 1;
  if (in_vec(inst.type)) {
    const bool by_element = reversed && ir::is_vector(inst.type);
    const Reg dst = dest(v);
    mark_pc();
    if (reversed && !by_element) {
      const Reg t = temp_int();
      load_memory(t, memory, bytes == 2 ? Type::I16 : bytes == 4 ? Type::I32 : Type::I64);
      swap_bytes(t, bytes);
      if (bytes == 2) a_.movzx(g32(t), gp(t, 16));
      move(dst, t);
    } else {
      // The type moved says how much is read; vector registers have zeros above.
      const Type moved = bytes == 2 ? Type::F16 : bytes == 4 ? Type::F32 : bytes == 8 ? Type::F64 : Type::V128;
      if (bytes <= 2) {  // pinsrw would need its register cleared first, which holds what it held where the load faults
        const Reg t = temp_int();
        a_.movzx(g32(t), memory);
        move(dst, t);
      } else {
        load_memory(dst, memory, moved);
      }
      if (by_element) swap_elements(dst, desc.element_log2);
    }
    made_zero_ = true;
    define(v, dst);
    return;
  }
  const Reg dst = dest(v, {inst.args[0]});
  mark_pc();
  const unsigned width = width_of(inst.type);
  const bool sign = desc.sign_extend && bytes * 8 < ir::bits(inst.type);
  if (reversed) {
    if (host_.movbe && bytes >= 4) {
      a_.movbe(gp(dst, bytes * 8), memory);
    } else {
      load_memory(dst, memory, bytes == 2 ? Type::I16 : bytes == 4 ? Type::I32 : Type::I64);
      swap_bytes(dst, bytes);
    }
    if (sign) extend_in_place(dst, bytes, true, inst.type);
  } else if (sign) {
    if (bytes == 4) {
      a_.movsxd(g64(dst), memory);
    } else {
      a_.movsx(gp(dst, width), memory);
    }
  } else {
    load_memory(dst, memory, bytes == 1 ? Type::I8 : bytes == 2 ? Type::I16 : bytes == 4 ? Type::I32 : Type::I64);
  }
  define(v, dst);
  if (inst.type == Type::I1) a_.and_(g32(dst), 1);
}

void Emitter::store_value(const x86::Mem& to, const Stored& stored) {
  x86::Mem place = to;
  place.setSize(stored.bytes);
  if (stored.reg == kNoReg) {
    a_.mov(place, stored.imm);
  } else if (is_vec(stored.reg)) {
    store_memory(place, stored.reg, stored.moved);
  } else {
    a_.mov(place, gp(stored.reg, stored.bytes * 8U));
  }
}

void Emitter::emit_store(const Inst& inst) {
  const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
  const unsigned bytes = desc.size();
  const Value value = rep(inst.args[1]);
  const bool reversed = desc.big_endian && bytes > 1;
  const x86::Mem guest = locate(inst, bytes);
  const bool vec = in_vec(region_->insts[value].type);
  Stored stored;
  stored.bytes = static_cast<uint8_t>(bytes);
  const auto copy = [&] {
    const Reg t = temp_int();
    move(t, stored.reg);
    stored.reg = t;
  };
  if (!vec && !reversed && !in_reg(value) && imm32(value, bytes * 8, &stored.imm)) {
    // no register
  } else if (vec) {
    stored.moved = bytes == 2 ? Type::F16 : bytes == 4 ? Type::F32 : bytes == 8 ? Type::F64 : Type::V128;
    stored.reg = use(value);
    if (reversed) {
      if (ir::is_vector(type_of(inst.args[1]))) {
        const Reg t = temp_vec();
        vec_move(t, stored.reg);
        swap_elements(t, desc.element_log2);
        stored.reg = t;
      } else {
        copy();
        swap_bytes(stored.reg, bytes);
      }
    }
    if (is_vec(stored.reg) && bytes == 1) copy();
  } else {
    stored.reg = use(value);
    if (reversed && host_.movbe && !options_->machine) {
      mark_pc();
      a_.movbe(guest, gp(stored.reg, bytes * 8));
      stored.bytes = 0;
    } else if (reversed) {
      copy();
      swap_bytes(stored.reg, bytes);
    }
  }
  if (stored.bytes != 0) {
    const Label done = a_.newLabel();
    const x86::Mem memory = translate_store(guest, inst, stored, done);
    mark_pc();
    store_value(memory, stored);
    if (options_->machine) a_.bind(done);
  }
  // Only a later load can pass a store on this host.
  if (static_cast<ir::Order>(desc.order) == ir::Order::SeqCst) a_.lock().or_(x86::dword_ptr(x86::rsp), 0);
}

// Touches one byte in each page of the range: a read, or a locked `or` with zero where the access would write.
void Emitter::emit_probe(const Inst& inst) {
  const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
  if (inst.imm <= 0) return;
  if (options_->machine) {
    const Reg where = temp_int();
    a_.lea(g64(where), address(inst.args[0], 0, 1));
    locked_ = mask_of(where);
    using Kind = runtime::SlowAccess::Kind;
    translate(x86::ptr(g64(where)), inst, desc.sign_extend ? Kind::ProbeWrite : Kind::ProbeRead);
    return;
  }
  const x86::Mem first = address(inst.args[0], 0, 1);
  Reg t = kNoReg;
  const auto touch = [&](const x86::Mem& m) {
    if (desc.sign_extend) {
      a_.lock().or_(m, 0);
    } else {
      a_.cmp(m, 0);
    }
  };
  mark_pc();
  touch(first);
  if (inst.imm == 1) return;
  t = temp_int();
  a_.lea(g64(t), first);
  constexpr int64_t page = 4096;
  for (int64_t at = page; at < inst.imm - 1; at += page) touch(x86::ptr(g64(t), static_cast<int32_t>(at), 1));
  touch(x86::ptr(g64(t), static_cast<int32_t>(inst.imm - 1), 1));
}

void Emitter::emit_fence(const Inst& inst) {
  // A locked operation is a full fence, and cheaper than mfence. The word is on the stack of return predictions.
  if (ir::unpack<ir::FenceDesc>(inst.aux).store_load) a_.lock().or_(x86::dword_ptr(x86::rsp), 0);
}

}  // namespace menura::x64
