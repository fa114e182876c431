#include "linux-user/run/sysroot.h"

#include <unistd.h>

#include <cstdlib>

namespace menura::linux_user {

std::string cache_folder() {
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return std::string(cache) + "/menura";
  const char* const home = std::getenv("HOME");
  if (home != nullptr && home[0] == '/') return std::string(home) + "/.cache/menura";
  return {};
}

std::string cached_sysroot(const GuestRow& guest) {
  const std::string cache = cache_folder();
  return cache.empty() ? cache : cache + "/sysroot/" + guest.name;
}

std::vector<std::string> sysroots(const std::string& given, const GuestRow& guest) {
  if (!given.empty()) return {given};
  std::vector<std::string> folders;
  for (const std::string& folder : {cached_sysroot(guest), std::string("/usr/") + guest.triplet}) {
    if (!folder.empty() && access(folder.c_str(), F_OK) == 0) folders.push_back(folder);
  }
  return folders;
}

std::string choose_sysroot(const std::vector<std::string>& folders, const std::string& interpreter) {
  for (const std::string& folder : folders) {
    if (interpreter.empty() || access((folder + interpreter).c_str(), F_OK) == 0) return folder;
  }
  return {};
}

}  // namespace menura::linux_user
