// Paths: where the guest's absolute paths are on the host. The sysroot (-L, QEMU_LD_PREFIX, /usr/<triplet>) is looked
// at first, so that the guest finds its own interpreter and libraries; what is not there is the host's. That holds for
// looking things up: a file that is made is made on the host.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace menura::linux_user {

class Paths {
 public:
  Paths() = default;
  // An empty sysroot and "/" mean none.
  explicit Paths(std::string sysroot);

  const std::string& sysroot() const { return sysroot_; }

  // The host path for a guest path: `path` itself, or `buffer` filled with the sysroot's file if that exists.
  const char* to_host(const char* path, std::string& buffer) const;

  // How the guest names a host path: without the sysroot, if it lies in there; else as it is. What comes back is part
  // of `path`, or "/".
  std::string_view to_guest(std::string_view path) const;

 private:
  std::string sysroot_;           // without a slash at the end
  std::string real_;              // the same without symbolic links, as the kernel names it
  std::vector<std::string> top_;  // what lies in it directly, with a slash before and behind: most paths are elsewhere
};

// Whether `path` is /proc/self/<name>, /proc/thread-self/<name> or /proc/<own pid>/<name>.
bool is_own_proc_file(std::string_view path, std::string_view name);

}  // namespace menura::linux_user
