// DebugRegisters: the registers of a guest architecture as debuggers name and number them. Frontends implement it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "ir/core/cpu_header.h"

namespace menura::vcpu {

struct DebugRegister {
  std::string name;
  const char* feature = nullptr;  // of gdb's target descriptions: "org.gnu.gdb.riscv.cpu"
  unsigned number = 0;            // gdb's
  unsigned bits = 64;
  const char* type = "int";     // gdb's
  const char* group = nullptr;  // gdb's; nullptr: by its type
};

class DebugRegisters {
 public:
  virtual ~DebugRegisters() = default;

  // As gdb calls it: "riscv:rv64".
  virtual const char* architecture() const = 0;
  // Ascending by number. Those of the first feature are what debuggers want at every stop.
  virtual std::span<const DebugRegister> list() const = 0;

  // XML of the types that a feature's registers have beside gdb's own; gdb's manual, G.3.
  virtual std::string_view types(std::string_view /*feature*/) const { return {}; }

  // bits / 8 bytes in the guest's order; `index` in list(). The virtual CPU stands still. What cannot be written
  // stays as it is.
  virtual void read(ir::CpuHeader& cpu, std::size_t index, std::byte* value) const = 0;
  virtual void write(ir::CpuHeader& cpu, std::size_t index, const std::byte* value) const = 0;
};

}  // namespace menura::vcpu
