// What firmware asks the machine that it runs on for: how many CPUs there are; the kernel, the initrd and the command
// line that the user wants to have started; files that have names.
// After: QEMU's specification of its firmware configuration device (docs/specs/fw_cfg.txt), as mapped into memory, with
// DMA.
// Not modelled: items that can be written.
#include "boards/devices/system/fw_cfg.h"

#include <algorithm>
#include <bit>
#include <cstring>
#include <mutex>

#include "boards/devices/devices.h"

namespace menura::boards {
namespace {

enum : uint64_t { kData = 0x0, kSelector = 0x8, kDmaHigh = 0x10, kDmaLow = 0x14, kSize = 0x18 };

constexpr RegisterRow kRegisters[] = {
    {kData, 8, Rights::Ro, "DATA", "the next bytes of the item"},
    {kSelector, 2, Rights::Wo, "SELECTOR", "which item; big-endian, as are the next two"},
    {kDmaHigh, 4, Rights::Rw, "DMA_HIGH", "upper half of the address of what is to be done"},
    {kDmaLow, 4, Rights::Rw, "DMA_LOW", "lower half; this does it"},
};

enum Item : uint16_t { kSignature = 0x00, kId = 0x01, kCpuCount = 0x05, kDirectory = 0x19, kFirstFile = 0x20 };
constexpr uint32_t kHasDma = 3;                         // kId: the traditional interface, and DMA
constexpr uint64_t kDmaSignature = 0x51454d5520434647;  // "QEMU CFG"

// FWCfgDmaAccess, all of it big-endian.
struct DmaAccess {
  uint32_t control;
  uint32_t length;
  uint64_t address;
};
enum Control : uint32_t { kError = 1, kRead = 2, kSkip = 4, kSelect = 8, kWrite = 16 };

class FwCfg final : public Device {
 public:
  explicit FwCfg(const DeviceSetup& setup)
      : memory_(setup.memory), items_(setup.items), log_(setup.log, kFwCfg), cpus_(setup.cpus) {}

  void reset() override {
    const std::lock_guard lock(mutex_);
    select(kSignature);
    dma_high_ = 0;
  }
  void state(StateVisitor& visitor) override {
    const std::lock_guard lock(mutex_);
    visitor("item", item_);
    visitor("position", position_);
    visitor("DMA_HIGH", dma_high_);
  }
  void restored() override {}

  uint64_t mmio_read(uint64_t offset, unsigned size) override {
    const std::lock_guard lock(mutex_);
    if (offset < kSelector) {
      uint64_t value = 0;
      read(&value, size);
      return value;
    }
    if (offset >= kDmaHigh) {
      return __builtin_bswap64(kDmaSignature) >> (8 * (offset - kDmaHigh)) & (~uint64_t{0} >> (64 - 8 * size));
    }
    log_.bad_read(offset);
    return 0;
  }

  void mmio_write(uint64_t offset, unsigned size, uint64_t value) override {
    const std::lock_guard lock(mutex_);
    if (offset == kSelector && size == 2) {
      select(__builtin_bswap16(static_cast<uint16_t>(value)));
    } else if (offset == kDmaHigh && size == 4) {
      dma_high_ = __builtin_bswap32(static_cast<uint32_t>(value));
    } else if (offset == kDmaLow && size == 4) {
      transfer(uint64_t{dma_high_} << 32 | __builtin_bswap32(static_cast<uint32_t>(value)));
    } else if (offset == kDmaHigh && size == 8) {
      transfer(__builtin_bswap64(value));
    } else {
      log_.bad_write(offset, value);
    }
  }

 private:
  void select(uint16_t item) {
    item_ = item;
    position_ = 0;
  }

  // What there is of the selected item; one that does not exist is empty.
  std::vector<uint8_t> own_item() const {
    switch (item_) {
      case kSignature:
        return {'Q', 'E', 'M', 'U'};
      case kId:
        return {kHasDma, 0, 0, 0};
      case kCpuCount:
        return {static_cast<uint8_t>(cpus_), static_cast<uint8_t>(cpus_ >> 8)};
      default:
        return {};
    }
  }

  // Behind the end there are zeroes.
  void read(void* to, std::size_t size) {
    std::memset(to, 0, size);
    const bool is_given = items_ != nullptr && items_->contains(item_);
    const std::vector<uint8_t> own = is_given ? std::vector<uint8_t>() : own_item();
    const std::vector<uint8_t>& item = is_given ? items_->at(item_) : own;
    if (position_ < item.size()) {
      std::memcpy(to, item.data() + position_, std::min<std::size_t>(size, item.size() - position_));
    }
    skip(size);
  }
  void skip(uint64_t size) { position_ += std::min(size, ~uint64_t{0} - position_); }

  void transfer(uint64_t at) {
    dma_high_ = 0;
    DmaAccess access;
    if (!memory_.read(at, &access, sizeof access)) return log_.bad_write(kDmaLow, at);
    const uint32_t control = __builtin_bswap32(access.control);
    const uint64_t length = __builtin_bswap32(access.length);
    if ((control & kSelect) != 0) select(static_cast<uint16_t>(control >> 16));
    uint32_t result = 0;
    if ((control & kRead) != 0) {
      if (!copy_out(__builtin_bswap64(access.address), length)) result = kError;
    } else if ((control & kWrite) != 0) {
      result = kError;  // nothing can be written
    } else if ((control & kSkip) != 0) {
      skip(length);
    }
    result = __builtin_bswap32(result);
    memory_.write(at, &result, sizeof result);
  }

  bool copy_out(uint64_t to, uint64_t length) {
    std::array<uint8_t, 4096> piece;
    while (length != 0) {
      const std::size_t now = std::min<uint64_t>(length, piece.size());
      read(piece.data(), now);
      if (!memory_.write(to, piece.data(), now)) return false;
      to += now;
      length -= now;
    }
    return true;
  }

  softmmu::PhysicalMemory& memory_;
  const FirmwareItems* const items_;
  const DeviceLog log_;
  const unsigned cpus_;
  std::mutex mutex_;
  uint16_t item_ = kSignature;
  uint64_t position_ = 0;
  uint32_t dma_high_ = 0;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) { return std::make_unique<FwCfg>(setup); }

void describe(fdt::Tree& tree, const std::string& path, unsigned) { tree.flag(path, "dma-coherent"); }

void put(uint64_t value, unsigned size, std::vector<uint8_t>* bytes) {
  for (unsigned i = size; i-- > 0;) bytes->push_back(static_cast<uint8_t>(value >> (8 * i)));
}

}  // namespace

// Count, then FWCfgFile: size, number, 2 bytes of nothing, name; big-endian, sorted as QEMU does.
void add_named(std::vector<NamedItem> files, FirmwareItems* items) {
  std::sort(files.begin(), files.end(), [](const NamedItem& a, const NamedItem& b) { return a.name < b.name; });
  std::vector<uint8_t> directory;
  put(files.size(), 4, &directory);
  uint16_t number = kFirstFile;
  for (NamedItem& file : files) {
    put(file.bytes.size(), 4, &directory);
    put(number, 2, &directory);
    put(0, 2, &directory);
    file.name.resize(kLongestFirmwareName + 1);
    directory.insert(directory.end(), file.name.begin(), file.name.end());
    (*items)[number++] = std::move(file.bytes);
  }
  (*items)[kDirectory] = std::move(directory);
}

const DeviceKind kFwCfg = {
    .name = "fw-cfg",
    .what = "what firmware asks for: CPUs, kernel, initrd, command line, named files",
    .datasheet = "QEMU, docs/specs/fw_cfg.txt",
    .node = "fw-cfg",
    .compatible = "qemu,fw-cfg-mmio",
    .size = kSize,
    .access = {1, 8},
    .registers = kRegisters,
    .make = make,
    .describe = describe,
    .node_in_root = true,
};

}  // namespace menura::boards
