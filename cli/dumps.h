// What `-d` shows: each region's guest code, its IR before and after the optimizer, and the host code made of it.
#pragma once

#include <cstdio>
#include <memory>
#include <mutex>

#include "backends/runtime/observer.h"
#include "cli/disassembly.h"
#include "cli/engines.h"
#include "cli/options.h"
#include "ir/api/frontend.h"

namespace menura::cli {

class Dumps final : public runtime::Observer {
 public:
  // Error: the file cannot be written, or a disassembler is not installed.
  static Result<std::unique_ptr<Dumps>> open(const EngineChoice& options, const EngineGuest& guest,
                                             const ir::Frontend& frontend);
  ~Dumps() override;

  void formed(const ir::Region& region, runtime::Gear gear) override;
  void optimized(const ir::Region& region, runtime::Gear gear) override;
  void compiled(const ir::Region& region, runtime::Gear gear, uint64_t address, std::span<const uint8_t> code) override;

 private:
  Dumps(const EngineChoice& options, const ir::Frontend& frontend) : options_(options), frontend_(frontend) {}

  const EngineChoice& options_;
  const ir::Frontend& frontend_;
  std::FILE* file_ = nullptr;
  std::unique_ptr<Disassembler> guest_;
  std::unique_ptr<Disassembler> host_;
  std::mutex mutex_;
};

}  // namespace menura::cli
