// LLVM's assembler and disassembler for tests, without any LLVM header: a second opinion on our decoders, and what
// turns test lines into bytes.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace menura::tests {

class Mc {
 public:
  // `triple` as LLVM writes it ("riscv64"), `features` as -mattr takes them ("+m,+zba"). Throws std::runtime_error if
  // LLVM does not know them.
  Mc(std::string_view triple, std::string_view features);
  ~Mc();
  Mc(const Mc&) = delete;
  Mc& operator=(const Mc&) = delete;

  // Instructions separated by ';' or newlines, no labels. Throws std::runtime_error with LLVM's message.
  std::vector<uint8_t> assemble(std::string_view text);

  struct Instruction {
    unsigned length = 0;
    std::string text;            // no aliases; single spaces
    bool unpredictable = false;  // allocated, but with operands for which the manual leaves the effect open
  };
  // The first instruction of `bytes`, or nothing if LLVM knows none.
  std::optional<Instruction> disassemble(std::span<const uint8_t> bytes);

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace menura::tests
