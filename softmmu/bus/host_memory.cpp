#include "softmmu/bus/host_memory.h"

#include <sys/mman.h>

#include <string>

#include "softmmu/bus/region.h"

namespace menura::softmmu {
namespace {

// Private and anonymous, so that the host may back it by huge pages; nullptr where there is no room.
void* reserve(uint64_t size) {
  void* const at = mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  return at == MAP_FAILED ? nullptr : at;
}

}  // namespace

Result<std::unique_ptr<HostMemory>> HostMemory::make(uint64_t size) {
  static_assert(sizeof(std::atomic<uint8_t>) == 1);
  void* const data = reserve(size);
  void* const frames = data == nullptr ? nullptr : reserve(size >> kFrameBits);
  if (frames == nullptr) {
    if (data != nullptr) munmap(data, size);
    return Error{
        "the host has no " + std::to_string(size >> 20) +
        " MiB of address space for the guest's memory; ask for less (--memory) or raise the limit (ulimit -v)"};
  }
  madvise(data, size, MADV_HUGEPAGE);  // a wish
  madvise(data, size, MADV_DONTDUMP);
  return std::unique_ptr<HostMemory>(
      new HostMemory(static_cast<std::byte*>(data), static_cast<std::atomic<uint8_t>*>(frames), size));
}

HostMemory::~HostMemory() {
  munmap(data_, size_);
  munmap(frames_, size_ >> kFrameBits);
}

}  // namespace menura::softmmu
