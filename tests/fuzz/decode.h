// Any bytes as a guest's code: forming a trace and a hot region, lifting, disassembling. Nothing may crash or read
// beyond the code, and whatever comes out must pass the verifier. For decode_<guest>.cpp.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "ir/api/former.h"
#include "ir/verify/verify.h"

namespace menura::tests {

constexpr uint64_t kBase = 0x10ff0;  // the second page begins after 16 bytes

// Executable bytes at kBase and nothing else. Each fetch gets a copy of its own, so that ASan sees the first byte read
// too far.
class FuzzedCode final : public ir::MemoryPort {
 public:
  explicit FuzzedCode(std::span<const uint8_t> bytes) : bytes_(bytes) {}

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

inline void check(const ir::Region& region, const ir::Frontend& frontend) {
  const std::string problem = ir::verify(region, frontend.layout(), frontend.helpers());
  if (problem.empty()) return;
  std::fprintf(stderr, "the region does not verify: %s\n", problem.c_str());
  std::abort();
}

// `step`: bytes from one possible instruction to the next.
template <typename Frontend>
void fuzz_code(const Frontend& frontend, uint64_t mode, std::span<const uint8_t> code, size_t step) {
  FuzzedCode memory(code);
  ir::Former former(frontend, memory);
  ir::Region region;
  former.form_trace({kBase, mode, 0}, region);
  check(region, frontend);
  former.form_hot({kBase, mode, 0}, region, [](uint64_t pc) { return pc % 3 != 0; });
  check(region, frontend);
  for (size_t at = 0; at < std::min<size_t>(code.size(), 64); at += step) frontend.disassemble(code.subspan(at));
}

}  // namespace menura::tests
