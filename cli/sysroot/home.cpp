#include "cli/sysroot/home.h"

#include <cstdlib>

namespace menura::cli {

std::filesystem::path cache_folder() {
  // A relative path is to be ignored (XDG Base Directory Specification).
  const char* const cache = std::getenv("XDG_CACHE_HOME");
  if (cache != nullptr && cache[0] == '/') return std::filesystem::path(cache) / "menura";
  const char* const home = std::getenv("HOME");
  return home != nullptr && home[0] == '/' ? std::filesystem::path(home) / ".cache/menura" : std::filesystem::path();
}

}  // namespace menura::cli
