#include "cli/guest_log.h"

#include <cerrno>
#include <cinttypes>
#include <cstring>

namespace menura::cli {

Result<std::unique_ptr<GuestLogFile>> GuestLogFile::open(const BootOptions& options, vcpu::Timeline* timeline) {
  std::unique_ptr<GuestLogFile> log(new GuestLogFile(timeline));
  log->interrupts_ = options.log_interrupts;
  for (const auto& [on, item] : {std::pair{options.log_interrupts || timeline != nullptr, vcpu::LogItem::Interrupts},
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

void GuestLogFile::took(const vcpu::TakenException& exception) {
  if (interrupts_) {
    char line[200];
    std::snprintf(line, sizeof line, "cpu %u: %s from %s at 0x%" PRIx64 ", syndrome 0x%" PRIx64 ", address 0x%" PRIx64,
                  exception.cpu, exception.what, exception.from, exception.pc, exception.syndrome, exception.address);
    write(vcpu::LogItem::Interrupts, line);
  }
  if (timeline_ != nullptr) {
    using Value = vcpu::TimelineValue;
    timeline_->instant(
        {exception.interrupt ? "interrupt" : "exception",
         {exception.what},
         {Value::address("pc", exception.pc), Value::text("from", exception.from),
          Value::address("syndrome", exception.syndrome), Value::address("address", exception.address)}});
  }
}

}  // namespace menura::cli
