// Watchpoints: data that a debugger wants to know all accesses to. Who makes the accesses of a virtual CPU asks its
// WatchState first; the access does not happen then, and the owner of the virtual CPU, who finds the hit behind the
// fault, has the instruction executed with the watch suspended.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "ir/core/memory_port.h"

namespace menura::vcpu {

enum class WatchKind : uint8_t { Write, Read, Access };

struct Watchpoint {
  uint64_t address = 0;
  uint64_t size = 0;  // bytes, at least 1
  WatchKind kind = WatchKind::Write;
  bool operator==(const Watchpoint&) const = default;

  bool is_for(ir::Access access) const {
    return kind == WatchKind::Access || (access == ir::Access::Write) == (kind == WatchKind::Write);
  }
};

class Watchpoints {
 public:
  bool empty() const { return points_.empty(); }
  // nullptr: none is for such an access of these bytes.
  const Watchpoint* find(uint64_t address, uint64_t size, ir::Access access) const {
    for (const Watchpoint& point : points_) {
      if (point.is_for(access) && point.address - address < size) return &point;
      if (point.is_for(access) && address - point.address < point.size) return &point;
    }
    return nullptr;
  }
  // While no virtual CPU runs.
  void set(std::vector<Watchpoint> points) { points_ = std::move(points); }

 private:
  std::vector<Watchpoint> points_;
};

// What one virtual CPU has of them; its thread's.
struct WatchState {
  const Watchpoints* points = nullptr;  // nullptr: none
  bool suspended = false;
  std::optional<Watchpoint> hit;  // why the last access has not happened

  bool stops(uint64_t address, uint64_t size, ir::Access access) {
    if (points == nullptr || points->empty() || suspended) return false;
    const Watchpoint* const found = points->find(address, size, access);
    if (found == nullptr) return false;
    hit = *found;
    return true;
  }
  // The address that goes with the hit, once.
  std::optional<Watchpoint> take_hit() { return std::exchange(hit, std::nullopt); }
};

}  // namespace menura::vcpu
