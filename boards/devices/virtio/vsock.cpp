// Socket device: streams between programs of the guest and programs of the host.
// After: virtio 1.2, 5.10.
// Not modelled: empty messages of seqpacket sockets, events (nothing resets the transport). Saving a machine does not
// keep connections.
#include <poll.h>
#include <pthread.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <thread>

#include "boards/devices/devices.h"
#include "boards/devices/virtio/mmio.h"
#include "boards/devices/virtio/vsock/streams.h"
#include "host/wake_event.h"

namespace menura::boards {
namespace {

using namespace virtio;
using vsock::Connection;
using vsock::Header;

constexpr uint32_t kDeviceId = 19;
constexpr unsigned kReceive = 0, kTransmit = 1;
constexpr uint16_t kQueueSizes[] = {256, 256, 16};  // rx, tx, event
constexpr uint64_t kStream = feature(0);            // VIRTIO_VSOCK_F_STREAM
constexpr uint64_t kSeqpacket = feature(1);         // VIRTIO_VSOCK_F_SEQPACKET

class Vsock final : public Function {
 public:
  Vsock(host::UnixPorts* ports, uint32_t cid) : cid_(cid), streams_(ports, cid), thread_([this] { run(); }) {}
  ~Vsock() override {
    {
      const std::lock_guard lock(mutex_);
      end_ = true;
    }
    wake_.set();
    thread_.join();
  }

  std::span<const uint16_t> queue_sizes() const override { return kQueueSizes; }
  uint64_t features() const override { return kStream | kSeqpacket; }
  void read_config(std::vector<uint8_t>* config) override {
    const uint64_t guest_cid = cid_;
    config->resize(sizeof guest_cid);
    std::memcpy(config->data(), &guest_cid, sizeof guest_cid);
  }

  void start(Transport& transport, uint64_t features) override {
    {
      const std::lock_guard lock(mutex_);
      transport_ = &transport;
      streams_.set_seqpacket((features & kSeqpacket) != 0);
      started_ = true;
    }
    wake_.set();
  }
  void notify(unsigned) override { wake_.set(); }
  void stop() override {
    const std::lock_guard lock(mutex_);
    started_ = false;
  }
  void reset() override {
    {
      const std::lock_guard lock(mutex_);
      streams_.clear();
    }
    wake_.set();  // what is polled is not closed before
  }

 private:
  // Packets of one turn in each direction: neither waits for the end of the other.
  static constexpr unsigned kTurn = 256;

  void run() {
    pthread_setname_np(pthread_self(), "virtio-vsock");
    std::vector<pollfd> polled;
    for (;;) {
      polled.assign(1, {wake_.fd(), POLLIN, 0});
      {
        const std::lock_guard lock(mutex_);
        if (end_) return;
        if (started_) streams_.add_polled(&polled);
      }
      if (::poll(polled.data(), polled.size(), -1) < 0) continue;
      if (polled[0].revents != 0) wake_.clear();
      const std::lock_guard lock(mutex_);
      if (!started_) continue;
      streams_.take_polled(std::span(polled).subspan(1));
      if (from_guest() && to_guest()) continue;
      started_ = false;
      transport_->needs_reset();
    }
  }

  // --- the mutex is held. False: the driver has broken a rule.
  bool from_guest() {
    Queue& queue = transport_->queue(kTransmit);
    for (unsigned turn = 0; turn < kTurn; ++turn) {
      // Until the guest has taken some.
      if (!streams_.takes_packets()) return true;
      const Pop got = queue.pop(&sent_);
      if (got == Pop::None) {
        if (queue.want_notifications()) continue;
        return true;
      }
      Header header;
      if (got == Pop::Bad || !sent_.read(&header, sizeof header)) return false;
      streams_.take(header, sent_);
      transport_->finish(kTransmit, sent_);
    }
    wake_.set();
    return true;
  }

  bool to_guest() {
    const bool full = !streams_.takes_packets();
    for (unsigned turn = 0; turn < kTurn; ++turn) {
      uint32_t size = 0;
      Connection* const readable = streams_.has_control() ? nullptr : streams_.next_readable(&size);
      if (readable == nullptr && !streams_.has_control()) break;
      std::size_t room = 0;
      std::size_t count = 0;
      if (!make_room(readable == nullptr ? 0 : std::min<std::size_t>(size, buffer_.size()), &room, &count))
        return false;
      if (count == 0) break;  // there is none: the driver notifies when it has made some
      std::size_t used = 0;
      if (!(readable == nullptr ? say(&used) : pass(*readable, std::min<std::size_t>(size, room), &used))) return false;
      while (count > used) transport_->queue(kReceive).unpop(received_[--count]);
      transport_->finish(kReceive, std::span(received_).first(used));
      if (turn + 1 == kTurn) wake_.set();
    }
    // What had to wait for room for its reply.
    if (full && streams_.takes_packets()) wake_.set();
    return true;
  }

  // Chains with room for `wanted` bytes behind a header each, at least one; fewer if there are no more.
  bool make_room(std::size_t wanted, std::size_t* room, std::size_t* count) {
    Queue& queue = transport_->queue(kReceive);
    while (*count == 0 || *room < wanted) {
      if (*count == received_.size()) received_.emplace_back();
      const Pop got = queue.pop(&received_[*count]);
      if (got == Pop::None && queue.want_notifications()) continue;
      if (got == Pop::None) return true;
      const uint64_t size = received_[*count].writable();
      if (got == Pop::Bad || size <= sizeof(Header)) return false;
      ++*count;
      *room += size - sizeof(Header);
    }
    return true;
  }

  // Into the first chain.
  bool say(std::size_t* used) {
    Header header;
    *used = 1;
    return streams_.next_control(&header) && received_[0].write(&header, sizeof header);
  }

  // `most` bytes, for which there is room, into as many chains as it takes.
  bool pass(Connection& connection, std::size_t most, std::size_t* used) {
    const std::span<uint8_t> buffer = std::span(buffer_).first(std::min(most, buffer_.size()));
    std::span<const uint8_t> bytes = buffer.first(connection.read(buffer));
    for (; !bytes.empty(); ++*used) {
      Chain& chain = received_[*used];
      Header header = streams_.data_header(connection);
      header.len = static_cast<uint32_t>(std::min<std::size_t>(bytes.size(), chain.writable() - sizeof header));
      if (bytes.size() == header.len && connection.ends_message()) header.flags = vsock::kEndOfMessage;
      if (!chain.write(&header, sizeof header) || !chain.write(bytes.data(), header.len)) return false;
      bytes = bytes.subspan(header.len);
    }
    return true;
  }

  const uint32_t cid_;
  host::WakeEvent wake_;
  std::mutex mutex_;  // of what follows
  vsock::Streams streams_;
  Transport* transport_ = nullptr;
  bool started_ = false, end_ = false;
  Chain sent_;
  std::vector<Chain> received_;
  std::array<uint8_t, 64 * 1024> buffer_;
  std::thread thread_;
};

std::unique_ptr<Device> make(const DeviceSetup& setup) {
  const Attachment& attachment = setup.attached();
  return std::make_unique<MmioTransport>(setup, kVirtioVsock, kDeviceId,
                                         std::make_unique<Vsock>(attachment.ports, attachment.cid));
}

}  // namespace

const DeviceKind kVirtioVsock =
    in_slot("virtio-vsock", "sockets between programs of the guest and of the host", "virtio 1.2, 5.10", make);

}  // namespace menura::boards
