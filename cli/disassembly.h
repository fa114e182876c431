// Disassembly for dumps. The libraries behind it (Capstone for host code, LLVM for guests) are loaded when the first
// dump asks for them: a run without dumps never pays for them.
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "ir/core/result.h"

namespace menura::cli {

class Disassembler {
 public:
  virtual ~Disassembler() = default;

  // The text of the instruction that `code` starts with, at `address`, and its length in *length (at least 1). Bytes
  // that are no instruction come out as ".byte 0x..".
  virtual std::string one(std::span<const uint8_t> code, uint64_t address, size_t* length) = 0;

  // One line per instruction: address, bytes, text; each line behind `indent`.
  std::string listing(std::span<const uint8_t> code, uint64_t address, const std::string& indent);
};

// x86-64, Intel syntax, by Capstone. Error: the library is not installed (the message names the package).
Result<std::unique_ptr<Disassembler>> host_disassembler();

// A guest by its LLVM target triple and feature string ("+m,+a"), by LLVM 19. Error: as above, or the triple is
// unknown.
Result<std::unique_ptr<Disassembler>> guest_disassembler(const std::string& triple, const std::string& features);

}  // namespace menura::cli
