// Where the registers of a state.def lie in the state struct.
#pragma once

#include <array>
#include <cstdint>

#include "ir/core/cpu_header.h"
#include "ir/core/state_layout.h"

namespace menura::frontends {

constexpr uint32_t align_up(uint32_t offset, uint32_t to) { return (offset + to - 1) / to * to; }

// One behind the other after the CpuHeader, each naturally aligned.
template <size_t Count>
constexpr std::array<ir::Slot, Count> place_slots(std::array<ir::Slot, Count> slots) {
  uint32_t offset = sizeof(ir::CpuHeader);
  for (ir::Slot& slot : slots) {
    slot.offset = align_up(offset, ir::storage_bytes(slot.type));
    offset = slot.offset + ir::storage_bytes(slot.type);
  }
  return slots;
}

// The first byte behind them, aligned to 64.
constexpr uint32_t end_of_slots(std::span<const ir::Slot> slots) {
  return align_up(slots.back().offset + ir::storage_bytes(slots.back().type), 64);
}

}  // namespace menura::frontends
