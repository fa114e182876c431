#include "frontends/riscv/state.h"

#include <array>

#include "frontends/common/place_slots.h"

namespace menura::riscv {
namespace {

using ir::kNotPinned;
using ir::Slot;
using enum ir::Type;

template <ir::Type XREG>
constexpr std::array<Slot, kSlotCount> kSlots = frontends::place_slots<kSlotCount>({{
#define SLOT(id, name, type, pin, gdb) {name, type, 0, pin, gdb},
#include "frontends/riscv/state.def"
#undef SLOT
}});

template <ir::Type XREG>
constexpr uint32_t kStateSize = frontends::end_of_slots(kSlots<XREG>) + 32 * kVlenb;

}  // namespace

const ir::StateLayout& state_layout(unsigned xlen) {
  static const ir::StateLayout layout32 = ir::make_layout(kSlots<I32>, kStateSize<I32>);
  static const ir::StateLayout layout64 = ir::make_layout(kSlots<I64>, kStateSize<I64>);
  return xlen == 32 ? layout32 : layout64;
}

}  // namespace menura::riscv
