#include "backends/runtime/code_memory.h"

#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

namespace menura::runtime {

namespace {

Error failed(const char* what) {
  return Error{std::string("no memory for translated code: ") + what + ": " + std::strerror(errno) +
               "; expected a memory file that can be mapped writable and, elsewhere, executable; try a larger "
               "limit for address space and file size (ulimit -v, ulimit -f)"};
}

// A sparse memory file. -1 and errno on failure.
int make_file(std::size_t size) {
  const int fd = memfd_create("menura-code", MFD_CLOEXEC);
  if (fd >= 0 && ftruncate(fd, static_cast<off_t>(size)) != 0) {
    const int error = errno;
    close(fd);
    errno = error;
    return -1;
  }
  return fd;
}

bool write_all(int fd, const uint8_t* from, std::size_t size, std::size_t offset) {
  while (size != 0) {
    const ssize_t written = pwrite(fd, from, size, static_cast<off_t>(offset));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    from += written;
    offset += static_cast<std::size_t>(written);
    size -= static_cast<std::size_t>(written);
  }
  return true;
}

}  // namespace

CodeMemory::~CodeMemory() {
  if (writable_ != nullptr) munmap(writable_, size_);
  if (executable_ != nullptr) munmap(executable_, size_);
}

Result<void> CodeMemory::reserve(std::size_t size) {
  const int fd = make_file(size);
  if (fd < 0) return failed("memory file");
  void* const writable = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_NORESERVE, fd, 0);
  void* const executable = mmap(nullptr, size, PROT_READ | PROT_EXEC, MAP_SHARED | MAP_NORESERVE, fd, 0);
  // The mappings keep the file alive; a descriptor would show among the guest's.
  close(fd);
  size_ = size;
  if (writable != MAP_FAILED) writable_ = static_cast<uint8_t*>(writable);
  if (executable != MAP_FAILED) executable_ = static_cast<uint8_t*>(executable);
  if (writable_ == nullptr || executable_ == nullptr) return failed("mapping");
  return {};
}

Result<void> CodeMemory::make_copy(std::span<const CodeRange> used) {
  copy_ = make_file(size_);
  if (copy_ < 0) return failed("memory file");
  for (const CodeRange& range : used) {
    if (!write_all(copy_, executable_ + range.begin, range.end - range.begin, range.begin)) {
      drop_copy();
      return failed("copying");
    }
  }
  return {};
}

void CodeMemory::drop_copy() {
  if (copy_ >= 0) close(copy_);
  copy_ = -1;
}

Result<void> CodeMemory::adopt_copy() {
  constexpr int kFlags = MAP_SHARED | MAP_NORESERVE | MAP_FIXED;
  const bool mapped = copy_ >= 0 && mmap(writable_, size_, PROT_READ | PROT_WRITE, kFlags, copy_, 0) != MAP_FAILED &&
                      mmap(executable_, size_, PROT_READ | PROT_EXEC, kFlags, copy_, 0) != MAP_FAILED;
  if (!mapped) return failed("mapping");
  drop_copy();
  return {};
}

}  // namespace menura::runtime
