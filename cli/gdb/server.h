// Server: waits for gdb on a socket, and lets a Session talk to it, on a thread of its own.
#pragma once

#include <atomic>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "cli/gdb/packet.h"
#include "cli/gdb/session.h"
#include "host/wake_event.h"
#include "ir/core/result.h"
#include "vcpu/debug_target.h"

namespace menura::cli::gdb {

class Server final : private vcpu::DebugListener {
 public:
  // Waits at `place`: a port of this host ("1234", "tcp::1234"), or a socket's path ("/run/gdb", "unix:PATH"). The
  // target outlives it. Error: it cannot wait there.
  static Result<std::unique_ptr<Server>> start(const std::string& place, vcpu::DebugTarget& target);
  ~Server() override;
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // The guest has ended: gdb is told.
  void tell_end(int status) { ended(status, false); }

 private:
  Server(vcpu::DebugTarget& target, int listener, std::string path);

  void stopped() override;
  void ended(int status, bool by_signal) override;

  void run();
  // False: this is over.
  bool wait(int connection, bool* readable);
  void serve(int connection);
  void receive(Session& session, PacketReader& reader, const char* data, std::size_t size);
  void send(std::string payload);
  void transmit(const std::string& bytes);  // with the mutex
  void answer_at_once(const std::string& bytes);

  vcpu::DebugTarget& target_;
  const int listener_;
  host::WakeEvent wake_;  // stopped(), or the end
  const std::string path_;
  std::atomic<bool> end_{false};
  std::mutex send_mutex_;  // for what follows
  int connection_ = -1;
  const Session* session_ = nullptr;
  std::string last_frame_;
  std::thread thread_;
};

}  // namespace menura::cli::gdb
