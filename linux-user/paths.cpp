#include "linux-user/paths.h"

#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <utility>

namespace menura::linux_user {
namespace {

// The entries of a folder as "/NAME/"; none if it cannot be read. readdir(3) would allocate a large buffer at each
// start.
std::vector<std::string> entries(const std::string& folder) {
  std::vector<std::string> found;
  const int fd = open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return found;
  constexpr size_t kLengthAt = 16;  // struct linux_dirent64: ino, off, reclen, type, name
  constexpr size_t kNameAt = 19;
  alignas(8) char buffer[2048];
  for (long size = 0; (size = syscall(SYS_getdents64, fd, buffer, sizeof buffer)) > 0;) {
    for (long at = 0; at < size;) {
      unsigned short length = 0;
      std::memcpy(&length, buffer + at + kLengthAt, sizeof length);
      const std::string_view name = buffer + at + kNameAt;
      if (name != "." && name != "..") found.push_back("/" + std::string(name) + "/");
      at += length;
    }
  }
  close(fd);
  return found;
}

// Whether the path's ".." lead above its root: in the sysroot they would lead out of it.
bool leaves_root(const char* path) {
  if (std::strstr(path, "..") == nullptr) return false;
  int depth = 0;
  for (const char* at = path; *at != '\0';) {
    at += std::strspn(at, "/");
    const std::string_view name(at, std::strcspn(at, "/"));
    at += name.size();
    if (name == "..") {
      if (--depth < 0) return true;
    } else if (!name.empty() && name != ".") {
      ++depth;
    }
  }
  return false;
}

}  // namespace

Paths::Paths(std::string sysroot) : sysroot_(std::move(sysroot)) {
  while (!sysroot_.empty() && sysroot_.back() == '/') sysroot_.pop_back();
  if (sysroot_.empty()) return;
  top_ = entries(sysroot_);
  if (char* const real = realpath(sysroot_.c_str(), nullptr)) {
    real_ = real;
    std::free(real);
  }
}

const char* Paths::to_host(const char* path, std::string& buffer) const {
  if (sysroot_.empty() || path == nullptr || path[0] != '/') return path;
  const char* end = std::strchr(path + 1, '/');
  const size_t size = end != nullptr ? static_cast<size_t>(end - path) : std::strlen(path);
  const auto is_first = [&](const std::string& name) {
    return name.size() == size + 1 && name.compare(0, size, path, size) == 0;
  };
  if (std::none_of(top_.begin(), top_.end(), is_first)) return path;
  if (leaves_root(path)) return path;
  buffer.assign(sysroot_).append(path);
  return access(buffer.c_str(), F_OK) == 0 ? buffer.c_str() : path;
}

std::string_view Paths::to_guest(std::string_view path) const {
  for (const std::string_view root : {std::string_view(sysroot_), std::string_view(real_)}) {
    if (root.size() < 2 || !path.starts_with(root)) continue;
    if (path.size() == root.size()) return "/";
    if (path[root.size()] == '/') return path.substr(root.size());
  }
  return path;
}

bool is_own_proc_file(std::string_view path, std::string_view name) {
  constexpr std::string_view kProc = "/proc/";
  if (!path.starts_with(kProc)) return false;
  path.remove_prefix(kProc.size());
  const size_t slash = path.find('/');
  if (slash == std::string_view::npos || path.substr(slash + 1) != name) return false;
  const std::string_view who = path.substr(0, slash);
  return who == "self" || who == "thread-self" || who == std::to_string(getpid());
}

}  // namespace menura::linux_user
