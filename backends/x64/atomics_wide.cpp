// Atomic operations on 16 bytes, by lock cmpxchg16b: it compares memory with rdx:rax and writes rcx:rbx.
#include <array>

#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::AtomicOp;
using ir::Op;
using ir::Type;
using runtime::SlowAccess;

namespace {

constexpr RegMask kExchange = mask_of(kRax) | mask_of(kRbx) | mask_of(kRcx) | mask_of(kRdx);

// Bytes of the reserved spill memory that keep what guest registers in rcx and rdx hold.
struct Kept {
  Reg reg;
  uint32_t place;
};
constexpr std::array kKept = {Kept{kRcx, 48}, Kept{kRdx, 56}};

}  // namespace

// Whether the access is one of 16 bytes in the host's order; no frontend has others.
bool Emitter::is_plain_wide_atomic(const Inst& inst, Type type) {
  const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
  if (type == Type::I128 && desc.size() == 16 && desc.big_endian == 0) return true;
  failed_ = true;
  return false;
}

// The address, checked for alignment, in a register that cmpxchg16b does not use.
Reg Emitter::wide_address(const Inst& inst) {
  const RegMask before = locked_;
  const Reg t = temp(kIntRegs & ~kExchange);
  a_.lea(g64(t), address(inst.args[0], inst.imm, 16));
  locked_ = before | mask_of(t);
  check_alignment(x86::ptr(g64(t)), 4);
  return t;
}

// Empties rax, rbx, rcx and rdx; but where guest registers live in the last two, those stay for now.
void Emitter::claim_exchange() {
  for (const Reg reg : {kRax, kRbx, kRcx, kRdx}) {
    if ((homes_.homes() & mask_of(reg)) == 0) take(reg);
  }
}

// From here to end_exchange() all four are free. What can fault has to happen before, while guest registers are at
// home: the write is tried with a locked `or` of nothing.
void Emitter::begin_exchange(Reg where) {
  mark_pc();
  a_.lock().or_(x86::byte_ptr(g64(where)), 0);
  for (const auto& [reg, place] : kKept) {
    if ((homes_.homes() & mask_of(reg)) != 0) a_.mov(spill_memory(place), g64(reg));
  }
}

// Changes no flags.
void Emitter::end_exchange() {
  for (const auto& [reg, place] : kKept) {
    if ((homes_.homes() & mask_of(reg)) != 0) a_.mov(g64(reg), spill_memory(place));
  }
}

void Emitter::load_wide(Value from, Reg low, Reg high) {
  a_.mov(g64(low), wide_memory(from, 0));
  a_.mov(g64(high), wide_memory(from, 1));
}

void Emitter::emit_wide_exchange(Value v, const Inst& inst) {
  if (!is_plain_wide_atomic(inst, inst.type)) return;
  const Reg where = wide_address(inst);
  const x86::Mem memory = x86::ptr(g64(where), 0, 16);
  claim_exchange();
  if (options_->machine) translate(where, kRax, kRbx, inst, SlowAccess::Kind::Atomic);
  begin_exchange(where);
  if (inst.op == Op::CmpXchg) {
    load_wide(inst.args[1], kRax, kRdx);
    load_wide(inst.args[2], kRbx, kRcx);
    a_.lock().cmpxchg16b(memory);
  } else {
    // The two halves need not be of one moment: the exchange finds out.
    a_.mov(x86::rax, x86::qword_ptr(g64(where)));
    a_.mov(x86::rdx, x86::qword_ptr(g64(where), 8));
    const Label again = a_.newLabel();
    a_.bind(again);
    load_wide(inst.args[1], kRbx, kRcx);
    switch (static_cast<AtomicOp>(ir::unpack<ir::MemDesc>(inst.aux).atomic_op)) {
      case AtomicOp::Swap:
        break;
      case AtomicOp::Add:
        a_.add(x86::rbx, x86::rax);
        a_.adc(x86::rcx, x86::rdx);
        break;
      case AtomicOp::And:
        a_.and_(x86::rbx, x86::rax);
        a_.and_(x86::rcx, x86::rdx);
        break;
      case AtomicOp::Or:
        a_.or_(x86::rbx, x86::rax);
        a_.or_(x86::rcx, x86::rdx);
        break;
      case AtomicOp::Xor:
        a_.xor_(x86::rbx, x86::rax);
        a_.xor_(x86::rcx, x86::rdx);
        break;
      default:
        failed_ = true;  // no guest has the smaller or the larger of 16 bytes
        return;
    }
    a_.lock().cmpxchg16b(memory);
    a_.jnz(again);
  }
  if (info_[v].uses != 0) {
    a_.mov(wide_memory(v, 0), x86::rax);
    a_.mov(wide_memory(v, 1), x86::rdx);
  }
  end_exchange();
}

void Emitter::emit_wide_load_linked(Value v, const Inst& inst) {
  if (emit_alone(inst) || !is_plain_wide_atomic(inst, inst.type)) return;
  const Reg where = wide_address(inst);
  if (options_->machine) {
    reserve(where);
    translate(x86::ptr(g64(where)), inst, SlowAccess::Kind::Load);
  }
  const Reg t = temp_vec();
  mark_pc();
  load_memory(t, x86::ptr(g64(where)), Type::V128);
  store_memory(state(offsetof(ir::CpuHeader, reservation_value)), t, Type::V128);
  a_.mov(state(offsetof(ir::CpuHeader, reservation_size), 4), 16);
  if (!options_->machine) a_.mov(state(offsetof(ir::CpuHeader, reservation_address)), g64(where));
  load_guest_pc(where, insn_pc_);
  a_.mov(state(offsetof(ir::CpuHeader, reservation_pc)), g64(where));
  if (info_[v].uses != 0) store_memory(wide_memory(v, 0), t, Type::V128);
}

void Emitter::emit_wide_store_cond(Value v, const Inst& inst) {
  if (emit_store_alone(v, inst)) return;
  if (!is_plain_wide_atomic(inst, type_of(inst.args[1]))) return;
  const Reg where = wide_address(inst);
  claim_exchange();
  const Label done = a_.newLabel();
  a_.xor_(x86::ebx, x86::ebx);
  a_.cmp(g64(where), state(offsetof(ir::CpuHeader, reservation_address)));
  a_.mov(state(offsetof(ir::CpuHeader, reservation_address)), -1);
  a_.jne(done);
  a_.cmp(state(offsetof(ir::CpuHeader, reservation_size), 4), 16);
  a_.jne(done);
  if (options_->machine) translate(where, kRax, kRbx, inst, SlowAccess::Kind::Atomic);
  begin_exchange(where);
  a_.mov(x86::rax, state(offsetof(ir::CpuHeader, reservation_value)));
  a_.mov(x86::rdx, state(offsetof(ir::CpuHeader, reservation_value) + 8));
  load_wide(inst.args[1], kRbx, kRcx);
  a_.lock().cmpxchg16b(x86::ptr(g64(where), 0, 16));
  a_.mov(x86::ebx, 0);
  a_.sete(x86::bl);
  end_exchange();
  a_.bind(done);
  define_copy(v, kRbx);
}

}  // namespace menura::x64
