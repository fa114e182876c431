// `menura run --perf`: tells `perf` what compiled code is, by a map of names and by a jitdump with the code itself
// (Linux, tools/perf/Documentation: jit-interface.txt, jitdump-specification.txt).
#pragma once

#include <sys/types.h>

#include <cstdio>
#include <memory>
#include <mutex>

#include "backends/runtime/observer.h"
#include "cli/profile/symbols.h"
#include "ir/core/result.h"

namespace menura::cli {

class PerfFiles final : public runtime::Observer {
 public:
  // Makes /tmp/perf-PID.map and /tmp/jit-PID.dump.
  static Result<std::unique_ptr<PerfFiles>> open();
  ~PerfFiles() override;

  void formed(const ir::Region&, runtime::Gear) override {}
  void optimized(const ir::Region&, runtime::Gear) override {}
  void compiled(const ir::Region& region, runtime::Gear gear, uint64_t address, std::span<const uint8_t> code) override;

 private:
  PerfFiles();
  bool begin_dump();
  void add_to_dump(const std::string& name, uint64_t address, std::span<const uint8_t> code);

  const pid_t process_;
  std::FILE* map_ = nullptr;
  std::FILE* dump_ = nullptr;
  uint64_t number_ = 0;  // of the next code
  Symbols symbols_;
  std::mutex mutex_;
};

}  // namespace menura::cli
