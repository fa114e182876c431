#include "linux-user/syscalls/proc_files.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstring>
#include <string>
#include <string_view>

#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user {
namespace {

std::string cmdline(Thread& thread) {
  std::string text;
  for (const std::string& argument : thread.process().arguments()) text.append(argument.c_str(), argument.size() + 1);
  return text;
}

std::string auxv(Thread& thread) {
  const std::vector<uint64_t>& words = thread.process().auxv();
  return {reinterpret_cast<const char*>(words.data()), words.size() * sizeof(uint64_t)};
}

std::string maps(Thread& thread) { return thread.process().memory().maps_text(); }

std::string cpuinfo(Thread& thread) { return thread.process().abi().cpuinfo(thread); }

std::string host_file(const char* path) {
  std::string text;
  const int fd = ::open(path, O_RDONLY | O_CLOEXEC);
  if (fd < 0) return text;
  char chunk[4096];
  for (ssize_t got = 0; (got = ::read(fd, chunk, sizeof chunk)) > 0;) text.append(chunk, static_cast<size_t>(got));
  ::close(fd);
  return text;
}

// The host's line with the guest's name for itself; addresses (startcode, startstack, ...) are hidden, as the kernel
// hides them from others: to this process they would be Menura's.
std::string stat(Thread& thread) {
  std::string text = host_file("/proc/self/stat");
  const size_t open = text.find('(');
  const size_t close = text.rfind(')');
  if (open == std::string::npos || close == std::string::npos || close + 2 > text.size()) return text;
  const std::string& exe = thread.process().exe_path();
  const std::string name = exe.substr(exe.rfind('/') + 1).substr(0, 15);
  std::string out = text.substr(0, open + 1) + name + ")";
  // proc(5): fields 26-30 and 45-51 are addresses; the first one behind the name is field 3.
  unsigned field = 3;
  for (size_t at = close + 1; at < text.size() && text[at] == ' '; ++field) {
    const size_t end = std::min(text.find_first_of(" \n", at + 1), text.size());
    const bool address = (field >= 26 && field <= 30) || (field >= 45 && field <= 51);
    out += address ? " 0" : text.substr(at, end - at);
    at = end;
  }
  return out + "\n";
}

struct ProcFile {
  std::string_view name;
  std::string (*contents)(Thread&);
};
constexpr ProcFile kOwnFiles[] = {
    {"maps", maps},
    {"cmdline", cmdline},
    {"auxv", auxv},
    {"stat", stat},
};

int64_t open_text(const std::string& text, int flags) {
  const int fd = ::memfd_create("proc", (flags & O_CLOEXEC) != 0 ? MFD_CLOEXEC : 0);
  if (fd < 0) return -errno;
  for (size_t done = 0; done < text.size();) {
    const ssize_t wrote = ::write(fd, text.data() + done, text.size() - done);
    if (wrote <= 0) {
      ::close(fd);
      return -ENOMEM;
    }
    done += static_cast<size_t>(wrote);
  }
  ::lseek(fd, 0, SEEK_SET);
  ::fcntl(fd, F_ADD_SEALS, F_SEAL_WRITE | F_SEAL_GROW | F_SEAL_SHRINK);
  return fd;
}

}  // namespace

int64_t open_proc_file(Thread& thread, const char* path, int flags) {
  const auto address = reinterpret_cast<uint64_t>(path);
  // A path in guest memory was relative or unreadable (guest_path.cpp).
  if (address <= kGuestEnd || address >= kRefusedAddress || std::strncmp(path, "/proc/", 6) != 0) return kNotOurs;
  if ((flags & O_ACCMODE) != O_RDONLY) return kNotOurs;  // none of them takes anything: the host's says so
  if (std::string_view(path) == "/proc/cpuinfo") return open_text(cpuinfo(thread), flags);
  for (const ProcFile& file : kOwnFiles) {
    if (is_own_proc_file(path, file.name)) return open_text(file.contents(thread), flags);
  }
  return kNotOurs;
}

}  // namespace menura::linux_user
