#include "frontends/arm/state.h"

#include <array>
#include <cstddef>

#include "frontends/common/place_slots.h"

namespace menura::arm {
namespace {

using ir::kNotPinned;
using ir::Slot;
using enum ir::Type;

constexpr std::array<Slot, kSlotCount> kSlots = [] {
  auto slots = frontends::place_slots<kSlotCount>({{
// Of type i1: the condition flags.
#define SLOT(id, name, type, pin, gdb) {name, type, 0, pin, gdb, (type) == I1},
#include "frontends/arm/state.def"
#undef SLOT
  }});
  slots[slot(SlotName::IDC)].offset = offsetof(ir::CpuHeader, fp_denormal);
  return slots;
}();

}  // namespace

const ir::StateLayout& state_layout(Level level) {
  constexpr std::span<const Slot> kProcess = std::span(kSlots).first(kProcessSlotCount);
  static const ir::StateLayout process = ir::make_layout(kProcess, frontends::end_of_slots(kProcess));
  static const ir::StateLayout machine = ir::make_layout(kSlots, frontends::end_of_slots(kSlots));
  return level == Level::Machine ? machine : process;
}

}  // namespace menura::arm
