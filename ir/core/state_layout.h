// StateLayout: the guest's registers as named slots of the state struct. A frontend fills it from its state.def; the
// optimizer, the engines, gdb and snapshots read it.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "ir/core/cpu_header.h"
#include "ir/core/inst.h"

namespace menura::ir {

inline constexpr uint8_t kNotPinned = 0xff;
inline constexpr unsigned kPinnedInts = 10;
inline constexpr unsigned kPinnedFloats = 8;

struct Slot {
  std::string_view name;
  Type type = Type::I64;
  uint32_t offset = 0;            // bytes from the start of the state struct (the CpuHeader)
  uint8_t pin_rank = kNotPinned;  // 0..9 among integer slots, 0..7 among float and vector slots (region contract)
  int16_t gdb_number = -1;        // in the guest's gdb target description
  // Need not be right at a fault or a stop request where the guest's code overwrites it before reading it: condition
  // flags, which nearly every instruction that has them sets for the next one only.
  bool transient = false;
};

// Two slots overlap where their byte ranges do: an overlap tree needs no other declaration (AL in AX in EAX in RAX).
struct StateLayout {
  std::span<const Slot> slots;
  uint32_t size = sizeof(CpuHeader);                 // of the whole state struct, a multiple of 64
  std::array<SlotId, kPinnedInts> pinned_ints = {};  // by rank; unused ranks hold kNoSlot
  std::array<SlotId, kPinnedFloats> pinned_floats = {};

  static constexpr SlotId kNoSlot = UINT32_MAX;

  const Slot& slot(SlotId id) const {
    assert(id < slots.size());
    return slots[id];
  }
  std::optional<SlotId> find(std::string_view slot_name) const {
    for (SlotId id = 0; id < slots.size(); ++id) {
      if (slots[id].name == slot_name) return id;
    }
    return std::nullopt;
  }
};

// Fills pinned_ints and pinned_floats from the slots' pin ranks.
StateLayout make_layout(std::span<const Slot> slots, uint32_t size);

}  // namespace menura::ir
