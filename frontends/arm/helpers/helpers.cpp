#include "frontends/arm/helpers/helpers.h"

#include "vcpu/door.h"

namespace menura::arm {
namespace {

using ir::CpuHeader;
using ir::Helper;
using ir::Type;

// D12.1.2: counts at CNTFRQ_EL0's rate.
uint64_t counter(CpuHeader* cpu, uint64_t, uint64_t, uint64_t, uint64_t) {
  if (cpu->door == nullptr) return 0;
  auto* door = static_cast<vcpu::Door*>(cpu->door);
  using Wide = unsigned __int128;
  return static_cast<uint64_t>(Wide{door->counter()} * kCounterHz / door->counter_hz());
}

constexpr Helper kHelpers[] = {
    {.name = "arm.counter",
     .function = counter,
     .result = Type::I64,
     .arg_count = 0,
     .args = {},
     .effects = {.reads_state = true, .writes_state = true}},  // never merged: time passes
};
constexpr ir::HelperTable kTable{kHelpers};

}  // namespace

const ir::HelperTable& helper_table() { return kTable; }

}  // namespace menura::arm
