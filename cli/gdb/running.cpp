// The guest goes on, and stops.
#include <cstdio>

#include "cli/gdb/session.h"
#include "cli/gdb/signals.h"

namespace menura::cli::gdb {

using vcpu::DebugAction;
using vcpu::DebugStop;

void Session::interrupt() {
  if (!running_) return;
  target_.stop();
  // Something may have happened before.
  if (const std::optional<DebugStop> stop = target_.take_stop()) {
    last_ = *stop;
  } else {
    const uint64_t number = thread();
    last_ = {};
    last_.thread = number;
    last_.signal = 0;
  }
  running_ = false;
  tell_stop();
}

// Others that stop at the same moment come there again when they go on.
void Session::stopped() {
  if (!running_) return;
  const std::optional<DebugStop> stop = target_.take_stop();
  if (!stop) return;
  target_.stop();
  last_ = *stop;
  running_ = false;
  tell_stop();
}

void Session::why_stopped(Fields&) { tell_stop(); }

void Session::tell_stop() {
  selected_ = last_.thread;
  int number = kGdbTrap;
  std::string why;
  switch (last_.reason) {
    case DebugStop::Reason::Interrupted:
      number = kGdbInt;
      break;
    case DebugStop::Reason::Step:
      break;
    case DebugStop::Reason::Breakpoint: {
      const ir::CpuHeader* const state = target_.state(last_.thread);
      const auto found = state != nullptr ? breakpoints_.find(state->pc) : breakpoints_.end();
      if (knows_breakpoints_ && found != breakpoints_.end()) why = found->second ? "hwbreak:;" : "swbreak:;";
      break;
    }
    case DebugStop::Reason::Watchpoint: {
      constexpr const char* kNames[] = {"watch", "rwatch", "awatch"};
      why = std::string(kNames[static_cast<unsigned>(last_.watchpoint.kind)]) + ":" +
            hex_number(last_.watchpoint.address) + ";";
      break;
    }
    case DebugStop::Reason::Signal:
      number = to_gdb_signal(last_.signal);
      break;
  }
  char text[8];
  std::snprintf(text, sizeof text, "T%02x", static_cast<unsigned>(number));
  send_(text + why + "thread:" + hex_number(last_.thread) + ";");
}

void Session::resume(const std::vector<DebugAction>& actions) {
  std::vector<uint64_t> pcs;
  for (const auto& [pc, hardware] : breakpoints_) pcs.push_back(pc);
  target_.set_breakpoints(std::move(pcs));
  if (watchpoints_ != told_watchpoints_) target_.set_watchpoints(told_watchpoints_ = watchpoints_);
  running_ = true;
  target_.resume(actions);
}

void Session::which_actions(Fields&) { send_("vCont;c;C;s;S"); }

// Each action, "c", "s", "C<signal>", "S<signal>", with ":thread" or for all; the first that is for a thread counts.
void Session::resume_actions(Fields& rest) {
  struct Asked {
    DebugAction::Kind kind;
    int signal;
    std::optional<uint64_t> thread;
  };
  std::vector<Asked> asked;
  while (!rest.at_end()) {
    Fields action(rest.until(';'));
    const char letter = action.character();
    Asked next{};
    if (letter == 'c' || letter == 'C') {
      next.kind = DebugAction::Kind::Continue;
    } else if (letter == 's' || letter == 'S') {
      next.kind = DebugAction::Kind::Step;
    } else {
      return error();
    }
    if (letter == 'C' || letter == 'S') next.signal = from_gdb_signal(static_cast<int>(action.number() & 0xff));
    if (action.skip(':') && !action.skip('-')) next.thread = action.number();
    if (!action.ok()) return error();
    asked.push_back(next);
  }
  std::vector<DebugAction> actions;
  for (const uint64_t number : target_.threads()) {
    for (const Asked& each : asked) {
      if (each.thread && *each.thread != number && *each.thread != 0) continue;
      actions.push_back({number, each.kind, number == last_.thread || each.thread ? each.signal : 0});
      break;
    }
  }
  if (actions.empty()) return error();
  resume(actions);
}

// The older packets: the thread of Hc does it, or all go on. An address, if one is given, is where.
void Session::resume_all(Fields& rest, DebugAction::Kind kind, int signal) {
  if (!rest.at_end()) {
    const uint64_t pc = rest.number();
    ir::CpuHeader* const state = target_.state(thread());
    if (!rest.ok() || state == nullptr) return error();
    state->pc = pc;
  }
  std::vector<DebugAction> actions;
  const uint64_t own = resumed_ != 0 ? resumed_ : thread();
  for (const uint64_t number : target_.threads()) {
    if (number == own) actions.push_back({number, kind, signal});
    if (number != own && resumed_ == 0) actions.push_back({number, DebugAction::Kind::Continue});
  }
  resume(actions);
}

void Session::go_on(Fields& rest) { resume_all(rest, DebugAction::Kind::Continue, 0); }
void Session::step(Fields& rest) { resume_all(rest, DebugAction::Kind::Step, 0); }

void Session::go_on_with_signal(Fields& rest) {
  const int signal = from_gdb_signal(static_cast<int>(rest.number() & 0xff));
  rest.skip(';');
  resume_all(rest, DebugAction::Kind::Continue, signal);
}

void Session::step_with_signal(Fields& rest) {
  const int signal = from_gdb_signal(static_cast<int>(rest.number() & 0xff));
  rest.skip(';');
  resume_all(rest, DebugAction::Kind::Step, signal);
}

}  // namespace menura::cli::gdb
