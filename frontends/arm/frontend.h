// A64 as engines see it.
#pragma once

#include <string>

#include "frontends/arm/code_guard.h"
#include "frontends/arm/decode/decode.h"
#include "frontends/arm/features.h"
#include "ir/api/frontend.h"

namespace menura::arm {

class Frontend final : public ir::Frontend {
 public:
  // parse_cpu() makes the set.
  explicit Frontend(FeatureSet features) : features_(features), enabled_(enabled_rows(features)) {}

  FeatureSet features() const { return features_; }

  // Asked in Mode::kCheckBranchTargets. Until it is set, no code is guarded. Translations must be invalidated where its
  // answer changes.
  void set_code_guard(const CodeGuard* guard) { guard_ = guard; }

  const ir::StateLayout& layout() const override;
  const ir::HelperTable& helpers() const override;
  ir::MemoryModel memory_model() const override { return ir::MemoryModel::Weak; }  // B2.3
  unsigned max_length() const override { return kInstructionBytes; }

  ir::Flow scan(uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const override;
  unsigned lift(ir::Builder& builder, uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const override;

  // One instruction in LLVM's syntax (branch offsets relative to it), or "<unknown>".
  std::string disassemble(std::span<const uint8_t> bytes) const;

 private:
  FeatureSet features_;
  EnabledRows enabled_;
  const CodeGuard* guard_ = nullptr;
};

}  // namespace menura::arm
