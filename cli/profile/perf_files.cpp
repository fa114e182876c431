#include "cli/profile/perf_files.h"

#include <elf.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cinttypes>
#include <cstring>
#include <ctime>
#include <string>

namespace menura::cli {
namespace {

constexpr const char* kGearNames[runtime::kGearCount] = {"trace", "hot", "tier 2"};

// The file's header and its one kind of record.
struct DumpHeader {
  uint32_t magic = 0x4a695444;  // "JiTD"
  uint32_t version = 1;
  uint32_t total_size = sizeof(DumpHeader);
  uint32_t machine = EM_X86_64;
  uint32_t padding = 0;
  uint32_t process = 0;
  uint64_t timestamp = 0;
  uint64_t flags = 0;
};
static_assert(sizeof(DumpHeader) == 40);

struct CodeLoad {
  uint32_t id = 0;  // JIT_CODE_LOAD
  uint32_t total_size = 0;
  uint64_t timestamp = 0;
  uint32_t process = 0;
  uint32_t thread = 0;
  uint64_t virtual_address = 0;
  uint64_t address = 0;
  uint64_t size = 0;
  uint64_t number = 0;
};
static_assert(sizeof(CodeLoad) == 56);

uint64_t now() {
  timespec time = {};
  clock_gettime(CLOCK_MONOTONIC, &time);
  return static_cast<uint64_t>(time.tv_sec) * 1000000000 + static_cast<uint64_t>(time.tv_nsec);
}

}  // namespace

PerfFiles::PerfFiles() : process_(getpid()) {}

PerfFiles::~PerfFiles() {
  for (std::FILE* const file : {map_, dump_}) {
    if (file != nullptr) std::fclose(file);
  }
}

Result<std::unique_ptr<PerfFiles>> PerfFiles::open() {
  std::unique_ptr<PerfFiles> files(new PerfFiles);
  const std::string process = std::to_string(files->process_);
  // Somebody else's file of that name is not followed.
  for (const auto& [path, file] : {std::pair{"/tmp/perf-" + process + ".map", &files->map_},
                                   std::pair{"/tmp/jit-" + process + ".dump", &files->dump_}}) {
    unlink(path.c_str());
    *file = std::fopen(path.c_str(), "wxe+");
    if (*file == nullptr) return Error{"--perf: " + path + ": " + std::strerror(errno)};
  }
  if (!files->begin_dump()) return Error{"--perf: /tmp/jit-" + process + ".dump cannot be written"};
  return files;
}

// perf finds the file by the one mapping of it that is executable.
bool PerfFiles::begin_dump() {
  DumpHeader header;
  header.process = static_cast<uint32_t>(process_);
  header.timestamp = now();
  if (std::fwrite(&header, sizeof header, 1, dump_) != 1 || std::fflush(dump_) != 0) return false;
  return mmap(nullptr, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE, fileno(dump_), 0) != MAP_FAILED;
}

void PerfFiles::compiled(const ir::Region& region, runtime::Gear gear, uint64_t address,
                         std::span<const uint8_t> code) {
  if (getpid() != process_) return;
  const std::lock_guard lock(mutex_);
  const std::string name = symbols_.function(region.identity.pc) + " [" + kGearNames[static_cast<unsigned>(gear)] + "]";
  std::fprintf(map_, "%" PRIx64 " %zx %s\n", address, code.size(), name.c_str());
  std::fflush(map_);
  add_to_dump(name, address, code);
}

void PerfFiles::add_to_dump(const std::string& name, uint64_t address, std::span<const uint8_t> code) {
  CodeLoad record;
  record.total_size = static_cast<uint32_t>(sizeof record + name.size() + 1 + code.size());
  record.timestamp = now();
  record.process = static_cast<uint32_t>(process_);
  record.thread = static_cast<uint32_t>(gettid());
  record.virtual_address = record.address = address;
  record.size = code.size();
  record.number = number_++;
  std::fwrite(&record, sizeof record, 1, dump_);
  std::fwrite(name.c_str(), name.size() + 1, 1, dump_);
  std::fwrite(code.data(), code.size(), 1, dump_);
  std::fflush(dump_);
}

}  // namespace menura::cli
