// A: atomic instructions (Unprivileged 20240411, chapter 14), and Zawrs (chapter 15).
#include "frontends/riscv/lift/lifter.h"

namespace menura::riscv {
namespace lift {

using ir::AtomicOp;
using ir::MemDesc;
using ir::Order;

namespace {

constexpr unsigned kWord = 2;
constexpr unsigned kDouble = 3;

Order order_of(bool aq, bool rl) {
  if (aq && rl) return Order::SeqCst;  // 14.1: sequentially consistent
  return aq ? Order::Acquire : rl ? Order::Release : Order::Relaxed;
}

// 14.2, 14.4: addresses are naturally aligned, else an exception is raised.
MemDesc describe(unsigned size_log2, Order order) {
  return {.size_log2 = size_log2, .order = static_cast<uint32_t>(order), .align_log2 = size_log2};
}

Type type_of(unsigned size_log2) { return size_log2 == kWord ? Type::I32 : Type::I64; }

// What was read reaches rd sign-extended; a register's low bits are the operand.
void set_result(Lifter& l, XReg rd, unsigned size_log2, Value value) {
  size_log2 == kWord ? l.set_x_word(rd, value) : l.set_x(rd, value);
}
Value operand(Lifter& l, XReg reg, unsigned size_log2) { return size_log2 == kWord ? l.x_word(reg) : l.x(reg); }

void load_reserved(Lifter& l, unsigned size_log2, XReg rd, XReg rs1, bool aq, bool rl) {
  const MemDesc desc = describe(size_log2, order_of(aq, rl));
  set_result(l, rd, size_log2, l.b.load_linked(type_of(size_log2), l.address(rs1, 0).base, desc));
}

// rd: 0 = stored, else 1.
void store_conditional(Lifter& l, unsigned size_log2, XReg rd, XReg rs2, XReg rs1, bool aq, bool rl) {
  const MemDesc desc = describe(size_log2, order_of(aq, rl));
  const Value address = l.address(rs1, 0).base;
  const Value stored = l.b.store_conditional(address, operand(l, rs2, size_log2), desc);
  l.set_x_bool(rd, l.b.binary(Op::Xor, stored, l.b.constant(Type::I1, 1)));
}

void amo(Lifter& l, AtomicOp op, unsigned size_log2, XReg rd, XReg rs2, XReg rs1, bool aq, bool rl) {
  const Value address = l.address(rs1, 0).base;
  set_result(l, rd, size_log2,
             l.b.atomic(op, address, operand(l, rs2, size_log2), describe(size_log2, order_of(aq, rl))));
}

}  // namespace

void lr_w(Lifter& l, Rd rd, Rs1 rs1, Aq aq, Rl rl) { load_reserved(l, kWord, rd, rs1, aq != 0, rl != 0); }
void lr_d(Lifter& l, Rd rd, Rs1 rs1, Aq aq, Rl rl) { load_reserved(l, kDouble, rd, rs1, aq != 0, rl != 0); }
void sc_w(Lifter& l, Rd rd, Rs2 rs2, Rs1 rs1, Aq aq, Rl rl) {
  store_conditional(l, kWord, rd, rs2, rs1, aq != 0, rl != 0);
}
void sc_d(Lifter& l, Rd rd, Rs2 rs2, Rs1 rs1, Aq aq, Rl rl) {
  store_conditional(l, kDouble, rd, rs2, rs1, aq != 0, rl != 0);
}

// amo<name>.w and .d for one operation.
#define AMO(name, op)                                                    \
  void amo##name##_w(Lifter& l, Rd rd, Rs2 rs2, Rs1 rs1, Aq aq, Rl rl) { \
    amo(l, AtomicOp::op, kWord, rd, rs2, rs1, aq != 0, rl != 0);         \
  }                                                                      \
  void amo##name##_d(Lifter& l, Rd rd, Rs2 rs2, Rs1 rs1, Aq aq, Rl rl) { \
    amo(l, AtomicOp::op, kDouble, rd, rs2, rs1, aq != 0, rl != 0);       \
  }
AMO(swap, Swap)
AMO(add, Add)
AMO(xor, Xor)
AMO(and, And)
AMO(or, Or)
AMO(min, Smin)
AMO(max, Smax)
AMO(minu, Umin)
AMO(maxu, Umax)
#undef AMO

// 15.1: may end at any time; the host thread gives up its slice.
void wrs_nto(Lifter& l) { l.b.exit(ir::ExitKind::Wait, l.code_address(l.b.next_pc())); }
void wrs_sto(Lifter& l) { l.b.exit(ir::ExitKind::Wait, l.code_address(l.b.next_pc())); }

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/riscv/decode/a.inc"
#undef INST

}  // namespace menura::riscv
