// Runs every .ir file on every engine.
#include <gtest/gtest.h>

#include <set>

#include "tests/ir/ir_file.h"

namespace menura::ir::test {
namespace {

class IrFile : public testing::TestWithParam<std::filesystem::path> {};

TEST_P(IrFile, RunsAsItSays) {
  const TestGuest guest;
  HostMemory memory;
  const Result<std::vector<IrCase>> cases = read_ir_file(GetParam(), guest);
  ASSERT_TRUE(cases) << cases.error().message;
  for (const auto& engine : region_engines()) {
    for (const IrCase& test : *cases) {
      if (!engine->prepare(test.region, guest, memory)) {
        EXPECT_NE(engine->name(), "interp") << "the oracle runs everything";
        continue;
      }
      for (const IrRun& run : test.runs) {
        const std::string wrong = check_run(test, run, *engine, guest);
        if (!wrong.empty()) {
          ADD_FAILURE_AT(GetParam().c_str(), static_cast<int>(run.line)) << engine->name() << ":" << wrong;
        }
      }
    }
  }
}

INSTANTIATE_TEST_SUITE_P(All, IrFile, testing::ValuesIn(ir_files()), [](const auto& param) {
  std::string name = param.param.stem().string();
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(IrFiles, ExerciseEveryOp) {
  const TestGuest guest;
  std::set<Op> seen;
  for (const std::filesystem::path& path : ir_files()) {
    const Result<std::vector<IrCase>> cases = read_ir_file(path, guest);
    if (!cases) continue;  // reported by the test of the file
    for (const IrCase& test : *cases) {
      for (const Inst& inst : test.region.insts) seen.insert(inst.op);
    }
  }
  for (unsigned i = 0; i < kOpCount; ++i) {
    const auto op = static_cast<Op>(i);
    EXPECT_TRUE(seen.contains(op)) << "no .ir file below tests/ir exercises " << info(op).name;
  }
}

}  // namespace
}  // namespace menura::ir::test
