// Programs at EL1 (guest/): each one's output on every engine is what was recorded from QEMU 7.2, but for what
// record.py corrects, with the manual's reason.
#include <gtest/gtest.h>

#include "tests/system_programs/on_board.h"

namespace menura::tests {
namespace {

const std::string kFolder = MENURA_SOURCE_DIR "/tests/arm_system";

class ArmSystem : public testing::TestWithParam<std::string> {};

void run_program(const std::string& name, const MakeEngine& make_engine) {
  BoardProgram program = {.guest = "arm64", .cpu = "cortex-a76", .cpus = 2};
  if (name == "hypervisor") program.properties = {"virtualization"};
  if (name == "monitor") {  // all processing elements would begin there
    program.properties = {"virtualization", "secure"};
    program.firmware = true;
    program.cpus = 1;
  }
  run_on_board(kFolder, name, MENURA_PROGRAMS, program, make_engine);
}

TEST_P(ArmSystem, Interpreter) { run_program(GetParam(), interpreter()); }
TEST_P(ArmSystem, X64FirstGear) { run_program(GetParam(), x64_engine(0)); }
TEST_P(ArmSystem, X64SecondGear) { run_program(GetParam(), x64_engine(3)); }
TEST_P(ArmSystem, X64WithKeptCode) {
  run_with_kept_code([](const MakeEngine& make_engine) { run_program(GetParam(), make_engine); });
}
#ifndef __SANITIZE_ADDRESS__
TEST_P(ArmSystem, Llvm) { run_program(GetParam(), llvm_engine()); }
#endif

INSTANTIATE_TEST_SUITE_P(Programs, ArmSystem, testing::ValuesIn(program_names(kFolder)),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace menura::tests
