// An ELF file opened, checked and mapped into the guest.
#pragma once

#include <string>
#include <utility>

#include "ir/core/result.h"
#include "linux-user/loader/elf.h"
#include "linux-user/memory/guest_memory.h"

namespace menura::linux_user {

// A file descriptor that closes itself.
class FileHandle {
 public:
  FileHandle() = default;
  explicit FileHandle(int fd) : fd_(fd) {}
  FileHandle(FileHandle&& other) noexcept : fd_(other.fd_) { other.fd_ = -1; }
  FileHandle& operator=(FileHandle&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~FileHandle();
  int get() const { return fd_; }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_ = -1;
};

struct OpenImage {
  FileHandle file;
  ElfImage elf;
};

// An open file's bytes. Its size is that at the time of construction.
class FileBytes final : public ByteSource {
 public:
  explicit FileBytes(int fd);
  uint64_t size() const override { return size_; }
  bool read(uint64_t offset, void* data, uint64_t size) const override;

 private:
  int fd_;
  uint64_t size_ = 0;
};

// Opens a file for running it. Errors: 127 there is no such file, 126 it cannot be run (a directory, no permission).
Result<FileHandle> open_program(const std::string& path);

// Reads and checks the headers of an open file.
Result<OpenImage> read_image(FileHandle file, const ElfTarget& target, const std::string& name);

struct LoadedImage {
  uint64_t bias = 0;  // mapped address - ELF address
  uint64_t begin = 0;
  uint64_t end = 0;  // behind the last byte
  uint64_t entry = 0;
  uint64_t program_headers = 0;  // 0: not mapped
  uint16_t program_header_count = 0;
};

// Maps it: a position-independent one at `preferred` (0: wherever there is room).
Result<LoadedImage> load_image(GuestMemory& memory, const OpenImage& image, uint64_t preferred,
                               const std::string& name);

}  // namespace menura::linux_user
