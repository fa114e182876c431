// Physical memory of a machine as page walkers, loaders and devices (DMA) see it: RAM, and nothing that has effects.
// All functions may be called from any thread.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>

#include "ir/core/memory_port.h"

namespace menura::softmmu {

class PhysicalMemory {
 public:
  virtual ~PhysicalMemory() = default;

  // Copies between memory and `data`, of any length. False where not all of it is RAM (or ROM, for reads): then nothing
  // has been copied. Naturally aligned 1, 2, 4 and 8 bytes are single-copy atomic. Code that was translated from what
  // is written is invalidated.
  virtual bool read(uint64_t physical, void* data, std::size_t size) = 0;
  virtual bool write(uint64_t physical, const void* data, std::size_t size) = 0;

  // Atomically replaces the naturally aligned `size` (4 or 8) bytes by `desired` if they are `expected`; *seen is what
  // was there. False where it is not RAM.
  virtual bool compare_exchange(uint64_t physical, unsigned size, uint64_t expected, uint64_t desired,
                                uint64_t* seen) = 0;

  // The host's view of [physical, physical + size), as long as it lies within one RAM region; else empty. Another
  // thread may change what is there at any time. For Access::Write, the frames count as written from now on: whoever
  // keeps the span longer than one operation calls it anew.
  virtual std::span<std::byte> view(uint64_t physical, std::size_t size, ir::Access access) = 0;
};

}  // namespace menura::softmmu
