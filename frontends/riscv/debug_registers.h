// RISC-V's registers as gdb names and numbers them (gdb's features/riscv/*.xml; a CSR is 65 + its number).
#pragma once

#include <vector>

#include "frontends/riscv/frontend.h"
#include "vcpu/debug_registers.h"

namespace menura::riscv {

class DebugRegisters final : public vcpu::DebugRegisters {
 public:
  // Outlives it; of 64 bits. At Level::Machine, states are those of harts.
  explicit DebugRegisters(const Frontend& frontend);

  const char* architecture() const override { return "riscv:rv64"; }
  std::span<const vcpu::DebugRegister> list() const override { return list_; }
  std::string_view types(std::string_view feature) const override;
  void read(ir::CpuHeader& cpu, std::size_t index, std::byte* value) const override;
  void write(ir::CpuHeader& cpu, std::size_t index, const std::byte* value) const override;

 private:
  uint64_t get(ir::CpuHeader& cpu, unsigned number) const;
  void set(ir::CpuHeader& cpu, unsigned number, uint64_t value) const;
  uint64_t* slot_of(ir::CpuHeader& cpu, unsigned number) const;  // x1 to x31 and f0 to f31; else nullptr
  void set_float_csr(ir::CpuHeader& cpu, unsigned csr, uint64_t value) const;
  uint64_t float_csr(const ir::CpuHeader& cpu, unsigned csr) const;

  const Frontend& frontend_;
  std::vector<vcpu::DebugRegister> list_;
};

}  // namespace menura::riscv
