// A folder of the host, by the 9P transport of Linux' v9fs.
// After: Linux' include/uapi/linux/virtio_9p.h (device ID 9 of virtio 1.2, 5; the specification says no more of it).
// Not modelled: nothing of the transport; of the protocol, see ninep/server.h. Saving a machine does not keep open
// files.
#include "boards/devices/devices.h"
#include "boards/devices/virtio/mmio.h"
#include "boards/devices/virtio/ninep/server.h"
#include "boards/devices/virtio/worker.h"

namespace menura::boards {
namespace {

using namespace virtio;

constexpr uint32_t kDeviceId = 9;
constexpr uint16_t kQueueSizes[] = {128};
constexpr uint64_t kMountTag = feature(0);

class P9 final : public Function {
 public:
  P9(host::SharedFolder* folder, std::string tag)
      : tag_(std::move(tag)), server_(folder), worker_("virtio-9p", [this] {
          serve_queue(worker_, *transport_, 0, &chain_, [this](Chain& chain) { return serve(chain); });
        }) {}

  std::span<const uint16_t> queue_sizes() const override { return kQueueSizes; }
  uint64_t features() const override { return kMountTag; }
  // tag_len, tag
  void read_config(std::vector<uint8_t>* config) override {
    const auto size = static_cast<uint16_t>(tag_.size());
    config->assign({static_cast<uint8_t>(size), static_cast<uint8_t>(size >> 8)});
    config->insert(config->end(), tag_.begin(), tag_.end());
  }
  void start(Transport& transport, uint64_t) override {
    transport_ = &transport;
    worker_.start();
  }
  void notify(unsigned) override { worker_.kick(); }
  void stop() override { worker_.stop(); }
  void reset() override { server_.reset(); }

 private:
  bool serve(Chain& chain) {
    if (chain.readable() > ninep::Server::kMostMessage) return false;
    request_.resize(chain.readable());
    if (!chain.read(request_.data(), request_.size())) return false;
    return server_.handle(request_, chain.writable(), &reply_) && chain.write(reply_.data(), reply_.size());
  }

  const std::string tag_;
  ninep::Server server_;  // the worker's; also that of who has stopped it
  Transport* transport_ = nullptr;
  Chain chain_;
  std::vector<uint8_t> request_, reply_;
  Worker worker_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) {
  const Attachment& attachment = setup.attached();
  return std::make_unique<MmioTransport>(setup, kVirtio9p, kDeviceId,
                                         std::make_unique<P9>(attachment.folder, attachment.name));
}

}  // namespace

const DeviceKind kVirtio9p = in_slot("virtio-9p", "a folder of the host, shared", "9P2000.L over virtio 1.2", make);

}  // namespace menura::boards
