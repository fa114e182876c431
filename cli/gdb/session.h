// Session: one debugger's conversation, packet by packet. It knows no sockets: what it says goes to `send`.
#pragma once

#include <atomic>
#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "cli/gdb/files.h"
#include "cli/gdb/hex.h"
#include "vcpu/debug_target.h"

namespace menura::cli::gdb {

class Session {
 public:
  // Payloads, in order. The target outlives it, and stands still from now on.
  using Send = std::function<void(std::string)>;
  Session(vcpu::DebugTarget& target, Send send);

  void take(const std::string& packet);
  // Ctrl-C.
  void interrupt();
  // DebugListener::stopped().
  void stopped();

  // The guest runs, and the debugger waits to hear of it. Any thread.
  bool running() const { return running_; }
  bool wants_acknowledgements() const { return acknowledge_; }
  // The debugger has gone: detached, or killed the guest.
  bool over() const { return over_; }

 private:
  using Handler = void (Session::*)(Fields& rest);
  struct Row {
    const char* prefix;
    Handler handler;
  };
  static const Row kRows[];

  void ok() { send_("OK"); }
  void error(int number = 1);

  // --- session.cpp
  void features(Fields& rest);
  void no_acknowledgements(Fields& rest);
  void select_thread(Fields& rest);
  void is_alive(Fields& rest);
  void current_thread(Fields& rest);
  void attached(Fields& rest);
  void detach(Fields& rest);
  void kill(Fields& rest);
  void kill_process(Fields& rest);
  void nothing(Fields& rest);
  // The thread that registers and memory are looked at of.
  uint64_t thread();

  // --- queries.cpp
  void first_threads(Fields& rest);
  void more_threads(Fields& rest);
  void thread_extra(Fields& rest);
  void transfer(Fields& rest);
  void command(Fields& rest);
  std::string registers_text();
  void physical_mode(Fields& rest);
  void set_physical_mode(Fields& rest);

  // --- data.cpp
  void read_all(Fields& rest);
  void write_all(Fields& rest);
  void read_register(Fields& rest);
  void write_register(Fields& rest);
  void read_memory(Fields& rest);
  void write_memory(Fields& rest);
  void write_binary(Fields& rest);
  bool read(uint64_t address, std::span<std::byte> data);
  bool write(uint64_t address, std::span<const std::byte> data);
  void insert(Fields& rest) { change_points(rest, true); }
  void remove(Fields& rest) { change_points(rest, false); }
  void change_points(Fields& rest, bool insert);

  // --- running.cpp
  void why_stopped(Fields& rest);
  void resume_actions(Fields& rest);
  void which_actions(Fields& rest);
  void go_on(Fields& rest);
  void step(Fields& rest);
  void go_on_with_signal(Fields& rest);
  void step_with_signal(Fields& rest);
  void resume_all(Fields& rest, vcpu::DebugAction::Kind kind, int signal);
  void resume(const std::vector<vcpu::DebugAction>& actions);
  void tell_stop();

  void files(Fields& rest) { send_(files_.answer(rest)); }

  vcpu::DebugTarget& target_;
  const Send send_;
  Files files_;
  bool acknowledge_ = true;
  std::atomic<bool> running_ = false;
  bool over_ = false;
  bool knows_breakpoints_ = false;  // the debugger takes "swbreak" and "hwbreak" in stop replies
  bool physical_ = false;           // addresses are physical
  uint64_t selected_ = 0;           // Hg; 0: any
  uint64_t resumed_ = 0;            // Hc; 0: all
  vcpu::DebugStop last_;
  // Kept when a debugger takes them out at every stop and puts them back: the target is told when the guest goes on.
  std::map<uint64_t, bool> breakpoints_;  // by address; true: Z1, "hardware"
  std::vector<vcpu::Watchpoint> watchpoints_;
  std::vector<vcpu::Watchpoint> told_watchpoints_;
};

}  // namespace menura::cli::gdb
