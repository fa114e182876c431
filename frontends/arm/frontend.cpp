#include "frontends/arm/frontend.h"

#include <array>

#include "frontends/arm/decode/decode.h"
#include "frontends/arm/decode/print.h"
#include "frontends/arm/flow.h"
#include "frontends/arm/helpers/helpers.h"
#include "frontends/arm/lift/lifter.h"
#include "frontends/arm/state.h"
#include "frontends/arm/system_registers.h"

namespace menura::arm {

// Defined in lift/a64/*.cpp.
#define INST(id, pattern, feature, assembly) \
  template <>                                \
  void lift_row<RowName::id>(Lifter&, uint64_t);
#include "frontends/arm/decode/rows.inc"
#undef INST

namespace {

constexpr std::array<frontends::LiftFunction<Lifter>, kRowCount> kLift = {{
#define INST(id, pattern, feature, assembly) &lift_row<RowName::id>,
#include "frontends/arm/decode/rows.inc"
#undef INST
}};

// The values of BTYPE that this instruction lets in (BTypeCompatible, shared/functions/system), as a mask. Linux sets
// SCTLR_EL1.BT0: PACIASP and PACIBSP are no targets of plain BR.
unsigned landing_types(RowName name, uint32_t word) {
  constexpr unsigned kTargets[] = {0b0001, 0b0111, 0b1011, 0b1111};  // BTI, BTI c, BTI j, BTI jc
  switch (name) {
    case RowName::bti:
      return kTargets[frontends::extract<"------------------------ targets[1:0] ------", kFields, Targets>(word)];
    case RowName::paciasp:
    case RowName::pacibsp:
      return 0b0111;
    case RowName::brk:
      return 0b1111;
    default:
      return 0b0001;
  }
}

}  // namespace

Frontend::Frontend(FeatureSet features, Level level)
    : features_(features_at(features, level)),
      enabled_(enabled_rows(features_)),
      without_fp_(enabled_rows(arm::without_fp(features_))) {}

const ir::StateLayout& Frontend::layout() const { return state_layout(level()); }

const ir::HelperTable& Frontend::helpers() const { return helper_table(); }

ir::Flow Frontend::scan(uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const {
  if (bytes.size() < kInstructionBytes) return {};
  if (pc % kInstructionBytes != 0) return {.kind = ir::Flow::Kind::Exit, .length = kInstructionBytes};
  const uint32_t word = word_at(bytes);
  const RowName name = decode(word, enabled_);
  if (is_trapped_fp(name, word, mode)) return {.kind = ir::Flow::Kind::Exit, .length = kInstructionBytes};
  ir::Flow flow = flow_of(name, word, pc, features_, mode);
  flow.length = kInstructionBytes;
  return flow;
}

bool Frontend::uses_fp(RowName name, uint32_t word) const {
  if (name == RowName::None) return false;
  if (name == RowName::mrs || name == RowName::msr_register) {
    const RegisterRow* row = find_register(word >> 5 & 0x7fff);
    return row != nullptr && row->feature == Feature::FP;
  }
  return !frontends::has_row(without_fp_, static_cast<frontends::RowId>(name));
}

unsigned Frontend::lift(ir::Builder& builder, uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const {
  const uint32_t word = word_at(bytes);
  builder.insn(pc, kInstructionBytes);
  // A misaligned PC (D1.3.3): an alignment fault before anything is fetched.
  if (pc % kInstructionBytes != 0) {
    builder.exit(ir::ExitKind::Misaligned, pc, {builder.pc_value(pc)});
    return kInstructionBytes;
  }
  const bool guarded = (mode & Mode::kCheckBranchTargets) != 0 && guard_ != nullptr && guard_->is_guarded(pc);
  Lifter lifter(builder, features_, mode, word, guarded);
  const RowName name = decode(word, enabled_);
  // Indirect branches leave their region: they arrive at the start of another.
  if ((mode & Mode::kCheckBranchTargets) != 0 && pc == builder.region().identity.pc) {
    lifter.check_branch_target(landing_types(name, word));
  }
  if (is_trapped_fp(name, word, mode)) {
    lifter.leave_to_execute();
  } else if (name != RowName::None) {
    kLift[static_cast<unsigned>(name)](lifter, word);
  } else {
    lifter.illegal();
  }
  return kInstructionBytes;
}

std::string Frontend::disassemble(std::span<const uint8_t> bytes) const {
  if (bytes.size() < kInstructionBytes) return "<incomplete>";
  const uint32_t word = word_at(bytes);
  return print(decode(word, enabled_), word);
}

}  // namespace menura::arm
