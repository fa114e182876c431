// Regions of .ir tests on the whole translating engine: code cache, thunks, links, host faults.
#pragma once

#include "tests/ir/region_engine.h"

namespace menura::ir::test {

// x64, in both gears, and LLVM, with and without the optimizer.
std::vector<std::unique_ptr<RegionEngine>> translated_regions();

}  // namespace menura::ir::test
