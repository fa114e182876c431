// Which load-linked and store-conditional pairs may compare values, and which must run alone.
//
// Between the two of a pair another thread may change memory and change it back. Where this thread accesses no other
// memory between them, nobody can tell: it is as if both had happened at the time of the store. So such pairs compare
// values. All others get MemDesc::alone, and run while no other virtual CPU does (ir/interp/sequence.h).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "ir/core/helper_table.h"
#include "ir/core/region.h"

namespace menura::ir {

// Guest addresses of load-linkeds that were taken for the first kind, because their region does not see what store they
// belong to, and turned out to be of the second. Readers never wait; one adds at a time.
class ExclusiveSites {
 public:
  bool contains(uint64_t pc) const;
  bool any_in(uint64_t begin, uint64_t end) const;
  void add(uint64_t pc);

 private:
  static constexpr uint32_t kMost = 1024;
  std::array<std::atomic<uint64_t>, kMost> pcs_ = {};
  std::atomic<uint32_t> count_{0};  // kMost: all are
};

// Sets MemDesc::alone in a region. A store is of the first kind if on every way to it the latest ll of the region comes
// with no access of memory since; a load is if all stores that the region shows behind it are, and `sites` (if given)
// has not got it. A load of the second kind makes all stores that it reaches so.
void classify_exclusives(Region& region, const HelperTable& helpers, const ExclusiveSites* sites);

}  // namespace menura::ir
