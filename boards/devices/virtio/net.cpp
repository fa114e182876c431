// Network card.
// After: virtio 1.2, 5.1.
// Not modelled: the control queue, several queue pairs, segmentation offloads (a link has packets as large as it likes
// instead, VIRTIO_NET_F_MTU).
#include <algorithm>
#include <cstring>

#include "boards/devices/devices.h"
#include "boards/devices/virtio/mmio.h"

namespace menura::boards {
namespace {

using namespace virtio;

constexpr uint32_t kDeviceId = 1;
constexpr unsigned kReceive = 0, kTransmit = 1;
constexpr uint16_t kQueueSizes[] = {512, 256};  // receiveq1, transmitq1

// Feature bits (5.1.3)
constexpr uint64_t kCsum = feature(0), kGuestCsum = feature(1), kMtu = feature(3), kMac = feature(5),
                   kMergeRxBuf = feature(15), kStatus = feature(16);

// struct virtio_net_config (5.1.4), as far as it is offered
enum : std::size_t { kMacOffset = 0, kStatusOffset = 6, kMtuOffset = 10, kConfigSize = 12 };
constexpr uint8_t kLinkUp = 1;

// struct virtio_net_hdr (5.1.6)
struct Header {
  uint8_t flags = 0;
  uint8_t gso_type = 0;
  uint16_t hdr_len = 0;
  uint16_t gso_size = 0;
  uint16_t csum_start = 0;
  uint16_t csum_offset = 0;
  uint16_t num_buffers = 0;
};
static_assert(sizeof(Header) == 12);
constexpr uint8_t kNeedsCsum = 1, kDataValid = 2;

constexpr std::size_t kMostFrame = 65536 + 64;

// The Internet checksum (RFC 1071) of `bytes`.
uint16_t checksum(std::span<const uint8_t> bytes) {
  uint64_t sum = 0;
  std::size_t i = 0;
  for (; i + 4 <= bytes.size(); i += 4) {
    uint32_t word = 0;
    std::memcpy(&word, bytes.data() + i, sizeof word);
    sum += word;
  }
  uint32_t rest = 0;
  std::memcpy(&rest, bytes.data() + i, bytes.size() - i);
  sum += rest;
  while (sum >> 16 != 0) sum = (sum & 0xffff) + (sum >> 16);
  return static_cast<uint16_t>(~sum);
}

class Net final : public Function, private host::NetLink::Card {
 public:
  Net(host::NetLink* link, const std::array<uint8_t, 6>& mac) : link_(link), mac_(mac), frame_(kMostFrame) {}

  std::span<const uint16_t> queue_sizes() const override { return kQueueSizes; }
  uint64_t features() const override { return kCsum | kGuestCsum | kMtu | kMac | kMergeRxBuf | kStatus; }
  void read_config(std::vector<uint8_t>* config) override {
    config->assign(kConfigSize, 0);
    std::copy(mac_.begin(), mac_.end(), config->begin() + kMacOffset);
    (*config)[kStatusOffset] = link_ == nullptr ? 0 : kLinkUp;
    const auto mtu = static_cast<uint16_t>(link_ == nullptr ? 1500 : link_->mtu());
    std::memcpy(config->data() + kMtuOffset, &mtu, sizeof mtu);
  }

  void start(Transport& transport, uint64_t features) override {
    transport_ = &transport;
    merge_ = (features & kMergeRxBuf) != 0;
    guest_csum_ = (features & kGuestCsum) != 0;
    csum_ = (features & kCsum) != 0;
    if (link_ != nullptr) link_->attach(this);
  }
  // Both a frame to send and room to receive are the link's thread's.
  void notify(unsigned) override {
    if (link_ != nullptr) link_->wake();
  }
  void stop() override {
    if (link_ != nullptr) link_->attach(nullptr);
  }

 private:
  // --- on the link's thread
  void transmit() override {
    Queue& queue = transport_->queue(kTransmit);
    // What keeps coming does not keep the link from receiving: it looks in again.
    for (unsigned budget = kQueueSizes[kTransmit]; budget != 0; --budget) {
      const Pop got = queue.pop(&sent_);
      if (got == Pop::None) {
        if (queue.want_notifications()) continue;
        return;
      }
      if (got == Pop::Bad || !send(sent_)) return transport_->needs_reset();
      transport_->finish(kTransmit, sent_);
    }
    link_->wake();
  }

  // Frames that are no such thing are dropped; false: it is not even a header.
  bool send(Chain& chain) {
    Header header;
    if (!chain.read(&header, sizeof header)) return false;
    const std::size_t size = chain.readable();
    if (size > frame_.size()) return true;
    if (!chain.read(frame_.data(), size)) return false;
    const std::span<uint8_t> frame = std::span(frame_).first(size);
    if ((header.flags & kNeedsCsum) != 0 && (!csum_ || !complete_checksum(frame, header))) return true;
    if (header.gso_type == 0) link_->send(frame);
    return true;
  }

  // 5.1.6.2: the sum from csum_start on; the driver has put that of the pseudo header in its place.
  static bool complete_checksum(std::span<uint8_t> frame, const Header& header) {
    const std::size_t start = header.csum_start, place = start + header.csum_offset;
    if (start > frame.size() || place + 2 > frame.size()) return false;
    uint16_t sum = checksum(frame.subspan(start));
    if (sum == 0) sum = 0xffff;  // the same number; in UDP, 0 says that there is none
    std::memcpy(frame.data() + place, &sum, sizeof sum);
    return true;
  }

  // Into one chain, or as many as it takes (VIRTIO_NET_F_MRG_RXBUF, 5.1.6.4).
  bool receive(std::span<const uint8_t> frame) override {
    Queue& queue = transport_->queue(kReceive);
    const std::size_t all = sizeof(Header) + frame.size();
    std::size_t room = 0;
    std::size_t count = 0;
    while (room < all) {
      if (count == received_.size()) received_.emplace_back();
      const Pop got = queue.pop(&received_[count]);
      if (got == Pop::None && queue.want_notifications()) continue;
      if (got == Pop::Bad) {
        transport_->needs_reset();
        return true;
      }
      if (got == Pop::None) {
        while (count != 0) queue.unpop(received_[--count]);
        return false;
      }
      room += received_[count++].writable();
      if (room < all && !merge_) {  // dropped: it never fits
        queue.unpop(received_[0]);
        return true;
      }
    }
    Header header;
    if (guest_csum_) header.flags = kDataValid;
    header.num_buffers = static_cast<uint16_t>(count);
    if (!fill(header, frame, count)) transport_->needs_reset();
    transport_->finish(kReceive, std::span(received_).first(count));
    return true;
  }

  bool fill(const Header& header, std::span<const uint8_t> frame, std::size_t count) {
    if (received_[0].writable() < sizeof header || !received_[0].write(&header, sizeof header)) return false;
    for (std::size_t i = 0; i < count; ++i) {
      const std::size_t now = std::min<std::size_t>(received_[i].writable(), frame.size());
      if (!received_[i].write(frame.data(), now)) return false;
      frame = frame.subspan(now);
    }
    return true;
  }

  host::NetLink* const link_;
  const std::array<uint8_t, 6> mac_;
  Transport* transport_ = nullptr;
  bool merge_ = false, guest_csum_ = false, csum_ = false;
  Chain sent_;
  std::vector<Chain> received_;
  std::vector<uint8_t> frame_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) {
  const Attachment& attachment = setup.attached();
  return std::make_unique<MmioTransport>(setup, kVirtioNet, kDeviceId,
                                         std::make_unique<Net>(attachment.link, attachment.mac));
}

}  // namespace

const DeviceKind kVirtioNet = in_slot("virtio-net", "network card", "virtio 1.2, 5.1", make);

}  // namespace menura::boards
