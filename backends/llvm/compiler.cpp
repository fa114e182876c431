#include "backends/llvm/compiler.h"

#include <llvm/ADT/StringExtras.h>
#include <llvm/IR/DiagnosticInfo.h>
#include <llvm/IR/LLVMContext.h>
#include <llvm/IR/Verifier.h>
#include <llvm/Support/raw_ostream.h>

#include <cassert>

#include "backends/llvm/codegen.h"
#include "backends/llvm/link.h"
#include "backends/llvm/lowering.h"

namespace menura::llvmjit {

namespace {

// Whether all guest addresses that stubs name fit 31 bits.
bool fits_31_bits(const ir::Region& region) {
  const uint64_t base = region.identity.pc;
  if (base > INT32_MAX) return false;
  for (const ir::Inst& inst : region.insts) {
    if (inst.op != ir::Op::CallDirect && inst.op != ir::Op::CallIndirect) continue;
    if (base + static_cast<uint64_t>(int64_t{static_cast<int32_t>(inst.aux)}) > INT32_MAX) return false;
  }
  return true;
}

class LlvmCompiler : public runtime::Compiler {
 public:
  LlvmCompiler(const ir::StateLayout& layout, const ir::HelperTable& helpers) : layout_(layout), helpers_(helpers) {}

  bool ok() const { return codegen_.ok(); }

  bool compile(const ir::Region& region, const runtime::CompileOptions& options, runtime::CompiledCode& out) override {
    // Budgets and heat are tier 1's.
    if (options.count || options.heat_index >= 0) return false;
    for (Expected expected;;) {
      const Expected before = expected;
      if (compile(region, options, out, &expected)) return true;
      if (expected == before) return false;
    }
  }

  std::unique_ptr<runtime::Compiler> clone() const override {
    return std::make_unique<LlvmCompiler>(layout_, helpers_);
  }

 private:
  // What is only known of a function behind LLVM's passes, and lowering would have to know.
  struct Expected {
    bool wide = false;
    bool moves_floats = false;
    bool operator==(const Expected&) const = default;
  };

  // *expected comes back another: once more, then.
  bool compile(const ir::Region& region, const runtime::CompileOptions& options, runtime::CompiledCode& out,
               Expected* expected) {
    auto context = std::make_unique<llvm::LLVMContext>();
    bool failed = false;
    context->setDiagnosticHandlerCallBack(
        [](const llvm::DiagnosticInfo* info, void* said) {
          *static_cast<bool*>(said) |= info->getSeverity() == llvm::DS_Error;
        },
        &failed);
    auto module =
        std::make_unique<llvm::Module>("region-" + llvm::utohexstr(region.identity.pc, /*LowerCase=*/true), *context);
    codegen_.prepare(*module);
    Lowering lowering(*module, region, layout_, helpers_, codegen_.features());
    if (expected->wide) lowering.expect_wide();
    if (expected->moves_floats) lowering.expect_moves();
    if (!lowering.run(options.needed, options.machine)) return false;
    assert(!llvm::verifyModule(*module, &llvm::errs()));
    llvm::SmallVector<char, 0> object;
    MachineFacts facts;
    const bool low = fits_31_bits(region);
    try {
      if (!codegen_.run(*module, lowering.stubs(), lowering.sites(), low, object, facts) || failed) return false;
      const Expected before = *expected;
      expected->wide |= facts.wide && lowering.loses_wide();
      for (std::size_t number = 0; number < lowering.resting().size(); ++number) {
        expected->moves_floats |= lowering.resting()[number] && facts.frames[number].moves_floats;
      }
      if (*expected != before) return false;
      if (facts.state_lost || (facts.lost && !options.machine)) return false;
    } catch (const FatalError&) {
      // Nobody knows what can still be destroyed.
      static_cast<void>(module.release());
      static_cast<void>(context.release());
      return false;
    }
    const LinkInput input{object, facts, lowering.stubs(), lowering.sites(), low};
    if (!link(input, out)) {
      out.clear();
      return false;
    }
    out.imprecise = options.needed != nullptr;
    return true;
  }

  const ir::StateLayout& layout_;
  const ir::HelperTable& helpers_;
  Codegen codegen_;
};

}  // namespace

}  // namespace menura::llvmjit

extern "C" __attribute__((visibility("default"))) menura::runtime::Compiler* menura_make_llvm_compiler(
    const menura::ir::StateLayout* layout, const menura::ir::HelperTable* helpers) {
  auto compiler = std::make_unique<menura::llvmjit::LlvmCompiler>(*layout, *helpers);
  return compiler->ok() ? compiler.release() : nullptr;
}
