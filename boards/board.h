// Board: a machine as a table. The memory map, the device tree, the wiring and the check for overlaps derive from it.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <span>
#include <string_view>

#include "boards/devices/device.h"

namespace menura::boards {

inline constexpr uint32_t kNoInterrupt = ~uint32_t{0};

struct BoardRow {
  const DeviceKind* device;
  uint64_t base;
  uint64_t size;
  uint32_t interrupt = kNoInterrupt;  // input of the board's interrupt controller
  uint32_t count = 1;                 // so many, each `size` above the last, with the next interrupt
  // Interrupt controllers: the inputs of each virtual CPU that it drives, by SystemCpu::set_interrupt's numbers.
  std::span<const uint32_t> cpu_inputs = {};
  const char* node = nullptr;  // in the device tree, instead of the device's own name
};

enum class MemoryKind : uint8_t { Ram, Rom, Flash };

struct MemoryRow {
  const char* name;
  MemoryKind kind;
  uint64_t base;
  uint64_t size;  // 0: what --memory says, up to Board::most_memory
};

class Machine;
struct BoardCode;
struct Board;

// A property of a board that chooses another one, as in -M virt,gic-version=2.
struct BoardChoice {
  const char* property;
  const char* value;
  const Board* board;
};

// A part of the address space.
struct Place {
  uint64_t base, size;
};

struct Board {
  const char* name;   // --board
  const char* guest;  // Debian's name of the architecture
  const char* what;
  const char* default_cpu;
  unsigned most_cpus;
  uint64_t default_memory;  // bytes
  uint64_t most_memory;
  uint64_t counter_hz;  // of the time that its virtual CPUs and timers count
  std::span<const MemoryRow> memory;
  std::span<const BoardRow> devices;
  const BoardCode* code;  // what no table says: machine.h
  std::span<const BoardChoice> choices = {};
  std::span<const Place> secure_only = {};  // answers CPUs in the secure state alone

  constexpr bool is_secure_only(uint64_t physical) const {
    for (const Place& place : secure_only) {
      if (physical >= place.base && physical - place.base < place.size) return true;
    }
    return false;
  }

  constexpr const MemoryRow& main_memory() const {
    for (const MemoryRow& row : memory) {
      if (row.size == 0) return row;
    }
    return memory[0];
  }
};

// No two rows answer at one address; the compiler asks.
constexpr bool rows_are_disjoint(std::span<const MemoryRow> memory, std::span<const BoardRow> devices,
                                 uint64_t most_memory) {
  struct Range {
    uint64_t begin, end;
  };
  const auto range = [&](std::size_t i) {
    if (i < memory.size()) {
      const MemoryRow& row = memory[i];
      return Range{row.base, row.base + (row.size == 0 ? most_memory : row.size)};
    }
    const BoardRow& row = devices[i - memory.size()];
    return Range{row.base, row.base + row.size * row.count};
  };
  const std::size_t all = memory.size() + devices.size();
  for (std::size_t a = 0; a < all; ++a) {
    for (std::size_t b = a + 1; b < all; ++b) {
      if (range(a).begin < range(b).end && range(b).begin < range(a).end) return false;
    }
  }
  return true;
}

// All boards of all guests.
std::span<const Board* const> boards();
// The board that a property of this one chooses; nullptr: it has no such property, or not this value.
const Board* find_variant(const Board& board, std::string_view property, std::string_view value);
// nullptr: there is none of this name for this guest.
const Board* find_board(std::string_view name, std::string_view guest);

}  // namespace menura::boards
