// Atomic operations, by locked instructions: each is a full fence here.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::AtomicOp;
using ir::Op;
using ir::Type;
using runtime::SlowAccess;

void Emitter::emit_atomic(Value v, const Inst& inst) {
  const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
  const unsigned bytes = desc.size();
  const unsigned width = bytes * 8;
  const auto op = static_cast<AtomicOp>(desc.atomic_op);
  const bool unused = info_[v].uses == 0;
  const bool loop =
      desc.big_endian || !(op == AtomicOp::Swap || op == AtomicOp::Add ||
                           (unused && (op == AtomicOp::And || op == AtomicOp::Or || op == AtomicOp::Xor)));
  if (loop) take(kRax);
  const x86::Mem memory = translate(locate(inst, bytes), inst, SlowAccess::Kind::Atomic);
  const auto finish = [&](Reg result) {
    if (unused) return;
    if (desc.big_endian) swap_bytes(result, bytes);
    extend_in_place(result, bytes, desc.sign_extend, inst.type);
    define_copy(v, result);
  };
  if (!loop) {
    mark_pc();
    if (unused && op != AtomicOp::Swap) {
      const InstId id = op == AtomicOp::Add   ? Id::kIdAdd
                        : op == AtomicOp::And ? Id::kIdAnd
                        : op == AtomicOp::Or  ? Id::kIdOr
                                              : Id::kIdXor;
      int32_t imm = 0;
      Operand operand = asmjit::Imm(0);
      if (imm32(inst.args[1], width, &imm)) {
        operand = asmjit::Imm(imm);
      } else {
        operand = gp(use(inst.args[1]), width);
      }
      marked_pc_ = INT64_MIN;
      mark_pc();
      a_.lock();
      a_.emit(id, memory, operand);
      return;
    }
    const Reg t = temp_int();
    load_into(t, inst.args[1]);
    if (op == AtomicOp::Swap) {
      a_.xchg(memory, gp(t, width));
    } else {
      a_.lock();
      a_.emit(Id::kIdXadd, memory, gp(t, width));
    }
    finish(t);
    return;
  }
  const Reg operand = use(inst.args[1]);
  const Reg t = temp_int();
  const Label again = a_.newLabel();
  mark_pc();
  a_.mov(gp(kRax, width), memory);
  a_.bind(again);
  // t = (rax op operand), both in the guest's byte order.
  if (desc.big_endian) {
    a_.mov(g64(t), x86::rax);
    swap_bytes(t, bytes);
  }
  const auto from_old = [&] {
    if (!desc.big_endian) a_.mov(gp(t, std::max(32U, width)), gp(kRax, std::max(32U, width)));
  };
  const auto pick = [&](CondCode keep) {
    from_old();
    if (width == 8) {
      // No 8-bit conditional move; the comparison is of the low byte all the same.
      a_.cmp(gp(t, 8), gp(operand, 8));
    } else {
      a_.cmp(gp(t, width), gp(operand, width));
    }
    a_.emit(x86::Inst::cmovccFromCond(x86::negateCond(keep)), gp(t, std::max(32U, width)),
            gp(operand, std::max(32U, width)));
  };
  switch (op) {
    case AtomicOp::Swap:
      a_.mov(g64(t), g64(operand));
      break;
    case AtomicOp::Add:
      from_old();
      a_.add(gp(t, width), gp(operand, width));
      break;
    case AtomicOp::And:
      from_old();
      a_.and_(gp(t, width), gp(operand, width));
      break;
    case AtomicOp::Or:
      from_old();
      a_.or_(gp(t, width), gp(operand, width));
      break;
    case AtomicOp::Xor:
      from_old();
      a_.xor_(gp(t, width), gp(operand, width));
      break;
    case AtomicOp::Smin:
      pick(CondCode::kLE);
      break;
    case AtomicOp::Smax:
      pick(CondCode::kGE);
      break;
    case AtomicOp::Umin:
      pick(CondCode::kBE);
      break;
    case AtomicOp::Umax:
      pick(CondCode::kAE);
      break;
  }
  if (desc.big_endian) swap_bytes(t, bytes);
  a_.lock().cmpxchg(memory, gp(t, width));
  a_.jnz(again);
  finish(kRax);
}

void Emitter::emit_cmpxchg(Value v, const Inst& inst) {
  const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
  const unsigned bytes = desc.size();
  take(kRax);
  const x86::Mem memory = translate(locate(inst, bytes), inst, SlowAccess::Kind::Atomic);
  Reg desired = use(inst.args[2]);
  load_into(kRax, inst.args[1]);
  // Where the two are equal, eax stays as it is: what lies above it must be zeros here (Analysis::bits_known).
  if (bytes == 4) a_.mov(x86::eax, x86::eax);
  if (desc.big_endian) {
    const Reg t = temp_int();
    a_.mov(g64(t), g64(desired));
    swap_bytes(t, bytes);
    swap_bytes(kRax, bytes);
    desired = t;
  }
  mark_pc();
  a_.lock().cmpxchg(memory, gp(desired, bytes * 8));
  if (info_[v].uses == 0) return;
  if (desc.big_endian) swap_bytes(kRax, bytes);
  extend_in_place(kRax, bytes, desc.sign_extend, inst.type);
  define_copy(v, kRax);
}

bool Emitter::emit_alone(const Inst& inst) {
  if (ir::unpack<ir::MemDesc>(inst.aux).alone == 0) return false;
  a_.jmp(cold(
      [](Emitter& e, const Cold& c) {
        e.to_contract();
        e.leave_at_insn(ir::ExitKind::Exclusive, static_cast<int64_t>(c.data[0]), static_cast<int32_t>(c.data[1]));
      },
      {static_cast<uint64_t>(insn_pc_), insns_ahead()}));
  return true;
}

// The guest's address of a reservation that is about to be made: while it has no size, no store succeeds.
void Emitter::reserve(Reg where) {
  a_.mov(state(offsetof(ir::CpuHeader, reservation_size), 4), 0);
  a_.mov(state(offsetof(ir::CpuHeader, reservation_address)), g64(where));
}

// A reservation is an address and the value found there; the store succeeds where the value is still the same
// (ir/api/exclusives.h).
void Emitter::emit_load_linked(Value v, const Inst& inst) {
  if (emit_alone(inst)) {
    if (info_[v].uses != 0) define(v, dest(v));
    return;
  }
  const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
  const unsigned bytes = desc.size();
  const x86::Mem guest = locate(inst, bytes);
  if (options_->machine) reserve(static_cast<Reg>(guest.baseId()));
  const x86::Mem memory = translate(guest, inst, SlowAccess::Kind::Load);
  const Reg t = temp_int();
  mark_pc();
  load_memory(t, memory, bytes == 1 ? Type::I8 : bytes == 2 ? Type::I16 : bytes == 4 ? Type::I32 : Type::I64);
  a_.mov(state(offsetof(ir::CpuHeader, reservation_value)), g64(t));
  a_.mov(state(offsetof(ir::CpuHeader, reservation_size), 4), bytes);
  {
    const Reg where = temp_int();
    if (!options_->machine) {
      a_.lea(g64(where), memory);
      a_.mov(state(offsetof(ir::CpuHeader, reservation_address)), g64(where));
    }
    load_guest_pc(where, insn_pc_);
    a_.mov(state(offsetof(ir::CpuHeader, reservation_pc)), g64(where));
  }
  if (desc.big_endian) swap_bytes(t, bytes);
  if (info_[v].uses == 0) return;
  extend_in_place(t, bytes, desc.sign_extend, inst.type);
  define_copy(v, t);
}

// A store that must run alone: where no reservation of its address is open, it fails and changes nothing, here as
// well. (Kernels close reservations by such stores on every way back to their users.)
bool Emitter::emit_store_alone(Value v, const Inst& inst) {
  const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
  if (desc.alone == 0) return false;
  const x86::Mem guest = locate(inst, desc.size());
  const Reg where = temp_int();
  a_.lea(g64(where), guest);
  a_.cmp(g64(where), state(offsetof(ir::CpuHeader, reservation_address)));
  a_.je(cold(
      [](Emitter& e, const Cold& c) {
        e.to_contract();
        e.leave_at_insn(ir::ExitKind::Exclusive, static_cast<int64_t>(c.data[0]), static_cast<int32_t>(c.data[1]));
      },
      {static_cast<uint64_t>(insn_pc_), insns_ahead()}));
  a_.mov(state(offsetof(ir::CpuHeader, reservation_address)), -1);
  a_.xor_(g32(where), g32(where));
  if (info_[v].uses != 0) define_copy(v, where);
  return true;
}

void Emitter::emit_store_cond(Value v, const Inst& inst) {
  if (emit_store_alone(v, inst)) return;
  const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
  const unsigned bytes = desc.size();
  take(kRax);
  const x86::Mem memory = locate(inst, bytes);
  Reg value = use(inst.args[1]);
  if (desc.big_endian) {
    const Reg t = temp_int();
    a_.mov(g64(t), g64(value));
    swap_bytes(t, bytes);
    value = t;
  }
  const Label done = a_.newLabel();
  const Reg result = temp_int();
  a_.lea(x86::rax, memory);
  a_.xor_(g32(result), g32(result));
  a_.cmp(x86::rax, state(offsetof(ir::CpuHeader, reservation_address)));
  a_.mov(state(offsetof(ir::CpuHeader, reservation_address)), -1);
  a_.jne(done);
  a_.cmp(state(offsetof(ir::CpuHeader, reservation_size), 4), bytes);
  a_.jne(done);
  if (options_->machine) {
    // All registers are taken: nothing may move between the jumps and where they lead.
    translate(static_cast<Reg>(memory.baseId()), kRax, result, inst, SlowAccess::Kind::Atomic);
    a_.xor_(g32(result), g32(result));
  }
  a_.mov(x86::rax, state(offsetof(ir::CpuHeader, reservation_value)));
  mark_pc();
  a_.lock().cmpxchg(memory, gp(value, bytes * 8));
  a_.sete(gp(result, 8));
  a_.bind(done);
  define_copy(v, result);
}

}  // namespace menura::x64
