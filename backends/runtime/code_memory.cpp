#include "backends/runtime/code_memory.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstring>

namespace menura::runtime {

namespace {

constexpr std::size_t kPage = 4096;

Error failed(const char* what) {
  return Error{
      std::string("no memory for translated code: ") + what + ": " + std::strerror(errno) +
      "; expected shared memory that can be mapped writable and, elsewhere, executable; try a larger limit for "
      "address space (ulimit -v)"};
}

// Shared memory without a file of its own, so that neither a limit for files nor a descriptor among the guest's comes
// with it. nullptr on failure.
uint8_t* map_shared(std::size_t size) {
  void* const at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : static_cast<uint8_t*>(at);
}

// The same memory once more, executable: mremap(2) of a shared mapping with an old size of 0 duplicates it.
uint8_t* map_executable(uint8_t* shared, std::size_t size, uint8_t* place) {
  const int flags = MREMAP_MAYMOVE | (place != nullptr ? MREMAP_FIXED : 0);
  void* const at = mremap(shared, 0, size, flags, place);
  if (at == MAP_FAILED) return nullptr;
  return mprotect(at, size, PROT_READ | PROT_EXEC) == 0 ? static_cast<uint8_t*>(at) : nullptr;
}

}  // namespace

CodeMemory::~CodeMemory() { release(); }

void CodeMemory::release() {
  if (writable_ != nullptr) munmap(writable_, size_);
  if (executable_ != nullptr) munmap(executable_, size_);
  writable_ = executable_ = nullptr;
}

Result<void> CodeMemory::reserve(std::size_t size) {
  release();
  size_ = size;
  writable_ = map_shared(size);
  if (writable_ != nullptr) executable_ = map_executable(writable_, size, nullptr);
  if (executable_ == nullptr) return failed("mapping");
  return {};
}

void prepare_pages(void* begin, std::size_t size, bool writable) {
  // Kernels before 5.14 know neither.
  madvise(begin, size, writable ? MADV_POPULATE_WRITE : MADV_POPULATE_READ);
}

void CodeMemory::prepare(const CodeRange& range) const {
  prepare_pages(writable_ + range.begin, range.end - range.begin, true);
  prepare_pages(executable_ + range.begin, range.end - range.begin, false);
}

Result<void> CodeMemory::make_copy(std::span<const CodeRange> used) {
  copy_ = map_shared(size_);
  if (copy_ == nullptr) return failed("mapping a copy");
  for (const CodeRange& range : used) {
    const std::size_t begin = range.begin & ~(kPage - 1);
    prepare_pages(copy_ + begin, ((range.end + kPage - 1) & ~(kPage - 1)) - begin, true);
    std::memcpy(copy_ + range.begin, executable_ + range.begin, range.end - range.begin);
  }
  return {};
}

void CodeMemory::drop_copy() {
  if (copy_ != nullptr) munmap(copy_, size_);
  copy_ = nullptr;
}

Result<void> CodeMemory::adopt_copy() {
  if (mremap(copy_, size_, size_, MREMAP_MAYMOVE | MREMAP_FIXED, writable_) == MAP_FAILED ||
      map_executable(writable_, size_, executable_) == nullptr) {
    return failed("mapping");
  }
  copy_ = nullptr;
  return {};
}

}  // namespace menura::runtime
