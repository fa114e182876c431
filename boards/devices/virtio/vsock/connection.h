// Connection: a stream, or one of whole messages, between the guest and a program of the host, from the moment that
// their ports are known.
#pragma once

#include <cstdint>
#include <deque>
#include <span>
#include <vector>

#include "boards/devices/virtio/chain.h"
#include "boards/devices/virtio/vsock/packet.h"
#include "host/descriptor.h"

namespace menura::boards::virtio::vsock {

class Connection {
 public:
  // What waits here for the program, at most: what the guest is told as buf_alloc.
  static constexpr uint32_t kRoom = 256 * 1024;

  // The program wants the guest, which is asked. `type`: kStream or kSeqpacket.
  Connection(host::Descriptor program, uint16_t type);
  // The guest wants the program, and gets a response.
  Connection(host::Descriptor program, const Header& request);

  uint16_t type() const { return type_; }

  // --- packets from the guest
  // False: it is over; the guest is to be told by a reset, unless this was one.
  [[nodiscard]] bool take(const Header& header, Chain& payload, uint32_t host_port);

  // --- packets to the guest
  // What is to be said beside data; Op::Invalid: nothing. `header`: flags are put there.
  Op next_control(Header* header);
  bool is_open() const { return open_; }
  // False: the guest has not been asked yet.
  bool is_known() const { return (say_ & kSayRequest) == 0; }
  bool has_control() const { return say_ != 0; }
  // How much the guest has room for, where there may be something to read.
  uint32_t to_read() const { return (readable_ || has_rest()) && reads() ? room_of_guest() : 0; }
  // That many bytes at most, which came from the program; 0: none are there.
  uint32_t read(std::span<uint8_t> bytes);
  // Whether the last of those was the last of a message.
  bool ends_message() const { return type_ == kSeqpacket && !has_rest(); }
  // What all packets carry.
  void fill(Header* header);

  // --- the program's socket
  int fd() const { return program_.get(); }
  // As in poll(2). Negative: whatever happens to it, it does not matter now.
  int wanted_events() const;
  // False: it is over.
  [[nodiscard]] bool polled(int events);

  // The guest is done with it: what is left goes to the program. False: there is more of that, for later.
  [[nodiscard]] bool leave();

 private:
  enum Say : uint8_t { kSayRequest = 1, kSayResponse = 2, kSayShutdown = 4, kSayCredit = 8, kAskCredit = 16 };

  bool reads() const { return open_ && program_sends_ && guest_receives_; }
  // For the program: of messages, whole ones.
  bool has_left_over() const { return type_ == kSeqpacket ? !messages_.empty() : waiting_at_ != waiting_.size(); }
  // Of a message for the guest.
  bool has_rest() const { return rest_at_ != rest_.size(); }
  uint32_t room_of_guest() const;
  bool take_payload(uint32_t size, Chain& payload);
  bool take_message(const Header& header, Chain& payload);
  bool keep(uint32_t size, Chain& payload);
  uint32_t read_message(std::span<uint8_t> bytes);
  // What recv() says where nothing was read.
  void read_nothing(ssize_t got);
  void sent(uint32_t bytes);
  void flush();
  void forwarded(uint32_t bytes);
  void program_is_gone();
  bool take_shutdown(uint32_t flags);
  // Nobody has anything to say any more.
  bool is_over() const { return !guest_sends_ && !guest_receives_ && !has_left_over(); }

  host::Descriptor program_;
  uint16_t type_;
  bool open_ = false;
  uint8_t say_;
  bool readable_ = false;  // until a read says otherwise
  bool asked_credit_ = false;
  bool guest_sends_ = true, guest_receives_ = true, program_sends_ = true, program_receives_ = true;

  // 5.10.6.3; free-running
  uint32_t guest_buf_alloc_ = 0, guest_fwd_cnt_ = 0, sent_ = 0;
  uint32_t fwd_cnt_ = 0, told_fwd_cnt_ = 0;

  // For the program, from waiting_at_ on: it has not taken it yet.
  std::vector<uint8_t> waiting_;
  std::size_t waiting_at_ = 0;
  std::vector<iovec> views_;

  // Of kSeqpacket: the sizes of whole messages that wait there, and how much of the next one is behind them; what the
  // guest has not got of the message that was read last, from rest_at_ on.
  std::deque<uint32_t> messages_;
  uint32_t unfinished_ = 0;
  std::vector<uint8_t> rest_;
  std::size_t rest_at_ = 0;
};

}  // namespace menura::boards::virtio::vsock
