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

}  // namespace

const ir::StateLayout& Frontend::layout() const { return state_layout(); }

const ir::HelperTable& Frontend::helpers() const { return helper_table(); }

ir::Flow Frontend::scan(uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const {
  if (bytes.size() < kInstructionBytes) return {};
  const uint32_t word = word_at(bytes);
  ir::Flow flow = flow_of(decode(word, enabled_), word, pc, features_, mode);
  flow.length = kInstructionBytes;
  return flow;
}

unsigned Frontend::lift(ir::Builder& builder, uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const {
  const uint32_t word = word_at(bytes);
  builder.insn(pc, kInstructionBytes);
  Lifter lifter(builder, features_, mode);
  if (const RowName name = decode(word, enabled_); name != RowName::None) {
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
