// A64 as engines see it.
#pragma once

#include <string>

#include "frontends/arm/code_guard.h"
#include "frontends/arm/decode/decode.h"
#include "frontends/arm/features.h"
#include "frontends/arm/state.h"
#include "ir/api/frontend.h"

namespace menura::arm {

class Frontend final : public ir::Frontend {
 public:
  // parse_cpu() makes the set. At Level::Machine it must have EL1.
  explicit Frontend(FeatureSet features, Level level = Level::Process);

  // Those that software of this level sees.
  FeatureSet features() const { return features_; }
  Level level() const { return level_of(features_); }

  // Asked in Mode::kCheckBranchTargets. Until it is set, no code is guarded. Translations must be invalidated where its
  // answer changes.
  void set_code_guard(const CodeGuard* guard) { guard_ = guard; }

  const ir::StateLayout& layout() const override;
  const ir::HelperTable& helpers() const override;
  ir::MemoryModel memory_model() const override { return ir::MemoryModel::Weak; }  // B2.3
  unsigned max_length() const override { return kInstructionBytes; }

  ir::Flow scan(uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const override;
  unsigned lift(ir::Builder& builder, uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const override;

  // Whether CPACR_EL1.FPEN has a say about this instruction.
  bool uses_fp(RowName name, uint32_t word) const;
  const EnabledRows& enabled() const { return enabled_; }

  // One instruction in LLVM's syntax (branch offsets relative to it), or "<unknown>".
  std::string disassemble(std::span<const uint8_t> bytes) const;

 private:
  bool is_trapped_fp(RowName name, uint32_t word, uint64_t mode) const {
    return (mode & Mode::kFpTrapped) != 0 && uses_fp(name, word);
  }

  FeatureSet features_;
  EnabledRows enabled_;
  EnabledRows without_fp_;  // of those, what needs neither floating point nor vectors
  const CodeGuard* guard_ = nullptr;
};

}  // namespace menura::arm
