#include "frontends/arm/fp_status.h"

#include <array>
#include <cstring>

#include "frontends/arm/state.h"
#include "frontends/arm/system_registers.h"
#include "ir/interp/fp.h"

namespace menura::arm {

namespace {

// Cumulative bits: IOC to IXC count as the header's flags do; IDC and QC are elsewhere.
constexpr unsigned kIdc = 7;
constexpr unsigned kQc = 27;

// The slots of a process begin the layout of a machine, too.
uint32_t offset(SlotName name) { return state_layout(Level::Process).slot(slot(name)).offset; }

template <typename T>
T read(const ir::CpuHeader& cpu, SlotName name) {
  T value;
  std::memcpy(&value, reinterpret_cast<const char*>(&cpu) + offset(name), sizeof value);
  return value;
}

template <typename T>
void write(ir::CpuHeader& cpu, SlotName name, const T& value) {
  std::memcpy(reinterpret_cast<char*>(&cpu) + offset(name), &value, sizeof value);
}

}  // namespace

uint32_t fpsr(const ir::CpuHeader& cpu) {
  uint32_t value = ir::fp_flags_of(cpu.mxcsr);
  const auto qc = read<std::array<uint64_t, 2>>(cpu, SlotName::QC);
  if ((qc[0] | qc[1]) != 0) value |= 1U << kQc;
  if (read<uint32_t>(cpu, SlotName::IDC) != 0) value |= 1U << kIdc;
  return value;
}

void set_fpsr(ir::CpuHeader& cpu, uint32_t value) {
  cpu.mxcsr = ir::fp_with_flags(cpu.mxcsr, value & ir::kFpAllFlags);
  write(cpu, SlotName::QC, std::array<uint64_t, 2>{value >> kQc & 1, 0});
  write(cpu, SlotName::IDC, value >> kIdc & 1);
}

uint32_t fpcr(const ir::CpuHeader& cpu) { return read<uint32_t>(cpu, SlotName::FPCR); }

void set_fpcr(ir::CpuHeader& cpu, uint32_t value, FeatureSet features) {
  value &= static_cast<uint32_t>(writable_fpcr(features));
  // FPCR.RMode: nearest, up, down, zero; the header's: nearest, zero, down, up.
  constexpr uint32_t kModes[] = {0, 3, 2, 1};
  cpu.mxcsr = ir::fp_with_mode(cpu.mxcsr, kModes[value >> 22 & 3]);
  cpu.mode = (cpu.mode & ~Mode::kFpcrBits) | Mode::of_fpcr(value);
  write(cpu, SlotName::FPCR, value);
}

}  // namespace menura::arm
