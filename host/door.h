// The door that opens to the real host: its clocks, its random numbers.
#pragma once

#include "vcpu/door.h"

namespace menura::host {

class HostDoor final : public vcpu::Door {
 public:
  int clock(clockid_t id, timespec* now) override;
  void entropy(std::span<std::byte> out) override;
  // Nanoseconds of CLOCK_MONOTONIC: the same rate on every host, so that guests can rely on counter_hz().
  uint64_t counter() override;
  uint64_t counter_hz() const override { return 1'000'000'000; }
};

}  // namespace menura::host
