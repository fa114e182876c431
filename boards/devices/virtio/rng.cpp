// Entropy device.
// After: virtio 1.2, 5.4.
// Not modelled: nothing is left out.
#include <algorithm>
#include <array>

#include "boards/devices/devices.h"
#include "boards/devices/virtio/mmio.h"
#include "boards/devices/virtio/worker.h"

namespace menura::boards {
namespace {

using namespace virtio;

constexpr uint32_t kDeviceId = 4;
constexpr uint16_t kQueueSizes[] = {64};  // requestq

class Rng final : public Function {
 public:
  explicit Rng(vcpu::Door& door)
      : door_(door), worker_("virtio-rng", [this] {
          serve_queue(worker_, *transport_, 0, &chain_, [this](Chain& chain) { return fill(chain); });
        }) {}

  std::span<const uint16_t> queue_sizes() const override { return kQueueSizes; }
  void start(Transport& transport, uint64_t) override {
    transport_ = &transport;
    worker_.start();
  }
  void notify(unsigned) override { worker_.kick(); }
  void stop() override { worker_.stop(); }

 private:
  // One or more bytes, not necessarily all that there is room for (5.4.6.2).
  bool fill(Chain& chain) {
    std::array<std::byte, 4096> bytes;
    const std::size_t size = std::min<uint64_t>(chain.writable(), bytes.size());
    door_.entropy(std::span(bytes).first(size));
    return chain.write(bytes.data(), size);
  }

  vcpu::Door& door_;
  Transport* transport_ = nullptr;
  Chain chain_;
  Worker worker_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) {
  return std::make_unique<MmioTransport>(setup, kVirtioRng, kDeviceId, std::make_unique<Rng>(setup.door));
}

}  // namespace

const DeviceKind kVirtioRng = in_slot("virtio-rng", "random numbers of the host", "virtio 1.2, 5.4", make);

}  // namespace menura::boards
