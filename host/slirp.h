// A network that this process plays for one guest, by libslirp: it needs no rights on the host. The guest is 10.0.2.15
// by DHCP, the host 10.0.2.2, a name server 10.0.2.3, as under QEMU; connections go out as the user's own.
#pragma once

#include <netinet/in.h>
#include <poll.h>

#include <atomic>
#include <cstdint>
#include <deque>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "host/net_link.h"
#include "host/wake_event.h"
#include "ir/core/result.h"

struct Slirp;

namespace menura::host {

// A port of the host that leads to one of the guest.
struct PortForward {
  bool udp = false;
  in_addr host = {INADDR_ANY};
  uint16_t host_port = 0;
  in_addr guest = {INADDR_ANY};  // any: the guest's address by DHCP
  uint16_t guest_port = 0;
};

struct SlirpOptions {
  bool restricted = false;  // the guest reaches nothing but forwarded ports
  std::string hostname;     // told by DHCP
  std::vector<PortForward> forwards;
};

class UserNetwork final : public NetLink {
 public:
  // Error: a port cannot be forwarded.
  static Result<std::unique_ptr<UserNetwork>> make(const SlirpOptions& options);
  ~UserNetwork() override;

  void wake() override { wake_.set(); }
  void send(std::span<const uint8_t> frame) override;
  unsigned mtu() const override { return kMtu; }

 private:
  struct Callbacks;
  struct Timer;

  // Both ends are in this process, and nothing between them sees a packet. With the largest packets that libslirp takes
  // (65521 bytes), 3 of 100 downloads stood still for 10 to 15 seconds, with 16384 and 9000 none; perhaps because its
  // TCP has windows of 64 KiB, in which several segments should fit.
  static constexpr unsigned kMtu = 9000;

  UserNetwork();
  void run();
  void to_card(std::span<const uint8_t> frame);
  void expire_timers();
  uint32_t until_timer(uint32_t milliseconds) const;

  Slirp* slirp_ = nullptr;  // the thread's once it runs
  WakeEvent wake_;
  std::vector<pollfd> polled_;
  std::vector<std::unique_ptr<Timer>> timers_;
  std::deque<std::vector<uint8_t>> waiting_;  // for room in the card
  std::atomic<bool> end_{false};
  std::thread thread_;
};

}  // namespace menura::host
