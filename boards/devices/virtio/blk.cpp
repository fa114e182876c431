// Block device on a disk image of the host.
// After: virtio 1.2, 5.2.
// Not modelled: several queues, secure erase, zones, topology beyond the block size.
#include <cerrno>
#include <condition_variable>
#include <cstring>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>

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

const char* name_of(uint32_t type) {
  switch (type) {
    case kIn:
      return "read";
    case kOut:
      return "write";
    case kFlushRequest:
      return "flush";
    case kGetId:
      return "get id";
    case kDiscardRequest:
      return "discard";
    case kWriteZeroesRequest:
      return "write zeroes";
    default:
      return "request of an unknown type";
  }
}

// What the host has at hand is served at once, by the thread that takes requests; what it must wait for (a disk's own
// time, flushes) waits on threads of its own, so that others overtake it.
class Blk final : public Function {
 public:
  Blk(softmmu::PhysicalMemory& memory, const Attachment& attachment)
      : memory_(memory),
        disk_(attachment.disk),
        serial_(attachment.name),
        begins_write_through_(attachment.write_through),
        worker_("virtio-blk", [this] { serve(); }) {
    Blk::reset();
    for (unsigned i = 0; i < kWaiters; ++i) waiters_.emplace_back("virtio-blk wait", [this] { serve_waiting(); });
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
    for (Worker& waiter : waiters_) waiter.start();
    worker_.start();
  }
  void notify(unsigned) override { worker_.kick(); }
  // What is under way ends first.
  void stop() override {
    worker_.stop();
    {
      std::unique_lock lock(mutex_);
      all_done_.wait(lock, [this] { return under_way_ == 0; });
    }
    for (Worker& waiter : waiters_) waiter.stop();
  }
  void reset() override { writeback_ = !begins_write_through_; }
  void state(StateVisitor& visitor) override { visitor("writeback", writeback_); }

 private:
  static constexpr unsigned kWaiters = 3;

  struct Request {
    Chain chain;
    Header header;
    Buffer status_at;
    std::vector<iovec> views;
    std::span<iovec> parts;  // of the views: what is left to be read
    uint64_t offset = 0;     // of that
  };

  bool read_only() const { return disk_ == nullptr || disk_->read_only(); }
  uint64_t sectors() const { return disk_ == nullptr ? 0 : (disk_->size() + kSector - 1) / kSector; }

  // --- the worker
  void serve() {
    Queue& queue = transport_->queue(0);
    do {
      for (;;) {
        if (worker_.stopping()) return;
        if (next_ == nullptr) next_ = std::make_unique<Request>();
        const Pop got = queue.pop(&next_->chain);
        if (got == Pop::None) break;
        if (got == Pop::Bad || !take(*next_)) return transport_->needs_reset();
      }
    } while (queue.want_notifications());
  }

  // False: it is no request at all.
  bool take(Request& request) {
    if (!request.chain.read(&request.header, sizeof request.header)) return false;
    if (!request.chain.split_last_writable(&request.status_at)) return false;
    request.chain.what = name_of(request.header.type);
    if (const std::optional<uint8_t> status = perform_now(request)) return finish(request, *status);
    {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(std::move(next_));
      ++under_way_;
    }
    for (Worker& waiter : waiters_) waiter.kick();
    return true;
  }

  // --- any of the threads
  bool finish(Request& request, uint8_t status) {
    if (!memory_.write(request.status_at.address, &status, 1)) return false;
    request.chain.add_written(1);
    transport_->finish(0, request.chain);
    return true;
  }

  // --- the others
  void serve_waiting() {
    std::unique_lock lock(mutex_);
    while (!waiting_.empty()) {
      const std::unique_ptr<Request> request = std::move(waiting_.front());
      waiting_.pop_front();
      lock.unlock();
      if (!finish(*request, perform_waiting(*request))) transport_->needs_reset();
      lock.lock();
      if (--under_way_ == 0) all_done_.notify_all();
    }
  }

  // Nothing: the host must wait for it.
  std::optional<uint8_t> perform_now(Request& request) {
    Chain& chain = request.chain;
    switch (request.header.type) {
      case kIn:
        return read(request);
      case kOut:
        return write(request);
      case kFlushRequest:
      case kDiscardRequest:
      case kWriteZeroesRequest:
        return std::nullopt;
      case kGetId: {
        char id[kIdSize] = {};
        std::memcpy(id, serial_.data(), std::min(serial_.size(), kIdSize));
        return chain.write(id, std::min<uint64_t>(chain.writable(), kIdSize)) ? kOk : kIoErr;
      }
      default:
        return kUnsupported;
    }
  }

  uint8_t perform_waiting(Request& request) {
    switch (request.header.type) {
      case kIn:
        return disk_->read(request.parts, request.offset) == 0 ? kOk : kIoErr;
      case kOut:  // is written, but not on the disk
      case kFlushRequest:
        return disk_ != nullptr && disk_->flush() == 0 ? kOk : kIoErr;
      default:
        return clear(request.chain, request.header.type == kWriteZeroesRequest);
    }
  }

  bool inside(uint64_t sector, uint64_t count) const { return sector <= sectors() && count <= sectors() - sector; }

  // Where the host has the data, as the request's parts.
  bool view(Request& request, uint64_t size, bool write) {
    const uint64_t sector = request.header.sector;
    if (size % kSector != 0 || !inside(sector, size / kSector)) return false;
    request.views.clear();
    if (!(write ? request.chain.view_readable(size, &request.views)
                : request.chain.view_writable(size, &request.views))) {
      return false;
    }
    request.parts = request.views;
    request.offset = sector * kSector;
    return true;
  }

  std::optional<uint8_t> read(Request& request) {
    if (!view(request, request.chain.writable(), false)) return kIoErr;
    if (request.parts.empty()) return kOk;
    const int error = disk_->read_at_hand(&request.parts, &request.offset);
    if (error == -EAGAIN) return std::nullopt;
    return error == 0 ? kOk : kIoErr;
  }

  // The host writes to its memory first, which takes no time to speak of.
  std::optional<uint8_t> write(Request& request) {
    if (read_only() || !view(request, request.chain.readable(), true)) return kIoErr;
    if (request.parts.empty()) return kOk;
    if (disk_->write(request.parts, request.offset) != 0) return kIoErr;
    return write_through() ? std::optional<uint8_t>() : kOk;
  }

  // Where the driver has chosen it or cannot flush.
  bool write_through() const { return !writeback_ || !may_flush_; }

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
    return !write_through() || disk_->flush() == 0 ? kOk : kIoErr;
  }

  softmmu::PhysicalMemory& memory_;
  host::DiskFile* const disk_;
  const std::string serial_;
  const bool begins_write_through_;
  Transport* transport_ = nullptr;
  std::atomic<bool> writeback_{true};
  bool may_flush_ = true;
  std::unique_ptr<Request> next_;  // the worker's

  std::mutex mutex_;  // of what follows
  std::condition_variable all_done_;
  std::deque<std::unique_ptr<Request>> waiting_;
  unsigned under_way_ = 0;  // of those that waited

  std::deque<Worker> waiters_;
  Worker worker_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) {
  return std::make_unique<MmioTransport>(setup, kVirtioBlk, kDeviceId,
                                         std::make_unique<Blk>(setup.memory, setup.attached()));
}

}  // namespace

const DeviceKind kVirtioBlk = in_slot("virtio-blk", "disk", "virtio 1.2, 5.2", make);

}  // namespace menura::boards
