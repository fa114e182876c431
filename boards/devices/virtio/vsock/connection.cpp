#include "boards/devices/virtio/vsock/connection.h"

#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <climits>
#include <string>

namespace menura::boards::virtio::vsock {

namespace {

// A message goes as a whole: there must be room for the largest.
void make_room(int fd, uint16_t type) {
  const int room = Connection::kRoom;
  if (type == kSeqpacket) ::setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof room);
}

}  // namespace

Connection::Connection(host::Descriptor program, uint16_t type)
    : program_(std::move(program)), type_(type), say_(kSayRequest) {
  make_room(fd(), type_);
}

Connection::Connection(host::Descriptor program, const Header& request)
    : program_(std::move(program)),
      type_(request.type),
      open_(true),
      say_(kSayResponse),
      guest_buf_alloc_(request.buf_alloc),
      guest_fwd_cnt_(request.fwd_cnt) {
  make_room(fd(), type_);
}

// --- packets from the guest

bool Connection::take(const Header& header, Chain& payload, uint32_t host_port) {
  guest_buf_alloc_ = header.buf_alloc;
  guest_fwd_cnt_ = header.fwd_cnt;
  asked_credit_ = false;
  switch (header.op) {
    case Op::Response: {
      if (open_ || (say_ & kSayRequest) != 0) return false;
      open_ = true;
      const std::string ok = "OK " + std::to_string(host_port) + "\n";
      return ::send(fd(), ok.data(), ok.size(), MSG_DONTWAIT | MSG_NOSIGNAL) == static_cast<ssize_t>(ok.size());
    }
    case Op::Rw:
      if (!open_ || !guest_sends_) return false;
      return type_ == kSeqpacket ? take_message(header, payload) : take_payload(header.len, payload);
    case Op::CreditUpdate:
      return true;
    case Op::CreditRequest:
      say_ |= kSayCredit;
      return true;
    case Op::Shutdown:
      return open_ && take_shutdown(header.flags);
    case Op::Rst:      // by the caller
    case Op::Request:  // it exists already
    case Op::Invalid:
      return false;
  }
  return false;
}

// What the program does not take at once waits, but not more than the guest was told that there is room for.
bool Connection::take_payload(uint32_t size, Chain& payload) {
  if (size > payload.readable() || size > kRoom - (waiting_.size() - waiting_at_)) return false;
  if (!program_receives_) {
    forwarded(size);
    return true;
  }
  if (!has_left_over()) {
    views_.clear();
    if (!payload.view_readable(size, &views_)) return false;
    msghdr message = {};
    message.msg_iov = views_.data();
    message.msg_iovlen = std::min<std::size_t>(views_.size(), IOV_MAX);
    const ssize_t done = ::sendmsg(fd(), &message, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done < 0 && errno != EAGAIN && errno != EINTR) {
      program_is_gone();
      forwarded(size);
      return true;
    }
    std::size_t skip = done < 0 ? 0 : static_cast<std::size_t>(done);
    forwarded(static_cast<uint32_t>(skip));
    for (const iovec& view : views_) {
      const std::size_t now = std::min(skip, view.iov_len);
      const auto* const bytes = static_cast<const uint8_t*>(view.iov_base);
      waiting_.insert(waiting_.end(), bytes + now, bytes + view.iov_len);
      skip -= now;
    }
    return true;
  }
  return keep(size, payload);
}

// Goes to the program when all of it is there. Empty ones do not: to a Unix socket's program they would be the end.
bool Connection::take_message(const Header& header, Chain& payload) {
  if (header.len > payload.readable() || header.len > kRoom - (waiting_.size() - waiting_at_)) return false;
  if (!program_receives_) {
    forwarded(header.len);
    return true;
  }
  if (!keep(header.len, payload)) return false;
  unfinished_ += header.len;
  if ((header.flags & kEndOfMessage) == 0 || unfinished_ == 0) {
    forwarded(0);
    return true;
  }
  messages_.push_back(unfinished_);
  unfinished_ = 0;
  if (messages_.size() == 1) flush();
  return true;
}

bool Connection::keep(uint32_t size, Chain& payload) {
  if (waiting_at_ >= kRoom) {
    waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(waiting_at_));
    waiting_at_ = 0;
  }
  const std::size_t before = waiting_.size();
  waiting_.resize(before + size);
  return payload.read(waiting_.data() + before, size);
}

bool Connection::take_shutdown(uint32_t flags) {
  if ((flags & kReceivesNoMore) != 0 && guest_receives_) {
    guest_receives_ = false;
    ::shutdown(fd(), SHUT_RD);
  }
  if ((flags & kSendsNoMore) != 0 && guest_sends_) {
    guest_sends_ = false;
    if (!has_left_over()) ::shutdown(fd(), SHUT_WR);
  }
  return !is_over();
}

// --- packets to the guest

Op Connection::next_control(Header* header) {
  const auto take = [this](uint8_t what) {
    const bool wanted = (say_ & what) != 0;
    say_ &= static_cast<uint8_t>(~what);
    return wanted;
  };
  if (take(kSayRequest)) return Op::Request;
  if (take(kSayResponse)) return Op::Response;
  if (take(kSayCredit)) return Op::CreditUpdate;
  if (take(kAskCredit)) return Op::CreditRequest;
  if (take(kSayShutdown)) {
    header->flags = (program_receives_ ? 0 : kReceivesNoMore) | (program_sends_ ? 0 : kSendsNoMore);
    return Op::Shutdown;
  }
  return Op::Invalid;
}

// A guest that says that it has got more than it was sent gets nothing.
uint32_t Connection::room_of_guest() const {
  const uint32_t used = sent_ - guest_fwd_cnt_;
  return used < guest_buf_alloc_ ? guest_buf_alloc_ - used : 0;
}

uint32_t Connection::read(std::span<uint8_t> bytes) {
  if (type_ == kSeqpacket) return read_message(bytes);
  const ssize_t got = ::recv(fd(), bytes.data(), bytes.size(), MSG_DONTWAIT);
  if (got <= 0) {
    read_nothing(got);
    return 0;
  }
  if (static_cast<std::size_t>(got) < bytes.size()) readable_ = false;
  sent(static_cast<uint32_t>(got));
  return static_cast<uint32_t>(got);
}

// A piece of the message that was read last, or of the next. One that the guest can never have room for ends the
// connection: its driver gives room only for whole messages.
uint32_t Connection::read_message(std::span<uint8_t> bytes) {
  if (!has_rest()) {
    ssize_t got = ::recv(fd(), nullptr, 0, MSG_DONTWAIT | MSG_PEEK | MSG_TRUNC);
    if (got > 0 && static_cast<uint64_t>(got) > guest_buf_alloc_) {
      program_is_gone();
      got = 0;
    }
    if (got > 0) {
      rest_.resize(static_cast<std::size_t>(got));
      rest_at_ = 0;
      got = ::recv(fd(), rest_.data(), rest_.size(), MSG_DONTWAIT);
    }
    if (got <= 0) {
      rest_.clear();
      rest_at_ = 0;
      read_nothing(got);
      return 0;
    }
  }
  const std::size_t size = std::min(bytes.size(), rest_.size() - rest_at_);
  std::copy_n(rest_.begin() + static_cast<std::ptrdiff_t>(rest_at_), size, bytes.begin());
  rest_at_ += size;
  sent(static_cast<uint32_t>(size));
  return static_cast<uint32_t>(size);
}

void Connection::read_nothing(ssize_t got) {
  readable_ = false;
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  program_sends_ = false;
  say_ |= kSayShutdown;
}

void Connection::sent(uint32_t bytes) {
  sent_ += bytes;
  if (room_of_guest() == 0 && !asked_credit_) {
    asked_credit_ = true;
    say_ |= kAskCredit;
  }
}

void Connection::fill(Header* header) {
  header->buf_alloc = kRoom;
  header->fwd_cnt = told_fwd_cnt_ = fwd_cnt_;
}

// --- the program's socket

int Connection::wanted_events() const {
  const bool in = reads() && !readable_ && !has_rest() && room_of_guest() != 0;
  if (!in && !program_receives_) return -1;
  // Also without either: that the program has gone is always told.
  return (in ? POLLIN : 0) | (has_left_over() ? POLLOUT : 0);
}

bool Connection::polled(int events) {
  if ((events & (POLLIN | POLLHUP | POLLERR)) != 0) readable_ = true;
  if ((events & (POLLHUP | POLLERR)) != 0) {
    // It waits for an answer no more.
    if (!open_) return false;
    program_is_gone();
  }
  if ((events & POLLOUT) != 0) flush();
  return !is_over();
}

void Connection::flush() {
  while (has_left_over()) {
    const std::size_t size = messages_.empty() ? waiting_.size() - waiting_at_ : messages_.front();
    const ssize_t done = ::send(fd(), waiting_.data() + waiting_at_, size, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (done < 0) {
      if (errno != EAGAIN && errno != EINTR) program_is_gone();
      return;
    }
    waiting_at_ += static_cast<std::size_t>(done);
    forwarded(static_cast<uint32_t>(done));
    if (!messages_.empty()) messages_.pop_front();
  }
  // There may be a part of a message.
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(waiting_at_));
  waiting_at_ = 0;
  if (!guest_sends_) ::shutdown(fd(), SHUT_WR);
}

// The guest may be waiting for room: for the rest of a message, for any.
void Connection::forwarded(uint32_t bytes) {
  fwd_cnt_ += bytes;
  const uint32_t not_told = fwd_cnt_ - told_fwd_cnt_;
  if (not_told >= kRoom / 4 || (unfinished_ != 0 && not_told != 0)) say_ |= kSayCredit;
}

// It takes nothing any more; what it has sent may still be there.
void Connection::program_is_gone() {
  if (!program_receives_) return;
  program_receives_ = false;
  say_ |= kSayShutdown;
  forwarded(static_cast<uint32_t>(waiting_.size() - waiting_at_));
  waiting_.clear();
  waiting_at_ = 0;
  messages_.clear();
  unfinished_ = 0;
}

bool Connection::leave() {
  guest_sends_ = guest_receives_ = false;
  flush();
  return !has_left_over();
}

}  // namespace menura::boards::virtio::vsock
