#include "ir/text/fields.h"

#include <array>

namespace menura::ir {

namespace {

using Form = TextField::Form;
using Names = std::string_view;

constexpr std::array<Names, 10> kConds = {"eq", "ne", "ult", "ule", "ugt", "uge", "slt", "sle", "sgt", "sge"};
constexpr std::array<Names, 7> kFpConds = {"eq", "lt", "le", "gt", "ge", "un", "ord"};
constexpr std::array<Names, 6> kOrders = {"plain", "relaxed", "acquire", "release", "acqrel", "seqcst"};
constexpr std::array<Names, 2> kByteOrders = {"le", "be"};
constexpr std::array<Names, 9> kAtomicOps = {"swap", "add", "and", "or", "xor", "smin", "smax", "umin", "umax"};
constexpr std::array<Names, 6> kRoundings = {"live", "nearest", "zero", "down", "up", "away"};
constexpr std::array<Names, 2> kTininess = {"after", "before"};
constexpr std::array<Names, 3> kNans = {"canonical", "first", "signaling"};
constexpr std::array<Names, 2> kFlags = {"none", "sticky"};
constexpr std::array<Names, 3> kSaturations = {"nan-max", "nan-zero", "indefinite"};
constexpr std::array<Names, 3> kMinMax = {"number", "propagate", "quiet-loses"};
constexpr std::array<Names, kTypeCount> kTypes = [] {
  std::array<Names, kTypeCount> names;
  for (unsigned i = 0; i < kTypeCount; ++i) names[i] = name(static_cast<Type>(i));
  return names;
}();

// The bits that a bit-field member takes in the packed word.
#define FIELD_MASK(Desc, member)     \
  [] {                               \
    Desc ones;                       \
    Desc zeros;                      \
    ones.member = 0;                 \
    zeros.member = 0;                \
    --ones.member; /* all of them */ \
    return pack(ones) ^ pack(zeros); \
  }()

constexpr bool in_all(Op) { return true; }
constexpr bool in_atomic(Op op) { return op == Op::Atomic; }
constexpr bool in_fcmp(Op op) { return op == Op::FCmp || op == Op::VFCmp; }
constexpr bool in_fp_vectors(Op op) { return info(op).attr == Attr::FpLane; }
constexpr bool in_vcmp(Op op) { return op == Op::VCmp; }
constexpr bool in_lane_moves(Op op) {
  switch (op) {
    case Op::VExtract:
    case Op::VInsert:
    case Op::VInsertLane:
    case Op::VSplatLane:
    case Op::VZip:
    case Op::VUnzip:
    case Op::VTranspose:
    case Op::VReverse:
      return true;
    default:
      return false;
  }
}
constexpr bool in_vinsertlane(Op op) { return op == Op::VInsertLane; }

// Not constexpr: clang does not evaluate bit_cast of bit-fields; g++ still makes constant data of them.
const std::array kMemFields = {
    TextField{"size", Form::Power, FIELD_MASK(MemDesc, size_log2), 0, in_all},
    TextField{"byte order", Form::Word, FIELD_MASK(MemDesc, big_endian), 0, in_all, kByteOrders},
    TextField{"element", Form::Power, FIELD_MASK(MemDesc, element_log2)},
    TextField{"sx", Form::Flag, FIELD_MASK(MemDesc, sign_extend)},
    TextField{"order", Form::Name, FIELD_MASK(MemDesc, order), 0, nullptr, kOrders},
    TextField{"align", Form::Power, FIELD_MASK(MemDesc, align_log2)},
    TextField{"mmu", Form::Number, FIELD_MASK(MemDesc, mmu_index)},
    TextField{"op", Form::Name, FIELD_MASK(MemDesc, atomic_op), 0, in_atomic, kAtomicOps},
    TextField{"alone", Form::Flag, FIELD_MASK(MemDesc, alone)},
};

constexpr std::array kCondFields = {TextField{"relation", Form::Word, ~0U, 0, in_all, kConds}};

const std::array kFpFields = {
    TextField{"lane", Form::Name, FIELD_MASK(FpDesc, lane), 0, in_fp_vectors, kTypes},
    TextField{"round", Form::Name, FIELD_MASK(FpDesc, rounding), 0, nullptr, kRoundings},
    TextField{"tiny", Form::Name, FIELD_MASK(FpDesc, tiny_before), 0, nullptr, kTininess},
    TextField{"nan", Form::Name, FIELD_MASK(FpDesc, nan), 0, nullptr, kNans},
    TextField{"flags", Form::Name, FIELD_MASK(FpDesc, flags), 1, nullptr, kFlags},
    TextField{"saturate", Form::Name, FIELD_MASK(FpDesc, saturation), 0, nullptr, kSaturations},
    TextField{"unsigned", Form::Flag, FIELD_MASK(FpDesc, is_unsigned)},
    TextField{"minmax", Form::Name, FIELD_MASK(FpDesc, min_max), 0, nullptr, kMinMax},
    TextField{"exact", Form::Flag, FIELD_MASK(FpDesc, exact)},
    TextField{"signaling", Form::Flag, FIELD_MASK(FpDesc, signaling)},
    TextField{"cond", Form::Name, FIELD_MASK(FpDesc, cond), 0, in_fcmp, kFpConds},
    TextField{"flush", Form::Flag, FIELD_MASK(FpDesc, flush)},
    TextField{"alternative", Form::Flag, FIELD_MASK(FpDesc, alternative_half)},
    TextField{"defined", Form::Flag, FIELD_MASK(FpDesc, defined)},
    TextField{"halved", Form::Flag, FIELD_MASK(FpDesc, halved)},
};

const std::array kLaneFields = {
    TextField{"lane", Form::Name, FIELD_MASK(LaneDesc, lane), 0, in_all, kTypes},
    TextField{"cond", Form::Name, FIELD_MASK(LaneDesc, cond), 0, in_vcmp, kConds},
    TextField{"index", Form::Number, FIELD_MASK(LaneDesc, index), 0, in_lane_moves},
    TextField{"sx", Form::Flag, FIELD_MASK(LaneDesc, sign_extend)},
    TextField{"from", Form::Number, FIELD_MASK(LaneDesc, from), 0, in_vinsertlane},
    TextField{"rounding", Form::Flag, FIELD_MASK(LaneDesc, rounding)},
    TextField{"saturate", Form::Flag, FIELD_MASK(LaneDesc, saturate)},
    TextField{"unsigned", Form::Flag, FIELD_MASK(LaneDesc, to_unsigned)},
    TextField{"sx2", Form::Flag, FIELD_MASK(LaneDesc, sign_extend2)},
};

const std::array kFenceFields = {
    TextField{"load-load", Form::Flag, FIELD_MASK(FenceDesc, load_load)},
    TextField{"load-store", Form::Flag, FIELD_MASK(FenceDesc, load_store)},
    TextField{"store-load", Form::Flag, FIELD_MASK(FenceDesc, store_load)},
    TextField{"store-store", Form::Flag, FIELD_MASK(FenceDesc, store_store)},
};

#undef FIELD_MASK

}  // namespace

std::span<const TextField> text_fields(Attr attr) {
  switch (attr) {
    case Attr::Mem:
      return kMemFields;
    case Attr::Cond:
      return kCondFields;
    case Attr::Fp:
    case Attr::FpLane:
      return kFpFields;
    case Attr::Lane:
    case Attr::LaneImm:
      return kLaneFields;
    case Attr::Fence:
      return kFenceFields;
    case Attr::Nothing:
    case Attr::Imm:
    case Attr::PcOffset:
    case Attr::Slot:
    case Attr::Helper:
    case Attr::Targets:
    case Attr::CallTargets:
    case Attr::Exit:
      return {};
  }
  return {};
}

uint32_t usual_aux(Attr attr) {
  uint32_t aux = 0;
  for (const TextField& field : text_fields(attr)) aux = field.with(aux, field.usual);
  return aux;
}

}  // namespace menura::ir
