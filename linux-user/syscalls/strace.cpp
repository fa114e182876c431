#include "linux-user/syscalls/strace.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdarg>
#include <cstdio>
#include <cstring>
#include <mutex>
#include <span>

#include "linux-user/abi/abi.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/host_call.h"
#include "linux-user/syscalls/strace_flags.h"

namespace menura::linux_user {
namespace {

// A line, without allocation: what does not fit is cut.
class Line {
 public:
  __attribute__((format(printf, 2, 3))) void add(const char* format, ...) {
    va_list list;
    va_start(list, format);
    const int wrote = std::vsnprintf(text_ + size_, sizeof text_ - size_, format, list);
    va_end(list);
    if (wrote > 0) size_ = std::min(sizeof text_ - 1, size_ + static_cast<size_t>(wrote));
  }
  void write_out() const {
    for (size_t done = 0; done < size_;) {
      const int64_t wrote = host_call(SYS_write, STDERR_FILENO, text_ + done, size_ - done);
      if (wrote == -EINTR) continue;
      if (wrote <= 0) return;
      done += static_cast<size_t>(wrote);
    }
  }

 private:
  char text_[2048];
  size_t size_ = 0;
};

// The thread whose line has no end yet; 0 = the cursor is at the start of a line.
struct Screen {
  std::mutex mutex;
  pid_t open_line = 0;
};
Screen& screen() {
  static Screen the_screen;  // the process's standard error: there is one
  return the_screen;
}

void add_flags(Line& line, uint64_t value, std::span<const FlagName> names) {
  bool first = true;
  for (const FlagName& flag : names) {
    const bool whole = flag.mask == kWholeValue ? value == flag.value : (value & flag.mask) == flag.value;
    if (!whole || (flag.value == 0 && flag.mask == flag.value)) continue;
    line.add("%s%s", first ? "" : "|", flag.name);
    first = false;
    if (flag.mask == kWholeValue) return;
    value &= ~flag.mask;
  }
  if (value != 0 || first) line.add(first ? "%" PRIu64 : "|0x%" PRIx64, value);
}

void add_string(Line& line, uint64_t address) {
  constexpr size_t kShown = 256;
  if (address == 0) return line.add("NULL");
  char text[kShown];
  const auto* from = reinterpret_cast<const void*>(checked_address(address, 1));
  const int64_t length = menura_guest_strlen(from, kShown);
  if (length < 0 || load_bytes(text, address, static_cast<uint64_t>(length)) != 0) {
    return line.add("0x%" PRIx64, address);
  }
  line.add("\"");
  for (int64_t i = 0; i < length; ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    if (c == '"' || c == '\\') {
      line.add("\\%c", c);
    } else if (c >= ' ' && c < 0x7f) {
      line.add("%c", c);
    } else {
      line.add("\\%03o", c);
    }
  }
  line.add(length == kShown ? "\"..." : "\"");
}

// Two longs: a time and its fraction.
void add_time(Line& line, uint64_t address) {
  int64_t parts[2];
  if (address == 0) return line.add("NULL");
  if (load_bytes(parts, address, sizeof parts) != 0) return line.add("0x%" PRIx64, address);
  line.add("{%" PRId64 ",%" PRId64 "}", parts[0], parts[1]);
}

void add_pointer(Line& line, uint64_t address) {
  if (address == 0) return line.add("NULL");
  line.add("0x%" PRIx64, address);
}

void add_argument(const Abi& abi, Line& line, char kind, uint64_t value) {
  const auto small = static_cast<uint32_t>(value);
  switch (kind) {
    case 'd':
      return line.add("%d", static_cast<int>(small));
    case 'u':
      return line.add("%u", small);
    case 'l':
      return line.add("%" PRId64, static_cast<int64_t>(value));
    case 'z':
      return line.add("%" PRIu64, value);
    case 'o':
      return line.add("0%o", small);
    case 'p':
      return add_pointer(line, value);
    case 's':
      return add_string(line, value);
    case 'D':
      return static_cast<int>(small) == AT_FDCWD ? line.add("AT_FDCWD") : line.add("%d", static_cast<int>(small));
    case 'T':
    case 'V':
      return add_time(line, value);
    case 'G':
      return add_flags(line, small, kSignalNames);
    case 'O':
      return add_flags(line, static_cast<uint32_t>(abi.open_flags_to_host(small)), kOpenFlags);
    case 'A':
      return add_flags(line, small, kAtFlags);
    case 'M':
      return add_flags(line, small, kAccessModes);
    case 'P':
      return add_flags(line, small, kProtections);
    case 'm':
      return add_flags(line, small, kMapFlags);
    case 'c':
      return add_flags(line, small, kClockNames);
    case 'w':
      return add_flags(line, small, kWhence);
    case 'k':
      return add_flags(line, small, kFcntlCommands);
    case 'i':
      return add_flags(line, small, kIoctlNames);
    case 'a':
      return add_flags(line, small, kSocketFamilies);
    case 't':
      return add_flags(line, small, kSocketTypes);
    default:
      return line.add("0x%" PRIx64, value);
  }
}

void add_result(Line& line, int64_t result) {
  if (result == kRestart) return line.add(" = ? (to be restarted)\n");
  if (result == kNoResult) return line.add(" = ?\n");
  if (result < 0 && result >= -4095) {
    char buffer[128];
    const char* text = strerror_r(static_cast<int>(-result), buffer, sizeof buffer);
    return line.add(" = -1 errno=%d (%s)\n", static_cast<int>(-result), text);
  }
  if (result > 0xffff'ffff) return line.add(" = 0x%" PRIx64 "\n", static_cast<uint64_t>(result));
  line.add(" = %" PRId64 "\n", result);
}

// With the screen's lock held: the cursor goes to the start of a line.
void finish_other_line(Line& line, Screen& the_screen, pid_t self) {
  if (the_screen.open_line != 0 && the_screen.open_line != self) line.add(" <unfinished ...>\n");
  the_screen.open_line = 0;
}

void add_name(Line& line, const Syscall& row, uint64_t number) {
  if (row.name != nullptr) {
    line.add("%s", row.name);
  } else {
    line.add("syscall_%" PRIu64, number);
  }
}

}  // namespace

int64_t traced_call(Thread& thread, const Syscall& row, uint64_t number, SyscallArguments arguments) {
  const pid_t self = ::gettid();
  const int pid = ::getpid();
  const char* signature = row.signature != nullptr ? row.signature : "xxxxxx";
  bool leaves = false;
  Screen& the_screen = screen();
  {
    Line line;
    const std::lock_guard lock(the_screen.mutex);
    finish_other_line(line, the_screen, self);
    line.add("%d ", pid);
    add_name(line, row, number);
    line.add("(");
    for (unsigned i = 0; signature[i] != '\0'; ++i) {
      if (signature[i] == '!') {
        leaves = true;
        break;
      }
      if (i != 0) line.add(",");
      add_argument(thread.process().abi(), line, signature[i], arguments[i]);
    }
    line.add(leaves ? ") = ?\n" : ")");
    line.write_out();
    if (!leaves) the_screen.open_line = self;
  }
  const int64_t result = row.run != nullptr ? row.run(thread, arguments) : -ENOSYS;
  if (!leaves) {
    Line line;
    const std::lock_guard lock(the_screen.mutex);
    if (the_screen.open_line != self || ::getpid() != pid) {  // somebody wrote in between, or this is a new process
      finish_other_line(line, the_screen, self);
      line.add("%d <... ", static_cast<int>(::getpid()));
      add_name(line, row, number);
      line.add(" resumed>");
    }
    the_screen.open_line = 0;
    add_result(line, result);
    line.write_out();
  }
  return result;
}

void trace_signal(int signal, uint64_t handler) {
  Screen& the_screen = screen();
  Line line;
  const std::lock_guard lock(the_screen.mutex);
  finish_other_line(line, the_screen, 0);
  line.add("%d --- ", static_cast<int>(::getpid()));
  add_flags(line, static_cast<uint64_t>(signal), kSignalNames);
  line.add(" {handler=0x%" PRIx64 "} ---\n", handler);
  line.write_out();
}

}  // namespace menura::linux_user
