// RISC-V as engines see it.
#pragma once

#include <string>

#include "frontends/riscv/decode/decode.h"
#include "frontends/riscv/features.h"
#include "ir/api/frontend.h"

namespace menura::riscv {

class Frontend final : public ir::Frontend {
 public:
  // parse_cpu() makes the set. At Level::Machine it must have S.
  explicit Frontend(FeatureSet features, Level level = Level::Process)
      : features_(level == Level::Machine ? features : features - kPrivileged),
        level_(level),
        enabled_(enabled_rows(features_)) {}

  // Those that software of this level sees.
  FeatureSet features() const { return features_; }
  Level level() const { return level_; }

  const ir::StateLayout& layout() const override;
  const ir::HelperTable& helpers() const override;
  ir::MemoryModel memory_model() const override { return ir::MemoryModel::Weak; }  // RVWMO
  unsigned max_length() const override { return 4; }

  ir::Flow scan(uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const override;
  unsigned lift(ir::Builder& builder, uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const override;

  // One instruction in LLVM's syntax (branch offsets relative to it), or "<unknown>".
  std::string disassemble(std::span<const uint8_t> bytes) const;

 private:
  FeatureSet features_;
  Level level_;
  EnabledRows enabled_;
};

}  // namespace menura::riscv
