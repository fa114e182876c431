#include "frontends/arm/frontend.h"

#include <array>

#include "frontends/arm/decode/decode.h"
#include "frontends/arm/decode/print.h"
#include "frontends/arm/flow.h"
#include "frontends/arm/helpers/helpers.h"
#include "frontends/arm/lift/lifter.h"
#include "frontends/arm/state.h"

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

const ir::StateLayout& Frontend::layout() const { return state_layout(); }

const ir::HelperTable& Frontend::helpers() const { return helper_table(); }

ir::Flow Frontend::scan(uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const {
  if (bytes.size() < kInstructionBytes) return {};
  if (pc % kInstructionBytes != 0) return {.kind = ir::Flow::Kind::Exit, .length = kInstructionBytes};
  const uint32_t word = word_at(bytes);
  ir::Flow flow = flow_of(decode(word, enabled_), word, pc, features_, mode);
  flow.length = kInstructionBytes;
  return flow;
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
  Lifter lifter(builder, features_, mode, guarded);
  const RowName name = decode(word, enabled_);
  // Indirect branches leave their region: they arrive at the start of another.
  if ((mode & Mode::kCheckBranchTargets) != 0 && pc == builder.region().identity.pc) {
    lifter.check_branch_target(landing_types(name, word));
  }
  if (name != RowName::None) {
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
