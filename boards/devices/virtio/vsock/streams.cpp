#include "boards/devices/virtio/vsock/streams.h"

#include <algorithm>
#include <cerrno>
#include <iterator>

namespace menura::boards::virtio::vsock {
namespace {

constexpr uint16_t kTypes[] = {kStream, kSeqpacket};

// As the host's sockets call it.
int socket_type(uint16_t type) { return type == kSeqpacket ? SOCK_SEQPACKET : SOCK_STREAM; }

}  // namespace

// --- from the guest

void Streams::take(const Header& header, Chain& payload) {
  // 5.10.6.4: the guest's own CID is the source; who pretends to be another one gets no answer.
  if (header.src_cid != guest_cid_) return;
  const Key key = {header.dst_port, header.src_port};
  if (header.dst_cid != kHostCid || !(header.type == kStream || (header.type == kSeqpacket && seqpacket_))) {
    return reply_reset(header);
  }
  const auto found = map_.find(key);
  if (found == map_.end()) {
    header.op == Op::Request ? connect(key, header) : reply_reset(header);
    return;
  }
  Connection& connection = found->second;
  if (header.type != connection.type()) return reply_reset(header);
  if (header.op == Op::Rst) {
    if (connection.is_open() && !connection.leave()) leaving_.push_back(std::move(connection));
    erase(found);
  } else if (!connection.take(header, payload, key.host_port)) {
    reply_reset(header);
    erase(found);
  }
}

void Streams::connect(const Key& key, const Header& request) {
  host::Descriptor program;
  if (ports_ != nullptr && count() < kMost) program = ports_->connect(key.host_port, socket_type(request.type));
  if (!program) return reply_reset(request);
  map_.emplace(key, Connection(std::move(program), request));
}

void Streams::reply_reset(const Header& to) {
  if (to.op == Op::Rst) return;
  resets_.push_back({.src_cid = to.dst_cid,
                     .dst_cid = to.src_cid,
                     .src_port = to.dst_port,
                     .dst_port = to.src_port,
                     .type = to.type,
                     .op = Op::Rst});
}

Streams::Map::iterator Streams::erase(Map::iterator at) {
  no_room_ = false;
  return map_.erase(at);
}

// --- to the guest

Header Streams::header_for(const Key& key, uint16_t type, Op op) const {
  return {.src_cid = kHostCid,
          .dst_cid = guest_cid_,
          .src_port = key.host_port,
          .dst_port = key.guest_port,
          .type = type,
          .op = op};
}

bool Streams::has_control() const {
  return !resets_.empty() ||
         std::any_of(map_.begin(), map_.end(), [](const auto& one) { return one.second.has_control(); });
}

// Resets first: the guest may have taken the ports of one for a new connection.
bool Streams::next_control(Header* header) {
  if (!resets_.empty()) {
    *header = resets_.front();
    resets_.pop_front();
    return true;
  }
  for (auto& [key, connection] : map_) {
    if (!connection.has_control()) continue;
    *header = header_for(key, connection.type(), Op::Invalid);
    header->op = connection.next_control(header);
    connection.fill(header);
    return true;
  }
  return false;
}

Connection* Streams::next_readable(uint32_t* size) {
  auto at = map_.upper_bound(last_readable_);
  for (std::size_t i = 0; i < map_.size(); ++i, ++at) {
    if (at == map_.end()) at = map_.begin();
    *size = at->second.to_read();
    if (*size == 0) continue;
    last_readable_ = at->first;
    return &at->second;
  }
  return nullptr;
}

// Of the connection that next_readable() has given last.
Header Streams::data_header(Connection& connection) {
  Header header = header_for(last_readable_, connection.type(), Op::Rw);
  connection.fill(&header);
  return header;
}

// --- the host

void Streams::add_polled(std::vector<pollfd>* polled) {
  polled_.clear();
  const auto add = [&](int fd, int events) { polled->push_back({fd, static_cast<short>(events), 0}); };
  polled_ports_ = ports_ != nullptr && !no_room_ && count() < kMost;
  for (const uint16_t type : kTypes) {
    if (polled_ports_) add(ports_->fd(socket_type(type)), POLLIN);
  }
  for (const Asker& asker : askers_) add(asker.program.get(), POLLIN);
  for (const Connection& connection : leaving_) add(connection.fd(), POLLOUT);
  for (const auto& [key, connection] : map_) {
    const int events = connection.wanted_events();
    if (events < 0) continue;
    add(connection.fd(), events);
    polled_.push_back(key);
  }
}

void Streams::take_polled(std::span<const pollfd> polled) {
  // Everything was closed meanwhile.
  if (polled.size() != (polled_ports_ ? std::size(kTypes) : 0) + askers_.size() + leaving_.size() + polled_.size())
    return;
  auto now = polled.begin();
  bool somebody[std::size(kTypes)] = {};
  for (bool& one : somebody) one = polled_ports_ && (now++)->revents != 0;
  for (auto at = askers_.begin(); at != askers_.end();) {
    const bool stays = (now++)->revents == 0 || ask(&*at);
    at = stays ? std::next(at) : askers_.erase(at);
  }
  for (auto at = leaving_.begin(); at != leaving_.end();) {
    const bool stays = (now++)->revents == 0 || !at->leave();
    if (!stays) no_room_ = false;
    at = stays ? std::next(at) : leaving_.erase(at);
  }
  for (const Key& key : polled_) {
    const short events = (now++)->revents;
    const auto found = events != 0 ? map_.find(key) : map_.end();
    if (found == map_.end() || found->second.polled(events)) continue;
    if (found->second.is_known()) resets_.push_back(header_for(key, found->second.type(), Op::Rst));
    erase(found);
  }
  for (std::size_t i = 0; i < std::size(kTypes); ++i) {
    if (somebody[i]) accept(kTypes[i]);
  }
}

void Streams::accept(uint16_t type) {
  while (count() < kMost) {
    host::Descriptor program = ports_->accept(socket_type(type));
    if (!program) {
      no_room_ = errno != EAGAIN && errno != EINTR && errno != ECONNABORTED;
      return;
    }
    // A driver that does not know them will not: they are gone at once.
    if (type == kStream || seqpacket_) askers_.push_back({std::move(program), type, {}});
  }
}

bool Streams::ask(Asker* asker) {
  const auto answer = asker->request.read(asker->program.get());
  if (answer == host::PortRequest::Answer::NotYet) return true;
  no_room_ = false;
  if (answer == host::PortRequest::Answer::Bad) return false;
  const auto taken = [this](uint32_t port) {
    const auto next = map_.lower_bound({port, 0});
    return next != map_.end() && next->first.host_port == port;
  };
  // There are fewer connections than ports.
  do {
    next_port_ = next_port_ == ~0U ? kFirstPort : next_port_ + 1;
  } while (taken(next_port_));
  map_.emplace(Key{next_port_, asker->request.port()}, Connection(std::move(asker->program), asker->type));
  return false;
}

void Streams::clear() {
  map_.clear();
  askers_.clear();
  leaving_.clear();
  resets_.clear();
  polled_.clear();
  polled_ports_ = no_room_ = false;
  next_port_ = kFirstPort;
}

}  // namespace menura::boards::virtio::vsock
