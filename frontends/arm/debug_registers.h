// A64's registers as gdb names and numbers them (gdb's features/aarch64-core.xml and aarch64-fpu.xml). What goes on
// behind them, a process or a system, is for those who know it.
#pragma once

#include <vector>

#include "frontends/arm/features.h"
#include "ir/core/state_layout.h"
#include "vcpu/debug_registers.h"

namespace menura::arm {

class DebugRegisters : public vcpu::DebugRegisters {
 public:
  // Outlives it.
  DebugRegisters(const ir::StateLayout& layout, FeatureSet features);

  const char* architecture() const override { return "aarch64"; }
  std::span<const vcpu::DebugRegister> list() const override { return list_; }
  std::string_view types(std::string_view feature) const override;
  void read(ir::CpuHeader& cpu, std::size_t index, std::byte* value) const override;
  void write(ir::CpuHeader& cpu, std::size_t index, const std::byte* value) const override;

 protected:
  static constexpr unsigned kCpsr = 33;
  static constexpr unsigned kFirstOther = 68;

  // Numbers from kFirstOther on, ascending.
  void add(vcpu::DebugRegister reg) { list_.push_back(std::move(reg)); }
  // Of cpsr, and what was added.
  virtual uint64_t get(ir::CpuHeader& cpu, unsigned number) const = 0;
  virtual void set(ir::CpuHeader& cpu, unsigned number, uint64_t value) const = 0;

 private:
  std::byte* place_of(ir::CpuHeader& cpu, unsigned number) const;  // nullptr: it has parts

  const ir::StateLayout& layout_;
  const FeatureSet features_;
  std::vector<vcpu::DebugRegister> list_;
};

}  // namespace menura::arm
