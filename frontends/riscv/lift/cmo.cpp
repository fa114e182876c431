// Cache-block operations (Unprivileged 20240411, chapter 19) on blocks of 64 bytes, which hwprobe reports.
#include "frontends/riscv/lift/lifter.h"
#include "frontends/riscv/system/fields.h"

namespace menura::riscv {
namespace lift {

namespace {

constexpr int64_t kBlockBytes = 64;

// 19.4: the address is anywhere in the block.
Value block_of(Lifter& l, XReg rs1) { return l.and_(l.address(rs1, 0).base, l.b.constant(Type::I64, -kBlockBytes)); }

// Raises what an access to the block would, at rs1: that is the address that a fault reports (19.2.4), and a block lies
// in one page.
void probe(Lifter& l, XReg rs1, bool write) {
  l.b.emit(Op::Probe, Type::Void, {l.address(rs1, 0).base}, ir::pack(ir::MemDesc{.sign_extend = write}), 1);
}

// 19.3: the levels above may forbid these instructions.
void check_enabled(Lifter& l, uint64_t field) {
  if (!l.is_machine() || l.privilege() == Privilege::Machine) return;
  l.illegal_unless(SlotName::Menvcfg, field);
  if (l.privilege() == Privilege::User) l.illegal_unless(SlotName::Senvcfg, field);
}

// Caches are coherent here: nothing is left to do.
void manage(Lifter& l, XReg rs1, uint64_t field) {
  check_enabled(l, field);
  probe(l, rs1, false);
}

}  // namespace

// A kernel may let user mode invalidate only with the effect of a flush (19.4, CBIE = 01): nothing gets lost.
void cbo_inval(Lifter& l, Rs1 rs1) { manage(l, rs1, Envcfg::kCbie); }
void cbo_clean(Lifter& l, Rs1 rs1) { manage(l, rs1, Envcfg::kCbcfe); }
void cbo_flush(Lifter& l, Rs1 rs1) { manage(l, rs1, Envcfg::kCbcfe); }

void cbo_zero(Lifter& l, Rs1 rs1) {
  check_enabled(l, Envcfg::kCbze);
  probe(l, rs1, true);
  const Value block = block_of(l, rs1);
  const Value zero = l.b.constant(Type::I64, 0);
  for (int64_t offset = 0; offset < kBlockBytes; offset += 8) l.b.store(block, zero, {.size_log2 = 3}, offset);
}

// 19.5: prefetches never fault, and the host's caches do not need them.
void prefetch_i(Lifter&, ImmS, Rs1) {}
void prefetch_r(Lifter&, ImmS, Rs1) {}
void prefetch_w(Lifter&, ImmS, Rs1) {}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/cmo.inc"
#undef INST

}  // namespace menura::riscv
