#include "host/slirp.h"

#include <arpa/inet.h>
#include <dlfcn.h>
#include <libslirp.h>
#include <pthread.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <ctime>

namespace menura::host {
namespace {

// libslirp, loaded when the first network is made: what runs without one does not pay for it and what it needs.
struct Library {
  decltype(&::slirp_new) make = nullptr;
  decltype(&::slirp_cleanup) cleanup = nullptr;
  decltype(&::slirp_add_hostfwd) add_forward = nullptr;
  decltype(&::slirp_pollfds_fill) fill = nullptr;
  decltype(&::slirp_pollfds_poll) poll = nullptr;
  decltype(&::slirp_input) input = nullptr;
  bool complete = false;

  Library() {
    void* const handle = ::dlopen("libslirp.so.0", RTLD_NOW);
    if (handle == nullptr) return;
    complete = find(handle, "slirp_new", &make) && find(handle, "slirp_cleanup", &cleanup) &&
               find(handle, "slirp_add_hostfwd", &add_forward) && find(handle, "slirp_pollfds_fill", &fill) &&
               find(handle, "slirp_pollfds_poll", &poll) && find(handle, "slirp_input", &input);
  }

  template <typename Function>
  static bool find(void* handle, const char* name, Function* function) {
    *function = reinterpret_cast<Function>(::dlsym(handle, name));
    return *function != nullptr;
  }
};

const Library& library() {
  static const Library loaded;
  return loaded;
}

constexpr std::size_t kMostWaiting = 1024;  // frames; then they are dropped, as a network does

int64_t now_ns() {
  timespec now = {};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec * int64_t{1'000'000'000} + now.tv_nsec;
}

in_addr address(const char* text) {
  in_addr result = {};
  ::inet_pton(AF_INET, text, &result);
  return result;
}

in6_addr address6(const char* text) {
  in6_addr result = {};
  ::inet_pton(AF_INET6, text, &result);
  return result;
}

short to_poll(int events) {
  int result = 0;
  if ((events & SLIRP_POLL_IN) != 0) result |= POLLIN;
  if ((events & SLIRP_POLL_OUT) != 0) result |= POLLOUT;
  if ((events & SLIRP_POLL_PRI) != 0) result |= POLLPRI;
  return static_cast<short>(result);
}

int from_poll(short events) {
  int result = 0;
  if ((events & POLLIN) != 0) result |= SLIRP_POLL_IN;
  if ((events & POLLOUT) != 0) result |= SLIRP_POLL_OUT;
  if ((events & POLLPRI) != 0) result |= SLIRP_POLL_PRI;
  if ((events & POLLERR) != 0) result |= SLIRP_POLL_ERR;
  if ((events & POLLHUP) != 0) result |= SLIRP_POLL_HUP;
  return result;
}

}  // namespace

struct UserNetwork::Timer {
  SlirpTimerCb expired;
  void* argument;
  int64_t at = -1;  // milliseconds; negative: not armed
};

// What libslirp asks of us; `self` is the UserNetwork. All of it on its thread.
struct UserNetwork::Callbacks {
  static UserNetwork& of(void* self) { return *static_cast<UserNetwork*>(self); }

  static ssize_t send_packet(const void* frame, size_t size, void* self) {
    of(self).to_card({static_cast<const uint8_t*>(frame), size});
    return static_cast<ssize_t>(size);
  }
  static void guest_error(const char*, void*) {}
  static int64_t clock_get_ns(void*) { return now_ns(); }
  static void* timer_new(SlirpTimerCb expired, void* argument, void* self) {
    of(self).timers_.push_back(std::make_unique<Timer>(Timer{expired, argument}));
    return of(self).timers_.back().get();
  }
  static void timer_free(void* timer, void* self) {
    std::erase_if(of(self).timers_, [timer](const auto& one) { return one.get() == timer; });
  }
  static void timer_mod(void* timer, int64_t at, void*) { static_cast<Timer*>(timer)->at = at; }
  static void poll_fd(int, void*) {}
  static void notify(void* self) { of(self).wake_.set(); }

  static int add_poll(int fd, int events, void* self) {
    of(self).polled_.push_back({fd, to_poll(events), 0});
    return static_cast<int>(of(self).polled_.size()) - 1;
  }
  static int get_revents(int index, void* self) {
    return from_poll(of(self).polled_[static_cast<std::size_t>(index)].revents);
  }

  static constexpr SlirpCb kTable = {
      .send_packet = send_packet,
      .guest_error = guest_error,
      .clock_get_ns = clock_get_ns,
      .timer_new = timer_new,
      .timer_free = timer_free,
      .timer_mod = timer_mod,
      .register_poll_fd = poll_fd,
      .unregister_poll_fd = poll_fd,
      .notify = notify,
      .init_completed = nullptr,
      .timer_new_opaque = nullptr,
  };
};

UserNetwork::UserNetwork() = default;

Result<std::unique_ptr<UserNetwork>> UserNetwork::make(const SlirpOptions& options) {
  if (!library().complete) {
    return Error{"the user network needs libslirp; expected Debian's package libslirp0 (`apt-get install libslirp0`)"};
  }
  std::unique_ptr<UserNetwork> network(new UserNetwork);
  SlirpConfig config = {};
  config.version = 1;
  config.restricted = options.restricted ? 1 : 0;
  config.in_enabled = true;
  config.vnetwork = address("10.0.2.0");
  config.vnetmask = address("255.255.255.0");
  config.vhost = address("10.0.2.2");
  config.vdhcp_start = address("10.0.2.15");
  config.vnameserver = address("10.0.2.3");
  config.in6_enabled = true;
  config.vprefix_addr6 = address6("fec0::");
  config.vprefix_len = 64;
  config.vhost6 = address6("fec0::2");
  config.vnameserver6 = address6("fec0::3");
  config.vhostname = options.hostname.empty() ? nullptr : options.hostname.c_str();
  config.if_mtu = config.if_mru = kMtu;
  network->slirp_ = library().make(&config, &Callbacks::kTable, network.get());
  if (network->slirp_ == nullptr) return Error{"the user network (libslirp) cannot be made"};
  for (const PortForward& forward : options.forwards) {
    if (library().add_forward(network->slirp_, forward.udp ? 1 : 0, forward.host, forward.host_port, forward.guest,
                              forward.guest_port) != 0) {
      return Error{"port " + std::to_string(forward.host_port) + " of the host cannot be forwarded to the guest: " +
                   std::strerror(errno) + "; expected one that is free"};
    }
  }
  network->thread_ = std::thread([self = network.get()] { self->run(); });
  return network;
}

UserNetwork::~UserNetwork() {
  end_ = true;
  wake_.set();
  if (thread_.joinable()) thread_.join();
  if (slirp_ != nullptr) library().cleanup(slirp_);
}

void UserNetwork::send(std::span<const uint8_t> frame) {
  library().input(slirp_, frame.data(), static_cast<int>(frame.size()));
}

void UserNetwork::to_card(std::span<const uint8_t> frame) {
  if (waiting_.empty() && receive(frame)) return;
  if (waiting_.size() < kMostWaiting) waiting_.emplace_back(frame.begin(), frame.end());
}

uint32_t UserNetwork::until_timer(uint32_t milliseconds) const {
  const int64_t now = now_ns() / 1'000'000;
  for (const auto& timer : timers_) {
    if (timer->at >= 0) {
      milliseconds = static_cast<uint32_t>(std::clamp<int64_t>(timer->at - now, 0, milliseconds));
    }
  }
  return milliseconds;
}

void UserNetwork::expire_timers() {
  const int64_t now = now_ns() / 1'000'000;
  for (std::size_t i = 0; i < timers_.size(); ++i) {
    Timer& timer = *timers_[i];
    if (timer.at < 0 || timer.at > now) continue;
    timer.at = -1;
    timer.expired(timer.argument);
  }
}

void UserNetwork::run() {
  pthread_setname_np(pthread_self(), "user network");
  while (!end_) {
    polled_.clear();
    uint32_t timeout = 60'000;  // milliseconds
    library().fill(slirp_, &timeout, Callbacks::add_poll, this);
    const std::size_t ours = polled_.size();
    polled_.push_back({wake_.fd(), POLLIN, 0});
    const int ready = ::poll(polled_.data(), polled_.size(), static_cast<int>(until_timer(timeout)));
    if ((polled_[ours].revents & POLLIN) != 0) wake_.clear();
    library().poll(slirp_, ready < 0 ? 1 : 0, Callbacks::get_revents, this);
    expire_timers();
    while (!waiting_.empty() && receive(waiting_.front())) waiting_.pop_front();
    transmit();
  }
}

}  // namespace menura::host
