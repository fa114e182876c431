#include "tests/system_programs/programs.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "backends/llvm/loader.h"
#include "backends/runtime/interpreter_engine.h"
#include "backends/runtime/store/code_store.h"
#include "backends/runtime/translator_engine.h"
#include "backends/x64/compiler.h"

namespace menura::tests {
namespace {

std::vector<std::string> lines(const std::string& text) {
  std::vector<std::string> result;
  std::istringstream stream(text);
  for (std::string line; std::getline(stream, line);) {
    std::erase(line, '\r');
    result.push_back(line);
  }
  return result;
}

struct HeldCompiler {
  std::unique_ptr<runtime::Compiler> compiler;
};
class X64Engine final : private HeldCompiler, public runtime::TranslatorEngine {
 public:
  X64Engine(const ir::Frontend& frontend, ir::MemoryPort& memory, int32_t hot_threshold, runtime::CodeStore* store)
      : HeldCompiler{x64::make_compiler(frontend.layout(), frontend.helpers(), x64::HostFeatures::detect())},
        TranslatorEngine(frontend, memory, *compiler,
                         {.hot_threshold = hot_threshold, .machine = true, .store = store}) {}
};

#ifndef __SANITIZE_ADDRESS__
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
#endif

template <typename Engine, typename... Arguments>
MakeEngine started(Arguments... arguments) {
  return [arguments...](const ir::Frontend& frontend, ir::MemoryPort& memory) {
    auto engine = std::make_unique<Engine>(frontend, memory, arguments...);
    const Result<void> result = engine->start();
    EXPECT_TRUE(static_cast<bool>(result)) << result.error().message;
    return engine;
  };
}

}  // namespace

MakeEngine interpreter() {
  return [](const ir::Frontend& frontend, ir::MemoryPort& memory) {
    return std::make_unique<runtime::InterpreterEngine>(frontend, memory, ir::Interpreter::Options{.machine = true});
  };
}

MakeEngine x64_engine(int32_t hot_threshold, runtime::CodeStore* store) {
  return started<X64Engine>(hot_threshold, store);
}

void run_with_kept_code(const std::function<void(const MakeEngine&)>& run) {
  std::string folder = testing::TempDir() + "/kept-XXXXXX";
  ASSERT_NE(mkdtemp(folder.data()), nullptr);
  uint64_t made = 0;
  for (const bool again : {false, true}) {
    runtime::CodeStore store({.folder = folder});
    run(x64_engine(3, &store));
    store.flush();
    const runtime::StoreStatistics statistics = store.statistics();
    if (again) {
      EXPECT_GT(statistics.segments, 0U);
      EXPECT_LT(statistics.kept, made);
    }
    made = statistics.kept;
  }
  std::filesystem::remove_all(folder);
}
#ifndef __SANITIZE_ADDRESS__
MakeEngine llvm_engine() { return started<LlvmEngine>(); }
#endif

std::string contents(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

std::vector<std::string> program_names(const std::string& folder) {
  std::vector<std::string> names;
  for (const auto& entry : std::filesystem::directory_iterator(folder + "/expected")) {
    if (entry.path().extension() == ".txt") names.push_back(entry.path().stem().string());
  }
  std::sort(names.begin(), names.end());
  return names;
}

void expect_output(const std::string& folder, const std::string& name, const std::string& output) {
  const std::vector<std::string> expected = lines(contents(folder + "/expected/" + name + ".txt"));
  const std::vector<std::string> got = lines(output);
  if (const char* save = std::getenv("MENURA_SAVE_OUTPUT"); save != nullptr) {
    std::ofstream(std::string(save) + "/" + name + ".txt") << output;
  }
  EXPECT_FALSE(expected.empty()) << name;
  int failures = 0;
  for (size_t i = 0; i < std::max(expected.size(), got.size()) && failures < 20; ++i) {
    const std::string want = i < expected.size() ? expected[i] : "<nothing>";
    const std::string have = i < got.size() ? got[i] : "<nothing>";
    if (want == have) continue;
    ADD_FAILURE() << name << ":" << i + 1 << "\n  expected: " << want << "\n  got:      " << have;
    ++failures;
  }
}

}  // namespace menura::tests
