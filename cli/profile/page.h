// The page of a profile: HTML that is also XML, and needs no other file.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "backends/runtime/statistics.h"
#include "cli/profile/stacks.h"

namespace menura::cli {

struct RegionOnPage {
  uint64_t address = 0;  // of the guest
  std::string function;
  runtime::Gear gear = runtime::Gear::Trace;
  uint64_t milliseconds = 0;
  std::string guest;  // listings
  std::string ir;
  std::string host;
};

// `regions`: the hottest first.
std::string make_page(const std::string& program, const Stacks& stacks, const std::vector<RegionOnPage>& regions);

}  // namespace menura::cli
