// ir/OPS.md is ops.def for reading. MENURA_BLESS=1 writes it anew.
#include <gtest/gtest.h>

#include <cstdlib>
#include <fstream>
#include <sstream>

#include "ir/core/inst.h"

namespace menura::ir {
namespace {

constexpr const char* kDefinitions = MENURA_SOURCE_DIR "/ir/ops.def";
constexpr const char* kPage = MENURA_SOURCE_DIR "/ir/OPS.md";

std::string name(Effect effect) {
  switch (effect) {
    case Effect::None:
      return "none";
    case Effect::State:
      return "state";
    case Effect::Fp:
      return "FP flags";
    case Effect::Mem:
      return "memory";
    case Effect::Other:
      return "other";
    case Effect::End:
      return "end";
  }
  return {};
}

std::string name(Attr attr) {
  switch (attr) {
    case Attr::Nothing:
      return "";
    case Attr::Imm:
      return "constant";
    case Attr::PcOffset:
      return "pc";
    case Attr::Slot:
      return "slot";
    case Attr::Mem:
      return "`MemDesc`";
    case Attr::Cond:
      return "`Cond`";
    case Attr::Fp:
      return "`FpDesc`";
    case Attr::FpLane:
      return "`FpDesc` with lane";
    case Attr::Lane:
      return "`LaneDesc`";
    case Attr::LaneImm:
      return "`LaneDesc`, imm";
    case Attr::Fence:
      return "`FenceDesc`";
    case Attr::Helper:
      return "helper";
    case Attr::Targets:
      return "edges";
    case Attr::CallTargets:
      return "pc, return pc, edge";
    case Attr::Exit:
      return "kind, pc";
  }
  return {};
}

std::string escaped(std::string_view text) {
  std::string result;
  for (const char c : text) {
    if (c == '|' || c == '*' || c == '<') result += '\\';
    result += c;
  }
  return result;
}

std::string row(const OpInfo& op) {
  return "| `" + std::string(op.name) + "` | `" + std::string(op.signature) + "` | " + name(op.attr) + " | " +
         name(op.effect) + " | " + escaped(op.meaning) + " |\n";
}

// The rows in the order of ops.def, under the headings of its sections.
std::string page() {
  std::ifstream definitions(kDefinitions);
  std::string text =
      "# The ops of the IR\n\n"
      "Made from `ops.def` by `tests/ir/ops_page_test.cpp`; after a change there:\n"
      "`MENURA_BLESS=1 build/release/tests/ir/ops_page_test`.\n\n"
      "Signatures are result(operands). I, F, V, A: the instruction's own type, an integer, float, vector or any type; "
      "J, G,\n"
      "W, B: a second, independent type of the same classes; `*`: any operands. \"Beside\" is what an instruction "
      "says\n"
      "beside its operands (`core/descriptors.h`). Effects: none (may be removed, merged or moved), state (a slot is "
      "read or\n"
      "written), FP flags (may be raised), memory (touched, may fault), other (kept, in order), end (of a block).\n";
  unsigned op = 0;
  std::string line;
  while (std::getline(definitions, line)) {
    constexpr std::string_view kSection = "// --- ";
    if (line.starts_with(kSection)) {
      std::string title = line.substr(kSection.size());
      title[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(title[0])));
      text += "\n## " + title + "\n\n| op | signature | beside | effect | meaning |\n|---|---|---|---|---|\n";
    } else if (line.starts_with("OP(") && op < kOpCount) {
      text += row(kOps[op++]);
    }
  }
  EXPECT_EQ(op, kOpCount);
  return text;
}

TEST(OpsPage, IsUpToDate) {
  const std::string wanted = page();
  if (std::getenv("MENURA_BLESS") != nullptr) std::ofstream(kPage) << wanted;
  std::ifstream file(kPage);
  std::stringstream is;
  is << file.rdbuf();
  EXPECT_TRUE(is.str() == wanted) << "ir/OPS.md is not what ops.def says; MENURA_BLESS=1 on this test writes it anew";
}

}  // namespace
}  // namespace menura::ir
