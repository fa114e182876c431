// What can run a region of an .ir test: the interpreter, and every compiler.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "ir/interp/evaluator.h"
#include "tests/ir/host_memory.h"
#include "tests/ir/test_state.h"

namespace menura::ir::test {

struct RegionOutcome {
  bool refused = false;  // it cannot do this run
  bool left = false;     // the engine; else it went on to another address (CpuHeader::pc)
  InterpreterExit exit;  // if left
};

class RegionEngine {
 public:
  virtual ~RegionEngine() = default;
  virtual std::string_view name() const = 0;
  // Whether it can stop after any number of instructions inside a region (CpuHeader::budget, ::retired).
  virtual bool counts() const { return false; }
  // Takes a verified region for the runs that follow. All outlive them. False: the engine refuses such a region.
  virtual bool prepare(const Region& region, const TestGuest& guest, HostMemory& memory) = 0;
  // Runs it once, from its entry until it leaves.
  virtual RegionOutcome run(CpuHeader& cpu, bool count) = 0;
};

// All of them; a new engine is one more line in region_engines.cpp.
std::vector<std::unique_ptr<RegionEngine>> region_engines();

}  // namespace menura::ir::test
