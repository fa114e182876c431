// C4.1.95: Loads and Stores of general-purpose registers.
#include "frontends/arm/lift/lifter.h"

namespace menura::arm {
namespace lift {

namespace {

using Address = Lifter::Address;

// One access: what is transferred.
struct Access {
  unsigned size_log2;
  bool is_store = false;
  bool is_signed = false;
  bool is_64 = false;  // the register
  unsigned regime = 0;
};
constexpr Access kStrb{.size_log2 = 0, .is_store = true};
constexpr Access kLdrb{.size_log2 = 0};
constexpr Access kLdrsb64{.size_log2 = 0, .is_signed = true, .is_64 = true};
constexpr Access kLdrsb32{.size_log2 = 0, .is_signed = true};
constexpr Access kStrh{.size_log2 = 1, .is_store = true};
constexpr Access kLdrh{.size_log2 = 1};
constexpr Access kLdrsh64{.size_log2 = 1, .is_signed = true, .is_64 = true};
constexpr Access kLdrsh32{.size_log2 = 1, .is_signed = true};
constexpr Access kStr32{.size_log2 = 2, .is_store = true};
constexpr Access kLdr32{.size_log2 = 2};
constexpr Access kLdrsw{.size_log2 = 2, .is_signed = true, .is_64 = true};
constexpr Access kStr64{.size_log2 = 3, .is_store = true, .is_64 = true};
constexpr Access kLdr64{.size_log2 = 3, .is_64 = true};

// What a load puts into a 64-bit slot: sign-extended to the register's width, then zeros.
Value loaded(Lifter& l, Access a, Address at) {
  if (!a.is_signed || a.is_64) return l.load(Type::I64, at, a.size_log2, a.is_signed, a.regime);
  return l.zext(l.load(Type::I32, at, a.size_log2, true, a.regime));
}

void transfer(Lifter& l, Access a, Address at, Reg rt) {
  if (a.is_store) return l.store(at, l.x(rt), a.size_log2, a.regime);
  const Value value = loaded(l, a, at);  // also into the zero register: it may fault
  l.set_x(rt, value);
}

void offset(Lifter& l, Access a, Reg rn, int64_t imm, Reg rt) { transfer(l, a, l.address(l.x_sp(rn), imm), rt); }
// LDTR, STTR: as if at EL0, unless PSTATE.UAO says otherwise (C6.2.213).
void unprivileged_offset(Lifter& l, Access a, Reg rn, int64_t imm, Reg rt) {
  a.regime = l.has_mode(Mode::kEl1) && !l.has_mode(Mode::kUao) ? 1 : 0;
  offset(l, a, rn, imm, rt);
}

// Writeback comes last: a fault leaves the base as it was. Where Rt is the base, the manual lets us choose (C6.2:
// CONSTRAINED UNPREDICTABLE); the base wins for stores and the value for loads, as on most cores.
void post_indexed(Lifter& l, Access a, Reg rn, int64_t imm, Reg rt) {
  const Value base = l.x_sp(rn);
  if (a.is_store) {
    l.store(l.address(base), l.x(rt), a.size_log2);
    return l.set_x_sp(rn, l.add(base, l.imm(imm)));
  }
  const Value value = loaded(l, a, l.address(base));
  l.set_x_sp(rn, l.add(base, l.imm(imm)));
  l.set_x(rt, value);
}
void pre_indexed(Lifter& l, Access a, Reg rn, int64_t imm, Reg rt) {
  const Value base = l.x_sp(rn);
  if (a.is_store) {
    l.store(l.address(base, imm), l.x(rt), a.size_log2);
    return l.set_x_sp(rn, l.add(base, l.imm(imm)));
  }
  const Value value = loaded(l, a, l.address(base, imm));
  l.set_x_sp(rn, l.add(base, l.imm(imm)));
  l.set_x(rt, value);
}

void register_offset(Lifter& l, Access a, Reg rn, Reg rm, int64_t option, int64_t s, Reg rt) {
  const Value at = l.add(l.x_sp(rn), l.index(rm, option, s != 0 ? a.size_log2 : 0));
  transfer(l, a, l.address(at), rt);
}

using Indexing = Lifter::Indexing;

// B2.2.1.1, FEAT_LSE2: a pair of doublewords that is aligned to 16 bytes is one access. Two of 8 bytes are quicker (and
// feed later loads of 8), so that one of 16 is made only where other threads may look on: not on the stack.
bool is_single_copy(Lifter& l, Access a, Reg rn) {
  return a.is_64 && a.size_log2 == 3 && l.has(Feature::LSE2) && l.has_mode(Mode::kSharedMemory) && rn.number != 31;
}
ir::LaneDesc half(unsigned index) { return {.lane = static_cast<uint32_t>(Type::I64), .index = index}; }

void pair(Lifter& l, Access a, Indexing indexing, Reg rn, int64_t imm, Reg rt, Reg rt2) {
  const Value base = l.x_sp(rn);
  const int64_t first = indexing == Indexing::Post ? 0 : imm;
  const int64_t second = first + (int64_t{1} << a.size_log2);
  const bool single = is_single_copy(l, a, rn);
  if (a.is_store) {
    if (single) {
      const Value low = l.b.vec(Op::VSplat, Type::V128, {l.x(rt)}, half(0));
      l.store(l.address(base, first), l.b.vec(Op::VInsert, Type::V128, {low, l.x(rt2)}, half(1)), 4);
    } else {
      l.store(l.address(base, first), l.x(rt), a.size_log2);
      l.store(l.address(base, second), l.x(rt2), a.size_log2);
    }
    if (indexing != Indexing::Offset) l.set_x_sp(rn, l.add(base, l.imm(imm)));
    return;
  }
  Value low = ir::kNoValue;
  Value high = ir::kNoValue;
  if (single) {
    const Value both = l.load(Type::V128, l.address(base, first), 4);
    low = l.b.vec(Op::VExtract, Type::I64, {both}, half(0));
    high = l.b.vec(Op::VExtract, Type::I64, {both}, half(1));
  } else {
    low = loaded(l, a, l.address(base, first));
    high = loaded(l, a, l.address(base, second));
  }
  if (indexing != Indexing::Offset) l.set_x_sp(rn, l.add(base, l.imm(imm)));
  l.set_x(rt, low);
  l.set_x(rt2, high);
}

}  // namespace

// The forms of one access: `name` with _unsigned, _post, ... and `suffix`; the scale of the unsigned offset is in the
// width of its field.
#define FORMS(name, unscaled, unprivileged, suffix, access, width)                                                \
  void name##_unsigned##suffix(Lifter& l, Imm12<width> imm12, Rn rn, Rt rt) { offset(l, access, rn, imm12, rt); } \
  void name##_post##suffix(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { post_indexed(l, access, rn, imm9, rt); }         \
  void name##_pre##suffix(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { pre_indexed(l, access, rn, imm9, rt); }           \
  void unscaled##suffix(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { offset(l, access, rn, imm9, rt); }                  \
  void unprivileged##suffix(Lifter& l, Imm9 imm9, Rn rn, Rt rt) { unprivileged_offset(l, access, rn, imm9, rt); } \
  void name##_register##suffix(Lifter& l, Rm rm, Option option, Sbit s, Rn rn, Rt rt) {                           \
    register_offset(l, access, rn, rm, option, s, rt);                                                            \
  }
FORMS(strb, sturb, sttrb, , kStrb, 12)
FORMS(ldrb, ldurb, ldtrb, , kLdrb, 12)
FORMS(ldrsb, ldursb, ldtrsb, _64, kLdrsb64, 12)
FORMS(ldrsb, ldursb, ldtrsb, _32, kLdrsb32, 12)
FORMS(strh, sturh, sttrh, , kStrh, 13)
FORMS(ldrh, ldurh, ldtrh, , kLdrh, 13)
FORMS(ldrsh, ldursh, ldtrsh, _64, kLdrsh64, 13)
FORMS(ldrsh, ldursh, ldtrsh, _32, kLdrsh32, 13)
FORMS(str, stur, sttr, _32, kStr32, 14)
FORMS(ldr, ldur, ldtr, _32, kLdr32, 14)
FORMS(ldrsw, ldursw, ldtrsw, , kLdrsw, 14)
FORMS(str, stur, sttr, _64, kStr64, 15)
FORMS(ldr, ldur, ldtr, _64, kLdr64, 15)
#undef FORMS

#define PAIR(name, suffix, access, width)                                          \
  void name##_offset##suffix(Lifter& l, Imm7<width> imm7, Rt2 rt2, Rn rn, Rt rt) { \
    pair(l, access, Indexing::Offset, rn, imm7, rt, rt2);                          \
  }                                                                                \
  void name##_post##suffix(Lifter& l, Imm7<width> imm7, Rt2 rt2, Rn rn, Rt rt) {   \
    pair(l, access, Indexing::Post, rn, imm7, rt, rt2);                            \
  }                                                                                \
  void name##_pre##suffix(Lifter& l, Imm7<width> imm7, Rt2 rt2, Rn rn, Rt rt) {    \
    pair(l, access, Indexing::Pre, rn, imm7, rt, rt2);                             \
  }
PAIR(stp, _32, kStr32, 9)
PAIR(ldp, _32, kLdr32, 9)
PAIR(ldpsw, , kLdrsw, 9)
PAIR(stp, _64, kStr64, 10)
PAIR(ldp, _64, kLdr64, 10)
#undef PAIR
// The no-allocate hint is about caches.
void stnp_32(Lifter& l, Imm7<9> imm7, Rt2 rt2, Rn rn, Rt rt) { stp_offset_32(l, imm7, rt2, rn, rt); }
void ldnp_32(Lifter& l, Imm7<9> imm7, Rt2 rt2, Rn rn, Rt rt) { ldp_offset_32(l, imm7, rt2, rn, rt); }
void stnp_64(Lifter& l, Imm7<10> imm7, Rt2 rt2, Rn rn, Rt rt) { stp_offset_64(l, imm7, rt2, rn, rt); }
void ldnp_64(Lifter& l, Imm7<10> imm7, Rt2 rt2, Rn rn, Rt rt) { ldp_offset_64(l, imm7, rt2, rn, rt); }

// --- Load register (literal)

namespace {

void literal(Lifter& l, Access a, int64_t imm, Reg rt) { transfer(l, a, {l.b.pc_value(l.target(imm))}, rt); }

}  // namespace

void ldr_literal_32(Lifter& l, Imm19 imm19, Rt rt) { literal(l, kLdr32, imm19, rt); }
void ldr_literal_64(Lifter& l, Imm19 imm19, Rt rt) { literal(l, kLdr64, imm19, rt); }
void ldrsw_literal(Lifter& l, Imm19 imm19, Rt rt) { literal(l, kLdrsw, imm19, rt); }

// --- Prefetch memory: never faults, and the host's caches do not need it

void prfm_literal(Lifter&, Imm19, Prfop) {}
void prfm_unsigned(Lifter&, Imm12<15>, Rn, Prfop) {}
void prfum(Lifter&, Imm9, Rn, Prfop) {}
void prfm_register(Lifter&, Rm, Option, Sbit, Rn, Prfop) {}

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/loads_stores.inc"
#undef INST

}  // namespace menura::arm
