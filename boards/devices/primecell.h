// Arm PrimeCell peripherals: what they tell of themselves at the end of their 4 KiB (each one's Technical Reference
// Manual, "Peripheral identification registers").
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "boards/fdt/tree.h"

namespace menura::boards {

inline constexpr uint64_t kPrimecellSize = 0x1000;
inline constexpr uint32_t kPrimecellId = 0xfe0;  // PeriphID0 to 3, PCellID0 to 3: a byte in each word

// `peripheral`: PeriphID3 to PeriphID0. Nothing where `offset` is no such register.
constexpr std::optional<uint64_t> primecell_id(uint32_t peripheral, uint64_t offset) {
  constexpr uint64_t kCell = 0xb105f00d;
  if (offset < kPrimecellId || offset >= kPrimecellSize || offset % 4 != 0) return std::nullopt;
  const uint64_t all = kCell << 32 | peripheral;
  return all >> ((offset - kPrimecellId) / 4 * 8) & 0xff;
}

// The clock of their bus as a node of its own; returns its phandle.
uint32_t primecell_clock(fdt::Tree& tree);
// DeviceKind::describe of those that need no other clock.
void describe_primecell(fdt::Tree& tree, const std::string& path, unsigned cpus);

}  // namespace menura::boards
