// A TAP interface of the host as the guest's network: whoever may use it has set it up (`ip tuntap add ... mode tap`).
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "host/net_link.h"
#include "host/wake_event.h"
#include "ir/core/result.h"

namespace menura::host {

class Tap final : public NetLink {
 public:
  // Error: there is no such interface, or this user may not use it.
  static Result<std::unique_ptr<Tap>> open(const std::string& interface);
  ~Tap() override;

  void wake() override { wake_.set(); }
  void send(std::span<const uint8_t> frame) override;
  unsigned mtu() const override { return mtu_; }

 private:
  Tap(int fd, unsigned mtu);
  void run();

  const int fd_;
  const unsigned mtu_;
  WakeEvent wake_;
  std::atomic<bool> end_{false};
  std::thread thread_;
};

}  // namespace menura::host
