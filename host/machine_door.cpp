#include "host/machine_door.h"

#include <cassert>

namespace menura::host {

// Rounded up, so that whole periods give whole ticks.
MachineDoor::MachineDoor(uint64_t counter_hz)
    : hz_(counter_hz),
      factor_(((static_cast<unsigned __int128>(counter_hz) << 64) + 999'999'999) / 1'000'000'000),
      start_(host_.counter()) {
  assert(counter_hz != 0 && counter_hz <= 1'000'000'000);
}

uint64_t MachineDoor::counter() {
  const uint64_t passed = host_.counter() - start_;
  // factor_ is 2^64 at most: its low half, and the whole of `passed` at 1 GHz.
  const auto low = static_cast<uint64_t>(factor_);
  return static_cast<uint64_t>(static_cast<unsigned __int128>(passed) * low >> 64) + (low == factor_ ? 0 : passed);
}

}  // namespace menura::host
