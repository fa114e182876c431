// Any bytes as an ELF file or a script: the headers are read without a crash, and what is accepted keeps its promises.
#include "linux-user/loader/elf.h"

#include <elf.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>

namespace {

using namespace menura::linux_user;

class Bytes final : public ByteSource {
 public:
  Bytes(const uint8_t* data, size_t size) : data_(data), size_(size) {}
  uint64_t size() const override { return size_; }
  bool read(uint64_t offset, void* data, uint64_t size) const override {
    if (offset > size_ || size > size_ - offset) return false;
    if (size != 0) std::memcpy(data, data_ + offset, size);
    return true;
  }

 private:
  const uint8_t* data_;
  size_t size_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  const Bytes file(data, size);
  parse_shebang(file);
  const auto image = parse_elf(file, {EM_RISCV, true, false}, "input");
  if (!image) {
    if (image.error().exit_code != 126 || image.error().message.empty()) std::abort();
    return 0;
  }
  uint64_t end = 0;
  for (const ElfSegment& segment : image->segments) {
    if (segment.vaddr < end || segment.file_size > segment.memory_size ||
        (segment.file_size != 0 && segment.file_offset + segment.file_size > size))
      std::abort();
    end = segment.vaddr + segment.memory_size;
  }
  if (image->segments.empty() || image->low > image->segments.front().vaddr || image->high < end) std::abort();
  return 0;
}
