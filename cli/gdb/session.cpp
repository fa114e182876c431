#include "cli/gdb/session.h"

#include <algorithm>
#include <cstdio>

#include "cli/gdb/packet.h"

namespace menura::cli::gdb {

// By what a packet begins with; of several, the first. What is not here is answered by an empty packet, which says so.
const Session::Row Session::kRows[] = {
    {"qSupported", &Session::features},
    {"QStartNoAckMode", &Session::no_acknowledgements},
    {"qAttached", &Session::attached},
    {"qC", &Session::current_thread},
    {"qfThreadInfo", &Session::first_threads},
    {"qsThreadInfo", &Session::more_threads},
    {"qThreadExtraInfo,", &Session::thread_extra},
    {"qXfer:", &Session::transfer},
    {"qRcmd,", &Session::command},
    {"qqemu.PhyMemMode", &Session::physical_mode},
    {"Qqemu.PhyMemMode:", &Session::set_physical_mode},
    {"vCont?", &Session::which_actions},
    {"vCont;", &Session::resume_actions},
    {"vFile:", &Session::files},
    {"vKill;", &Session::kill_process},
    {"v", &Session::nothing},
    {"q", &Session::nothing},
    {"Q", &Session::nothing},
    {"?", &Session::why_stopped},
    {"H", &Session::select_thread},
    {"T", &Session::is_alive},
    {"g", &Session::read_all},
    {"G", &Session::write_all},
    {"p", &Session::read_register},
    {"P", &Session::write_register},
    {"m", &Session::read_memory},
    {"M", &Session::write_memory},
    {"X", &Session::write_binary},
    {"Z", &Session::insert},
    {"z", &Session::remove},
    {"c", &Session::go_on},
    {"s", &Session::step},
    {"C", &Session::go_on_with_signal},
    {"S", &Session::step_with_signal},
    {"D", &Session::detach},
    {"k", &Session::kill},
    {"", &Session::nothing},
};

Session::Session(vcpu::DebugTarget& target, Send send) : target_(target), send_(std::move(send)), files_(target) {
  target_.stop();
  last_.thread = thread();
}

void Session::take(const std::string& packet) {
  // While the guest runs, nothing but Ctrl-C makes sense; a debugger that thinks otherwise gets the guest stopped.
  if (running_) interrupt();
  for (const Row& row : kRows) {
    if (!packet.starts_with(row.prefix)) continue;
    Fields rest(std::string_view(packet).substr(std::char_traits<char>::length(row.prefix)));
    (this->*row.handler)(rest);
    return;
  }
}

void Session::error(int number) {
  char text[8];
  std::snprintf(text, sizeof text, "E%02x", static_cast<unsigned>(number) & 0xff);
  send_(text);
}

void Session::nothing(Fields&) { send_(""); }

void Session::features(Fields& rest) {
  knows_breakpoints_ = rest.rest().find("swbreak+") != std::string_view::npos;
  std::string text = "PacketSize=" + hex_number(kLongestPayload) +
                     ";QStartNoAckMode+;qXfer:features:read+;vContSupported+;swbreak+;hwbreak+";
  if (!target_.executable().empty()) text += ";qXfer:auxv:read+;qXfer:exec-file:read+";
  send_(text);
}

void Session::no_acknowledgements(Fields&) {
  ok();
  acknowledge_ = false;
}

// A process was started for the debugger, which kills it when it goes; a machine it has come to.
void Session::attached(Fields&) { send_(target_.executable().empty() ? "1" : "0"); }

uint64_t Session::thread() {
  const std::vector<uint64_t> all = target_.threads();
  const auto is_there = [&](uint64_t number) { return std::find(all.begin(), all.end(), number) != all.end(); };
  if (is_there(selected_)) return selected_;
  if (is_there(last_.thread)) return last_.thread;
  return all.empty() ? 1 : all.front();
}

void Session::select_thread(Fields& rest) {
  const char what = rest.character();
  const uint64_t number = rest.skip('-') ? 0 : rest.number();
  if (!rest.ok() && rest.rest() != "1") return error();
  if (number != 0 && target_.state(number) == nullptr) return error();
  (what == 'c' ? resumed_ : selected_) = number;
  ok();
}

void Session::is_alive(Fields& rest) {
  const uint64_t number = rest.number();
  rest.ok() && target_.state(number) != nullptr ? ok() : error();
}

void Session::current_thread(Fields&) { send_("QC" + hex_number(thread())); }

void Session::detach(Fields&) {
  // Before the guest may end.
  ok();
  over_ = true;
  target_.detach();
}

void Session::kill(Fields&) {
  over_ = true;
  target_.kill();
}

void Session::kill_process(Fields&) {
  ok();
  over_ = true;
  target_.kill();
}

}  // namespace menura::cli::gdb
