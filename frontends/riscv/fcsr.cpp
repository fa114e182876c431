#include "frontends/riscv/fcsr.h"

#include <cstring>

#include "frontends/riscv/state.h"
#include "ir/interp/fp.h"

namespace menura::riscv {

uint32_t fcsr(const ir::CpuHeader& cpu, const ir::StateLayout& layout) {
  uint32_t frm = 0;
  std::memcpy(&frm, reinterpret_cast<const char*>(&cpu) + layout.slot(slot(SlotName::Frm)).offset, sizeof frm);
  // fflags counts from inexact up, the header's flags from invalid.
  return ir::fp_flags_in_order(ir::fp_flags_of(cpu.mxcsr), true) | (frm & 7) << 5;
}

void set_fcsr(ir::CpuHeader& cpu, const ir::StateLayout& layout, uint32_t value) {
  const uint32_t flags = ir::fp_flags_in_order(value & 31, true);
  const uint32_t frm = value >> 5 & 7;
  cpu.mxcsr = ir::fp_with_mode(ir::fp_with_flags(cpu.mxcsr, flags), frm < 4 ? frm : 0);
  cpu.mode = (cpu.mode & ~Mode::kFrmBits) | Mode::of_frm(frm);
  std::memcpy(reinterpret_cast<char*>(&cpu) + layout.slot(slot(SlotName::Frm)).offset, &frm, sizeof frm);
}

}  // namespace menura::riscv
