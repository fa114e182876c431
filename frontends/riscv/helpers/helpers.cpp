#include "frontends/riscv/helpers/helpers.h"

#include "frontends/riscv/state.h"
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

// 8.1: cycle counts at whatever rate, time at a constant one. Instructions are counted in counting mode only; else
// instret moves with the cycles.
uint64_t counter(CpuHeader* cpu, uint64_t which, uint64_t, uint64_t, uint64_t) {
  if (which == 2 && cpu->retired != 0) return cpu->retired;
  if (cpu->door == nullptr) return 0;
  auto* door = static_cast<vcpu::Door*>(cpu->door);
  const uint64_t now = door->counter();
  if (which != 1) return now;
  using Wide = unsigned __int128;
  return static_cast<uint64_t>(Wide{now} * kTimeHz / door->counter_hz());
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
};
constexpr ir::HelperTable kTable{kHelpers};

}  // namespace

const ir::HelperTable& helper_table() { return kTable; }

}  // namespace menura::riscv
