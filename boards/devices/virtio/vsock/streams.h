// Streams: all connections of a guest, and programs of the host that are about to have one.
#pragma once

#include <poll.h>

#include <deque>
#include <list>
#include <map>
#include <span>
#include <vector>

#include "boards/devices/virtio/vsock/connection.h"
#include "host/unix_ports.h"

namespace menura::boards::virtio::vsock {

// For one thread at a time.
class Streams {
 public:
  // Connections at once: each may need a file descriptor, and Connection::kRoom of memory.
  static constexpr std::size_t kMost = 512;

  // `ports`: nullptr, nobody is there.
  Streams(host::UnixPorts* ports, uint32_t guest_cid) : ports_(ports), guest_cid_(guest_cid) {}

  // Whether the driver knows connections of whole messages.
  void set_seqpacket(bool known) { seqpacket_ = known; }

  // --- from the guest
  // As long as there is room for replies (5.10.6.1.2).
  bool takes_packets() const { return resets_.size() < kMostReplies; }
  void take(const Header& header, Chain& payload);

  // --- to the guest
  // The next packet without a payload. False: there is none.
  bool next_control(Header* header);
  bool has_control() const;
  // The next stream, in turn, from which something may be read; *size: how much the guest has room for. nullptr: none.
  Connection* next_readable(uint32_t* size);
  // For what was read from it; without its length.
  Header data_header(Connection& connection);

  // --- the host
  // What poll(2) is to be told, appended to *polled; and what it said of those.
  void add_polled(std::vector<pollfd>* polled);
  void take_polled(std::span<const pollfd> polled);

  // All are closed.
  void clear();

 private:
  static constexpr std::size_t kMostReplies = 1024;

  struct Key {
    uint32_t host_port, guest_port;
    auto operator<=>(const Key&) const = default;
  };
  using Map = std::map<Key, Connection>;
  struct Asker {
    host::Descriptor program;
    uint16_t type;
    host::PortRequest request;
  };

  Header header_for(const Key& key, uint16_t type, Op op) const;
  void reply_reset(const Header& to);
  void connect(const Key& key, const Header& request);
  Map::iterator erase(Map::iterator at);
  void accept(uint16_t type);
  // False: it is no asker any more.
  bool ask(Asker* asker);
  std::size_t count() const { return map_.size() + askers_.size() + leaving_.size(); }

  host::UnixPorts* const ports_;
  const uint32_t guest_cid_;
  Map map_;
  std::list<Asker> askers_;        // have not said yet what they want
  std::list<Connection> leaving_;  // only the program has something left to take
  std::deque<Header> resets_;
  uint32_t next_port_ = kFirstPort;
  Key last_readable_ = {};
  bool seqpacket_ = false;
  bool no_room_ = false;  // accept() failed: again when something is closed

  // What add_polled() has added, in order.
  bool polled_ports_ = false;
  std::vector<Key> polled_;

  static constexpr uint32_t kFirstPort = 1U << 30;  // of those that ask, as the guest sees them
};

}  // namespace menura::boards::virtio::vsock
