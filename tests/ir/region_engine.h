// What can run a region of an .ir test: the interpreter, and every compiler.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "ir/interp/evaluator.h"
#include "tests/ir/test_state.h"

namespace menura::ir::test {

struct RegionOutcome {
  bool left = false;     // the engine; else it went on to another address (CpuHeader::pc)
  InterpreterExit exit;  // if left
};

class RegionEngine {
 public:
  virtual ~RegionEngine() = default;
  virtual std::string_view name() const = 0;
  // Runs the verified region once, from its entry until it leaves. `memory` is mapped at the same addresses in the
  // host. With `count`, CpuHeader::budget and ::retired are kept. Returns false if the engine refuses such a region.
  virtual bool run(const Region& region, const TestGuest& guest, MemoryPort& memory, bool count, CpuHeader& cpu,
                   RegionOutcome* outcome) = 0;
};

// All of them; a new engine is one more line in region_engines.cpp.
std::vector<std::unique_ptr<RegionEngine>> region_engines();

}  // namespace menura::ir::test
