// What the vector tools know of one guest.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/api/frontend.h"

namespace menura::tests {

class Guest {
 public:
  virtual ~Guest() = default;

  virtual const ir::Frontend& frontend() const = 0;
  // Bytes of a line's assembly.
  virtual std::vector<uint8_t> assemble(std::string_view text) = 0;
  // A breakpoint instruction; fills the code page.
  virtual std::span<const uint8_t> breakpoint() const = 0;
  // Ids of the decode rows that these bytes use, one per instruction.
  virtual std::vector<std::string> rows_of(std::span<const uint8_t> code) const = 0;
  // Ids of all rows that must have a vector.
  virtual std::vector<std::string> all_rows() const = 0;

  // Registers that lines may name, in the reference program's order: slots of the layout and the name below.
  virtual std::vector<std::string> registers() const = 0;
  // The register that holds the sticky floating-point flags, in the guest's own encoding.
  virtual std::string flags_name() const = 0;
  virtual uint64_t flags(const ir::CpuHeader& cpu) const = 0;
  // Makes the header's MXCSR and mode word agree with the slots and these flags.
  virtual void load_header(ir::CpuHeader& cpu, uint64_t flags) const = 0;
  // What the reference does at a system call that does not exist.
  virtual void unknown_syscall(ir::CpuHeader& cpu) const = 0;

  // The reference: an emulator and the program that it runs (tests/tools/record).
  virtual std::string reference_compiler() const = 0;
  virtual std::string reference_source() const = 0;  // from the root of the tree
  virtual std::vector<std::string> reference_command() const = 0;
};

// By folder name below tests/isa. Throws std::runtime_error for one that does not exist.
std::unique_ptr<Guest> make_guest(const std::string& name);

}  // namespace menura::tests
