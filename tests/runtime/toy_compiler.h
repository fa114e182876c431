// A compiler of few IR ops, as plain as can be, for tests of the runtime alone: every value goes through
// CpuHeader::spill, pinned slots stay in their registers.
#pragma once

#include <memory>

#include "backends/runtime/compiled_code.h"
#include "ir/core/state_layout.h"

namespace menura::runtime::test {

class ToyCompiler : public Compiler {
 public:
  explicit ToyCompiler(const ir::StateLayout& layout) : layout_(layout) {}

  bool compile(const ir::Region& region, const CompileOptions& options, CompiledCode& out) override;
  std::unique_ptr<Compiler> clone() const override { return std::make_unique<ToyCompiler>(layout_); }

 private:
  const ir::StateLayout& layout_;
};

}  // namespace menura::runtime::test
