#include "ir/verify/attributes.h"

#include "ir/core/exit_kind.h"
#include "ir/core/signature.h"
#include "ir/verify/lanes.h"

namespace menura::ir {

namespace {

class AttributeCheck {
 public:
  AttributeCheck(const Region& region, const Inst& inst, const StateLayout& layout, const HelperTable& helpers)
      : region_(region), inst_(inst), layout_(layout), helpers_(helpers), args_(region.args(inst)) {}

  std::string run() const {
    if (std::string wrong = check_attr(); !wrong.empty()) return wrong;
    if (std::string wrong = check_widths(); !wrong.empty()) return wrong;
    return is_vector_op(inst_.op) ? check_lanes(region_, inst_) : std::string{};
  }

 private:
  Type arg(unsigned i) const { return region_.insts[args_[i]].type; }
  static std::string quoted(Type type) { return std::string(name(type)); }

  std::string check_attr() const {
    switch (info(inst_.op).attr) {
      case Attr::Nothing:
      case Attr::PcOffset:
      case Attr::Targets:
      case Attr::CallTargets:
        return {};
      case Attr::Imm:
        if (inst_.op == Op::NanUnbox) return inst_.imm == 0 || inst_.imm == 1 ? "" : "what is known is 0 or 1";
        if (inst_.op == Op::FpFlagsGet || inst_.op == Op::FpFlagsSet) {
          return inst_.imm == 0 || inst_.imm == 1 ? "" : "the order of flags is 0 or 1";
        }
        if (inst_.op != Op::Const && inst_.imm != 0 && inst_.imm != -1)
          return "the value for a zero divisor is 0 or -1";
        return {};
      case Attr::Slot:
        return check_slot();
      case Attr::Mem:
        return check_mem();
      case Attr::Cond:
        return check_cond(inst_.aux);
      case Attr::Fp:
      case Attr::FpLane:
        return check_fp();
      case Attr::Lane:
      case Attr::LaneImm:
        return check_lane_fields();
      case Attr::Fence:
        return unpack<FenceDesc>(inst_.aux).unused == 0 ? "" : "unknown bits in its order";
      case Attr::Helper:
        return check_call();
      case Attr::Exit:
        return check_exit();
    }
    return {};
  }

  static std::string check_cond(uint32_t cond) {
    return cond <= static_cast<uint32_t>(Cond::Sge) ? "" : "relation " + std::to_string(cond) + " does not exist";
  }

  std::string check_slot() const {
    if (inst_.imm < 0 || static_cast<uint64_t>(inst_.imm) >= layout_.slots.size()) {
      return "slot " + std::to_string(inst_.imm) + " does not exist";
    }
    const Slot& slot = layout_.slots[static_cast<std::size_t>(inst_.imm)];
    const Type type = inst_.op == Op::Get ? inst_.type : arg(0);
    if (type == slot.type) return {};
    return "slot " + std::string(slot.name) + " is " + quoted(slot.type) + ", not " + quoted(type);
  }

  std::string check_mem() const {
    const auto desc = unpack<MemDesc>(inst_.aux);
    if (desc.unused != 0) return "unknown bits in its access";
    if (desc.size_log2 > 6) return "accesses have 1 to 64 bytes";
    if (desc.order > static_cast<uint32_t>(Order::SeqCst)) return "its memory order does not exist";
    if (desc.align_log2 > 6) return "its alignment is not 1 to 64 bytes";
    if (desc.alone != 0 && inst_.op != Op::LoadLinked && inst_.op != Op::StoreCond) return "only ll and sc are alone";
    if (inst_.op == Op::Probe) {
      if (inst_.imm < 0) return "its length is negative";
      return {};
    }
    if (desc.atomic_op > static_cast<uint32_t>(inst_.op == Op::Atomic ? AtomicOp::Umax : AtomicOp::Swap)) {
      return "its atomic operation does not exist";
    }
    const Type type = inst_.op == Op::Store || inst_.op == Op::StoreCond ? arg(1) : inst_.type;
    if (type == Type::I1) return "i1 has no form in memory";
    if (desc.size() > storage_bytes(type)) {
      return "accesses " + std::to_string(desc.size()) + " bytes, more than " + quoted(type) + " holds";
    }
    if (desc.element_log2 > desc.size_log2 || (desc.element_log2 != 0 && !is_vector(type))) {
      return "its element is wider than the access, or the type is no vector";
    }
    return {};
  }

  std::string check_fp() const {
    const auto desc = unpack<FpDesc>(inst_.aux);
    if (desc.unused != 0) return "unknown bits in its float attributes";
    if (desc.rounding > static_cast<uint32_t>(RoundingSource::NearestAway)) return "its rounding does not exist";
    if (desc.nan > static_cast<uint32_t>(NanPolicy::SignalingFirst)) return "its NaN policy does not exist";
    if (desc.flags > static_cast<uint32_t>(FlagPolicy::Sticky)) return "its flag policy does not exist";
    if (desc.saturation > static_cast<uint32_t>(Saturation::Indefinite)) return "its saturation does not exist";
    if (desc.min_max > static_cast<uint32_t>(MinMax::QuietLoses)) return "its minimum does not exist";
    if (desc.cond > static_cast<uint32_t>(FpCond::Ord)) return "its relation does not exist";
    if (desc.lane >= kTypeCount) return "its lane type does not exist";
    if (desc.lane != 0 && info(inst_.op).attr != Attr::FpLane) return "scalars have no lanes";
    return {};
  }

  std::string check_lane_fields() const {
    const auto desc = unpack<LaneDesc>(inst_.aux);
    if (desc.unused != 0) return "unknown bits in its lanes";
    if (desc.lane >= kTypeCount) return "its lane type does not exist";
    return check_cond(desc.cond);
  }

  std::string check_call() const {
    if (inst_.imm < 0 || static_cast<uint64_t>(inst_.imm) >= helpers_.helpers.size()) {
      return "helper " + std::to_string(inst_.imm) + " does not exist";
    }
    const Helper& helper = helpers_.helpers[static_cast<std::size_t>(inst_.imm)];
    const std::string who = "helper " + std::string(helper.name);
    if (inst_.type != helper.result) return who + " gives " + quoted(helper.result) + ", not " + quoted(inst_.type);
    if (args_.size() != helper.arg_count) return who + " takes " + std::to_string(helper.arg_count) + " operands";
    for (unsigned i = 0; i < args_.size(); ++i) {
      if (bits(arg(i)) > 64) return "helpers take at most 64 bits per operand";
      if (arg(i) != helper.args[i]) {
        return who + " takes " + quoted(helper.args[i]) + " as operand " + std::to_string(i + 1) + ", not " +
               quoted(arg(i));
      }
    }
    return {};
  }

  std::string check_exit() const {
    if (inst_.aux >= kExitKindNames.size()) return "exit kind " + std::to_string(inst_.aux) + " does not exist";
    if (args_.size() > 1 || (args_.size() == 1 && arg(0) != Type::I64)) return "its detail is at most one i64";
    return {};
  }

  // What the signature's letters cannot say.
  std::string check_widths() const {
    const auto expect = [](bool good, const char* message) { return good ? std::string{} : std::string(message); };
    switch (inst_.op) {
      case Op::Zext:
      case Op::Sext:
        return expect(bits(inst_.type) > bits(arg(0)), "its result is not wider than its operand");
      case Op::Trunc:
        return expect(bits(inst_.type) < bits(arg(0)), "its result is not narrower than its operand");
      case Op::Concat:
        return expect(bits(inst_.type) == 2 * bits(arg(0)), "its result is not twice as wide");
      case Op::Bitcast:
        return expect(bits(inst_.type) == bits(arg(0)), "its result is not as wide as its operand");
      case Op::NanBox:
        return expect(bits(inst_.type) > bits(arg(0)), "its result is not wider than its operand");
      case Op::NanUnbox:
        return expect(bits(inst_.type) < bits(arg(0)), "its result is not narrower than its operand");
      case Op::Bswap:
      case Op::BitRev8:
        return expect(inst_.type != Type::I1, "i1 has no bytes");
      case Op::FCvt:
        return expect(inst_.type != arg(0), "its formats are the same");
      case Op::F2I:
        return expect(inst_.type != Type::I1 && bits(inst_.type) <= 64, "its result is i8 to i64");
      case Op::I2F:
        return expect(arg(0) != Type::I1 && bits(arg(0)) <= 64, "its operand is i8 to i64");
      default:
        return {};
    }
  }

  const Region& region_;
  const Inst& inst_;
  const StateLayout& layout_;
  const HelperTable& helpers_;
  std::span<const Value> args_;
};

}  // namespace

std::string check_attributes(const Region& region, const Inst& inst, const StateLayout& layout,
                             const HelperTable& helpers) {
  return AttributeCheck(region, inst, layout, helpers).run();
}

}  // namespace menura::ir
