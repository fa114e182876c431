// -d int,mmu,guest_errors,unimp: lines about the guest, on standard error or in a file. What -d int shows is on the
// timeline, too.
#pragma once

#include <cstdio>
#include <memory>

#include "cli/boot_options.h"
#include "vcpu/guest_log.h"
#include "vcpu/timeline.h"

namespace menura::cli {

class GuestLogFile final : public vcpu::GuestLog {
 public:
  // `timeline` outlives it; nullptr: none. Error: the file cannot be written.
  static Result<std::unique_ptr<GuestLogFile>> open(const BootOptions& options, vcpu::Timeline* timeline);
  ~GuestLogFile() override;

  void write(vcpu::LogItem item, std::string_view line) override;
  void took(const vcpu::TakenException& exception) override;

 private:
  explicit GuestLogFile(vcpu::Timeline* timeline) : timeline_(timeline) {}

  std::FILE* file_ = nullptr;
  vcpu::Timeline* const timeline_;
  bool interrupts_ = false;  // -d int
};

}  // namespace menura::cli
