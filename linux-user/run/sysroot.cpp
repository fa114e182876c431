#include "linux-user/run/sysroot.h"

#include <unistd.h>

#include <cstdlib>

#include "linux-user/loader/libraries.h"
#include "linux-user/paths.h"

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

std::string choose_sysroot(const std::vector<std::string>& folders, const GuestRow& guest, const std::string& program,
                           const std::string& interpreter) {
  std::vector<std::string> fit;
  for (const std::string& folder : folders) {
    if (interpreter.empty() || access((folder + interpreter).c_str(), F_OK) == 0) fit.push_back(folder);
  }
  if (fit.empty()) return {};
  if (fit.size() == 1 || interpreter.empty()) return fit[0];
  for (const std::string& folder : fit) {
    if (Paths(folder).to_guest(program) != program) return folder;
  }
  const char* const library_path = std::getenv("LD_LIBRARY_PATH");
  for (const std::string& folder : fit) {
    if (missing_libraries(Paths(folder), guest, program, library_path != nullptr ? library_path : "").empty()) {
      return folder;
    }
  }
  return fit[0];
}

}  // namespace menura::linux_user
