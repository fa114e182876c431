// What gdb sees of a processing element of a machine: A64's registers, and system registers by their names, in a
// feature of our own as QEMU has one.
#pragma once

#include <functional>

#include "frontends/arm/debug_registers.h"
#include "frontends/arm/system/cpu.h"

namespace menura::arm {

class SystemDebugRegisters final : public DebugRegisters {
 public:
  // The frontend outlives it. `find`: the processing element that a state belongs to.
  using Find = std::function<Cpu&(ir::CpuHeader& header)>;
  SystemDebugRegisters(const Frontend& frontend, Find find);

 private:
  uint64_t get(ir::CpuHeader& cpu, unsigned number) const override;
  void set(ir::CpuHeader& cpu, unsigned number, uint64_t value) const override;

  Find find_;
  std::vector<const RegisterRow*> rows_;  // from kFirstOther on
};

}  // namespace menura::arm
