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

// The slots of a level, and the size of the state with the vector registers behind them.
template <ir::Type XREG, size_t Count>
ir::StateLayout layout_of_first() {
  constexpr std::span<const Slot> kSlotsOfLevel = std::span(kSlots<XREG>).first(Count);
  return ir::make_layout(kSlotsOfLevel, frontends::end_of_slots(kSlotsOfLevel) + 32 * kVlenb);
}

}  // namespace

const ir::StateLayout& state_layout(unsigned xlen, Level level) {
  static const ir::StateLayout process32 = layout_of_first<I32, kProcessSlotCount>();
  static const ir::StateLayout process64 = layout_of_first<I64, kProcessSlotCount>();
  static const ir::StateLayout machine64 = layout_of_first<I64, kSlotCount>();
  if (level == Level::Machine) return machine64;
  return xlen == 32 ? process32 : process64;
}

}  // namespace menura::riscv
