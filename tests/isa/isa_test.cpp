// Every line of every vector file, on every engine; and every decode row must have a line.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <set>

#include "backends/llvm/loader.h"
#include "backends/runtime/interpreter_engine.h"
#include "backends/runtime/translator_engine.h"
#include "backends/x64/compiler.h"
#include "tests/isa/machine.h"

namespace menura::tests {
namespace {

struct File {
  std::string guest;
  std::string path;
};

void PrintTo(const File& file, std::ostream* out) { *out << file.path; }

std::vector<File> vector_files() {
  std::vector<File> files;
  for (const auto& entry : std::filesystem::recursive_directory_iterator(MENURA_SOURCE_DIR "/tests/isa")) {
    if (entry.path().extension() != ".txt" || entry.path().filename() == "CMakeLists.txt") continue;
    files.push_back({entry.path().parent_path().filename(), entry.path()});
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.path < b.path; });
  return files;
}

std::string describe(const Vector& vector, const State& state, unsigned code_bytes) {
  Vector shown = vector;
  shown.recorded = true;
  shown.output = state;
  return format(shown, code_bytes);
}

// Runs the file's lines; reports the first few that differ.
void run_file(const File& file, Guest& guest, Machine& machine) {
  int number = 0;
  int failures = 0;
  for (const Line& line : read_vectors(file.path)) {
    ++number;
    if (!line.is_vector) continue;
    const std::string where = file.path + ":" + std::to_string(number);
    ASSERT_TRUE(line.vector.recorded) << where << ": no right side yet; run tests/tools/record (its README says how)";
    const std::vector<uint8_t> code = guest.assemble(line.vector.assembly);
    const State actual = machine.run(code, line.vector.input);
    const auto size = static_cast<unsigned>(code.size());
    Vector expected = line.vector;
    if (expected.output.pc == 0) expected.output.pc = kCode + size;
    const std::string got = describe(line.vector, actual, size);
    const std::string want = describe(line.vector, expected.output, size);
    if (got == want) continue;
    ADD_FAILURE() << where << "\n  recorded: " << want << "\n  got:      " << got;
    ASSERT_LT(++failures, 10) << "and perhaps more";
  }
}

class IsaVectors : public testing::TestWithParam<File> {};

TEST_P(IsaVectors, Interpreter) {
  const auto guest = make_guest(GetParam().guest);
  VectorMemory memory;
  runtime::InterpreterEngine engine(guest->frontend(), memory);
  Machine machine(*guest, engine, 1);
  run_file(GetParam(), *guest, machine);
}

std::unique_ptr<runtime::Compiler> make_x64(const ir::Frontend& frontend) {
  return x64::make_compiler(frontend.layout(), frontend.helpers(), x64::HostFeatures::detect());
}

// Hot regions by LLVM, traces by x64.
class HotByLlvm : public runtime::Compiler {
 public:
  explicit HotByLlvm(const ir::Frontend& frontend) : frontend_(frontend), traces_(make_x64(frontend)) {
    auto compiler = llvmjit::load_compiler(MENURA_LLVM_MODULE, frontend.layout(), frontend.helpers());
    if (!compiler) throw std::runtime_error(compiler.error().message);
    hot_ = std::move(*compiler);
  }
  bool compile(const ir::Region& region, const runtime::CompileOptions& options, runtime::CompiledCode& out) override {
    if (!options.hot) return traces_->compile(region, options, out);
    if (hot_->compile(region, options, out)) return true;
    ADD_FAILURE() << "LLVM refuses the region";
    return false;
  }
  std::unique_ptr<runtime::Compiler> clone() const override { return std::make_unique<HotByLlvm>(frontend_); }

 private:
  const ir::Frontend& frontend_;
  std::unique_ptr<runtime::Compiler> traces_;
  std::unique_ptr<runtime::Compiler> hot_;
};

void run_compiled(const File& file, Guest& guest, runtime::Compiler& compiler, int32_t hot_threshold, unsigned repeat) {
  VectorMemory memory;
  runtime::TranslatorEngine engine(guest.frontend(), memory, compiler, {.hot_threshold = hot_threshold});
  const Result<void> started = engine.start();
  ASSERT_TRUE(static_cast<bool>(started)) << started.error().message;
  Machine machine(guest, engine, repeat);
  run_file(file, guest, machine);
}

TEST_P(IsaVectors, X64FirstGear) {
  const auto guest = make_guest(GetParam().guest);
  run_compiled(GetParam(), *guest, *make_x64(guest->frontend()), 0, 1);
}

// The first run's trace is too hot at once: the later ones are the second gear's.
TEST_P(IsaVectors, X64SecondGear) {
  const auto guest = make_guest(GetParam().guest);
  run_compiled(GetParam(), *guest, *make_x64(guest->frontend()), 1, 3);
}

TEST_P(IsaVectors, Llvm) {
#if defined(__SANITIZE_ADDRESS__)
  GTEST_SKIP() << "in the release build: LLVM's library is the same in both, and slow";
#endif
  const auto guest = make_guest(GetParam().guest);
  HotByLlvm compiler(guest->frontend());
  run_compiled(GetParam(), *guest, compiler, 1, 3);
}

INSTANTIATE_TEST_SUITE_P(Files, IsaVectors, testing::ValuesIn(vector_files()), [](const auto& param) {
  std::string name = param.param.guest + "_" + std::filesystem::path(param.param.path).stem().string();
  std::replace_if(
      name.begin(), name.end(), [](char c) { return !isalnum(c); }, '_');
  return name;
});

TEST(IsaVectors, EveryRowHasOne) {
  std::map<std::string, std::set<std::string>> seen;
  for (const File& file : vector_files()) {
    const auto guest = make_guest(file.guest);
    for (const Line& line : read_vectors(file.path)) {
      if (!line.is_vector) continue;
      for (const std::string& id : guest->rows_of(guest->assemble(line.vector.assembly))) seen[file.guest].insert(id);
    }
  }
  ASSERT_FALSE(seen.empty());
  for (const auto& [name, ids] : seen) {
    for (const std::string& id : make_guest(name)->all_rows()) {
      EXPECT_TRUE(ids.contains(id)) << "no line in tests/isa/" << name << " has an instruction of row " << id;
    }
  }
}

}  // namespace
}  // namespace menura::tests
