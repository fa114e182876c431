#include "cli/guest_log.h"

#include <cerrno>
#include <cstring>

namespace menura::cli {

Result<std::unique_ptr<GuestLogFile>> GuestLogFile::open(const BootOptions& options) {
  std::unique_ptr<GuestLogFile> log(new GuestLogFile);
  for (const auto& [on, item] : {std::pair{options.log_interrupts, vcpu::LogItem::Interrupts},
                                 {options.log_mmu, vcpu::LogItem::Mmu},
                                 {options.log_guest_errors, vcpu::LogItem::GuestErrors},
                                 {options.log_unimplemented, vcpu::LogItem::Unimplemented}}) {
    if (on) log->wanted_ |= 1U << static_cast<unsigned>(item);
  }
  log->file_ = options.dump_file.empty() ? stderr : std::fopen(options.dump_file.c_str(), "ae");
  if (log->file_ == nullptr) return Error{"-D " + options.dump_file + ": " + std::strerror(errno)};
  return log;
}

GuestLogFile::~GuestLogFile() {
  if (file_ != nullptr && file_ != stderr) std::fclose(file_);
}

// One call, so that lines of several threads stay whole.
void GuestLogFile::write(vcpu::LogItem item, std::string_view line) {
  static constexpr const char* kNames[] = {"int", "mmu", "guest_errors", "unimp"};
  std::fprintf(file_, "%s: %.*s\n", kNames[static_cast<unsigned>(item)], static_cast<int>(line.size()), line.data());
}

}  // namespace menura::cli
