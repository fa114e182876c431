#include "frontends/riscv/helpers/helpers.h"

#include <bit>

#include "frontends/riscv/state.h"
#include "frontends/riscv/system/hart.h"
#include "ir/interp/fp.h"
#include "vcpu/door.h"

namespace menura::riscv {
namespace {

using ir::CpuHeader;
using ir::Helper;
using ir::Type;

uint64_t set_frm_mode(CpuHeader* cpu, uint64_t frm, uint64_t, uint64_t, uint64_t) {
  cpu->mode = (cpu->mode & ~Mode::kFrmBits) | Mode::of_frm(static_cast<unsigned>(frm));
  return 0;
}

uint64_t counter(CpuHeader* cpu, uint64_t which, uint64_t, uint64_t, uint64_t) {
  return counter_source(*cpu, static_cast<unsigned>(which));
}

// Zfa, 25.4: rounds toward zero and keeps the low 32 bits of the integer; flags as fcvt.w.d, so invalid is raised
// exactly where that would saturate. Infinities and NaNs give 0.
uint64_t fcvtmod_w_d(CpuHeader* cpu, uint64_t bits, uint64_t, uint64_t, uint64_t) {
  constexpr ir::FpDesc kTowardZero = {.rounding = static_cast<uint32_t>(ir::RoundingSource::Zero)};
  ir::fp_evaluate(ir::Op::F2I, Type::I32, Type::F64, kTowardZero, *cpu, bits);
  const auto exponent = static_cast<int>(bits >> 52 & 0x7ff);
  if (exponent == 0x7ff || exponent < 1023) return 0;
  const uint64_t significand = (bits & ((uint64_t{1} << 52) - 1)) | uint64_t{1} << 52;
  const int shift = exponent - 1023 - 52;
  const uint64_t magnitude = shift <= 0 ? significand >> -shift : shift < 32 ? significand << shift : 0;
  return static_cast<uint32_t>((bits >> 63) != 0 ? 0 - magnitude : magnitude);
}

uint64_t access_csr(CpuHeader* cpu, uint64_t access, uint64_t operand, uint64_t, uint64_t) {
  return static_cast<uint64_t>(
      Hart::of(*cpu).access_csr(std::bit_cast<CsrAccess>(static_cast<uint32_t>(access)), operand));
}

uint64_t fence_vma(CpuHeader* cpu, uint64_t address, uint64_t asid, uint64_t named, uint64_t) {
  Hart::of(*cpu).fence_vma((named & 1) != 0, address, (named & 2) != 0, asid);
  return 0;
}

constexpr Helper kHelpers[] = {
    {.name = "riscv.set_frm_mode",
     .function = set_frm_mode,
     .result = Type::Void,
     .arg_count = 1,
     .args = {Type::I32},
     .effects = {.writes_state = true}},
    {.name = "riscv.counter",
     .function = counter,
     .result = Type::I64,
     .arg_count = 1,
     .args = {Type::I32},
     .effects = {.reads_state = true, .writes_state = true}},  // never merged: time passes
    {.name = "riscv.fcvtmod_w_d",
     .function = fcvtmod_w_d,
     .result = Type::I32,
     .arg_count = 1,
     .args = {Type::I64},
     .effects = {.fp_flags = true}},
    {.name = "riscv.access_csr",
     .function = access_csr,
     .result = Type::I64,
     .arg_count = 2,
     .args = {Type::I32, Type::I64},
     .effects = {.reads_state = true, .writes_state = true}},
    {.name = "riscv.fence_vma",
     .function = fence_vma,
     .result = Type::Void,
     .arg_count = 3,
     .args = {Type::I64, Type::I64, Type::I32},
     .effects = {.reads_state = true, .writes_state = true}},
};
constexpr ir::HelperTable kTable{kHelpers};

}  // namespace

// 8.1: cycle counts at whatever rate, time at a constant one. Instructions are counted in counting mode only; else
// instret moves with the cycles.
uint64_t counter_source(const CpuHeader& cpu, unsigned which) {
  if (which == 2 && cpu.retired != 0) return cpu.retired;
  if (cpu.door == nullptr) return 0;
  auto* door = static_cast<vcpu::Door*>(cpu.door);
  const uint64_t now = door->counter();
  if (which != 1 || door->counter_hz() == kTimeHz) return now;
  using Wide = unsigned __int128;
  return static_cast<uint64_t>(Wide{now} * kTimeHz / door->counter_hz());
}

const ir::HelperTable& helper_table() { return kTable; }

}  // namespace menura::riscv
