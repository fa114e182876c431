// Breakpoints: guest addresses before which a debugger wants virtual CPUs to leave. Regions end before them.
#pragma once

#include <algorithm>
#include <cstdint>
#include <iterator>
#include <utility>
#include <vector>

namespace menura::ir {

class Breakpoints {
 public:
  bool empty() const { return pcs_.empty(); }
  bool at(uint64_t pc) const { return !pcs_.empty() && std::binary_search(pcs_.begin(), pcs_.end(), pc); }

  // While nobody forms regions. Returns the addresses that are new or no longer there: what was formed of them is out
  // of date.
  std::vector<uint64_t> set(std::vector<uint64_t> pcs) {
    std::sort(pcs.begin(), pcs.end());
    pcs.erase(std::unique(pcs.begin(), pcs.end()), pcs.end());
    std::vector<uint64_t> changed;
    std::set_symmetric_difference(pcs.begin(), pcs.end(), pcs_.begin(), pcs_.end(), std::back_inserter(changed));
    pcs_ = std::move(pcs);
    return changed;
  }

 private:
  std::vector<uint64_t> pcs_;  // ascending
};

}  // namespace menura::ir
