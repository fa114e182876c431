// The door of a machine: the host's clocks and entropy, and a counter that starts at 0 with the machine and runs at the
// frequency that its board says.
#pragma once

#include "host/door.h"

namespace menura::host {

class MachineDoor final : public vcpu::Door {
 public:
  explicit MachineDoor(uint64_t counter_hz);  // up to 1 GHz

  int clock(clockid_t id, timespec* now) override { return host_.clock(id, now); }
  void entropy(std::span<std::byte> out) override { host_.entropy(out); }
  uint64_t counter() override;
  uint64_t counter_hz() const override { return hz_; }

 private:
  HostDoor host_;
  const uint64_t hz_;
  const unsigned __int128 factor_;  // ticks in a nanosecond, times 2^64
  const uint64_t start_;            // nanoseconds
};

}  // namespace menura::host
