// `menura run --profile`: where a guest's time went, and what was made of the code there.
#pragma once

#include <sys/types.h>

#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "backends/runtime/observer.h"
#include "cli/disassembly.h"
#include "cli/engines.h"
#include "cli/profile/page.h"
#include "cli/profile/stacks.h"
#include "ir/api/frontend.h"

namespace menura::cli {

class Symbols;

class Profile final : public runtime::Observer {
 public:
  // `path`: what is written at the end; folded stacks if it ends in .folded, else a page, for which a disassembler may
  // be missing.
  static Result<std::unique_ptr<Profile>> open(const std::string& path, const EngineGuest& guest,
                                               const ir::Frontend& frontend);

  void formed(const ir::Region& region, runtime::Gear gear) override;
  void optimized(const ir::Region& region, runtime::Gear gear) override;
  void compiled(const ir::Region& region, runtime::Gear gear, uint64_t address, std::span<const uint8_t> code) override;
  void sampled(const runtime::Sample& sample) override;

  // The process is about to end. Nothing in a child that it has forked.
  Result<void> write(const std::string& program);

 private:
  Profile(std::string path, const ir::Frontend& frontend);

  using RegionKey = std::pair<uint64_t, runtime::Gear>;
  struct Region {
    uint64_t milliseconds = 0;
    std::vector<std::pair<uint64_t, std::vector<uint8_t>>> guest;  // address and code of each range
    std::string ir;
    uint64_t address = 0;
    std::vector<uint8_t> host;
  };

  std::string page(const std::string& program, const Stacks& stacks, Symbols& symbols);

  const std::string path_;
  const ir::Frontend& frontend_;
  const pid_t process_;
  const bool folded_;
  std::unique_ptr<Disassembler> guest_;
  std::unique_ptr<Disassembler> host_;
  std::mutex mutex_;
  std::map<RegionKey, Region> regions_;
  std::map<std::vector<uint64_t>, TimeByGear> samples_;  // by addresses, the outermost first
};

}  // namespace menura::cli
