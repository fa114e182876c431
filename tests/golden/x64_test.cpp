// Host code of hot guest instructions against recorded listings (README.md).
#include <capstone/capstone.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>

#include "backends/x64/compiler.h"
#include "frontends/arm/features.h"
#include "frontends/arm/frontend.h"
#include "frontends/riscv/features.h"
#include "frontends/riscv/frontend.h"
#include "ir/api/former.h"
#include "ir/opt/optimizer.h"
#include "tests/tools/mc/mc.h"

namespace menura::tests {
namespace {

constexpr uint64_t kPc = 0x10000;

// Guest code at kPc, and nothing else.
class CodeOnly : public ir::MemoryPort {
 public:
  explicit CodeOnly(std::vector<uint8_t> code) : code_(std::move(code)) {}
  bool read(uint64_t, void*, unsigned, ir::Fault*) override { return false; }
  bool write(uint64_t, const void*, unsigned, ir::Fault*) override { return false; }
  void* atomic_pointer(uint64_t, unsigned, ir::Fault*) override { return nullptr; }
  bool probe(uint64_t, uint64_t, ir::Access, ir::Fault*) override { return false; }
  std::span<const uint8_t> fetch(uint64_t address, unsigned want, ir::Fault* fault) override {
    if (address - kPc < code_.size()) {
      return std::span<const uint8_t>(code_).subspan(address - kPc,
                                                     std::min<size_t>(want, kPc + code_.size() - address));
    }
    *fault = {ir::FaultKind::Unmapped, ir::Access::Execute, address};
    return {};
  }
  void watch_code(uint64_t, uint64_t) override {}

 private:
  std::vector<uint8_t> code_;
};

struct Case {
  std::string name;
  std::string guest;
  std::string host;  // what the file says behind `=>`, or what was compiled
  bool hot() const { return name.ends_with("(hot)"); }
};

std::vector<Case> read_cases(const std::filesystem::path& path) {
  std::vector<Case> cases;
  std::ifstream in(path);
  bool host = false;
  for (std::string line; std::getline(in, line);) {
    if (line.starts_with("# ")) {
      cases.push_back({line.substr(2), "", ""});
      host = false;
    } else if (cases.empty() || line.empty()) {
      continue;
    } else if (line.starts_with("=>")) {
      host = true;
      cases.back().host += line + "\n";
    } else {
      (host ? cases.back().host : cases.back().guest) += line + "\n";
    }
  }
  return cases;
}

std::string compile(const Case& test, Mc& assembler, const ir::Frontend& frontend) {
  CodeOnly memory(assembler.assemble(test.guest));
  ir::Former former(frontend, memory);
  ir::Region region;
  const ir::Identity identity{kPc, 0, 0};
  const auto all = [](uint64_t) { return true; };
  const ir::Fault fault = test.hot() ? former.form_hot(identity, region, all) : former.form_trace(identity, region);
  if (fault.kind != ir::FaultKind::None) return "no region\n";
  ir::optimize(region, frontend.layout(), frontend.helpers(), test.hot() ? ir::OptLevel::Full : ir::OptLevel::Fast);

  x64::HostFeatures host;
  host.avx = host.avx2 = host.fma = host.bmi1 = host.bmi2 = host.lzcnt = host.movbe = host.pclmul = host.f16c = true;
  runtime::CompiledCode code;
  if (!x64::make_compiler(frontend.layout(), frontend.helpers(), host)->compile(region, {.hot = test.hot()}, code)) {
    return "refused\n";
  }
  csh handle = 0;
  cs_open(CS_ARCH_X86, CS_MODE_64, &handle);
  cs_option(handle, CS_OPT_DETAIL, CS_OPT_ON);
  std::string listing;
  unsigned count = 0;
  for (uint64_t at = 0; at < code.cold;) {
    cs_insn* insn = nullptr;
    if (cs_disasm(handle, code.bytes.data() + at, code.bytes.size() - at, at, 1, &insn) != 1) break;
    std::string text = insn->mnemonic;
    if (insn->op_str[0] != '\0') text += std::string(" ") + insn->op_str;
    for (const runtime::Link& l : code.links) {
      if (l.displacement >= at && l.displacement < at + insn->size) {
        text = std::string(insn->mnemonic) + " -> " + (l.target < 0 ? "-" : "+") + std::to_string(std::abs(l.target));
      }
    }
    if (!text.starts_with("nop")) {
      listing += text + "\n";
      ++count;
    }
    at += insn->size;
    cs_free(insn, 1);
  }
  cs_close(&handle);
  return "=> " + std::to_string(count) + "\n" + listing;
}

TEST(GoldenX64, HostCodeIsAsRecorded) {
  const riscv::Frontend riscv_frontend(*riscv::parse_cpu("max"));
  const arm::Frontend arm_frontend(*arm::parse_cpu("max"));
  Mc riscv_assembler("riscv64", "+m,+a,+f,+d,+zba,+zbb,+zbs,+zicond");
  Mc arm_assembler("aarch64", "+v8.5a,+fullfp16,+dotprod");
  const bool bless = std::getenv("MENURA_BLESS") != nullptr;
  unsigned files = 0;
  for (const auto& entry : std::filesystem::directory_iterator(MENURA_SOURCE_DIR "/tests/golden/x64")) {
    if (entry.path().extension() != ".txt") continue;
    ++files;
    const bool is_arm = entry.path().filename().string().starts_with("arm64");
    std::string whole;
    for (const Case& test : read_cases(entry.path())) {
      const std::string host =
          is_arm ? compile(test, arm_assembler, arm_frontend) : compile(test, riscv_assembler, riscv_frontend);
      whole += (whole.empty() ? "# " : "\n# ") + test.name + "\n" + test.guest + host;
      if (bless) continue;
      EXPECT_EQ(test.host, host) << entry.path().filename() << ", " << test.name << "\n" << test.guest;
    }
    if (bless) std::ofstream(entry.path()) << whole;
  }
  EXPECT_GT(files, 0U);
}

}  // namespace
}  // namespace menura::tests
