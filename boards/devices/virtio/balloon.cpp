// Memory balloon: pages that the guest does not need go back to the host.
// After: virtio 1.2, 5.5.
// Not modelled: statistics, hints about free pages (reports of them are), poison values.
#include <sys/mman.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstring>

#include "boards/devices/devices.h"
#include "boards/devices/virtio/mmio.h"
#include "boards/devices/virtio/worker.h"

namespace menura::boards {
namespace {

using namespace virtio;

constexpr uint32_t kDeviceId = 5;
// Without statistics and hints their queues are not there: Linux numbers those that are without gaps, the specification
// (5.5.2) says reporting_vq is the fifth. Both are the same here.
constexpr unsigned kInflate = 0, kDeflate = 1;
constexpr uint16_t kQueueSizes[] = {128, 128, 32, 32, 32};
constexpr uint64_t kDeflateOnOom = feature(2), kReporting = feature(5);
constexpr std::size_t kNumPages = 0, kActual = 4, kConfigSize = 8;  // 5.5.4

constexpr uint64_t kPage = 4096;  // 5.5: whatever the guest's own are

class Balloon final : public Function, private BalloonControl {
 public:
  explicit Balloon(softmmu::PhysicalMemory& memory)
      : memory_(memory), worker_("virtio-balloon", [this] {
          for (unsigned queue = 0; queue < std::size(kQueueSizes); ++queue) {
            serve_queue(worker_, *transport_.load(), queue, &chain_, [&](Chain& chain) { return serve(queue, chain); });
          }
        }) {}

  std::span<const uint16_t> queue_sizes() const override { return kQueueSizes; }
  uint64_t features() const override { return kDeflateOnOom | kReporting; }
  void read_config(std::vector<uint8_t>* config) override {
    config->assign(kConfigSize, 0);
    const uint32_t asked = asked_, actual = actual_;
    std::memcpy(config->data() + kNumPages, &asked, sizeof asked);
    std::memcpy(config->data() + kActual, &actual, sizeof actual);
  }
  void write_config(uint32_t offset, uint64_t value, unsigned size) override {
    if (offset == kActual && size == 4) actual_ = static_cast<uint32_t>(value);
  }
  void start(Transport& transport, uint64_t) override {
    transport_ = &transport;
    worker_.start();
  }
  void notify(unsigned) override { worker_.kick(); }
  void stop() override { worker_.stop(); }
  // What the user has asked for holds for the next driver, too.
  void reset() override { actual_ = 0; }
  BalloonControl* balloon() override { return this; }
  void state(StateVisitor& visitor) override {
    visitor("num_pages", asked_);
    visitor("actual", actual_);
  }

 private:
  // --- BalloonControl
  void ask_for(uint64_t bytes) override {
    asked_ = static_cast<uint32_t>(std::min<uint64_t>(bytes / kPage, ~uint32_t{0}));
    if (Transport* const transport = transport_) transport->config_changed();
  }
  uint64_t given() const override { return actual_ * kPage; }

  bool serve(unsigned queue, Chain& chain) {
    if (queue == kDeflate) return true;  // the host gives pages when they are touched
    if (queue != kInflate) return report(chain);
    std::array<uint32_t, 256> frames;
    while (chain.readable() >= sizeof(uint32_t)) {
      const std::size_t size = std::min<uint64_t>(chain.readable(), sizeof frames) & ~std::size_t{3};
      if (!chain.read(frames.data(), size)) return false;
      for (std::size_t i = 0; i < size / sizeof(uint32_t); ++i) give_back(frames[i] * kPage, kPage);
    }
    return true;
  }

  // 5.5.6.7: the buffers themselves are the pages that are free.
  bool report(Chain& chain) {
    views_.clear();
    if (!chain.view_writable(chain.writable(), &views_)) return false;
    for (const iovec& view : views_) release(static_cast<std::byte*>(view.iov_base), view.iov_len);
    return true;
  }

  void give_back(uint64_t address, uint64_t size) {
    const std::span<std::byte> view = memory_.view(address, size, ir::Access::Write);
    release(view.data(), view.size());
    memory_.view(address, size, ir::Access::Write);
  }

  // Whole pages of the host only; they read as zeroes afterwards.
  static void release(std::byte* begin, std::size_t size) {
    const auto first = (reinterpret_cast<uintptr_t>(begin) + kPage - 1) & ~(kPage - 1);
    const auto end = (reinterpret_cast<uintptr_t>(begin) + size) & ~(kPage - 1);
    if (first < end) ::madvise(reinterpret_cast<void*>(first), end - first, MADV_DONTNEED);
  }

  softmmu::PhysicalMemory& memory_;
  std::atomic<Transport*> transport_{nullptr};
  std::atomic<uint32_t> asked_{0};   // num_pages
  std::atomic<uint32_t> actual_{0};  // as the guest says
  Chain chain_;
  std::vector<iovec> views_;
  Worker worker_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) {
  return std::make_unique<MmioTransport>(setup, kVirtioBalloon, kDeviceId, std::make_unique<Balloon>(setup.memory));
}

}  // namespace

const DeviceKind kVirtioBalloon =
    in_slot("virtio-balloon", "gives memory that the guest does not use back to the host", "virtio 1.2, 5.5", make);

}  // namespace menura::boards
