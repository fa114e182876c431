// .ir test files: regions, each with the runs that it must pass. README.md describes the notation.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "ir/core/region.h"
#include "ir/core/result.h"
#include "tests/ir/host_memory.h"
#include "tests/ir/region_engine.h"

namespace menura::ir::test {

// name=value, one side of a run's `=>`.
struct Setting {
  std::string name;
  std::string value;
};

struct IrRun {
  unsigned line = 0;
  std::vector<Setting> before;
  std::vector<Setting> after;
};

struct IrCase {
  unsigned line = 0;
  Region region;
  std::vector<IrRun> runs;
};

Result<std::vector<IrCase>> read_ir_file(const std::filesystem::path& path, const TestGuest& guest);

// All .ir files below tests/ir, sorted.
std::vector<std::filesystem::path> ir_files();

// Empty if the engine, which has been given the region, does what the run says; else what differs.
std::string check_run(const IrCase& test, const IrRun& run, RegionEngine& engine, const TestGuest& guest);

}  // namespace menura::ir::test
