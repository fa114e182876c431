#include "frontends/riscv/state.h"

#include <algorithm>
#include <array>

namespace menura::riscv {
namespace {

using ir::kNotPinned;
using ir::Slot;
using enum ir::Type;

constexpr uint32_t align(uint32_t offset, uint32_t to) { return (offset + to - 1) / to * to; }

// Slots in the order of state.def, each naturally aligned.
template <ir::Type XREG>
constexpr std::array<Slot, kSlotCount> kSlots = [] {
  std::array<Slot, kSlotCount> slots = {{
#define SLOT(id, name, type, pin, gdb) {name, type, 0, pin, gdb},
#include "frontends/riscv/state.def"
#undef SLOT
  }};
  uint32_t offset = sizeof(ir::CpuHeader);
  for (Slot& slot : slots) {
    slot.offset = align(offset, ir::storage_bytes(slot.type));
    offset = slot.offset + ir::storage_bytes(slot.type);
  }
  return slots;
}();

template <ir::Type XREG>
constexpr uint32_t kStateSize = align(kSlots<XREG>.back().offset + ir::storage_bytes(kSlots<XREG>.back().type), 64) +
                                32 * kVlenb;

}  // namespace

const ir::StateLayout& state_layout(unsigned xlen) {
  static const ir::StateLayout layout32 = ir::make_layout(kSlots<I32>, kStateSize<I32>);
  static const ir::StateLayout layout64 = ir::make_layout(kSlots<I64>, kStateSize<I64>);
  return xlen == 32 ? layout32 : layout64;
}

}  // namespace menura::riscv
