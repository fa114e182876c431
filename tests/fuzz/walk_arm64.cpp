// Any bytes as memory with translation tables in it, registers, and addresses: the walker ends, stays within memory,
// and what it maps is a page of the output size that contains the address and may be accessed as was asked.
#include <cstdlib>
#include <cstring>
#include <vector>

#include "frontends/arm/system/walk.h"
#include "tests/fuzz/input.h"

using namespace menura;
using fuzz::require;

namespace {

constexpr std::size_t kMemory = 1 << 13;

// Addresses wrap, so that random descriptors lead somewhere.
class Memory final : public softmmu::PhysicalMemory {
 public:
  explicit Memory(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {}
  bool read(uint64_t physical, void* data, std::size_t size) override {
    require(size == 8 && physical % 8 == 0 && physical >> 48 == 0);
    std::memcpy(data, &bytes_[physical % kMemory], size);
    return physical >> 40 == 0;
  }
  bool write(uint64_t, const void*, std::size_t) override { return false; }
  bool compare_exchange(uint64_t physical, unsigned size, uint64_t expected, uint64_t desired,
                        uint64_t* seen) override {
    require(size == 8 && physical % 8 == 0);
    std::memcpy(seen, &bytes_[physical % kMemory], size);
    if (*seen == expected) std::memcpy(&bytes_[physical % kMemory], &desired, size);
    return true;
  }
  std::span<std::byte> view(uint64_t, std::size_t, ir::Access) override { return {}; }

 private:
  std::vector<uint8_t> bytes_;
};

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  uint64_t numbers[5] = {};
  if (size < sizeof numbers) return 0;
  std::memcpy(numbers, data, sizeof numbers);
  std::vector<uint8_t> bytes(kMemory);
  for (std::size_t i = 0; i < kMemory; ++i) bytes[i] = data[i % size];
  Memory memory(std::move(bytes));
  const uint64_t bits = numbers[3];
  arm::Translation translation;
  translation.tcr = numbers[0];
  translation.ttbr[0] = numbers[1];
  translation.ttbr[1] = numbers[2];
  translation.kernel = (bits & 1) != 0;
  translation.pan = (bits & 2) != 0;
  translation.wxn = (bits & 4) != 0;
  translation.updates = (bits & 8) != 0;
  translation.hierarchy = (bits & 16) != 0;
  translation.granule16 = (bits & 32) != 0;
  translation.closes = (bits & 64) != 0;
  translation.physical_bits = arm::physical_bits(bits >> 8 & 7);
  translation.single = (bits >> 11 & 3) == 1;
  if ((bits >> 11 & 3) == 2) translation.stage2_level = static_cast<int>(bits >> 13 & 3);
  const auto access = static_cast<ir::Access>((bits >> 16) % 3);
  uint64_t address = numbers[4];
  if ((bits & 128) != 0) address = static_cast<uint64_t>(static_cast<int64_t>(address << 16) >> 16);
  softmmu::PageMapping mapping;
  const arm::WalkResult result = arm::walk_tables(memory, translation, address, access, &mapping);
  if (!result.done) {
    require(result.status < 0x18);
    return 0;
  }
  require(mapping.size_log2 >= 12 && mapping.size_log2 <= 39);
  require(mapping.physical % (uint64_t{1} << mapping.size_log2) == 0);
  require(mapping.physical >> translation.physical_bits == 0);
  require(access == ir::Access::Read ? mapping.read : access == ir::Access::Write ? mapping.write : mapping.execute);
  const bool stage1 = translation.stage2_level < 0;  // WXN is stage 1's
  require(!(stage1 && translation.kernel && translation.wxn && mapping.write && mapping.execute));
  // Once more: what the first walk has updated stays as it is.
  softmmu::PageMapping again;
  require(arm::walk_tables(memory, translation, address, access, &again).done);
  require(again.physical == mapping.physical);
  return 0;
}
