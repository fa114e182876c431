// C4.1.95: Loads and Stores -- exclusive, ordered, compare and swap, atomic memory operations, RCpc.
#include "frontends/arm/lift/lifter.h"

namespace menura::arm {
namespace lift {

namespace {

using Address = Lifter::Address;
using ir::AtomicOp;
using ir::MemDesc;
using ir::Order;

// Sizes as the encodings say them: log2 of bytes. The narrow ones live in the low bits of an operation of their type.
enum : unsigned { kByte, kHalf, kWord, kDouble };
Type type_of(unsigned size) {
  constexpr Type kTypes[] = {Type::I8, Type::I16, Type::I32, Type::I64};
  return kTypes[size];
}
Value operand(Lifter& l, unsigned size, Reg reg) {
  return size == kDouble ? l.x(reg) : l.b.convert(Op::Trunc, type_of(size), l.x(reg));
}
void set_result(Lifter& l, unsigned size, Reg reg, Value value) {
  l.set_x(reg, size == kDouble ? value : l.zext(value));
}

// B2.9.2, B2.7.2: exclusive and atomic accesses are aligned to their size, else an Alignment fault; with FEAT_LSE2
// they may lie anywhere within 16 bytes, which nothing is known to use for these.
MemDesc aligned(unsigned size, Order order) {
  return {.size_log2 = size, .order = static_cast<uint32_t>(order), .align_log2 = size};
}
Value plain(Lifter& l, Reg rn) { return l.address(l.x_sp(rn)).base; }

// --- exclusive

void load_exclusive(Lifter& l, unsigned size, Order order, Reg rn, Reg rt) {
  const Value value = l.b.load_linked(type_of(size), plain(l, rn), aligned(size, order));
  set_result(l, size, rt, value);
}
// Rs: 0 = stored, else 1.
void set_status(Lifter& l, Reg rs, Value stored) { l.set_x(rs, l.zext(l.xor_(stored, l.bit(true)))); }
void store_exclusive(Lifter& l, unsigned size, Order order, Reg rs, Reg rn, Reg rt) {
  const Value value = operand(l, size, rt);
  set_status(l, rs, l.b.store_conditional(plain(l, rn), value, aligned(size, order)));
}

// A pair of words is one access of 8 bytes, the first in the low half; a pair of doublewords one of 16.
Value pair(Lifter& l, Value low, Value high) {
  return l.b.emit(Op::Concat, l.b.type_of(low) == Type::I32 ? Type::I64 : Type::I128, {low, high});
}
void load_exclusive_pair(Lifter& l, unsigned size, Order order, Reg rn, Reg rt, Reg rt2) {
  const Type type = size == kWord ? Type::I64 : Type::I128;
  const Value both = l.b.load_linked(type, plain(l, rn), aligned(size + 1, order));
  const Value low = l.b.convert(Op::Trunc, type_of(size), both);
  const Value high = l.b.convert(Op::Trunc, type_of(size), l.shr_by(both, 8 << size));
  set_result(l, size, rt, low);
  set_result(l, size, rt2, high);
}
void store_exclusive_pair(Lifter& l, unsigned size, Order order, Reg rs, Reg rn, Reg rt, Reg rt2) {
  const Value both = pair(l, operand(l, size, rt), operand(l, size, rt2));
  set_status(l, rs, l.b.store_conditional(plain(l, rn), both, aligned(size + 1, order)));
}

// --- ordered

// FEAT_LSE2: alignment to 16 bytes would be enough for these; less is not asked for.
MemDesc ordered(Lifter& l, unsigned size, Order order, bool sign_extend = false) {
  return {.size_log2 = size,
          .sign_extend = sign_extend,
          .order = static_cast<uint32_t>(order),
          .align_log2 = l.has(Feature::LSE2) ? 0 : size};
}
// Load-acquire. It may not overtake an earlier store-release (RCsc, B2.3.11), which the store sees to.
void load_ordered(Lifter& l, unsigned size, Reg rn, Reg rt, int64_t offset = 0, bool is_signed = false,
                  bool is_64 = false) {
  const Address at = l.address(l.x_sp(rn), offset);
  const Type type = is_signed && !is_64 ? Type::I32 : Type::I64;
  const Value value = l.b.load(type, at.base, ordered(l, size, Order::Acquire, is_signed), at.displacement);
  l.set_x(rt, type == Type::I32 ? l.zext(value) : value);
}
// Store-release, before any later load-acquire: on an x86 host that takes a full fence. Nearly all programs load more
// often than they store, so it is here.
void store_ordered(Lifter& l, unsigned size, Reg rn, Reg rt, int64_t offset = 0) {
  const Address at = l.address(l.x_sp(rn), offset);
  l.b.store(at.base, l.x(rt), ordered(l, size, Order::SeqCst), at.displacement);
}

// --- read-modify-write; all orders are the same to a locked instruction

Order order_of(bool acquire, bool release) {
  return acquire && release ? Order::AcqRel : acquire ? Order::Acquire : release ? Order::Release : Order::Relaxed;
}
void compare_and_swap(Lifter& l, unsigned size, Order order, Reg rs, Reg rn, Reg rt) {
  const Value value = l.b.cmpxchg(plain(l, rn), operand(l, size, rs), operand(l, size, rt), aligned(size, order));
  set_result(l, size, rs, value);
}
Reg second(Reg reg) { return Reg(int64_t{reg.number} + 1); }
void compare_and_swap_pair(Lifter& l, unsigned size, Order order, Reg rs, Reg rn, Reg rt) {
  const Value expected = pair(l, operand(l, size, rs), operand(l, size, second(rs)));
  const Value desired = pair(l, operand(l, size, rt), operand(l, size, second(rt)));
  const Value both = l.b.cmpxchg(plain(l, rn), expected, desired, aligned(size + 1, order));
  const Value low = l.b.convert(Op::Trunc, type_of(size), both);
  const Value high = l.b.convert(Op::Trunc, type_of(size), l.shr_by(both, 8 << size));
  set_result(l, size, rs, low);
  set_result(l, size, second(rs), high);
}
// LDCLR takes a mask of bits to clear.
enum class Invert : uint8_t { No, Yes };
void atomic(Lifter& l, AtomicOp op, unsigned size, bool a, bool r, Reg rs, Reg rn, Reg rt, Invert invert = Invert::No) {
  Value value = operand(l, size, rs);
  if (invert == Invert::Yes) value = l.not_(value);
  set_result(l, size, rt, l.b.atomic(op, plain(l, rn), value, aligned(size, order_of(a, r))));
}

}  // namespace

#define EXCLUSIVE(suffix, size)                                                                                \
  void stxr##suffix(Lifter& l, Rs rs, Rn rn, Rt rt) { store_exclusive(l, size, Order::Relaxed, rs, rn, rt); }  \
  void stlxr##suffix(Lifter& l, Rs rs, Rn rn, Rt rt) { store_exclusive(l, size, Order::Release, rs, rn, rt); } \
  void ldxr##suffix(Lifter& l, Rn rn, Rt rt) { load_exclusive(l, size, Order::Relaxed, rn, rt); }              \
  void ldaxr##suffix(Lifter& l, Rn rn, Rt rt) { load_exclusive(l, size, Order::Acquire, rn, rt); }
EXCLUSIVE(b, kByte)
EXCLUSIVE(h, kHalf)
EXCLUSIVE(_32, kWord)
EXCLUSIVE(_64, kDouble)
#undef EXCLUSIVE

#define EXCLUSIVE_PAIR(suffix, size)                                                                                 \
  void stxp##suffix(Lifter& l, Rs rs, Rt2 rt2, Rn rn, Rt rt) {                                                       \
    store_exclusive_pair(l, size, Order::Relaxed, rs, rn, rt, rt2);                                                  \
  }                                                                                                                  \
  void stlxp##suffix(Lifter& l, Rs rs, Rt2 rt2, Rn rn, Rt rt) {                                                      \
    store_exclusive_pair(l, size, Order::Release, rs, rn, rt, rt2);                                                  \
  }                                                                                                                  \
  void ldxp##suffix(Lifter& l, Rt2 rt2, Rn rn, Rt rt) { load_exclusive_pair(l, size, Order::Relaxed, rn, rt, rt2); } \
  void ldaxp##suffix(Lifter& l, Rt2 rt2, Rn rn, Rt rt) { load_exclusive_pair(l, size, Order::Acquire, rn, rt, rt2); }
EXCLUSIVE_PAIR(_32, kWord)
EXCLUSIVE_PAIR(_64, kDouble)
#undef EXCLUSIVE_PAIR

// LOAcquire and LORelease order less than acquire and release (B2.3.11): the regions are all of memory here.
#define ORDERED(suffix, size)                                                     \
  void stllr##suffix(Lifter& l, Rn rn, Rt rt) { store_ordered(l, size, rn, rt); } \
  void stlr##suffix(Lifter& l, Rn rn, Rt rt) { store_ordered(l, size, rn, rt); }  \
  void ldlar##suffix(Lifter& l, Rn rn, Rt rt) { load_ordered(l, size, rn, rt); }  \
  void ldar##suffix(Lifter& l, Rn rn, Rt rt) { load_ordered(l, size, rn, rt); }   \
  void ldapr##suffix(Lifter& l, Rn rn, Rt rt) { load_ordered(l, size, rn, rt); }
ORDERED(b, kByte)
ORDERED(h, kHalf)
ORDERED(_32, kWord)
ORDERED(_64, kDouble)
#undef ORDERED

void stlurb(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { store_ordered(l, kByte, rn, rt, imm9); }
void ldapurb(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { load_ordered(l, kByte, rn, rt, imm9); }
void ldapursb_64(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { load_ordered(l, kByte, rn, rt, imm9, true, true); }
void ldapursb_32(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { load_ordered(l, kByte, rn, rt, imm9, true); }
void stlurh(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { store_ordered(l, kHalf, rn, rt, imm9); }
void ldapurh(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { load_ordered(l, kHalf, rn, rt, imm9); }
void ldapursh_64(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { load_ordered(l, kHalf, rn, rt, imm9, true, true); }
void ldapursh_32(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { load_ordered(l, kHalf, rn, rt, imm9, true); }
void stlur_32(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { store_ordered(l, kWord, rn, rt, imm9); }
void ldapur_32(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { load_ordered(l, kWord, rn, rt, imm9); }
void ldapursw(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { load_ordered(l, kWord, rn, rt, imm9, true, true); }
void stlur_64(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { store_ordered(l, kDouble, rn, rt, imm9); }
void ldapur_64(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { load_ordered(l, kDouble, rn, rt, imm9); }

#define CAS(suffix, size)                                                                                      \
  void cas##suffix(Lifter& l, Rs rs, Rn rn, Rt rt) { compare_and_swap(l, size, Order::Relaxed, rs, rn, rt); }  \
  void casl##suffix(Lifter& l, Rs rs, Rn rn, Rt rt) { compare_and_swap(l, size, Order::Release, rs, rn, rt); } \
  void casa##suffix(Lifter& l, Rs rs, Rn rn, Rt rt) { compare_and_swap(l, size, Order::Acquire, rs, rn, rt); } \
  void casal##suffix(Lifter& l, Rs rs, Rn rn, Rt rt) { compare_and_swap(l, size, Order::AcqRel, rs, rn, rt); }
CAS(b, kByte)
CAS(h, kHalf)
CAS(_32, kWord)
CAS(_64, kDouble)
#undef CAS

#define CASP(order, name)                                                                                \
  void name##_32(Lifter& l, Rs rs, Rn rn, Rt rt) { compare_and_swap_pair(l, kWord, order, rs, rn, rt); } \
  void name##_64(Lifter& l, Rs rs, Rn rn, Rt rt) { compare_and_swap_pair(l, kDouble, order, rs, rn, rt); }
CASP(Order::Relaxed, casp)
CASP(Order::Release, caspl)
CASP(Order::Acquire, caspa)
CASP(Order::AcqRel, caspal)
#undef CASP

#define ATOMIC_SIZE(name, suffix, size, op, invert)                            \
  void name##suffix(Lifter& l, Abit a, Rbit r, Rs rs, Rn rn, Rt rt) {          \
    atomic(l, AtomicOp::op, size, a != 0, r != 0, rs, rn, rt, Invert::invert); \
  }
#define ATOMIC(name, op, invert)            \
  ATOMIC_SIZE(name, b, kByte, op, invert)   \
  ATOMIC_SIZE(name, h, kHalf, op, invert)   \
  ATOMIC_SIZE(name, _32, kWord, op, invert) \
  ATOMIC_SIZE(name, _64, kDouble, op, invert)
ATOMIC(ldadd, Add, No)
ATOMIC(ldclr, And, Yes)
ATOMIC(ldeor, Xor, No)
ATOMIC(ldset, Or, No)
ATOMIC(ldsmax, Smax, No)
ATOMIC(ldsmin, Smin, No)
ATOMIC(ldumax, Umax, No)
ATOMIC(ldumin, Umin, No)
ATOMIC(swp, Swap, No)
#undef ATOMIC
#undef ATOMIC_SIZE

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/atomics.inc"
#undef INST

}  // namespace menura::arm
