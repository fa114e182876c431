// Programs at machine level (guest/): each one's output on every engine is what was recorded from QEMU 7.2, but for
// what record.py corrects, with the manual's reason.
#include <gtest/gtest.h>

#include <algorithm>

#include "tests/riscv_system/machine.h"
#include "tests/system_programs/on_board.h"

namespace menura::tests {
namespace {

constexpr unsigned kSeconds = 300;  // under sanitizers, on a busy host
const std::string kFolder = MENURA_SOURCE_DIR "/tests/riscv_system";

// Those with several harts.
const std::vector<std::string> kOnBoard = {"harts", "shootdown"};

class RiscvSystem : public testing::TestWithParam<std::string> {};

void run_program(const std::string& name, const MakeEngine& make_engine) {
  if (std::find(kOnBoard.begin(), kOnBoard.end(), name) != kOnBoard.end()) {
    run_on_board(kFolder, name, MENURA_PROGRAMS, {.guest = "riscv64", .cpu = "max", .cpus = 3}, make_engine);
    return;
  }
  const std::string image = contents(MENURA_PROGRAMS "/" + name + ".bin");
  ASSERT_FALSE(image.empty()) << name;
  Machine machine("max", make_engine);
  ASSERT_TRUE(machine.bus().load(Machine::kRamBase, image.data(), image.size()));
  EXPECT_TRUE(machine.run(kSeconds)) << name << " does not end";
  expect_output(kFolder, name, machine.output());
}

TEST_P(RiscvSystem, Interpreter) { run_program(GetParam(), interpreter()); }
TEST_P(RiscvSystem, X64FirstGear) { run_program(GetParam(), x64_engine(0)); }
TEST_P(RiscvSystem, X64SecondGear) { run_program(GetParam(), x64_engine(3)); }
TEST_P(RiscvSystem, X64WithKeptCode) {
  run_with_kept_code([](const MakeEngine& make_engine) { run_program(GetParam(), make_engine); });
}
#ifndef __SANITIZE_ADDRESS__
TEST_P(RiscvSystem, Llvm) { run_program(GetParam(), llvm_engine()); }
#endif

INSTANTIATE_TEST_SUITE_P(Programs, RiscvSystem, testing::ValuesIn(program_names(kFolder)),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace menura::tests
