// C4.1.95: Advanced SIMD load/store of structures. All of a load's accesses come before its first register; where a
// later access of a store faults the earlier ones have been made, but the base is as it was: the instruction can be
// repeated.
#include <array>
#include <optional>

#include "frontends/arm/lift/lanes.h"

namespace menura::arm {
namespace lift {

namespace {

using Vectors = std::array<Value, 4>;
using PostIndex = std::optional<Reg>;  // 31: the bytes that were accessed

VReg after(VReg first, unsigned i) { return VReg((first.number + i) % 32); }

void write_back(Lifter& l, Reg rn, Value base, PostIndex rm, unsigned bytes) {
  if (rm) l.set_x_sp(rn, l.add(base, *rm == kZr ? l.imm(bytes) : l.x(*rm)));
}

// --- multiple structures

// Where an element of a vector comes from.
struct Place {
  unsigned vector;
  unsigned lane;
};
// Element number `flat` of a sequence of structures of three, as registers hold them and as memory does.
Place in_registers(unsigned flat, unsigned) { return {flat % 3, flat / 3}; }
Place in_memory(unsigned flat, unsigned lanes) { return {flat / lanes, flat % lanes}; }

// One vector, each lane of which is at place(lane) among three: small lanes by table, large ones one by one.
template <typename PlaceOf>
Value gather(const Lanes& v, Lifter& l, const Vectors& from, PlaceOf place) {
  if (v.width() >= 32) {
    Value result = from[place(0).vector];
    for (unsigned lane = 0; lane < v.count(); ++lane) {
      const Place at = place(lane);
      if (at.vector != place(0).vector || at.lane != lane) {
        result = v.insert_lane(result, lane, from[at.vector], at.lane);
      }
    }
    return result;
  }
  const Lanes bytes(l, v.q(), 0);
  const unsigned lane_bytes = v.width() / 8;
  Value result = ir::kNoValue;
  for (unsigned vector = 0; vector < 3; ++vector) {
    std::array<uint64_t, 2> numbers = {~uint64_t{0}, ~uint64_t{0}};  // none
    for (unsigned i = 0; i < bytes.count(); ++i) {
      const Place at = place(i / lane_bytes);
      if (at.vector != vector) continue;
      const uint64_t number = at.lane * lane_bytes + i % lane_bytes;
      numbers[i / 8] ^= (number ^ 0xff) << (i % 8 * 8);
    }
    const Value table =
        v.q() ? v.literal(numbers[0], numbers[1]) : l.b.constant(Type::V64, static_cast<int64_t>(numbers[0]));
    const Value found = bytes.op(Op::VTable, from[vector], table);
    result = vector == 0 ? found : bytes.or_(result, found);
  }
  return result;
}

// Memory's vectors to registers' and back, for structures of `elements`.
Vectors deinterleave(const Lanes& v, Lifter& l, unsigned elements, const Vectors& m) {
  if (elements == 2) return {v.even(m[0], m[1]), v.odd(m[0], m[1])};
  if (elements == 3) {
    Vectors result = {};
    for (unsigned r = 0; r < 3; ++r) {
      result[r] = gather(v, l, m, [&](unsigned lane) { return in_memory(3 * lane + r, v.count()); });
    }
    return result;
  }
  const Value even_low = v.even(m[0], m[1]);  // of registers 0 and 2
  const Value even_high = v.even(m[2], m[3]);
  const Value odd_low = v.odd(m[0], m[1]);  // of registers 1 and 3
  const Value odd_high = v.odd(m[2], m[3]);
  return {v.even(even_low, even_high), v.even(odd_low, odd_high), v.odd(even_low, even_high), v.odd(odd_low, odd_high)};
}
Vectors interleave(const Lanes& v, Lifter& l, unsigned elements, const Vectors& r) {
  if (elements == 2) return {v.zip(0, r[0], r[1]), v.zip(1, r[0], r[1])};
  if (elements == 3) {
    Vectors result = {};
    for (unsigned m = 0; m < 3; ++m) {
      result[m] = gather(v, l, r, [&](unsigned lane) { return in_registers(m * v.count() + lane, v.count()); });
    }
    return result;
  }
  const Value even_low = v.zip(0, r[0], r[2]);
  const Value odd_low = v.zip(0, r[1], r[3]);
  const Value even_high = v.zip(1, r[0], r[2]);
  const Value odd_high = v.zip(1, r[1], r[3]);
  return {v.zip(0, even_low, odd_low), v.zip(1, even_low, odd_low), v.zip(0, even_high, odd_high),
          v.zip(1, even_high, odd_high)};
}

void load_multiple(Lifter& l, unsigned registers, unsigned elements, bool q, int64_t size, Reg rn, VReg vt,
                   PostIndex rm) {
  const Lanes v(l, q, size);
  const unsigned bytes = q ? 16 : 8;
  const Value base = l.x_sp(rn);
  Vectors vectors = {};
  for (unsigned i = 0; i < registers; ++i) vectors[i] = l.load(v.type(), l.address(base, i * bytes), q ? 4 : 3);
  write_back(l, rn, base, rm, registers * bytes);
  if (elements > 1) vectors = deinterleave(v, l, elements, vectors);
  for (unsigned i = 0; i < registers; ++i) v.set(after(vt, i), vectors[i]);
}
void store_multiple(Lifter& l, unsigned registers, unsigned elements, bool q, int64_t size, Reg rn, VReg vt,
                    PostIndex rm) {
  const Lanes v(l, q, size);
  const unsigned bytes = q ? 16 : 8;
  const Value base = l.x_sp(rn);
  Vectors vectors = {};
  for (unsigned i = 0; i < registers; ++i) vectors[i] = v.get(after(vt, i));
  if (elements > 1) vectors = interleave(v, l, elements, vectors);
  for (unsigned i = 0; i < registers; ++i) l.store(l.address(base, i * bytes), vectors[i], q ? 4 : 3);
  write_back(l, rn, base, rm, registers * bytes);
}

// --- single structures

// One element for each of some registers, from memory.
Vectors load_elements(Lifter& l, unsigned elements, unsigned size_log2, Value base) {
  Vectors loaded = {};
  for (unsigned i = 0; i < elements; ++i) loaded[i] = l.load(Type::I64, l.address(base, i << size_log2), size_log2);
  return loaded;
}

void load_single(Lifter& l, unsigned elements, int64_t size, int64_t index, Reg rn, VReg vt, PostIndex rm) {
  const Lanes v(l, true, size);
  const unsigned bytes = v.width() / 8;
  const Value base = l.x_sp(rn);
  const Vectors loaded = load_elements(l, elements, static_cast<unsigned>(size), base);
  write_back(l, rn, base, rm, elements * bytes);
  for (unsigned i = 0; i < elements; ++i) v.set(after(vt, i), v.insert(v.get(after(vt, i)), index, loaded[i]));
}
void store_single(Lifter& l, unsigned elements, int64_t size, int64_t index, Reg rn, VReg vt, PostIndex rm) {
  const Lanes v(l, true, size);
  const unsigned bytes = v.width() / 8;
  const Value base = l.x_sp(rn);
  for (unsigned i = 0; i < elements; ++i) {
    l.store(l.address(base, i * bytes), v.extract(Type::I64, after(vt, i), index), static_cast<unsigned>(size));
  }
  write_back(l, rn, base, rm, elements * bytes);
}
void load_replicate(Lifter& l, unsigned elements, bool q, int64_t size, Reg rn, VReg vt, PostIndex rm) {
  const Lanes v(l, q, size);
  const unsigned bytes = v.width() / 8;
  const Value base = l.x_sp(rn);
  const Vectors loaded = load_elements(l, elements, static_cast<unsigned>(size), base);
  write_back(l, rn, base, rm, elements * bytes);
  for (unsigned i = 0; i < elements; ++i) v.set(after(vt, i), v.splat(loaded[i]));
}

}  // namespace

#define MULTIPLE(name, transfer, registers, elements)                           \
  void name(Lifter& l, Qbit q, Size size, Rn rn, Vt vt) {                       \
    transfer##_multiple(l, registers, elements, q != 0, size, rn, vt, {});      \
  }                                                                             \
  void name##_post(Lifter& l, Qbit q, Rm rm, Size size, Rn rn, Vt vt) {         \
    transfer##_multiple(l, registers, elements, q != 0, size, rn, vt, Reg(rm)); \
  }
MULTIPLE(ld1_multiple_1, load, 1, 1)
MULTIPLE(ld1_multiple_2, load, 2, 1)
MULTIPLE(ld1_multiple_3, load, 3, 1)
MULTIPLE(ld1_multiple_4, load, 4, 1)
MULTIPLE(ld2_multiple, load, 2, 2)
MULTIPLE(ld3_multiple, load, 3, 3)
MULTIPLE(ld4_multiple, load, 4, 4)
MULTIPLE(st1_multiple_1, store, 1, 1)
MULTIPLE(st1_multiple_2, store, 2, 1)
MULTIPLE(st1_multiple_3, store, 3, 1)
MULTIPLE(st1_multiple_4, store, 4, 1)
MULTIPLE(st2_multiple, store, 2, 2)
MULTIPLE(st3_multiple, store, 3, 3)
MULTIPLE(st4_multiple, store, 4, 4)

#define LANE(name, transfer, elements, letter, size, width)                                \
  void name##_single_##letter(Lifter& l, Index<width> index, Rn rn, Vt vt) {               \
    transfer##_single(l, elements, size, index, rn, vt, {});                               \
  }                                                                                        \
  void name##_single_##letter##_post(Lifter& l, Index<width> index, Rm rm, Rn rn, Vt vt) { \
    transfer##_single(l, elements, size, index, rn, vt, Reg(rm));                          \
  }
#define SINGLE(name, transfer, elements)  \
  LANE(name, transfer, elements, b, 0, 4) \
  LANE(name, transfer, elements, h, 1, 3) \
  LANE(name, transfer, elements, s, 2, 2) LANE(name, transfer, elements, d, 3, 1)
SINGLE(ld1, load, 1)
SINGLE(ld2, load, 2)
SINGLE(ld3, load, 3)
SINGLE(ld4, load, 4)
SINGLE(st1, store, 1)
SINGLE(st2, store, 2)
SINGLE(st3, store, 3)
SINGLE(st4, store, 4)

#define REPLICATE(name, elements)                                                                                  \
  void name(Lifter& l, Qbit q, Size size, Rn rn, Vt vt) { load_replicate(l, elements, q != 0, size, rn, vt, {}); } \
  void name##_post(Lifter& l, Qbit q, Rm rm, Size size, Rn rn, Vt vt) {                                            \
    load_replicate(l, elements, q != 0, size, rn, vt, Reg(rm));                                                    \
  }
REPLICATE(ld1r, 1)
REPLICATE(ld2r, 2)
REPLICATE(ld3r, 3)
REPLICATE(ld4r, 4)

}  // namespace lift

#define INST LIFT_ROW
#include "frontends/arm/decode/a64/simd_structures.inc"
#undef INST

}  // namespace menura::arm
