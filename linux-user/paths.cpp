#include "linux-user/paths.h"

#include <unistd.h>

#include <utility>

namespace menura::linux_user {

Paths::Paths(std::string sysroot) : sysroot_(std::move(sysroot)) {
  while (!sysroot_.empty() && sysroot_.back() == '/') sysroot_.pop_back();
}

const char* Paths::to_host(const char* path, std::string& buffer) const {
  if (sysroot_.empty() || path == nullptr || path[0] != '/') return path;
  buffer.assign(sysroot_).append(path);
  return access(buffer.c_str(), F_OK) == 0 ? buffer.c_str() : path;
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
