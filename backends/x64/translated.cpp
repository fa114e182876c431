// Guest memory of a machine: addresses are looked up in the virtual CPU's TLB (softmmu/api/tlb.h); what it does not
// know goes to Thunk::Memory.
#include <bit>

#include "backends/x64/emitter.h"
#include "softmmu/api/tlb.h"

namespace menura::x64 {

using ir::CpuHeader;
using ir::Op;
using ir::Type;
using runtime::SlowAccess;
using softmmu::TlbEntry;

namespace {

bool writes(SlowAccess::Kind kind) {
  return kind == SlowAccess::Kind::Store || kind == SlowAccess::Kind::Atomic || kind == SlowAccess::Kind::ProbeWrite;
}

}  // namespace

// The guest's address of an access, of the right alignment: in a process it is the host's; in a machine it is in a
// register, which translate() turns into the host's.
x86::Mem Emitter::locate(const Inst& inst, unsigned bytes) {
  const auto desc = ir::unpack<ir::MemDesc>(inst.aux);
  const RegMask before = locked_;
  x86::Mem guest = address(inst.args[0], inst.imm, bytes);
  if (!options_->machine) {
    const RegMask operands = locked_;
    check_alignment(guest, desc.align_log2);
    locked_ = operands;
    return guest;
  }
  const Reg where = temp_int();
  a_.lea(g64(where), guest);
  locked_ = before | mask_of(where);
  guest = x86::ptr(g64(where), 0, bytes);
  check_alignment(guest, desc.align_log2);
  return guest;
}

x86::Mem Emitter::translate(const x86::Mem& guest, const Inst& inst, SlowAccess::Kind kind) {
  if (!options_->machine) return guest;
  const RegMask before = locked_;
  const Reg entry = temp_int();
  const Reg tag = temp_int();
  translate(static_cast<Reg>(guest.baseId()), entry, tag, inst, kind);
  locked_ = before;
  return guest;
}

// `where` holds the guest's address, and then the host's; the others are temporaries.
void Emitter::translate(Reg where, Reg entry, Reg tag, const Inst& inst, SlowAccess::Kind kind) {
  const Label back = a_.newLabel();
  const bool probe = inst.op == Op::Probe;
  const unsigned size = probe ? static_cast<unsigned>(inst.imm) : ir::unpack<ir::MemDesc>(inst.aux).size();
  const SlowAccess access = look_up(where, entry, tag, inst, size, kind);
  a_.jne(cold(
      [](Emitter& e, const Cold& c) {
        const auto reg = static_cast<Reg>(c.data[0]);
        e.call_memory(c);
        if (c.data[3] != 0) e.a_.mov(g64(reg), e.state(offsetof(CpuHeader, access_address)));
        e.a_.jmp(c.back);
      },
      {where, std::bit_cast<uint32_t>(access), pc_and_ahead(), !probe}, &back));
  if (!probe) a_.add(g64(where), x86::qword_ptr(g64(entry), offsetof(TlbEntry, addend)));
  a_.bind(back);
}

// As translate, for a store of `stored` (no bytes: it is in access_value already); where the host's address is not to
// be had, the store is done by the thunk, and goes on at `done`.
x86::Mem Emitter::translate_store(const x86::Mem& guest, const Inst& inst, const Stored& stored, const Label& done) {
  if (!options_->machine) return guest;
  const RegMask before = locked_;
  const auto where = static_cast<Reg>(guest.baseId());
  const Reg entry = temp_int();
  const Reg tag = temp_int();
  const unsigned size = ir::unpack<ir::MemDesc>(inst.aux).size();
  const SlowAccess access = look_up(where, entry, tag, inst, size, SlowAccess::Kind::Store);
  a_.jne(cold(
      [](Emitter& e, const Cold& c) {
        const auto value = std::bit_cast<Stored>(c.data[3]);
        if (value.bytes != 0) e.store_value(e.state(offsetof(CpuHeader, access_value)), value);
        e.call_memory(c);
        e.a_.jmp(c.back);
      },
      {where, std::bit_cast<uint32_t>(access), pc_and_ahead(), std::bit_cast<uint64_t>(stored)}, &done));
  a_.add(g64(where), x86::qword_ptr(g64(entry), offsetof(TlbEntry, addend)));
  locked_ = before;
  return guest;
}

// Leaves the host's flags "equal" where the TLB has it.
SlowAccess Emitter::look_up(Reg where, Reg entry, Reg tag, const Inst& inst, unsigned size, SlowAccess::Kind kind) {
  const unsigned regime = ir::unpack<ir::MemDesc>(inst.aux).mmu_index;
  if (regime >= ir::kTlbCount || size > UINT16_MAX) failed_ = true;
  const int64_t tlb = static_cast<int64_t>(offsetof(CpuHeader, tlb) + regime * sizeof(CpuHeader::Tlb));
  a_.mov(g64(entry), g64(where));
  a_.shr(g64(entry), softmmu::kTlbShift);
  a_.and_(g64(entry), state(tlb + static_cast<int64_t>(offsetof(CpuHeader::Tlb, mask))));
  a_.add(g64(entry), state(tlb + static_cast<int64_t>(offsetof(CpuHeader::Tlb, entries))));
  if (size > 1) {
    a_.lea(g64(tag), x86::ptr(g64(where), static_cast<int32_t>(size - 1)));
  } else {
    a_.mov(g64(tag), g64(where));
  }
  a_.and_(g64(tag), -static_cast<int32_t>(softmmu::kPageSize));
  const auto part = writes(kind) ? offsetof(TlbEntry, write) : offsetof(TlbEntry, read);
  a_.cmp(x86::qword_ptr(g64(entry), static_cast<int32_t>(part)), g64(tag));
  return {kind, static_cast<uint8_t>(regime), static_cast<uint16_t>(size)};
}

// Calls the thunk for the access of cold.data[0..2]. It recovers the state by where it was called.
void Emitter::call_memory(const Cold& c) {
  a_.mov(state(offsetof(CpuHeader, access_address)), g64(static_cast<Reg>(c.data[0])));
  a_.mov(state(offsetof(CpuHeader, access_kind), 4), static_cast<int32_t>(c.data[1]));
  out_->pcs.push_back({here(), static_cast<int32_t>(c.data[2]), static_cast<uint32_t>(c.data[2] >> 32)});
  call_thunk(runtime::Thunk::Memory);
}

uint64_t Emitter::pc_and_ahead() const {
  return static_cast<uint32_t>(static_cast<int32_t>(insn_pc_)) | uint64_t{insns_ahead()} << 32;
}

// A machine's code jumps straight to its own page only.
bool Emitter::leaves_page(int64_t pc) const {
  const uint64_t base = region_->identity.pc;
  return options_->machine && ((base + static_cast<uint64_t>(pc)) ^ base) >> softmmu::kPageBits != 0;
}

}  // namespace menura::x64
