// What the vector tools know of one guest.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ir/api/frontend.h"
#include "tests/isa/vector.h"

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

  // Registers that lines may name, in the reference program's order.
  virtual std::vector<std::string> registers() const = 0;
  // Their values. Here: of the slot with that name. A guest has others for what lies elsewhere too, in the header's
  // MXCSR or mode word; a write keeps these in agreement.
  virtual Value read(const ir::CpuHeader& cpu, const std::string& name) const;
  virtual void write(ir::CpuHeader& cpu, const std::string& name, Value value) const;
  // What the reference does at a system call that does not exist.
  virtual void unknown_syscall(ir::CpuHeader& cpu) const = 0;

  // The reference: an emulator and the program that it runs (tests/tools/record).
  virtual std::string reference_compiler() const = 0;
  virtual std::string reference_source() const = 0;  // from the root of the tree
  virtual std::vector<std::string> reference_command() const = 0;

 protected:
  const ir::Slot& slot_named(const std::string& name) const;
};

std::unique_ptr<Guest> make_riscv(unsigned xlen);
std::unique_ptr<Guest> make_arm64();

// By folder name below tests/isa. Throws std::runtime_error for one that does not exist.
std::unique_ptr<Guest> make_guest(const std::string& name);

}  // namespace menura::tests
