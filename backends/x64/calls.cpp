// Calls of helpers: C++ functions that a frontend registered by name.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::Type;
using runtime::Relocation;

// A value as helpers take it: zero-extended to 64 bits, or a float's bits.
void Emitter::store_argument(unsigned number, Value v) {
  const Type type = type_of(v);  // may be narrower than the value whose register it shares
  v = rep(v);
  const RegMask before = locked_;
  const x86::Mem to = spill_memory(8 * number);
  int32_t imm = 0;
  if (in_vec(type)) {
    const Reg r = use(v);
    if (ir::bits(type) < 64) {
      a_.mov(to, 0);
      store_memory(to, r, type);
    } else {
      store_memory(to, r, Type::F64);
    }
  } else if (is_const(v) && const_bits(v) <= INT32_MAX) {
    imm = static_cast<int32_t>(const_bits(v));
    a_.mov(to, imm);
  } else {
    Reg r = use(v);
    if (info_[v].known_bits > ir::bits(type)) {
      const Reg t = temp_int();
      a_.mov(g64(t), g64(r));
      extend_in_place(t, ir::bits(type) / 8, false, Type::I64);
      r = t;
    }
    a_.mov(to, g64(r));
  }
  locked_ = before;
}

void Emitter::emit_call(Value v, const Inst& inst) {
  const auto id = static_cast<ir::HelperId>(inst.imm);
  const ir::Helper& helper = helpers_[id];
  const std::span<const Value> args = region_->args(inst);
  for (unsigned i = 0; i < args.size(); ++i) store_argument(i, args[i]);
  for (unsigned i = static_cast<unsigned>(args.size()); i < 4; ++i) a_.mov(spill_memory(8 * i), 0);
  take(kRax);
  if (helper.effects.writes_state) forget_slots();
  // Registers of the contract that are scratch here take pinned slots around the call.
  for (const Homes::Place& place : homes_.evicted()) evict(place.reg);
  to_contract();
  relocation(Relocation::Kind::Helper, here() + 1, id);
  const uint8_t bytes[5] = {0xb8};  // mov eax, imm32
  a_.embed(bytes, 5);
  ++a_.emitted;
  call_thunk(runtime::Thunk::Helper);
  from_contract();
  if (inst.type == Type::Void || info_[v].uses == 0) return;
  if (in_vec(inst.type)) {
    const Reg dst = dest(v);
    move(dst, kRax);
    define(v, dst);
  } else {
    define_copy(v, kRax);
  }
}

}  // namespace menura::x64
