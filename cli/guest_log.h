// -d int,mmu,guest_errors,unimp: lines about the guest, on standard error or in a file.
#pragma once

#include <cstdio>
#include <memory>

#include "cli/boot_options.h"
#include "vcpu/guest_log.h"

namespace menura::cli {

class GuestLogFile final : public vcpu::GuestLog {
 public:
  // Error: the file cannot be written.
  static Result<std::unique_ptr<GuestLogFile>> open(const BootOptions& options);
  ~GuestLogFile() override;

  void write(vcpu::LogItem item, std::string_view line) override;

 private:
  GuestLogFile() = default;

  std::FILE* file_ = nullptr;
};

}  // namespace menura::cli
