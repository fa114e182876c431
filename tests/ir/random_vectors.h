// Draws one random vector op: all of ops.def's, in all lanes and widths that the verifier takes.
#pragma once

#include "ir/build/builder.h"

namespace menura::ir::test {

// `Draw` has below(n), a random number under n, and any(Type), a value of that type.
template <typename Draw>
class RandomVectorOp {
 public:
  RandomVectorOp(Builder& builder, Draw& draw) : b_(builder), draw_(draw) {}

  // A value of the vector type `type`, or of a scalar or another vector type where the op has that.
  Value draw(Type type) {
    switch (below(8)) {
      case 0:
      case 1:
        return lanes(type);
      case 2:
        return shift(type);
      case 3:
        return across(type);
      case 4:
        return widths(type);
      case 5:
        return moves(type);
      case 6:
        return permutation(type);
      default:
        return floats(type);
    }
  }

  // An op of floats, its numbers as `desc` says and the rest of the descriptor drawn.
  Value floats(Type type, FpDesc desc) {
    desc.saturation = below(3);
    desc.is_unsigned = below(2);
    desc.min_max = below(3);
    desc.exact = below(2);
    desc.signaling = below(2);
    desc.defined = below(4) == 0;
    desc.halved = below(4) == 0;
    const Type lane = pick({Type::F16, Type::F32, Type::F32, Type::F64, Type::F64});
    switch (below(8)) {
      case 0:
        desc.cond = below(7);
        return b_.vec_fp(Op::VFCmp, type, {any(type), any(type)}, lane, desc);
      case 1:
        return b_.vec_fp(pick({Op::VFSqrt, Op::VFRound, Op::VFRecipEstimate, Op::VFRSqrtEstimate}), type, {any(type)},
                         lane, desc);
      case 2:
        return b_.vec_fp(Op::VFMa, type, {any(type), any(type), any(type)}, lane, desc);
      case 3:
        return b_.vec_fp(pick({Op::VF2I, Op::VI2F}), type, {any(type)}, lane, desc);
      case 4:
        if (type != Type::V64 && lane != Type::F64) {
          return b_.vec_fp(Op::VFCvt, type, {any(half(type))}, lane, desc);
        }
        if (type != Type::V512 && lane != Type::F16) {
          return b_.vec_fp(Op::VFCvt, type, {any(twice(type))}, lane, desc);
        }
        [[fallthrough]];
      default:
        return b_.vec_fp(pick({Op::VFAdd, Op::VFSub, Op::VFMul, Op::VFDiv, Op::VFMin, Op::VFMax}), type,
                         {any(type), any(type)}, lane, desc);
    }
  }

 private:
  uint32_t below(uint32_t limit) { return draw_.below(limit); }
  Value any(Type type) { return draw_.any(type); }
  template <typename T>
  T pick(std::initializer_list<T> list) {
    return *(list.begin() + below(static_cast<uint32_t>(list.size())));
  }
  static Type twice(Type type) { return static_cast<Type>(static_cast<unsigned>(type) + 1); }
  static Type half(Type type) { return static_cast<Type>(static_cast<unsigned>(type) - 1); }

  LaneDesc lane_of(std::initializer_list<Type> list) {
    LaneDesc desc;
    desc.lane = static_cast<uint32_t>(pick(list));
    desc.sign_extend = below(2);
    return desc;
  }
  LaneDesc any_lane() { return lane_of({Type::I8, Type::I16, Type::I32, Type::I64}); }
  static unsigned lane_bits(LaneDesc desc) { return bits(static_cast<Type>(desc.lane)); }

  Value lanes(Type type) {
    LaneDesc desc = any_lane();
    switch (below(12)) {
      case 0:
        desc = lane_of({Type::I8, Type::I16, Type::I32});
        return b_.vec(Op::VMulHigh, type, {any(type), any(type)}, desc);
      case 1:
        desc = lane_of({Type::I16, Type::I32});
        desc.rounding = below(2);
        return b_.vec(Op::VMulDoubleHigh, type, {any(type), any(type)}, desc);
      case 2:
        return b_.vec(pick({Op::VPopcnt, Op::VClz, Op::VAbs}), type, {any(type)}, desc);
      case 3:
        return b_.vec(Op::VBitRev8, type, {any(type)}, lane_of({Type::I8}));
      case 4:
        desc.cond = below(10);
        return b_.vec(Op::VCmp, type, {any(type), any(type)}, desc);
      case 5:
        return b_.vec(Op::VSelect, type, {any(type), any(type), any(type)}, desc);
      case 6:
        desc.rounding = below(2);
        return b_.vec(Op::VAverage, type, {any(type), any(type)}, desc);
      case 7:
        return b_.vec(pick({Op::VAddSat, Op::VSubSat}), type, {any(type), any(type)}, desc);
      case 8:
        return b_.vec(pick({Op::VMin, Op::VMax}), type, {any(type), any(type)}, desc);
      default:
        return b_.vec(pick({Op::VAdd, Op::VSub, Op::VMul, Op::VAnd, Op::VOr, Op::VXor, Op::VAndn}), type,
                      {any(type), any(type)}, desc);
    }
  }

  Value shift(Type type) {
    LaneDesc desc = any_lane();
    switch (below(4)) {
      case 3:
        return b_.vec_imm(Op::VRotl, type, {any(type)}, desc, below(lane_bits(desc)));
      case 0:
        return b_.vec_imm(pick({Op::VShl, Op::VShr, Op::VSar}), type, {any(type)}, desc, below(lane_bits(desc) + 1));
      case 1:
        return b_.vec(pick({Op::VShlV, Op::VShrV, Op::VSarV}), type, {any(type), amounts(type, desc)}, desc);
      default:
        desc.rounding = below(2);
        desc.saturate = below(2);
        desc.to_unsigned = below(2);
        return b_.vec(Op::VShift, type, {any(type), amounts(type, desc)}, desc);
    }
  }
  // Mostly small numbers.
  Value amounts(Type type, LaneDesc desc) {
    if (below(3) == 0) return any(type);
    return b_.vec_imm(pick({Op::VShr, Op::VSar}), type, {any(type)}, desc, lane_bits(desc) - 1 - below(7));
  }

  Value across(Type type) {
    switch (below(3)) {
      case 0: {
        LaneDesc desc = lane_of({Type::I32});
        desc.sign_extend2 = below(2);
        return b_.vec(Op::VDot, type, {any(type), any(type), any(type)}, desc);
      }
      case 1:
        return b_.vec(Op::VAddPairs, type, {any(type)}, lane_of({Type::I8, Type::I16, Type::I32}));
      default:
        return b_.vec(pick({Op::VAddAcross, Op::VMinAcross, Op::VMaxAcross}), type, {any(type)}, any_lane());
    }
  }

  Value widths(Type type) {
    const bool narrows = type == Type::V64 || (type != Type::V512 && below(2) == 0);
    if (narrows) {
      const Type wide = twice(type);
      LaneDesc desc = lane_of({Type::I16, Type::I32, Type::I64});
      desc.saturate = below(2);
      desc.to_unsigned = below(2);
      switch (below(3)) {
        case 0:
          return b_.convert(pick({Op::VHigh, Op::VTrunc}), type, any(wide));
        default:
          return b_.vec(Op::VNarrow, type, {any(wide)}, desc);
      }
    }
    const Type narrow = half(type);
    const LaneDesc desc = lane_of({Type::I8, Type::I16, Type::I32});
    switch (below(5)) {
      case 0:
        return b_.vec(Op::VWiden, type, {any(narrow)}, desc);
      case 1:
        return b_.vec(Op::VMulWiden, type, {any(narrow), any(narrow)}, desc);
      case 2:
        return b_.vec(Op::VClMulWiden, type, {any(narrow), any(narrow)}, lane_of({Type::I8, Type::I64}));
      case 3:
        return b_.emit(Op::VConcat, type, {any(narrow), any(narrow)});
      default:
        return b_.convert(Op::VZext, type, any(narrow));
    }
  }

  Value moves(Type type) {
    LaneDesc desc = any_lane();
    const unsigned count = bits(type) / lane_bits(desc);
    desc.index = below(count);
    switch (below(7)) {
      case 0:
        return b_.vec(Op::VSplat, type, {any(Type::I64)}, desc);
      case 1:
        return b_.vec(Op::VSplatLane, type, {any(type)}, desc);
      case 2:
        return b_.vec(Op::VExtract, Type::I64, {any(type)}, desc);
      case 3:
        return b_.vec(Op::VInsert, type, {any(type), any(Type::I64)}, desc);
      case 4:
        desc.from = below(count);
        return b_.vec(Op::VInsertLane, type, {any(type), any(type)}, desc);
      case 5:
        return b_.convert(Op::VTrunc, pick({Type::F32, Type::F64}), any(type));
      default:
        return b_.convert(Op::VZext, type, any(pick({Type::F32, Type::F64})));
    }
  }

  Value permutation(Type type) {
    LaneDesc desc = any_lane();
    const unsigned count = bits(type) / lane_bits(desc);
    switch (below(6)) {
      case 0:
        if (count == 1) desc.lane = static_cast<uint32_t>(Type::I8);
        desc.index = below(2);
        return b_.vec(pick({Op::VZip, Op::VUnzip, Op::VTranspose}), type, {any(type), any(type)}, desc);
      case 1:
        desc = lane_of({Type::I8, Type::I16, Type::I32});
        desc.index = 2U << below(static_cast<uint32_t>(64 / lane_bits(desc) == 8 ? 3 : 64 / lane_bits(desc) / 2));
        return b_.vec(Op::VReverse, type, {any(type)}, desc);
      case 2:
        return b_.vec_imm(Op::VBytes, type, {any(type), any(type)}, lane_of({Type::I8}), below(bits(type) / 8));
      case 3:
        return b_.vec(Op::VTable, type, {any(type), amounts(type, lane_of({Type::I8}))}, lane_of({Type::I8}));
      case 4:
        return hash(type);
      default:
        if (type == Type::V64) return any(type);
        return b_.vec(pick({Op::VAesSubShift, Op::VAesSubShiftInverse, Op::VAesMix, Op::VAesMixInverse}), type,
                      {any(type)}, lane_of({Type::I8}));
    }
  }

  Value hash(Type type) {
    const LaneDesc words = lane_of({Type::I32});
    if (type == Type::V64 || below(4) == 0) return b_.vec(Op::VSm4Substitute, type, {any(type)}, lane_of({Type::I8}));
    switch (below(3)) {
      case 0:
        return b_.vec_imm(Op::VSha1Rounds, type, {any(type), any(type)}, words, below(4));
      case 1:
        return b_.vec(Op::VSha256Rounds, type, {any(type), any(type), any(type)}, words);
      default:
        return b_.vec(pick({Op::VSha256Sigma0, Op::VSha256Sigma1}), type, {any(type), any(type)}, words);
    }
  }

  Value floats(Type type) {
    FpDesc desc;
    desc.rounding = below(3) == 0 ? below(6) : 0;
    desc.nan = below(3);
    desc.tiny_before = below(2);
    desc.flush = below(4) == 0;
    return floats(type, desc);
  }

  Builder& b_;
  Draw& draw_;
};

}  // namespace menura::ir::test
