// Memory Copy and Memory Set (C6.2.78 and following, C6.2.288 and following), as the manual's option B: Xn counts what
// is left, the addresses move with it, C is set, and N says that a copy runs backwards. The prologue decides, the main
// part does everything, chunk by chunk: each is one execution of the instruction, so that it can be interrupted and
// can fault between any two. The epilogue finds nothing left, but does the same if there is.
#include "frontends/arm/lift/lifter.h"

namespace menura::arm {
namespace lift {

namespace {

using ir::Cond;

constexpr int64_t kChunk = 16;

// The flags of option B.
void set_direction(Lifter& l, Value backward) { l.set_nzcv(backward, l.bit(false), l.bit(true), l.bit(false)); }

// Sizes beyond what an address space holds become the largest one (shared/functions/memory: "saturate").
Value saturated(Lifter& l, Reg rn, uint64_t largest) {
  return l.b.binary(Op::MinU, l.x(rn), l.imm(static_cast<int64_t>(largest)));
}

// Executes `step(bytes)` for a chunk, or a byte where less is left in Xn, and the instruction again until nothing is.
template <typename Step>
void repeat(Lifter& l, Reg rn, Step step) {
  const Value left = l.x(rn);
  const ir::BlockId some = l.b.new_block();
  const ir::BlockId none = l.b.new_block();
  l.b.cond_br(l.is_zero(left), none, some);
  l.b.start(none);
  l.b.jump_to(l.b.next_pc());
  l.b.start(some);
  const ir::BlockId chunk = l.b.new_block();
  const ir::BlockId byte = l.b.new_block();
  l.b.cond_br(l.b.icmp(Cond::Uge, left, l.imm(kChunk)), chunk, byte);
  for (const auto& [block, bytes] : {std::pair{chunk, kChunk}, std::pair{byte, int64_t{1}}}) {
    l.b.start(block);
    step(bytes);
    l.set_x(rn, l.sub(left, l.imm(bytes)));
    l.b.jump_to(l.b.pc());
  }
}

// Forwards, the registers are the next addresses; backwards, the ends of what is left.
void copy_step(Lifter& l, Reg rd, Reg rs, bool backward, int64_t bytes) {
  const Type type = bytes == 1 ? Type::I8 : Type::V128;
  const unsigned size_log2 = bytes == 1 ? 0 : 4;
  const Value to = l.x(rd);
  const Value from = l.x(rs);
  const int64_t offset = backward ? -bytes : 0;
  const Value data = l.load(type, l.address(from, offset), size_log2);
  l.store(l.address(to, offset), data, size_log2);
  l.set_x(rd, l.add(to, l.imm(backward ? -bytes : bytes)));
  l.set_x(rs, l.add(from, l.imm(backward ? -bytes : bytes)));
}

void copy_forward(Lifter& l, Reg rd, Reg rs, Reg rn) {
  repeat(l, rn, [&](int64_t bytes) { copy_step(l, rd, rs, false, bytes); });
}

// Both directions: two loops behind the flag.
void copy(Lifter& l, Reg rd, Reg rs, Reg rn) {
  const ir::BlockId backward = l.b.new_block();
  const ir::BlockId forward = l.b.new_block();
  l.b.cond_br(l.flag(SlotName::N), backward, forward);
  l.b.start(backward);
  repeat(l, rn, [&](int64_t bytes) { copy_step(l, rd, rs, true, bytes); });
  l.b.start(forward);
  copy_forward(l, rd, rs, rn);
}

void set_memory(Lifter& l, Reg rd, Reg rn, Reg rs) {
  repeat(l, rn, [&](int64_t bytes) {
    const Value to = l.x(rd);
    Value data = l.b.convert(Op::Trunc, Type::I8, l.x(rs));
    if (bytes != 1) data = l.b.vec(Op::VSplat, Type::V128, {data}, {.lane = static_cast<uint32_t>(Type::I8)});
    l.store(l.address(to), data, bytes == 1 ? 0 : 4);
    l.set_x(rd, l.add(to, l.imm(bytes)));
  });
}

}  // namespace

void cpyfp(Lifter& l, Rs, CopyOptions, Rn rn, Rd) {
  l.set_x(rn, saturated(l, rn, 0x7fffffffffffffff));
  set_direction(l, l.bit(false));
}
void cpyfm(Lifter& l, Rs rs, CopyOptions, Rn rn, Rd rd) { copy_forward(l, rd, rs, rn); }
void cpyfe(Lifter& l, Rs rs, CopyOptions, Rn rn, Rd rd) { copy_forward(l, rd, rs, rn); }

// Backwards where the destination begins within the source (IsMemCpyForward, on 56 bits of address).
void cpyp(Lifter& l, Rs rs, CopyOptions, Rn rn, Rd rd) {
  const Value size = saturated(l, rn, 0x007fffffffffffff);
  const Value to = l.x(rd);
  const Value from = l.x(rs);
  const Value distance = l.and_(l.sub(to, from), l.imm(0x00ffffffffffffff));
  const Value above =
      l.b.icmp(Cond::Ugt, l.and_(to, l.imm(0x00ffffffffffffff)), l.and_(from, l.imm(0x00ffffffffffffff)));
  const Value backward = l.and_(above, l.b.icmp(Cond::Ult, distance, size));
  const Value offset = l.b.select(backward, size, l.imm(0));
  l.set_x(rd, l.add(to, offset));
  l.set_x(rs, l.add(from, offset));
  l.set_x(rn, size);
  set_direction(l, backward);
}
void cpym(Lifter& l, Rs rs, CopyOptions, Rn rn, Rd rd) { copy(l, rd, rs, rn); }
void cpye(Lifter& l, Rs rs, CopyOptions, Rn rn, Rd rd) { copy(l, rd, rs, rn); }

void setp(Lifter& l, Rs, SetOptions, Rn rn, Rd) {
  l.set_x(rn, saturated(l, rn, 0x7fffffffffffffff));
  set_direction(l, l.bit(false));
}
void setm(Lifter& l, Rs rs, SetOptions, Rn rn, Rd rd) { set_memory(l, rd, rn, rs); }
void sete(Lifter& l, Rs rs, SetOptions, Rn rn, Rd rd) { set_memory(l, rd, rn, rs); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/mops.inc"
#undef INST

}  // namespace menura::arm
