// Processes: execve, exit, wait.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <array>
#include <climits>
#include <string>
#include <vector>

#include "linux-user/run/execute.h"
#include "linux-user/syscalls/blocking.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/handlers.h"

namespace menura::linux_user::sys {
namespace {

constexpr size_t kMostStringBytes = size_t{128} << 10;  // MAX_ARG_STRLEN
constexpr size_t kMostStrings = 0x7fffffff / 8;

int64_t load_string(GuestStr from, size_t limit, int too_long, std::string* to) {
  const int64_t length = menura_guest_strlen(in(from), limit);
  if (length < 0) return length;
  if (static_cast<size_t>(length) >= limit) return -too_long;
  to->resize(static_cast<size_t>(length));
  return load_bytes(to->data(), from.address, static_cast<uint64_t>(length));
}

// A null-terminated array of strings; a null array is an empty one.
int64_t load_strings(GuestPtr<uint64_t> array, std::vector<std::string>* to) {
  if (!array) return 0;
  for (uint64_t at = array.address; to->size() < kMostStrings; at += sizeof(uint64_t)) {
    uint64_t pointer = 0;
    if (const int64_t error = load(&pointer, GuestPtr<uint64_t>{at})) return error;
    if (pointer == 0) return 0;
    std::string text;
    if (const int64_t error = load_string(GuestStr{pointer}, kMostStringBytes, E2BIG, &text)) return error;
    to->push_back(std::move(text));
  }
  return -E2BIG;
}

// A path that names what is open as `fd`, for a program that no longer has it open. Where there is none, *kept becomes
// a descriptor that the next program inherits.
std::string path_of(int fd, int* kept) {
  const std::string link = "/proc/self/fd/" + std::to_string(fd);
  std::array<char, PATH_MAX> target;
  const ssize_t length = readlink(link.c_str(), target.data(), target.size());
  if (length > 0 && target[0] == '/') {
    std::string path(target.data(), static_cast<size_t>(length));
    if (access(path.c_str(), F_OK) == 0) return path;
  }
  // Deleted, or never had a name: it stays open for the next Menura.
  *kept = ::fcntl(fd, F_DUPFD, 0);
  return "/proc/self/fd/" + std::to_string(*kept < 0 ? fd : *kept);
}

}  // namespace

int64_t execveat(Thread& thread, int directory, GuestStr path, GuestPtr<uint64_t> arguments,
                 GuestPtr<uint64_t> environment, int flags) {
  if ((flags & ~(AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW)) != 0) return -EINVAL;
  int kept = -1;
  std::string name;
  std::vector<std::string> argv;
  std::vector<std::string> envp;
  if (const int64_t error = load_string(path, PATH_MAX, ENAMETOOLONG, &name)) return error;
  if (const int64_t error = load_strings(arguments, &argv)) return error;
  if (const int64_t error = load_strings(environment, &envp)) return error;
  if (name.empty()) {
    if ((flags & AT_EMPTY_PATH) == 0) return -ENOENT;
    if (directory != AT_FDCWD && ::fcntl(directory, F_GETFD) < 0) return -EBADF;
    name = path_of(directory, &kept);
  } else if (directory != AT_FDCWD && name[0] != '/') {
    if (::fcntl(directory, F_GETFD) < 0) return -EBADF;
    name = path_of(directory, &kept) + "/" + name;
  }
  if ((flags & AT_SYMLINK_NOFOLLOW) != 0) {
    std::array<char, 1> target;
    if (readlink(name.c_str(), target.data(), target.size()) >= 0) return -ELOOP;
  }
  if (is_own_proc_file(name, "exe")) name = thread.process().exe_path();
  const int64_t error = execute(thread, name, std::move(argv), envp);
  if (kept >= 0) ::close(kept);
  return error;
}

int64_t execve(Thread& thread, GuestStr path, GuestPtr<uint64_t> arguments, GuestPtr<uint64_t> environment) {
  return execveat(thread, AT_FDCWD, path, arguments, environment, 0);
}

int64_t exit(Thread& thread, int status) {
  thread.ended = true;
  thread.status = status;
  return kNoResult;
}

int64_t exit_group(Thread& thread, int status) {
  // The child of a vfork has one thread, and goes back to where it was started.
  if (thread.process().is_vfork_child()) return exit(thread, status);
  thread.process().end(status);
}

int64_t wait4(Thread& thread, int pid, GuestPtr<int> status, int options, GuestPtr<rusage> usage) {
  return restarting_call(thread, SYS_wait4, pid, out(thread, status), options, out(thread, usage));
}

int64_t waitid(Thread& thread, int kind, int id, GuestPtr<void> info, int options, GuestPtr<rusage> usage) {
  return restarting_call(thread, SYS_waitid, kind, id, out(thread, info, sizeof(siginfo_t)), options,
                         out(thread, usage));
}

}  // namespace menura::linux_user::sys
