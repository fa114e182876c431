// Console: one port.
// After: virtio 1.2, 5.3.
// Not modelled: several ports (VIRTIO_CONSOLE_F_MULTIPORT), the size of the console (VIRTIO_CONSOLE_F_SIZE).
#include <algorithm>
#include <array>

#include "boards/devices/devices.h"
#include "boards/devices/virtio/mmio.h"
#include "boards/devices/virtio/worker.h"

namespace menura::boards {
namespace {

using namespace virtio;

constexpr uint32_t kDeviceId = 3;
constexpr unsigned kReceive = 0, kTransmit = 1;
constexpr uint16_t kQueueSizes[] = {64, 64};  // receiveq, transmitq

constexpr uint64_t kEmergencyWrite = feature(2);  // VIRTIO_CONSOLE_F_EMERG_WRITE
constexpr uint32_t kEmergencyOffset = 8;          // emerg_wr, after cols, rows and max_nr_ports (5.3.4)
constexpr std::size_t kConfigSize = 12;

class Console final : public Function {
 public:
  explicit Console(host::CharStream* stream) : stream_(stream), worker_("virtio-console", [this] { send(); }) {}

  std::span<const uint16_t> queue_sizes() const override { return kQueueSizes; }
  uint64_t features() const override { return kEmergencyWrite; }
  void read_config(std::vector<uint8_t>* config) override { config->assign(kConfigSize, 0); }
  void write_config(uint32_t offset, uint64_t value, unsigned) override {
    if (offset != kEmergencyOffset || stream_ == nullptr) return;
    const auto character = static_cast<uint8_t>(value);
    stream_->write({&character, 1});
  }

  void start(Transport& transport, uint64_t) override {
    transport_ = &transport;
    worker_.start();
    if (stream_ == nullptr) return;
    stream_->set_receiver([this](std::span<const uint8_t> bytes) { return receive(bytes); });
    stream_->ready();
  }
  void notify(unsigned queue) override {
    if (queue == kTransmit) {
      worker_.kick();
    } else if (stream_ != nullptr) {
      stream_->ready();
    }
  }
  void stop() override {
    if (stream_ != nullptr) stream_->set_receiver({});
    worker_.stop();
  }

 private:
  void send() {
    serve_queue(worker_, *transport_, kTransmit, &sent_, [this](Chain& chain) {
      std::array<uint8_t, 4096> bytes;
      while (chain.readable() != 0) {
        const std::size_t size = std::min<uint64_t>(chain.readable(), bytes.size());
        if (!chain.read(bytes.data(), size)) return false;
        if (stream_ != nullptr) stream_->write(std::span(bytes).first(size));
      }
      return true;
    });
  }

  // On a thread of the stream: as much as the driver has made room for.
  std::size_t receive(std::span<const uint8_t> bytes) {
    std::size_t taken = 0;
    while (taken < bytes.size()) {
      Queue& queue = transport_->queue(kReceive);
      const Pop got = queue.pop(&received_);
      if (got == Pop::None && queue.want_notifications()) continue;
      if (got == Pop::None) break;
      const std::size_t size = std::min<uint64_t>(received_.writable(), bytes.size() - taken);
      if (got == Pop::Bad || size == 0 || !received_.write(bytes.data() + taken, size)) {
        transport_->needs_reset();
        break;
      }
      taken += size;
      transport_->finish(kReceive, received_);
    }
    return taken;
  }

  host::CharStream* const stream_;
  Transport* transport_ = nullptr;
  Chain sent_, received_;
  Worker worker_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) {
  return std::make_unique<MmioTransport>(setup, kVirtioConsole, kDeviceId,
                                         std::make_unique<Console>(setup.attached().stream));
}

}  // namespace

const DeviceKind kVirtioConsole = in_slot("virtio-console", "console", "virtio 1.2, 5.3", make);

}  // namespace menura::boards
