// What answers at physical addresses that are not memory.
#pragma once

#include <cstdint>

namespace menura::softmmu {

// A device's registers on the bus. Called by any virtual CPU's thread at any time, also by several at once: what needs
// a lock has its own.
class Mmio {
 public:
  virtual ~Mmio() = default;

  // `offset` in bytes from the start of the region, a multiple of `size`; `size` is 1, 2, 4 or 8, within what the
  // region declares. Values are zero-extended, in the region's byte order. What a guest may do wrong is ignored or
  // reads as 0, as the datasheet says.
  virtual uint64_t mmio_read(uint64_t offset, unsigned size) = 0;
  virtual void mmio_write(uint64_t offset, unsigned size, uint64_t value) = 0;
};

}  // namespace menura::softmmu
