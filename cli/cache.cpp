#include "cli/cache.h"

#include <sys/auxv.h>
#include <unistd.h>

#include <cinttypes>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <filesystem>
#include <string_view>

#include "backends/runtime/store/folder.h"
#include "backends/runtime/store/segment.h"
#include "linux-user/run/sysroot.h"

namespace menura::cli {
namespace {

constexpr uint64_t kMebibyte = uint64_t{1} << 20;
constexpr uint64_t kDefaultLimit = 512 * kMebibyte;

constexpr const char* kUsage =
    "menura cache: compiled code that is kept from run to run\n"
    "\n"
    "  menura cache info     where it is, how much there is\n"
    "  menura cache clear    remove it\n"
    "  menura cache verify   look at every entry for damage\n"
    "\n"
    "Environment: MENURA_CACHE=<dir|off>, MENURA_CACHE_SIZE=<number>[K|M|G] (default: 512M)\n";

double mebibytes(uint64_t bytes) { return static_cast<double>(bytes) / static_cast<double>(kMebibyte); }

int complain(const std::string& what) {
  std::fprintf(stderr, "menura: %s\n", what.c_str());
  return 125;
}

int info(const runtime::Folder& folder) {
  uint64_t sum = 0;
  uint64_t entries = 0;
  const auto segments = folder.segments();
  for (const auto& file : segments) {
    sum += file.size;
    if (const auto segment = runtime::Segment::open_any(folder.fd(), file.name.c_str())) {
      entries += segment->header().entries;
    }
  }
  std::printf("%.1f MiB of %.0f in %zu segments with %" PRIu64 " pieces of code\n", mebibytes(sum),
              mebibytes(code_folder_limit()), segments.size(), entries);
  if (segments.empty()) return 0;
  const auto hours = [](int64_t used) { return static_cast<double>(std::time(nullptr) - used) / 3600; };
  std::printf("last used %.1f hours ago (the latest), %.1f hours ago (the first to go)\n", hours(segments.front().used),
              hours(segments.back().used));
  return 0;
}

int clear(const runtime::Folder& folder) {
  uint64_t sum = 0;
  for (const auto& files : {folder.segments(), folder.leavings()}) {
    for (const auto& file : files) {
      sum += file.size;
      folder.remove(file.name);
    }
  }
  std::printf("%.1f MiB removed\n", mebibytes(sum));
  return 0;
}

int verify(const runtime::Folder& folder) {
  uint64_t good = 0;
  uint64_t bad = 0;
  for (const auto& file : folder.segments()) {
    const auto segment = runtime::Segment::open_any(folder.fd(), file.name.c_str());
    if (segment == nullptr) {
      std::printf("%s: damaged, or of another version\n", file.name.c_str());
      ++bad;
      continue;
    }
    uint64_t damaged = 0;
    uint64_t found = 0;
    for (const auto& entry : segment->entries()) {
      ++found;
      if (!entry) ++damaged;
    }
    if (found != segment->header().entries) ++damaged;
    if (damaged != 0) std::printf("%s: %" PRIu64 " damaged entries\n", file.name.c_str(), damaged);
    good += found - std::min(found, damaged);
    bad += damaged;
  }
  std::printf("%" PRIu64 " entries are good, %" PRIu64 " are damaged\n", good, bad);
  if (bad != 0) std::printf("what is damaged is never used; `menura cache clear` removes it\n");
  return bad == 0 ? 0 : 1;
}

}  // namespace

std::string default_code_folder() {
  // With more rights than the user's own: what the user may write is not to be trusted.
  if (getauxval(AT_SECURE) != 0) return {};
  if (const char* const given = std::getenv("MENURA_CACHE"); given != nullptr && given[0] != '\0') {
    return given[0] == '/' ? given : std::string();
  }
  const std::string cache = linux_user::cache_folder();
  return cache.empty() ? cache : cache + "/code";
}

void settle_cache_folder(EngineChoice* options) {
  if (!options->cache_folder.empty()) {
    options->cache_folder = std::filesystem::absolute(options->cache_folder);
  } else if (options->cache) {
    options->cache_folder = default_code_folder();
  }
  if (options->cache_folder.empty()) options->cache = false;
}

uint64_t code_folder_limit() {
  const char* const given = std::getenv("MENURA_CACHE_SIZE");
  if (given == nullptr || given[0] < '0' || given[0] > '9') return kDefaultLimit;
  char* unit = nullptr;
  const uint64_t number = std::strtoull(given, &unit, 10);
  switch (*unit) {
    case 'K':
      return number << 10;
    case 'M':
      return number << 20;
    case 'G':
      return number << 30;
    default:
      return number;
  }
}

int cache_command(const std::vector<std::string>& arguments) {
  const std::string_view what = arguments.size() == 1 ? std::string_view(arguments[0]) : std::string_view();
  if (what == "--help") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (what != "info" && what != "clear" && what != "verify") {
    std::fputs(kUsage, stderr);
    return 125;
  }
  const std::string path = default_code_folder();
  if (path.empty()) return complain("compiled code is not kept: MENURA_CACHE says so, or there is no home folder");
  if (::access(path.c_str(), F_OK) != 0) {
    std::printf("%s: nothing is kept yet\n", path.c_str());
    return 0;
  }
  const auto folder = runtime::Folder::open(path, false);
  if (!folder) return complain("compiled code is not kept: " + folder.error().message);
  if (what == "info") {
    std::printf("%s\n", path.c_str());
    return info(*folder);
  }
  return what == "clear" ? clear(*folder) : verify(*folder);
}

}  // namespace menura::cli
