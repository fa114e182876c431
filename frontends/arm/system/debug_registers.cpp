#include "frontends/arm/system/debug_registers.h"

namespace menura::arm {

SystemDebugRegisters::SystemDebugRegisters(const Frontend& frontend, Find find)
    : DebugRegisters(frontend.layout(), frontend.features()), find_(std::move(find)) {
  for (const RegisterRow& row : system_registers()) {
    // Reading the interrupt controller's acknowledges interrupts.
    if (row.rule == RegisterRule::Controller || row.access == Access::KernelWrite) continue;
    if (!arm::has(frontend.features(), row.feature)) continue;
    add({std::string(row.name), "org.menura.gdb.aarch64.system", kFirstOther + static_cast<unsigned>(rows_.size()), 64,
         "int", "system"});
    rows_.push_back(&row);
  }
}

uint64_t SystemDebugRegisters::get(ir::CpuHeader& cpu, unsigned number) const {
  return number == kCpsr ? find_(cpu).pstate() : find_(cpu).read_register(*rows_[number - kFirstOther]);
}

void SystemDebugRegisters::set(ir::CpuHeader& cpu, unsigned number, uint64_t value) const {
  Cpu& element = find_(cpu);
  if (number == kCpsr) {
    // The exception level stays: a change would need a stack, and a return address.
    element.set_pstate((value & ~Pstate::kModeMask) | (element.pstate() & Pstate::kModeMask));
  } else {
    element.write_register(*rows_[number - kFirstOther], value);
  }
  element.refresh();
}

}  // namespace menura::arm
