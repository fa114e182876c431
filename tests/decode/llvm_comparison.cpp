#include "tests/decode/llvm_comparison.h"

#include <gtest/gtest.h>

namespace menura::tests {
namespace {

std::string mnemonic(std::string_view text) { return std::string(text.substr(0, text.find(' '))); }

}  // namespace

void LlvmComparison::compare(uint32_t word) {
  const unsigned bytes_used = length(word);
  if (bytes_used == 2) word &= 0xffff;
  uint8_t bytes[4];
  for (unsigned i = 0; i < 4; ++i) bytes[i] = static_cast<uint8_t>(word >> (8 * i));
  const auto mine = ours(word);
  const auto theirs = mc_.disassemble({bytes, bytes_used});
  if (mine.has_value() != theirs.has_value()) {
    if (mine ? too_strict(word) : too_lax(word, theirs->text)) return;
    const std::string who = mine ? "we accept " : "LLVM accepts ";
    const std::string text = mine ? *mine : theirs->text;
    if (++shown_[who + mnemonic(text)] <= 2) ADD_FAILURE() << std::hex << word << ": " << who << text;
    return;
  }
  if (!mine) return;
  ++accepted_;
  if (*mine != theirs->text && !may_print(word, theirs->text) && ++shown_[mnemonic(*mine)] <= 2) {
    ADD_FAILURE() << std::hex << word << ": we print '" << *mine << "', LLVM '" << theirs->text << "'";
  }
}

void LlvmComparison::compare_near(const frontends::Row& row, uint32_t always) {
  for (int i = 0; i < 400; ++i) {
    uint32_t word = (random_() & ~static_cast<uint32_t>(row.mask)) | static_cast<uint32_t>(row.match);
    for (int turn = i % 3; turn > 0; --turn) word ^= 1U << (random_() % 32);
    compare(word | always);
  }
}

}  // namespace menura::tests
