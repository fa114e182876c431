#include "host/terminal.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <cerrno>
#include <cstdlib>
#include <string_view>
#include <utility>

#include "host/output_file.h"

namespace menura::host {
namespace {

constexpr uint8_t kEscape = 1;  // Ctrl-A
constexpr std::size_t kMostWaiting = 4096;
constexpr std::size_t kLongestCommand = 200;
constexpr std::string_view kPrompt = "(menura) ";
constexpr std::string_view kHelp =
    "\r\n"
    "Ctrl-A h    this help\r\n"
    "Ctrl-A x    quit Menura\r\n"
    "Ctrl-A c    commands to the machine (`help` lists them); an empty line goes back to the guest\r\n"
    "Ctrl-A Ctrl-A  sends Ctrl-A\r\n";

// What the terminal was before; process-wide, because a signal's handler needs it.
termios saved_mode;
volatile sig_atomic_t mode_is_saved = 0;

void restore_mode() {
  if (mode_is_saved == 0) return;
  mode_is_saved = 0;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &saved_mode);
}

// The signals that end a program: the terminal is put right before they do.
void on_signal(int number) {
  restore_mode();
  ::signal(number, SIG_DFL);
  ::raise(number);
}

// Characters one by one and unchanged, signals included. False: it is no terminal.
bool make_raw() {
  if (::isatty(STDIN_FILENO) == 0 || ::tcgetattr(STDIN_FILENO, &saved_mode) != 0) return false;
  termios mode = saved_mode;
  mode.c_iflag &= ~static_cast<tcflag_t>(IGNBRK | BRKINT | PARMRK | ISTRIP | INLCR | IGNCR | ICRNL | IXON);
  mode.c_oflag |= OPOST;
  mode.c_lflag &= ~static_cast<tcflag_t>(ECHO | ECHONL | ICANON | IEXTEN | ISIG);
  mode.c_cc[VMIN] = 1;
  mode.c_cc[VTIME] = 0;
  mode_is_saved = 1;
  ::tcsetattr(STDIN_FILENO, TCSANOW, &mode);
  std::atexit(restore_mode);
  for (const int number : {SIGHUP, SIGINT, SIGQUIT, SIGTERM}) {
    struct sigaction action = {};
    action.sa_handler = on_signal;
    ::sigaction(number, &action, nullptr);
  }
  return true;
}

void show(std::string_view text) {
  write_all(STDOUT_FILENO, std::span(reinterpret_cast<const uint8_t*>(text.data()), text.size()));
}

}  // namespace

Terminal::Terminal(TerminalKeys keys, bool only_commands)
    : keys_(std::move(keys)),
      only_commands_(only_commands),
      raw_(make_raw()),
      commanding_(only_commands),
      thread_([this] {
        pthread_setname_np(pthread_self(), "terminal");
        if (only_commands_) show(kPrompt);
        read_input();
      }) {}

Terminal::~Terminal() {
  {
    const std::lock_guard lock(mutex_);
    end_ = true;
  }
  ready();
  thread_.join();
  if (raw_) restore_mode();
}

void Terminal::write(std::span<const uint8_t> bytes) { write_all(STDOUT_FILENO, bytes); }

void Terminal::set_receiver(Receiver receiver) {
  const std::lock_guard lock(mutex_);
  receiver_ = std::move(receiver);
}

// The thread does it: the caller may hold what the receiver needs.
void Terminal::ready() { wake_.set(); }

void Terminal::deliver() {
  const std::lock_guard lock(mutex_);
  if (!receiver_ || waiting_.empty()) return;
  const std::size_t taken = receiver_(waiting_);
  waiting_.erase(waiting_.begin(), waiting_.begin() + static_cast<std::ptrdiff_t>(taken));
}

void Terminal::type(uint8_t key) {
  if (escape_) {
    escape_ = false;
    escaped(key);
  } else if (key == kEscape) {
    escape_ = true;
  } else if (commanding_) {
    edit_command(key);
  } else {
    const std::lock_guard lock(mutex_);
    waiting_.push_back(key);
  }
}

void Terminal::escaped(uint8_t key) {
  switch (key) {
    case 'x':
      show("\r\n");
      keys_.quit();
      return;
    case 'c':
      commanding_ = !commanding_ || only_commands_;
      line_.clear();
      show("\r\n");
      if (commanding_) show(kPrompt);
      return;
    case 'h':
    case '?':
      show(kHelp);
      return;
    case kEscape: {
      const std::lock_guard lock(mutex_);
      waiting_.push_back(kEscape);
      return;
    }
    default:
      return;
  }
}

// What a terminal that is not raw does by itself.
void Terminal::edit_command(uint8_t key) {
  constexpr uint8_t kBackspace = 8, kDelete = 127;
  if (key == '\r' || key == '\n') return run_command();
  if (key == kBackspace || key == kDelete) {
    if (line_.empty()) return;
    line_.pop_back();
    if (raw_) show("\b \b");
  } else if (key >= ' ' && line_.size() < kLongestCommand) {
    line_.push_back(static_cast<char>(key));
    if (raw_) show({&line_.back(), 1});
  }
}

void Terminal::run_command() {
  if (raw_) show("\r\n");
  const std::string line = std::exchange(line_, {});
  commanding_ = !line.empty() || only_commands_;
  if (!commanding_) return;
  if (!line.empty()) show(keys_.command(line));
  show(kPrompt);
}

void Terminal::read_input() {
  bool more = true;  // of standard input
  for (;;) {
    bool room = false;
    {
      const std::lock_guard lock(mutex_);
      if (end_) return;
      room = waiting_.size() < kMostWaiting;
    }
    pollfd wait[2] = {{wake_.fd(), POLLIN, 0}, {STDIN_FILENO, POLLIN, 0}};
    if (::poll(wait, more && room ? 2 : 1, -1) < 0) continue;  // EINTR
    if ((wait[0].revents & POLLIN) != 0) wake_.clear();
    if (more && room && wait[1].revents != 0) {
      uint8_t bytes[256];
      const ssize_t got = ::read(STDIN_FILENO, bytes, sizeof bytes);
      if (got <= 0) {
        more = got < 0 && (errno == EINTR || errno == EAGAIN);
        continue;
      }
      for (const uint8_t byte : std::span(bytes, static_cast<std::size_t>(got))) type(byte);
    }
    deliver();
  }
}

}  // namespace menura::host
