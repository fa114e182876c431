// A guest's decoder against LLVM's: both accept the same words, with the same length and the same text. What differs on
// purpose is named by the guest's test, with the manual's section.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <string_view>

#include "frontends/common/decode_tree.h"
#include "tests/tools/mc/mc.h"

namespace menura::tests {

class LlvmComparison {
 public:
  LlvmComparison(std::string_view triple, std::string_view features) : mc_(triple, features) {}
  virtual ~LlvmComparison() = default;

  // Fails the test where the two disagree; the first few of a kind are shown.
  void compare(uint32_t word);
  // Words of a row, and with one or two bits turned, which finds wrong fixed bits: random words are seldom near a row.
  // `always`: bits that stay set.
  void compare_near(const frontends::Row& row, uint32_t always = 0);
  // Words that both accepted.
  int accepted() const { return accepted_; }

 protected:
  // Bytes of the instruction that begins with this word: 2 or 4.
  virtual unsigned length(uint32_t word) const = 0;
  // Our text, or nothing for a word that is no instruction.
  virtual std::optional<std::string> ours(uint32_t word) const = 0;
  // LLVM refuses this word, which the manual allows.
  virtual bool too_strict(uint32_t word) const = 0;
  // LLVM accepts this word, as this text, which the manual or the chosen features do not allow.
  virtual bool too_lax(uint32_t word, std::string_view llvm) const = 0;
  // LLVM prints this word otherwise, and we do not follow.
  virtual bool may_print(uint32_t word, std::string_view llvm) const = 0;

 private:
  Mc mc_;
  std::mt19937 random_{6};
  std::map<std::string, int> shown_;  // by what is said of a mnemonic
  int accepted_ = 0;
};

}  // namespace menura::tests
