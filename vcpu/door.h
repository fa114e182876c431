// The door: everything that makes two runs of the same guest differ comes through it (time, entropy; I/O completion
// joins with the machines). One per process or machine, so that record and replay have one place to stand.
#pragma once

#include <cstddef>
#include <cstdint>
#include <ctime>
#include <span>

namespace menura::vcpu {

class Door {
 public:
  virtual ~Door() = default;

  // As clock_gettime(2); returns 0 or -errno.
  virtual int clock(clockid_t id, timespec* now) = 0;
  // Fills `out` with random bytes.
  virtual void entropy(std::span<std::byte> out) = 0;
  // A free-running counter and its frequency in Hz: what guest cycle and time counters are made of.
  virtual uint64_t counter() = 0;
  virtual uint64_t counter_hz() const = 0;
};

}  // namespace menura::vcpu
