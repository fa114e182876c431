// Our decoder against LLVM's over random words: both accept the same ones, with the same length and the same text. What
// differs on purpose is named here, with the manual's section (Unprivileged 20240411).
#include <gtest/gtest.h>

#include <random>

#include "frontends/riscv/decode/decode.h"
#include "frontends/riscv/decode/print.h"
#include "frontends/riscv/frontend.h"
#include "frontends/riscv/system/csr.h"
#include "tests/decode/llvm_comparison.h"

namespace menura::riscv {
namespace {

constexpr std::string_view kFeatures =
    "+m,+a,+f,+d,+c,+zicsr,+zifencei,+zicntr,+zba,+zbb,+zbc,+zbs,+zbkb,+zicond,+zicbom,+zicboz,+zicbop,+zihintpause,"
    "+zawrs,+zfa,+zfhmin,+svinval";

RowName decode_ours(uint32_t word, const EnabledRows& enabled) {
  const RowName name = decode(word, enabled);
  if (name == RowName::None) return name;
  // Reserved rounding modes: decided outside the rows, because they depend on the mode word.
  const frontends::Pattern pattern = frontends::parse_pattern(row(name).pattern, kFields);
  const frontends::PatternField* rm = pattern.find("rm");
  const uint64_t rounding = rm == nullptr ? 0 : rm->extract(word);
  return rounding == 5 || rounding == 6 ? RowName::None : name;
}

// Words that LLVM 19 refuses and the manual allows.
bool llvm_too_strict(uint32_t word, RowName name) {
  switch (name) {
    case RowName::fence:
      // 2.7: unused fields and reserved fm values "shall be ignored"; LLVM wants them to be 0.
      return (word & 0xf00fff80) != 0;
    case RowName::fence_i:
      // 6: imm, rs1 and rd "are reserved for finer-grain fences ... base implementations shall ignore these fields".
      return (word & 0xffffff80) != 0;
    default:
      return false;
  }
}

// Words that LLVM 19 accepts and we refuse: other extensions' instructions, or code points that the manual reserves.
bool llvm_too_lax(std::string_view text, bool is_rv32) {
  const std::string_view mnemonic = text.substr(0, text.find(' '));
  // 28.3: c.lui and c.addi16sp with nzimm = 0 are reserved; Zcmop's c.mop.n lies there, which is not asked for.
  if (mnemonic.starts_with("c.mop")) return true;
  // 28.3: "the code points with imm=0 are reserved".
  if (mnemonic == "c.lui" && text.ends_with(", 0")) return true;
  // 2.4.1, 28.4, 29: RV32 has 5-bit shift amounts and bit indexes; LLVM 19 does not look at the sixth bit.
  if (is_rv32) {
    for (const std::string_view shift :
         {"c.slli", "c.srli", "c.srai", "slli", "srli", "srai", "rori", "bseti", "bclri", "binvi", "bexti"}) {
      if (mnemonic == shift) return true;
    }
  }
  // 25.5: only round towards zero is defined, the other rm values are reserved.
  if (mnemonic == "fcvtmod.w.d") return !text.ends_with(", rtz");
  // LLVM's name for words whose fields say nothing more specific.
  if (mnemonic == "unimp" || mnemonic == "c.unimp") return true;
  // Privileged instructions (Volume II) of what is missing: user-level interrupts, debug mode, the hypervisor
  // extension.
  for (const std::string_view privileged : {"uret", "dret", "hfence.vvma", "hfence.gvma", "mnret"}) {
    if (mnemonic == privileged) return true;
  }
  return false;
}

// Where LLVM 19 prints the same instruction differently, and we do not follow.
bool may_differ(RowName name, uint32_t word, std::string_view llvm) {
  // What compressed shifts by 0 are in RV128 (28.4: c.slli64 and so on); here they are hints.
  if (llvm.starts_with("c.slli64") || llvm.starts_with("c.srli64") || llvm.starts_with("c.srai64")) return true;
  // CSRs that no user program has are numbers to us.
  if (row(name).id.starts_with("csrr")) return !csr_exists(find_csr(word >> 20), *parse_cpu("max"));
  // The hint with rd = x0 prints a signed immediate, the instruction an unsigned one.
  if (name == RowName::c_lui) return llvm.starts_with("c.lui zero");
  return name == RowName::pause;  // an alias, which the printer was told not to use
}

class RiscvLlvm : public testing::TestWithParam<unsigned>, public tests::LlvmComparison {
 protected:
  RiscvLlvm()
      : LlvmComparison(GetParam() == 32 ? "riscv32" : "riscv64", kFeatures),
        features_(GetParam() == 32 ? *parse_cpu("max") - set_of(Feature::RV64) + set_of(Feature::RV32)
                                   : *parse_cpu("max")) {}

  unsigned length(uint32_t word) const override { return length_of(word); }
  std::optional<std::string> ours(uint32_t word) const override {
    const RowName name = decode_ours(word, enabled_);
    if (name == RowName::None) return std::nullopt;
    return print(name, word);
  }
  bool too_strict(uint32_t word) const override { return llvm_too_strict(word, decode_ours(word, enabled_)); }
  bool too_lax(uint32_t, std::string_view llvm) const override { return llvm_too_lax(llvm, GetParam() == 32); }
  bool may_print(uint32_t word, std::string_view llvm) const override {
    return may_differ(decode_ours(word, enabled_), word, llvm);
  }

  FeatureSet features_;
  const EnabledRows enabled_ = enabled_rows(features_);
};

TEST_P(RiscvLlvm, AllCompressedWords) {
  for (uint32_t word = 0; word < 0x10000; ++word) {
    if ((word & 3) != 3) compare(word);
  }
  EXPECT_GT(accepted(), 25000);
}

TEST_P(RiscvLlvm, RandomWords) {
  std::mt19937 random(5);
  for (int i = 0; i < 100000; ++i) compare(random() | 3);
}

TEST_P(RiscvLlvm, WordsNearEachRow) {
  for (const frontends::Row& row : rows()) {
    if (row.bits == 32 && row.features.met_by(features_)) compare_near(row, 3);
  }
  EXPECT_GT(accepted(), 10000);
}

INSTANTIATE_TEST_SUITE_P(Bases, RiscvLlvm, testing::Values(32U, 64U),
                         [](const auto& param) { return "Rv" + std::to_string(param.param); });

}  // namespace
}  // namespace menura::riscv
