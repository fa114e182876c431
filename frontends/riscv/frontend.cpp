#include "frontends/riscv/frontend.h"

#include <array>

#include "frontends/riscv/decode/decode.h"
#include "frontends/riscv/decode/print.h"
#include "frontends/riscv/flow.h"
#include "frontends/riscv/helpers/helpers.h"
#include "frontends/riscv/lift/lifter.h"
#include "frontends/riscv/rounding.h"

namespace menura::riscv {

// Defined in lift/*.cpp.
#define INST(id, pattern, feature, assembly) \
  template <>                                \
  void lift_row<RowName::id>(Lifter&, uint64_t);
#include "frontends/riscv/decode/rows.inc"
#undef INST

namespace {

constexpr std::array<frontends::LiftFunction<Lifter>, kRowCount> kLift = {{
#define INST(id, pattern, feature, assembly) &lift_row<RowName::id>,
#include "frontends/riscv/decode/rows.inc"
#undef INST
}};

// Rows with an rm field, which some modes make illegal.
constexpr std::array<bool, kRowCount> kHasRounding = {{
#define INST(id, pattern, feature, assembly) frontends::parse_pattern(pattern, kFields).has("rm"),
#include "frontends/riscv/decode/rows.inc"
#undef INST
}};

// The row, unless the mode or a reserved rounding mode makes the instruction illegal.
RowName decode_in_mode(uint32_t word, const EnabledRows& enabled, uint64_t mode) {
  const RowName name = decode(word, enabled);
  if (name == RowName::None) return name;
  if (kHasRounding[static_cast<unsigned>(name)] && !is_valid_rounding((word >> 12) & 7, mode)) return RowName::None;
  return name;
}

}  // namespace

const ir::StateLayout& Frontend::layout() const { return state_layout(xlen(features_)); }

const ir::HelperTable& Frontend::helpers() const { return helper_table(); }

ir::Flow Frontend::scan(uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const {
  if (bytes.size() < 2) return {};
  const uint32_t word = word_at(bytes);
  const unsigned length = length_of(word);
  if (bytes.size() < length) return {};
  ir::Flow flow = flow_of(decode_in_mode(word, enabled_, mode), word, pc, features_, mode);
  flow.length = static_cast<uint8_t>(length);
  if (xlen(features_) == 32) flow.target = static_cast<uint32_t>(flow.target);
  return flow;
}

unsigned Frontend::lift(ir::Builder& builder, uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const {
  const uint32_t word = word_at(bytes);
  const unsigned length = length_of(word);
  builder.insn(pc, length);
  Lifter lifter(builder, features_, mode);
  if (const RowName name = decode_in_mode(word, enabled_, mode); name != RowName::None) {
    kLift[static_cast<unsigned>(name)](lifter, word);
  } else {
    lifter.illegal();
  }
  return length;
}

std::string Frontend::disassemble(std::span<const uint8_t> bytes) const {
  const uint32_t word = word_at(bytes);
  if (bytes.size() < 2 || bytes.size() < length_of(word)) return "<incomplete>";
  return print(decode(word, enabled_), word);
}

}  // namespace menura::riscv
