// Block device on a disk image of the host.
// After: virtio 1.2, 5.2.
// Not modelled: several queues, secure erase, zones, topology beyond the block size.
#include <cerrno>
#include <cstring>

#include "boards/devices/devices.h"
#include "boards/devices/virtio/mmio.h"
#include "boards/devices/virtio/worker.h"
#include "host/disk_file.h"

namespace menura::boards {
namespace {

using namespace virtio;

constexpr uint32_t kDeviceId = 2;
constexpr uint16_t kQueueSizes[] = {256};  // requestq
constexpr uint64_t kSector = 512;

// Feature bits (5.2.3)
constexpr uint64_t kSegMax = feature(2), kReadOnly = feature(5), kBlkSize = feature(6), kFlush = feature(9),
                   kConfigWce = feature(11), kDiscard = feature(13), kWriteZeroes = feature(14);

// struct virtio_blk_config (5.2.4), as far as it is offered
enum : std::size_t {
  kCapacity = 0,
  kSegMaxOffset = 12,
  kBlkSizeOffset = 20,
  kWriteback = 32,
  kMaxDiscardSectors = 36,
  kMaxDiscardSeg = 40,
  kDiscardAlignment = 44,
  kMaxWriteZeroesSectors = 48,
  kMaxWriteZeroesSeg = 52,
  kWriteZeroesMayUnmap = 56,
  kConfigSize = 60,
};

// Types of requests and status bytes (5.2.6)
constexpr uint32_t kIn = 0, kOut = 1, kFlushRequest = 4, kGetId = 8, kDiscardRequest = 11, kWriteZeroesRequest = 13;
constexpr uint8_t kOk = 0, kIoErr = 1, kUnsupported = 2;
constexpr std::size_t kIdSize = 20;
constexpr uint32_t kUnmap = 1;  // flags of a segment to discard or to zero

constexpr uint32_t kMostSegments = 126;    // of data in one request: two of the queue's are the header and the status
constexpr uint32_t kMostRanges = 32;       // segments of one discard or write-zeroes request
constexpr uint32_t kMostRange = 0x3fffff;  // sectors in one of them: 2 GiB

struct Header {
  uint32_t type;
  uint32_t reserved;
  uint64_t sector;
};
static_assert(sizeof(Header) == 16);

struct Range {
  uint64_t sector;
  uint32_t sectors;
  uint32_t flags;
};
static_assert(sizeof(Range) == 16);

template <typename T>
void put(std::vector<uint8_t>* config, std::size_t offset, T value) {
  std::memcpy(config->data() + offset, &value, sizeof value);
}

class Blk final : public Function {
 public:
  Blk(softmmu::PhysicalMemory& memory, host::DiskFile* disk, std::string serial)
      : memory_(memory), disk_(disk), serial_(std::move(serial)), worker_("virtio-blk", [this] {
          serve_queue(worker_, *transport_, 0, &chain_, [this](Chain& chain) { return serve(chain); });
        }) {
    Blk::reset();
  }

  std::span<const uint16_t> queue_sizes() const override { return kQueueSizes; }
  uint64_t features() const override {
    const uint64_t writing = kFlush | kConfigWce | kDiscard | kWriteZeroes;
    return kSegMax | kBlkSize | (read_only() ? kReadOnly : writing);
  }

  void read_config(std::vector<uint8_t>* config) override {
    config->assign(kConfigSize, 0);
    put<uint64_t>(config, kCapacity, sectors());
    put<uint32_t>(config, kSegMaxOffset, kMostSegments);
    put<uint32_t>(config, kBlkSizeOffset, kSector);
    put<uint8_t>(config, kWriteback, writeback_);
    put<uint32_t>(config, kMaxDiscardSectors, kMostRange);
    put<uint32_t>(config, kMaxDiscardSeg, kMostRanges);
    put<uint32_t>(config, kDiscardAlignment, 8);
    put<uint32_t>(config, kMaxWriteZeroesSectors, kMostRange);
    put<uint32_t>(config, kMaxWriteZeroesSeg, kMostRanges);
    put<uint8_t>(config, kWriteZeroesMayUnmap, 1);
  }
  void write_config(uint32_t offset, uint64_t value, unsigned) override {
    if (offset == kWriteback) writeback_ = (value & 1) != 0;
  }

  void start(Transport& transport, uint64_t features) override {
    transport_ = &transport;
    // Who cannot flush gets each write on the disk (5.2.6.2).
    may_flush_ = (features & kFlush) != 0;
    worker_.start();
  }
  void notify(unsigned) override { worker_.kick(); }
  void stop() override { worker_.stop(); }
  void reset() override { writeback_ = true; }
  void state(StateVisitor& visitor) override { visitor("writeback", writeback_); }

 private:
  bool read_only() const { return disk_ == nullptr || disk_->read_only(); }
  uint64_t sectors() const { return disk_ == nullptr ? 0 : (disk_->size() + kSector - 1) / kSector; }

  // False: it is no request at all.
  bool serve(Chain& chain) {
    Header header;
    Buffer status_at;
    if (!chain.read(&header, sizeof header) || !chain.split_last_writable(&status_at)) return false;
    const uint8_t status = perform(header, chain);
    if (!memory_.write(status_at.address, &status, 1)) return false;
    chain.add_written(1);
    return true;
  }

  uint8_t perform(const Header& header, Chain& chain) {
    switch (header.type) {
      case kIn:
        chain.what = "read";
        return transfer(header.sector, chain.writable(), chain, false);
      case kOut:
        chain.what = "write";
        return transfer(header.sector, chain.readable(), chain, true);
      case kFlushRequest:
        chain.what = "flush";
        return disk_ != nullptr && disk_->flush() == 0 ? kOk : kIoErr;
      case kGetId: {
        char id[kIdSize] = {};
        std::memcpy(id, serial_.data(), std::min(serial_.size(), kIdSize));
        return chain.write(id, std::min<uint64_t>(chain.writable(), kIdSize)) ? kOk : kIoErr;
      }
      case kDiscardRequest:
      case kWriteZeroesRequest:
        chain.what = header.type == kDiscardRequest ? "discard" : "write zeroes";
        return clear(chain, header.type == kWriteZeroesRequest);
      default:
        return kUnsupported;
    }
  }

  bool inside(uint64_t sector, uint64_t count) const { return sector <= sectors() && count <= sectors() - sector; }

  uint8_t transfer(uint64_t sector, uint64_t size, Chain& chain, bool write) {
    if (size % kSector != 0 || !inside(sector, size / kSector) || (write && read_only())) return kIoErr;
    views_.clear();
    if (!(write ? chain.view_readable(size, &views_) : chain.view_writable(size, &views_))) return kIoErr;
    if (views_.empty()) return kOk;
    const uint64_t offset = sector * kSector;
    if ((write ? disk_->write(views_, offset) : disk_->read(views_, offset)) != 0) return kIoErr;
    return write ? written() : kOk;
  }

  // Write-through, where the driver has chosen it or cannot flush.
  uint8_t written() { return (writeback_ && may_flush_) || disk_->flush() == 0 ? kOk : kIoErr; }

  uint8_t clear(Chain& chain, bool zeroes) {
    if (read_only()) return kIoErr;
    const uint64_t count = chain.readable() / sizeof(Range);
    if (count == 0 || count > kMostRanges || chain.readable() % sizeof(Range) != 0) return kIoErr;
    for (uint64_t i = 0; i < count; ++i) {
      Range range;
      if (!chain.read(&range, sizeof range)) return kIoErr;
      // 5.2.6.2: unknown flags, and "unmap" of a discard, are not supported.
      if ((range.flags & ~kUnmap) != 0 || (!zeroes && range.flags != 0)) return kUnsupported;
      if (range.sectors > kMostRange || !inside(range.sector, range.sectors)) return kIoErr;
      const uint64_t offset = range.sector * kSector, size = range.sectors * kSector;
      const int error =
          zeroes ? disk_->write_zeroes(offset, size, (range.flags & kUnmap) != 0) : disk_->discard(offset, size);
      if (error != 0) return kIoErr;
    }
    return written();
  }

  softmmu::PhysicalMemory& memory_;
  host::DiskFile* const disk_;
  const std::string serial_;
  Transport* transport_ = nullptr;
  std::atomic<bool> writeback_{true};
  bool may_flush_ = true;
  Chain chain_;
  std::vector<iovec> views_;
  Worker worker_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) {
  const Attachment& attachment = setup.attached();
  return std::make_unique<MmioTransport>(setup, kVirtioBlk, kDeviceId,
                                         std::make_unique<Blk>(setup.memory, attachment.disk, attachment.name));
}

}  // namespace

const DeviceKind kVirtioBlk = in_slot("virtio-blk", "disk", "virtio 1.2, 5.2", make);

}  // namespace menura::boards
