// Region: one piece of the physical address space, as the bus has laid it out.
#pragma once

#include <atomic>
#include <bit>
#include <cstddef>
#include <cstdint>

#include "softmmu/bus/mmio.h"

namespace menura::softmmu {

enum class RegionKind : uint8_t {
  Ram,
  Rom,   // reads and execution as RAM; stores go to `mmio`, or are refused where there is none
  Mmio,  // a device
};

inline constexpr unsigned kFrameBits = 12;
inline constexpr uint64_t kFrameSize = uint64_t{1} << kFrameBits;

// Attributes of a 4-KiB frame of RAM, bits of one byte. Aliases of a frame share it.
inline constexpr uint8_t kCode = 1U << 0;   // code was translated from here: the listener is told about stores
inline constexpr uint8_t kDirty = 1U << 1;  // written since somebody cleared it; whoever stores sets it

// What accesses a device takes. Larger ones are split into the largest, at ascending addresses; smaller and misaligned
// ones are refused.
struct MmioAccess {
  uint8_t least = 1;  // bytes: 1, 2, 4, 8
  uint8_t most = 8;
  std::endian order = std::endian::little;
};

// Immutable, and good as long as the bus is; but once the map has changed (BusListener::map_changed), it may say what
// was there before.
struct Region {
  uint64_t begin = 0;  // physical addresses that it answers: [begin, end)
  uint64_t end = 0;
  RegionKind kind = RegionKind::Mmio;
  MmioAccess access;                       // Mmio
  std::byte* host = nullptr;               // Ram, Rom: of `begin`; everything else of the region behind it
  std::atomic<uint8_t>* frames = nullptr;  // Ram: attributes of the frame of `begin`, and of the next ones behind it
  Mmio* mmio = nullptr;                    // Mmio; Rom: of a device whose contents are read directly (flash)
  uint64_t offset = 0;                     // where there is a device: of `begin` in it
  uint32_t mapping = 0;                    // what it is a piece of: Bus::MappingId

  bool contains(uint64_t physical, uint64_t size) const {
    return physical >= begin && physical < end && size <= end - physical;
  }
  bool is_memory() const { return kind != RegionKind::Mmio; }
  bool takes_stores() const { return kind != RegionKind::Rom || mmio != nullptr; }
  std::byte* host_of(uint64_t physical) const { return host + (physical - begin); }
  std::atomic<uint8_t>& frame_of(uint64_t physical) const {
    return frames[(physical >> kFrameBits) - (begin >> kFrameBits)];
  }
};

}  // namespace menura::softmmu
