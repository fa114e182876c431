#include "ir/verify/lanes.h"

#include "ir/core/signature.h"

namespace menura::ir {

namespace {

class LaneCheck {
 public:
  LaneCheck(const Region& region, const Inst& inst) : region_(region), inst_(inst) {}

  std::string run() const {
    switch (info(inst_.op).attr) {
      case Attr::Lane:
      case Attr::LaneImm:
        if (std::string wrong = check_int_lane(); !wrong.empty()) return wrong;
        if (std::string wrong = check_numbers(); !wrong.empty()) return wrong;
        break;
      case Attr::FpLane:
        if (std::string wrong = check_float_lane(); !wrong.empty()) return wrong;
        break;
      default:
        break;
    }
    return check_widths();
  }

 private:
  static std::string expect(bool good, const char* message) { return good ? std::string{} : std::string(message); }

  Type arg(unsigned i) const { return region_.insts[inst_.args[i]].type; }
  LaneDesc desc() const { return unpack<LaneDesc>(inst_.aux); }
  unsigned lane() const { return bits(static_cast<Type>(desc().lane)); }

  // The op only moves bits: what they stand for does not matter.
  bool is_move() const {
    switch (inst_.op) {
      case Op::VAnd:
      case Op::VOr:
      case Op::VXor:
      case Op::VAndn:
      case Op::VSelect:
      case Op::VSplat:
      case Op::VSplatLane:
      case Op::VExtract:
      case Op::VInsert:
      case Op::VInsertLane:
      case Op::VZip:
      case Op::VUnzip:
      case Op::VTranspose:
      case Op::VReverse:
        return true;
      default:
        return false;
    }
  }

  std::string check_int_lane() const {
    const auto type = static_cast<Type>(desc().lane);
    const bool integer = type >= Type::I8 && type <= Type::I64;
    if (is_move()) {
      return expect(integer || type == Type::F32 || type == Type::F64, "its lane type is none of i8 to i64, f32, f64");
    }
    if (!integer) return "its lanes are integers of 8 to 64 bits";
    switch (inst_.op) {
      case Op::VMulHigh:
      case Op::VAddPairs:
      case Op::VWiden:
      case Op::VMulWiden:
        return expect(lane() <= 32, "its lanes have 8 to 32 bits");
      case Op::VMulDoubleHigh:
        return expect(lane() == 16 || lane() == 32, "its lanes have 16 or 32 bits");
      case Op::VNarrow:
        return expect(lane() >= 16, "its lanes have 16 to 64 bits");
      case Op::VClMulWiden:
        return expect(lane() == 8 || lane() == 64, "its lanes have 8 or 64 bits");
      case Op::VBitRev8:
      case Op::VBytes:
      case Op::VTable:
      case Op::VAesSubShift:
      case Op::VAesSubShiftInverse:
      case Op::VAesMix:
      case Op::VAesMixInverse:
      case Op::VSm4Substitute:
        return expect(lane() == 8, "its lanes have 8 bits");
      case Op::VDot:
      case Op::VSha1Rounds:
      case Op::VSha256Rounds:
      case Op::VSha256Sigma0:
      case Op::VSha256Sigma1:
        return expect(lane() == 32, "its lanes have 32 bits");
      default:
        return {};
    }
  }

  std::string check_float_lane() const {
    const auto type = static_cast<Type>(unpack<FpDesc>(inst_.aux).lane);
    return expect(type == Type::F16 || type == Type::F32 || type == Type::F64,
                  "its lane type is none of f16, f32, f64");
  }

  // Of lanes, halves, groups, bits and bytes.
  std::string check_numbers() const {
    const unsigned index = desc().index;
    switch (inst_.op) {
      case Op::VExtract:
      case Op::VSplatLane:
        return lane_exists(index, arg(0));
      case Op::VInsert:
        return lane_exists(index, inst_.type);
      case Op::VInsertLane:
        if (std::string wrong = lane_exists(index, inst_.type); !wrong.empty()) return wrong;
        return lane_exists(desc().from, arg(1));
      case Op::VZip:
      case Op::VUnzip:
      case Op::VTranspose:
        if (index > 1) return "its index is neither 0 nor 1";
        return expect(bits(inst_.type) > lane(), "its vector has one lane only");
      case Op::VReverse:
        if (index != 2 && index != 4 && index != 8) return "its groups have neither 2, 4 nor 8 lanes";
        return expect(index * lane() <= bits(inst_.type), "its groups are wider than the vector");
      case Op::VShl:
      case Op::VShr:
      case Op::VSar:
        return expect(inst_.imm >= 0 && inst_.imm <= lane(), "its amount is not 0 to the lane's width");
      case Op::VRotl:
        return expect(inst_.imm >= 0 && inst_.imm < lane(), "its amount is not 0 to the lane's width - 1");
      case Op::VSha1Rounds:
        return expect(inst_.imm >= 0 && inst_.imm <= 3, "its rounds are not 0 to 3");
      case Op::VBytes:
        return expect(inst_.imm >= 0 && inst_.imm < bits(inst_.type) / 8, "its first byte does not exist");
      default:
        return {};
    }
  }

  std::string lane_exists(unsigned index, Type vector) const {
    return index < bits(vector) / lane() ? std::string{} : "lane " + std::to_string(index) + " does not exist";
  }

  std::string scalar_holds_lane(Type scalar) const {
    return bits(scalar) >= lane() ? std::string{} : std::string(name(scalar)) + " is narrower than a lane";
  }

  std::string check_widths() const {
    const unsigned result = bits(inst_.type);
    switch (inst_.op) {
      case Op::VSplat:
        return scalar_holds_lane(arg(0));
      case Op::VExtract:
        return scalar_holds_lane(inst_.type);
      case Op::VInsert:
        return scalar_holds_lane(arg(1));
      case Op::VWiden:
      case Op::VMulWiden:
      case Op::VClMulWiden:
      case Op::VConcat:
        return expect(result == 2 * bits(arg(0)), "its result is not twice as wide as its operands");
      case Op::VNarrow:
      case Op::VHigh:
        return expect(2 * result == bits(arg(0)), "its result is not half as wide as its operand");
      case Op::VTrunc:
        return part_of(inst_.type, arg(0));
      case Op::VZext:
        return part_of(arg(0), inst_.type);
      case Op::VFCvt:
        return check_convert();
      case Op::VAesSubShift:
      case Op::VAesSubShiftInverse:
      case Op::VAesMix:
      case Op::VAesMixInverse:
      case Op::VSha1Rounds:
      case Op::VSha256Rounds:
      case Op::VSha256Sigma0:
      case Op::VSha256Sigma1:
        return expect(result >= 128, "a state has 16 bytes");
      default:
        return {};
    }
  }

  static std::string part_of(Type part, Type vector) {
    if (is_vector(part)) return expect(bits(part) < bits(vector), "the one vector is not narrower than the other");
    if (!is_arithmetic_float(part)) return std::string(name(part)) + " is neither a vector nor a float";
    return expect(bits(part) <= bits(vector), "the float is wider than the vector");
  }

  std::string check_convert() const {
    const auto type = static_cast<Type>(unpack<FpDesc>(inst_.aux).lane);
    if (bits(inst_.type) == 2 * bits(arg(0))) return expect(type != Type::F64, "there is no format above f64");
    if (2 * bits(inst_.type) == bits(arg(0))) return expect(type != Type::F16, "there is no format below f16");
    return "its result is neither half nor twice as wide as its operand";
  }

  const Region& region_;
  const Inst& inst_;
};

}  // namespace

std::string check_lanes(const Region& region, const Inst& inst) { return LaneCheck(region, inst).run(); }

}  // namespace menura::ir
