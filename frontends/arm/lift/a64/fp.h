// What the floating-point instructions share: an operation on lanes is written once, and works on a scalar as on a
// vector, in half, single and double precision. Pseudocode: shared/functions/float of the manual.
#pragma once

#include "frontends/arm/helpers/floating_point.h"
#include "frontends/arm/helpers/helpers.h"
#include "frontends/arm/lift/lifter.h"

namespace menura::arm::lift {

using ir::FpCond;
using ir::FpDesc;
using ir::MinMax;
using ir::RoundingSource;

// The lanes that an instruction works on: a scalar, or all of a 64- or 128-bit vector.
class FpLanes {
 public:
  FpLanes(Lifter& lifter, Type scalar) : l(lifter), lane(scalar), type(scalar) {}
  FpLanes(Lifter& lifter, Type of_lane, bool full) : l(lifter), lane(of_lane), type(full ? Type::V128 : Type::V64) {}
  FpLanes(Lifter& lifter, Sz sz) : FpLanes(lifter, sz != 0 ? Type::F64 : Type::F32) {}
  FpLanes(Lifter& lifter, SzQ szq) : FpLanes(lifter, (szq & 2) != 0 ? Type::F64 : Type::F32, (szq & 1) != 0) {}
  FpLanes(Lifter& lifter, Qbit q) : FpLanes(lifter, Type::F16, q != 0) {}

  Lifter& l;
  const Type lane;
  const Type type;  // of a value with all lanes

  bool is_scalar() const { return type == lane; }
  unsigned count() const { return ir::bits(type) / ir::bits(lane); }
  Type integer() const { return ir::bits(lane) == 64 ? Type::I64 : ir::bits(lane) == 32 ? Type::I32 : Type::I16; }
  unsigned fraction_bits() const { return lane == Type::F64 ? 52 : lane == Type::F32 ? 23 : 10; }
  uint64_t sign_bit() const { return uint64_t{1} << (ir::bits(lane) - 1); }

  // A register's lanes; lane `index` of a register in every lane.
  Value get(VReg reg) const;
  Value element(VReg reg, unsigned index) const;
  // Writes the whole register: above the lanes there are zeros. A scalar may come as an integer.
  void set(VReg reg, Value value) const;
  // These bits in every lane. Alternating: in the even lanes the first, in the odd lanes the second.
  Value constant(uint64_t bits) const;
  Value alternating(uint64_t even, uint64_t odd) const;

  // NaNs, tininess and flushing as FPCR says.
  FpDesc desc(RoundingSource rounding = RoundingSource::Live) const;
  bool flushes() const { return l.has_flush(lane); }
  // A scalar op, or the vector op that does the same in each lane. `result` where its type is not that of the lanes.
  Value op(Op scalar, std::initializer_list<Value> args, FpDesc desc) const { return op(scalar, type, args, desc); }
  Value op(Op scalar, Type result, std::initializer_list<Value> args, FpDesc desc) const;
  Value op(Op scalar, std::initializer_list<Value> args) const { return op(scalar, type, args, desc()); }
  // FPNeg, FPAbs: of NaNs, too.
  Value negated(Value value) const;
  Value magnitude(Value value) const;
  // All ones in a lane where it holds.
  Value holds(FpCond cond, Value a, Value c) const;
  // Times 2^exponent, where that is exact or overflows; no flags but, with FPCR.FZ, those of denormal operands.
  Value scaled(Value value, int exponent) const;
  // The lanes with even and with odd numbers of two vectors one behind the other.
  struct Pairs {
    Value even, odd;
  };
  Pairs pairs(Value first, Value second) const;
  // What `function` makes of each lane, as floats.
  template <typename Function>
  Value each(Value value, Function function) const;
};

// Lane `index` of a register as an integer of that width (I16 as an I64).
Value lane_bits(Lifter& l, Type integer, VReg reg, unsigned index);
// A lane in every lane of 128 bits.
Value splat(Lifter& l, Type lane, VReg reg, unsigned index);
// Integers as the low bits of a register with zeros above; the upper half of a register alone.
void set_bits(Lifter& l, VReg vd, Value integer);
void set_upper_half(Lifter& l, VReg vd, Value integer);

void move(const FpLanes& lanes, VReg vd, VReg vn);
void move_immediate(const FpLanes& lanes, int64_t imm8, VReg vd);
void absolute(const FpLanes& lanes, VReg vd, VReg vn);
void negate(const FpLanes& lanes, VReg vd, VReg vn);

// --- arithmetic (fp.cpp)

// Which operands of a fused operation are negated before anything else, NaNs included: va + vn * vm.
enum class Negate : uint8_t { Nothing, Addend, Product, Both };

void arithmetic(const FpLanes& lanes, Op op, VReg vd, VReg vn, VReg vm);
void square_root(const FpLanes& lanes, VReg vd, VReg vn);
void negated_product(const FpLanes& lanes, VReg vd, VReg vn, VReg vm);
void absolute_difference(const FpLanes& lanes, VReg vd, VReg vn, VReg vm);
void fused(const FpLanes& lanes, Negate negate, VReg vd, VReg va, VReg vn, VReg vm);
void fused_by_element(const FpLanes& lanes, Negate negate, VReg vd, VReg vn, VReg vm, int64_t index);
void multiply_by_element(const FpLanes& lanes, VReg vd, VReg vn, VReg vm, int64_t index);
// FMULX: infinity times zero is 2.
void multiply_extended(const FpLanes& lanes, VReg vd, VReg vn, VReg vm);
void multiply_extended_by_element(const FpLanes& lanes, VReg vd, VReg vn, VReg vm, int64_t index);
// FRECPE and FRSQRTE; FRECPS and FRSQRTS.
void estimate(const FpLanes& lanes, Op op, VReg vd, VReg vn);
void reciprocal_step(const FpLanes& lanes, VReg vd, VReg vn, VReg vm);
void square_root_step(const FpLanes& lanes, VReg vd, VReg vn, VReg vm);
void min_max(const FpLanes& lanes, Op op, MinMax nans, VReg vd, VReg vn, VReg vm);
void add_pairs(const FpLanes& lanes, VReg vd, VReg vn, VReg vm);
void min_max_pairs(const FpLanes& lanes, Op op, MinMax nans, VReg vd, VReg vn, VReg vm);
// Scalar pairwise: the two lowest lanes of vn.
void add_pair(const FpLanes& lanes, VReg vd, VReg vn);
void min_max_pair(const FpLanes& lanes, Op op, MinMax nans, VReg vd, VReg vn);
void min_max_across(const FpLanes& lanes, Op op, MinMax nans, VReg vd, VReg vn);

// --- comparison (fp_compare.cpp)

void compare(const FpLanes& lanes, bool signaling, VReg vn, VReg vm);
void compare_with_zero(const FpLanes& lanes, bool signaling, VReg vn);
void compare_if(const FpLanes& lanes, bool signaling, int64_t cond, VReg vn, VReg vm, int64_t nzcv);
void choose(const FpLanes& lanes, int64_t cond, VReg vd, VReg vn, VReg vm);
void compare_lanes(const FpLanes& lanes, FpCond cond, VReg vd, VReg vn, VReg vm);
void compare_lanes_with_zero(const FpLanes& lanes, FpCond cond, VReg vd, VReg vn);
void compare_magnitudes(const FpLanes& lanes, FpCond cond, VReg vd, VReg vn, VReg vm);

// --- conversion (fp_convert.cpp)

void round(const FpLanes& lanes, RoundingSource rounding, VReg vd, VReg vn);
void round_exact(const FpLanes& lanes, VReg vd, VReg vn);
void round_to_width(const FpLanes& lanes, unsigned width, RoundingSource rounding, VReg vd, VReg vn);
void to_general(const FpLanes& lanes, RoundingSource rounding, bool is_unsigned, bool sf, Reg rd, VReg vn);
void from_general(const FpLanes& lanes, bool is_unsigned, bool sf, VReg vd, Reg rn);
void to_general_fixed(const FpLanes& lanes, bool is_unsigned, unsigned fbits, bool sf, Reg rd, VReg vn);
void from_general_fixed(const FpLanes& lanes, bool is_unsigned, unsigned fbits, bool sf, VReg vd, Reg rn);
void to_javascript_integer(Lifter& l, Reg rd, VReg vn);
// Integers of the lanes' width.
void to_integer(const FpLanes& lanes, RoundingSource rounding, bool is_unsigned, VReg vd, VReg vn);
void from_integer(const FpLanes& lanes, bool is_unsigned, VReg vd, VReg vn);
void to_fixed(const FpLanes& lanes, bool is_unsigned, unsigned fbits, VReg vd, VReg vn);
void from_fixed(const FpLanes& lanes, bool is_unsigned, unsigned fbits, VReg vd, VReg vn);
// Between formats: scalars, and vectors (from or to `narrow`; with q their upper half).
void convert(Lifter& l, Type to, Type from, VReg vd, VReg vn);
void lengthen(Lifter& l, Type narrow, bool q, VReg vd, VReg vn);
void narrow(Lifter& l, Type narrow, bool q, VReg vd, VReg vn);
void narrow_to_odd(Lifter& l, VReg vd, VReg vn);
void narrow_to_odd(Lifter& l, bool q, VReg vd, VReg vn);
void narrow_to_bfloat(Lifter& l, bool q, VReg vd, VReg vn);

// --- what needs a helper, and the extensions (fp_special.cpp)

// One call: `count` lanes in the low bits of i64 operands and result.
Value special_bits(Lifter& l, FpSpecial what, Type lane, unsigned count, Value a, Value c, Value d = ir::kNoValue);
Value special(const FpLanes& lanes, FpSpecial what, Value a, Value c);
void special(const FpLanes& lanes, FpSpecial what, VReg vd, VReg vn);

enum class Half : uint8_t { Low, High };

void fused_long(Lifter& l, bool q, Negate negate, Half half, VReg vd, VReg vn, VReg vm);
void fused_long_by_element(Lifter& l, bool q, Negate negate, Half half, VReg vd, VReg vn, VReg vm, int64_t index);
void complex_add(const FpLanes& lanes, int64_t rot, VReg vd, VReg vn, VReg vm);
void complex_fused(const FpLanes& lanes, int64_t rot, VReg vd, VReg vn, VReg vm);
void complex_fused_by_element(const FpLanes& lanes, int64_t rot, VReg vd, VReg vn, VReg vm, int64_t index);
// The even or odd BFloat16 lanes of 128 bits as single-precision numbers.
Value bfloats(Lifter& l, bool odd, Value value);
void bfloat_fused(Lifter& l, bool odd, VReg vd, VReg vn, Value b);
void bfloat_dot(Lifter& l, bool q, VReg vd, VReg vn, Value m);
void bfloat_matrix(Lifter& l, VReg vd, VReg vn, VReg vm);

template <typename Function>
Value FpLanes::each(Value value, Function function) const {
  if (is_scalar()) return function(value);
  Value result = l.b.constant(type, 0);
  const auto lane_number = static_cast<uint32_t>(integer());
  for (uint32_t i = 0; i < count(); ++i) {
    const Value bits = l.b.vec(Op::VExtract, integer(), {value}, {.lane = lane_number, .index = i});
    const Value mapped = function(l.b.convert(Op::Bitcast, lane, bits));
    result = l.b.vec(Op::VInsert, type, {result, l.b.convert(Op::Bitcast, integer(), mapped)},
                     {.lane = lane_number, .index = i});
  }
  return result;
}

}  // namespace menura::arm::lift
