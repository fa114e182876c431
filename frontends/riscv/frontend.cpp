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

// Rows that use floating-point registers, which are those that mstatus.FS can forbid; and those of them that may change
// the state: all but stores, moves to integer registers and fclass (an exact answer is not asked for, 3.1.6.6).
struct FpUse {
  bool uses = false;
  bool changes = false;
};
constexpr FpUse fp_use(std::string_view text, std::string_view assembly) {
  const frontends::Pattern pattern = frontends::parse_pattern(text, kFields);
  const bool result = pattern.has("fd") || pattern.has("fd'");
  const bool first = pattern.has("fs1");
  const bool second = pattern.has("fs2") || pattern.has("fs2'");
  const bool looks = assembly.starts_with("fmv.x") || assembly.starts_with("fmvh.x") || assembly.starts_with("fclass");
  return {result || first || second, result || (first && !looks)};
}
constexpr std::array<FpUse, kRowCount> kFpUse = {{
#define INST(id, pattern, feature, assembly) fp_use(pattern, assembly),
#include "frontends/riscv/decode/rows.inc"
#undef INST
}};

FpUse fp_use(RowName name) { return name == RowName::None ? FpUse{} : kFpUse[static_cast<unsigned>(name)]; }

// The row, unless the mode or a reserved rounding mode makes the instruction illegal.
RowName decode_in_mode(uint32_t word, const EnabledRows& enabled, uint64_t mode) {
  const RowName name = decode(word, enabled);
  if (name == RowName::None) return name;
  if (kHasRounding[static_cast<unsigned>(name)] && !is_valid_rounding((word >> 12) & 7, mode)) return RowName::None;
  if ((mode & Mode::kFpOff) != 0 && fp_use(name).uses) return RowName::None;
  return name;
}

bool leaves_for_fp(RowName name, uint64_t mode) { return (mode & Mode::kFpClean) != 0 && fp_use(name).changes; }

}  // namespace

const ir::StateLayout& Frontend::layout() const { return state_layout(xlen(features_), level_); }

const ir::HelperTable& Frontend::helpers() const { return helper_table(); }

ir::Flow Frontend::scan(uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const {
  if (bytes.size() < 2) return {};
  const uint32_t word = word_at(bytes);
  const unsigned length = length_of(word);
  if (bytes.size() < length) return {};
  const RowName name = decode_in_mode(word, enabled_, mode);
  ir::Flow flow = flow_of(name, word, pc, features_, mode);
  if (leaves_for_fp(name, mode)) flow.kind = ir::Flow::Kind::Exit;
  flow.length = static_cast<uint8_t>(length);
  if (xlen(features_) == 32) flow.target = static_cast<uint32_t>(flow.target);
  return flow;
}

unsigned Frontend::lift(ir::Builder& builder, uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const {
  const uint32_t word = word_at(bytes);
  const unsigned length = length_of(word);
  builder.insn(pc, length);
  Lifter lifter(builder, features_, mode);
  const RowName name = decode_in_mode(word, enabled_, mode);
  if (name == RowName::None) {
    lifter.illegal();
    return length;
  }
  const FpUse fp = fp_use(name);
  if (fp.uses && !lifter.begin_fp(fp.changes)) return length;
  kLift[static_cast<unsigned>(name)](lifter, word);
  return length;
}

std::string Frontend::disassemble(std::span<const uint8_t> bytes) const {
  const uint32_t word = word_at(bytes);
  if (bytes.size() < 2 || bytes.size() < length_of(word)) return "<incomplete>";
  return print(decode(word, enabled_), word);
}

}  // namespace menura::riscv
