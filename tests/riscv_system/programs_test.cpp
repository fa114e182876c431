// Programs at machine level (guest/): each one's output on every engine is what was recorded from QEMU 7.2, but for
// what differences.txt names with the manual's reason.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "backends/llvm/loader.h"
#include "backends/runtime/interpreter_engine.h"
#include "backends/runtime/translator_engine.h"
#include "backends/x64/compiler.h"
#include "tests/riscv_system/machine.h"

namespace menura::tests {
namespace {

constexpr unsigned kSeconds = 100;

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) result.push_back(line);
  return result;
}

std::vector<std::string> programs() {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(MENURA_SOURCE_DIR "/tests/riscv_system/expected")) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

class RiscvSystem : public testing::TestWithParam<std::string> {};

void run_program(const std::string& name, const Machine::MakeEngine& make_engine) {
  const std::string image = contents(MENURA_PROGRAMS "/" + name + ".bin");
  ASSERT_FALSE(image.empty()) << name;
  Machine machine("max", make_engine);
  ASSERT_TRUE(machine.bus().load(Machine::kRamBase, image.data(), image.size()));
  EXPECT_TRUE(machine.run(kSeconds)) << name << " does not end";

  std::vector<std::string> expected =
      lines(contents(MENURA_SOURCE_DIR "/tests/riscv_system/expected/" + name + ".txt"));
  const std::vector<std::string> got = lines(machine.output());
  int failures = 0;
  if (const char* folder = std::getenv("MENURA_SAVE_OUTPUT"); folder != nullptr) {
    std::ofstream(std::string(folder) + "/" + name + ".txt") << machine.output();
  }
  for (size_t i = 0; i < std::max(expected.size(), got.size()) && failures < 20; ++i) {
    const std::string want = i < expected.size() ? expected[i] : "<nothing>";
    const std::string have = i < got.size() ? got[i] : "<nothing>";
    if (want == have) continue;
    ADD_FAILURE() << name << ":" << i + 1 << "\n  expected: " << want << "\n  got:      " << have;
    ++failures;
  }
}

TEST_P(RiscvSystem, Interpreter) {
  run_program(GetParam(), [](const ir::Frontend& frontend, ir::MemoryPort& memory) {
    return std::make_unique<runtime::InterpreterEngine>(frontend, memory, ir::Interpreter::Options{.machine = true});
  });
}

// Both gears: what runs more than a few times is compiled anew.
struct HeldCompiler {
  std::unique_ptr<runtime::Compiler> compiler;
};
class X64Engine final : private HeldCompiler, public runtime::TranslatorEngine {
 public:
  X64Engine(const ir::Frontend& frontend, ir::MemoryPort& memory, int32_t hot_threshold)
      : HeldCompiler{x64::make_compiler(frontend.layout(), frontend.helpers(), x64::HostFeatures::detect())},
        TranslatorEngine(frontend, memory, *compiler, {.hot_threshold = hot_threshold, .machine = true}) {}
};

Machine::MakeEngine x64_engine(int32_t hot_threshold) {
  return [hot_threshold](const ir::Frontend& frontend, ir::MemoryPort& memory) {
    auto engine = std::make_unique<X64Engine>(frontend, memory, hot_threshold);
    const Result<void> started = engine->start();
    EXPECT_TRUE(static_cast<bool>(started)) << started.error().message;
    return engine;
  };
}

#ifndef __SANITIZE_ADDRESS__  // LLVM's library is the same in both builds, and slow
class Llvm final : public runtime::CompilerSource {
 public:
  explicit Llvm(const ir::Frontend& frontend) : frontend_(frontend) {}
  std::unique_ptr<runtime::Compiler> make() override {
    auto compiler = llvmjit::load_compiler(MENURA_LLVM_MODULE, frontend_.layout(), frontend_.helpers());
    EXPECT_TRUE(static_cast<bool>(compiler)) << compiler.error().message;
    return compiler ? std::move(*compiler) : nullptr;
  }

 private:
  const ir::Frontend& frontend_;
};

struct HeldLlvm {
  std::unique_ptr<Llvm> llvm;
};
// All that runs a second time goes to LLVM at once.
class LlvmEngine final : private HeldCompiler, private HeldLlvm, public runtime::TranslatorEngine {
 public:
  LlvmEngine(const ir::Frontend& frontend, ir::MemoryPort& memory)
      : HeldCompiler{x64::make_compiler(frontend.layout(), frontend.helpers(), x64::HostFeatures::detect())},
        HeldLlvm{std::make_unique<Llvm>(frontend)},
        TranslatorEngine(frontend, memory, *compiler,
                         {.hot_threshold = 16, .machine = true, .tier2 = llvm.get(), .tier2_foreground = true}) {}
};

TEST_P(RiscvSystem, Llvm) {
  run_program(GetParam(), [](const ir::Frontend& frontend, ir::MemoryPort& memory) {
    auto engine = std::make_unique<LlvmEngine>(frontend, memory);
    const Result<void> started = engine->start();
    EXPECT_TRUE(static_cast<bool>(started)) << started.error().message;
    return engine;
  });
}
#endif

TEST_P(RiscvSystem, X64FirstGear) { run_program(GetParam(), x64_engine(0)); }
TEST_P(RiscvSystem, X64SecondGear) { run_program(GetParam(), x64_engine(3)); }

INSTANTIATE_TEST_SUITE_P(Programs, RiscvSystem, testing::ValuesIn(programs()),
                         [](const auto& param) { return param.param; });

}  // namespace
}  // namespace menura::tests
