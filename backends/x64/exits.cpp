// Where a region is entered and left. The contract (homes.h, backends/runtime/README.md) holds at each of these places.
#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::CpuHeader;
using ir::Op;
using ir::Type;
using runtime::Relocation;
using runtime::Thunk;

void Emitter::relocation(Relocation::Kind kind, uint32_t at, int64_t addend) {
  out_->relocations.push_back({kind, at, addend});
}

void Emitter::emit_entry() {
  a_.bind(entry_);
  if (options_->heat_index >= 0) {
    a_.mov(x86::rax, state(offsetof(CpuHeader, heat)));
    const uint8_t decrement[] = {0x83, 0xa8, 0, 0, 0, 0, 1};  // sub dword [rax + disp32], 1
    relocation(Relocation::Kind::HeatIndex, here() + 2, 0);
    a_.embed(decrement, sizeof decrement);
    a_.js(cold([](Emitter& e, const Cold&) { e.pc_stub(Thunk::Hot, 0); }, {}));
  }
  from_contract();
}

// Profiling: counts how often the block is executed.
void Emitter::emit_profile(ir::BlockId block) {
  if (!options_->profile) return;
  const ir::Block& b = region_->blocks[block];
  uint32_t instructions = 0;
  for (uint32_t at = b.first; at < b.first + b.count; ++at) instructions += region_->insts[at].op == Op::Insn;
  const RegMask before = locked_;
  take(kRax);
  a_.mov(x86::rax, state(offsetof(CpuHeader, heat)));
  const uint8_t increment[] = {0x48, 0xff, 0x80, 0, 0, 0, 0};  // inc qword [rax + disp32]
  relocation(Relocation::Kind::Count, here() + 3, static_cast<int64_t>(out_->counts.size()));
  a_.embed(increment, sizeof increment);
  locked_ = before;
  out_->counts.push_back({instructions, 0});
}

// Counting mode: a block is entered only if the budget covers all of it.
void Emitter::emit_budget(ir::BlockId block) {
  if (!options_->count) return;
  const ir::Block& b = region_->blocks[block];
  int32_t instructions = 0;
  for (uint32_t at = b.first; at < b.first + b.count; ++at) instructions += region_->insts[at].op == Op::Insn ? 1 : 0;
  if (instructions == 0) return;
  insns_counted_ = static_cast<uint32_t>(instructions);
  a_.sub(state(offsetof(CpuHeader, budget)), instructions);
  a_.jl(cold(
      [](Emitter& e, const Cold& c) {
        e.a_.add(e.state(offsetof(CpuHeader, budget)), static_cast<int32_t>(c.data[0]));
        e.to_contract();
        e.pc_stub(Thunk::Budget, static_cast<int64_t>(c.data[1]));
      },
      {static_cast<uint64_t>(instructions), static_cast<uint64_t>(b.pc_offset)}));
  a_.add(state(offsetof(CpuHeader, retired)), instructions);
}

void Emitter::to_contract() {
  for (const Homes::Place& place : homes_.moved()) {
    if (place.written) store_memory(slot_memory(place.slot), place.reg, layout_.slot(place.slot).type);
  }
  for (const Homes::Place& place : homes_.evicted()) {
    load_memory(place.reg, slot_memory(place.slot), layout_.slot(place.slot).type);
  }
}

void Emitter::from_contract() {
  for (const Homes::Place& place : homes_.evicted()) {
    store_memory(slot_memory(place.slot), place.reg, layout_.slot(place.slot).type);
  }
  for (const Homes::Place& place : homes_.moved()) {
    load_memory(place.reg, slot_memory(place.slot), layout_.slot(place.slot).type);
  }
}

void Emitter::jump_to_thunk(Thunk thunk) { a_.jmp(state(runtime::thunk_offset(thunk))); }

void Emitter::call_thunk(Thunk thunk) { a_.call(state(runtime::thunk_offset(thunk))); }

void Emitter::pc_stub(Thunk thunk, int64_t pc) {
  call_thunk(thunk);
  out_->pc_stubs.push_back({here(), pc});
}

// A jump or call whose displacement the runtime patches: it lies within eight aligned bytes.
void Emitter::link(std::initializer_list<uint8_t> opcode, int64_t target, bool is_call) {
  static constexpr uint8_t nops[4][3] = {{}, {0x90}, {0x66, 0x90}, {0x0f, 0x1f, 0x00}};
  const uint32_t at = (here() + static_cast<uint32_t>(opcode.size())) & 7;
  if (at > 4) a_.embed(nops[8 - at], 8 - at);
  uint8_t bytes[6] = {};
  std::copy(opcode.begin(), opcode.end(), bytes);
  a_.embed(bytes, opcode.size() + 4);
  ++a_.emitted;
  links_.push_back({here() - 4, target, is_call});
}

void Emitter::load_guest_pc(Reg reg, int64_t offset) {
  const uint64_t pc = region_->identity.pc + static_cast<uint64_t>(offset);
  uint8_t bytes[10] = {};
  const auto low = static_cast<uint8_t>(reg & 7);
  ++a_.emitted;
  if (pc <= INT32_MAX) {
    // mov r32, imm32
    unsigned n = 0;
    if (reg >= 8) bytes[n++] = 0x41;
    bytes[n++] = 0xb8 | low;
    relocation(Relocation::Kind::GuestPc32, here() + n, offset);
    a_.embed(bytes, n + 4);
    return;
  }
  bytes[0] = reg >= 8 ? 0x49 : 0x48;  // mov r64, imm64
  bytes[1] = 0xb8 | low;
  relocation(Relocation::Kind::GuestPc64, here() + 2, offset);
  a_.embed(bytes, 10);
}

// Clobbers rax, where the address takes more than 31 bits.
void Emitter::store_guest_pc(const x86::Mem& to, int64_t offset) {
  load_guest_pc(kRax, offset);
  a_.mov(to, x86::rax);
}

// Clobbers r10, likewise.
void Emitter::push_guest_pc(int64_t offset) {
  const uint64_t pc = region_->identity.pc + static_cast<uint64_t>(offset);
  if (pc <= INT32_MAX) {
    const uint8_t bytes[5] = {0x68};
    relocation(Relocation::Kind::GuestPc32, here() + 1, offset);
    a_.embed(bytes, 5);
    ++a_.emitted;
  } else {
    load_guest_pc(kR10, offset);
    a_.push(x86::r10);
  }
}

// A stop request makes the virtual CPU stand at `pc`. Called where the contract holds.
void Emitter::poll(int64_t pc) {
  a_.cmp(state(offsetof(CpuHeader, stop_request), 4), 0);
  a_.jne(cold([](Emitter& e, const Cold& c) { e.pc_stub(Thunk::Stop, static_cast<int64_t>(c.data[0])); },
              {static_cast<uint64_t>(pc)}));
}

// The contract holds, and rax is free.
void Emitter::jump_out_of_page(int64_t target, std::optional<int64_t> return_pc) {
  load_guest_pc(kRax, target);
  probe_and_jump(return_pc);
}

void Emitter::emit_jump(const Inst& inst) {
  if (leaves_page(inst.imm)) take(kRax);
  to_contract();
  if (leaves_page(inst.imm)) return jump_out_of_page(inst.imm);
  const bool alone = region_->blocks[block_].count == 1;
  if (alone ? info_.block(block_).polls : inst.imm <= insn_pc_) poll(inst.imm);
  link({0xe9}, inst.imm, false);
}

// rax = guest pc; the contract holds. Looks for stop requests, since any loop may go through here. With `return_pc`, a
// call: whoever samples wants to know which.
void Emitter::probe_and_jump(std::optional<int64_t> return_pc) {
  a_.cmp(state(offsetof(CpuHeader, stop_request), 4), 0);
  a_.jne(cold(
      [](Emitter& e, const Cold& c) {
        if (c.data[0] == 0) return e.call_thunk(Thunk::StopBefore);
        e.a_.add(x86::rsp, 8);
        e.pc_stub(Thunk::StopBefore, static_cast<int64_t>(c.data[1]));
      },
      {return_pc.has_value(), static_cast<uint64_t>(return_pc.value_or(0))}));
  static_assert(sizeof(runtime::CodeRecord) == 16 && runtime::kLookupShift == 1);
  a_.mov(x86::r10d, x86::eax);
  a_.shr(x86::r10d, runtime::kLookupBits);
  a_.xor_(x86::r10d, x86::eax);
  a_.mov(x86::rbx, state(offsetof(CpuHeader, lookup_table)));
  a_.and_(x86::r10d, (runtime::kLookupEntries - 1) << runtime::kLookupShift);
  a_.cmp(x86::qword_ptr(x86::rbx, x86::r10, 3, offsetof(runtime::CodeRecord, pc)), x86::rax);
  const x86::Mem entry = x86::qword_ptr(x86::rbx, x86::r10, 3, offsetof(runtime::CodeRecord, entry));
  if (return_pc) {
    const Label back = a_.newLabel();
    a_.jne(cold(
        [](Emitter& e, const Cold& c) {
          e.call_thunk(Thunk::Indirect);
          e.a_.jmp(c.back);
        },
        {}, &back));
    a_.call(entry);
    a_.bind(back);
  } else {
    a_.jne(cold([](Emitter& e, const Cold&) { e.jump_to_thunk(Thunk::Indirect); }, {}));
    a_.jmp(entry);
  }
}

// rax = where an indirect jump goes.
void Emitter::load_target(Value v) {
  take(kRax);
  int32_t mask = -1;
  load_into(kRax, unmasked(v, &mask));
  if (mask != -1) a_.and_(x86::rax, mask);
}

// The operand of an absorbed `and` with a mask, else the value.
ir::Value Emitter::unmasked(Value v, int32_t* mask) const {
  v = rep(v);
  if (!info_[v].fused || region_->insts[v].op != Op::And) return v;
  imm32(region_->insts[v].args[1], 64, mask);
  return rep(region_->insts[v].args[0]);
}

void Emitter::emit_jump_indirect(const Inst& inst) {
  load_target(inst.args[0]);
  to_contract();
  probe_and_jump();
}

void Emitter::emit_call_direct(const Inst& inst) {
  to_contract();
  const bool far = leaves_page(inst.imm);
  if (!far && inst.imm <= insn_pc_) poll(inst.imm);
  push_guest_pc(static_cast<int32_t>(inst.aux));
  if (far) {
    jump_out_of_page(inst.imm, static_cast<int32_t>(inst.aux));
  } else {
    link({0xe8}, inst.imm, true);
  }
  emit_continuation(inst);
}

void Emitter::emit_call_indirect(const Inst& inst) {
  load_target(inst.args[0]);
  to_contract();
  push_guest_pc(static_cast<int32_t>(inst.aux));
  probe_and_jump(static_cast<int32_t>(inst.aux));
  emit_continuation(inst);
}

// Where a predicted return arrives: the guest's return address is still on the stack, registers are the contract's.
void Emitter::emit_continuation(const Inst& inst) {
  a_.add(x86::rsp, 8);
  if (inst.edge_count == 0) {
    const auto pc = static_cast<int32_t>(inst.aux);
    if (leaves_page(pc)) return jump_out_of_page(pc);
    link({0xe9}, pc, false);
    return;
  }
  reset_chain();
  from_contract();
  ir::for_each_edge(*region_, inst, [&](ir::Edge edge) { go_to(edge); });
}

// On the stack: the host address to return to, and the guest address that goes with it. That one is an instruction's:
// the bits that a mask would clear are zero, so it is equal to the masked target if it is equal to the target.
void Emitter::emit_return(const Inst& inst) {
  int32_t mask = -1;
  take(kRax);
  load_into(kRax, unmasked(inst.args[0], &mask));
  to_contract();
  // Below the first prediction lies one of kNoPc, whose code wants the target in rax, too.
  a_.cmp(x86::qword_ptr(x86::rsp, 8), x86::rax);
  a_.jne(cold(
      [](Emitter& e, const Cold& c) {
        const auto bits = static_cast<int32_t>(c.data[0]);
        if (bits != -1) e.a_.and_(x86::rax, bits);
        e.jump_to_thunk(Thunk::ReturnMiss);
      },
      {static_cast<uint64_t>(mask)}));
  a_.ret();
}

void Emitter::emit_exit(const Inst& inst) {
  if (inst.arg_count > 0) {
    take(kRax);
    load_into(kRax, inst.args[0]);
    a_.mov(state(offsetof(CpuHeader, exit_detail)), x86::rax);
  }
  if (options_->count && inst.imm == insn_pc_) {
    // The instruction did not happen.
    a_.add(state(offsetof(CpuHeader, budget)), 1);
    a_.sub(state(offsetof(CpuHeader, retired)), 1);
  }
  to_contract();
  a_.mov(state(offsetof(CpuHeader, exit_kind), 4), static_cast<int>(inst.aux));
  store_guest_pc(state(offsetof(CpuHeader, pc)), inst.imm);
  jump_to_thunk(Thunk::Exit);
}

Label Emitter::cold(void (*emit)(Emitter&, const Cold&), std::initializer_list<uint64_t> data, const Label* back) {
  Cold& c = cold_.emplace_back();
  c.entry = a_.newLabel();
  if (back != nullptr) c.back = *back;
  c.emit = emit;
  std::copy(data.begin(), data.end(), c.data);
  return c.entry;
}

}  // namespace menura::x64
