#include "cli/dumps.h"

#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <string>

#include "ir/text/print.h"

namespace menura::cli {
namespace {

constexpr const char* kGearNames[runtime::kGearCount] = {"", ", hot", ", optimized"};

}  // namespace

Result<std::unique_ptr<Dumps>> Dumps::open(const EngineChoice& options, const EngineGuest& guest_row,
                                           const ir::Frontend& frontend) {
  std::unique_ptr<Dumps> dumps(new Dumps(options, frontend));
  if (options.dump_guest) {
    Result<std::unique_ptr<Disassembler>> guest = guest_disassembler(guest_row.llvm_triple, guest_row.llvm_features);
    if (!guest) return guest.error();
    dumps->guest_ = std::move(*guest);
  }
  if (options.dump_host) {
    Result<std::unique_ptr<Disassembler>> host = host_disassembler();
    if (!host) return host.error();
    dumps->host_ = std::move(*host);
  }
  // A child of the guest adds to the same file.
  dumps->file_ = options.dump_file.empty() ? stderr : std::fopen(options.dump_file.c_str(), "ae");
  if (dumps->file_ == nullptr) return Error{"-D " + options.dump_file + ": " + std::strerror(errno)};
  return dumps;
}

Dumps::~Dumps() {
  if (file_ != nullptr && file_ != stderr) std::fclose(file_);
}

void Dumps::formed(const ir::Region& region, runtime::Gear gear) {
  const std::lock_guard lock(mutex_);
  std::fprintf(file_, "---- region %#" PRIx64 "%s, %u guest instructions\n", region.identity.pc,
               kGearNames[static_cast<unsigned>(gear)], region.guest_instructions);
  if (guest_) {
    for (const ir::GuestRange& range : region.guest) {
      const std::span code(reinterpret_cast<const uint8_t*>(range.begin), range.end - range.begin);
      std::fputs(guest_->listing(code, range.begin, "  ").c_str(), file_);
    }
  }
  if (options_.dump_ir) {
    std::fprintf(file_, "IR:\n%s", ir::print(region, frontend_.layout(), frontend_.helpers()).c_str());
  }
  std::fflush(file_);
}

void Dumps::optimized(const ir::Region& region, runtime::Gear) {
  if (!options_.dump_ir) return;
  const std::lock_guard lock(mutex_);
  std::fprintf(file_, "IR, optimized:\n%s", ir::print(region, frontend_.layout(), frontend_.helpers()).c_str());
  std::fflush(file_);
}

void Dumps::compiled(const ir::Region&, runtime::Gear, uint64_t address, std::span<const uint8_t> code) {
  if (!host_) return;
  const std::lock_guard lock(mutex_);
  std::fprintf(file_, "host code, %zu bytes:\n%s", code.size(), host_->listing(code, address, "  ").c_str());
  std::fflush(file_);
}

}  // namespace menura::cli
