// Any bytes as RISC-V code: forming a trace and a hot region, lifting, disassembling. Nothing may crash or read beyond
// the code, and whatever comes out must pass the verifier.
#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "frontends/riscv/frontend.h"
#include "ir/api/former.h"
#include "ir/verify/verify.h"

namespace {

using namespace menura;

constexpr uint64_t kBase = 0x10ff0;  // the second page begins after 16 bytes

// Executable bytes at kBase and nothing else. Each fetch gets a copy of its own, so that ASan sees the first byte read
// too far.
class Code final : public ir::MemoryPort {
 public:
  explicit Code(std::span<const uint8_t> bytes) : bytes_(bytes) {}

  std::span<const uint8_t> fetch(uint64_t address, unsigned want, ir::Fault* fault) override {
    if (address < kBase || address - kBase >= bytes_.size()) {
      *fault = {ir::FaultKind::Unmapped, ir::Access::Execute, address};
      return {};
    }
    const std::span<const uint8_t> here = bytes_.subspan(address - kBase);
    return here.first(std::min<size_t>(want, here.size()));
  }
  bool read(uint64_t, void*, unsigned, ir::Fault*) override { std::abort(); }
  bool write(uint64_t, const void*, unsigned, ir::Fault*) override { std::abort(); }
  void* atomic_pointer(uint64_t, unsigned, ir::Fault*) override { std::abort(); }
  bool probe(uint64_t, uint64_t, ir::Access, ir::Fault*) override { std::abort(); }
  void watch_code(uint64_t, uint64_t) override {}

 private:
  std::span<const uint8_t> bytes_;
};

void check(const ir::Region& region, const riscv::Frontend& frontend) {
  const std::string problem = ir::verify(region, frontend.layout(), frontend.helpers());
  if (problem.empty()) return;
  std::fprintf(stderr, "the region does not verify: %s\n", problem.c_str());
  std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  if (size < 2) return 0;
  static const riscv::Frontend kFrontends[] = {riscv::Frontend(*riscv::parse_cpu("max")),
                                               riscv::Frontend(*riscv::parse_cpu("rv64")),
                                               riscv::Frontend(*riscv::parse_cpu("rv64gc"))};
  const riscv::Frontend& frontend = kFrontends[data[0] % std::size(kFrontends)];
  const uint64_t mode = data[1] & 3;
  const std::span<const uint8_t> code(data + 2, size - 2);
  Code memory(code);
  ir::Former former(frontend, memory);
  ir::Region region;
  former.form_trace({kBase, mode, 0}, region);
  check(region, frontend);
  former.form_hot({kBase, mode, 0}, region, [](uint64_t pc) { return pc % 3 != 0; });
  check(region, frontend);
  for (size_t at = 0; at < std::min<size_t>(code.size(), 64); at += 2) frontend.disassemble(code.subspan(at));
  return 0;
}
