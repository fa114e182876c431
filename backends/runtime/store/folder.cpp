#include "backends/runtime/store/folder.h"

#include <dirent.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>
#include <memory>
#include <string_view>

namespace menura::runtime {

namespace {

constexpr std::string_view kSegment = ".code";
constexpr std::string_view kUnfinished = ".new";
constexpr int64_t kWriterIsGone = 3600;  // seconds: no writer takes as long

// Makes the folders of a path that are missing, in a folder of this user or one where everybody may have some of his
// own
// (/tmp): root does not leave any in somebody's home.
Result<void> make_path(const std::string& path) {
  struct stat info = {};
  if (::stat(path.c_str(), &info) == 0) return {};
  const std::size_t slash = path.rfind('/');
  if (slash == std::string::npos || slash == 0) return Error{path + ": no such folder"};
  const std::string parent = path.substr(0, slash);
  if (auto made = make_path(parent); !made) return made;
  if (::stat(parent.c_str(), &info) != 0) return Error{parent + ": " + std::strerror(errno)};
  if (info.st_uid != ::geteuid() && (info.st_mode & S_ISVTX) == 0) return Error{parent + ": belongs to another user"};
  if (::mkdir(path.c_str(), 0700) != 0) {
    if (errno == EEXIST) return {};
    return Error{path + ": " + std::strerror(errno)};
  }
  ::chmod(path.c_str(), 0700);  // whatever the guest's umask
  return {};
}

}  // namespace

bool is_trusted(const struct stat& info) {
  return info.st_uid == ::geteuid() && (info.st_mode & (S_IWGRP | S_IWOTH)) == 0;
}

Result<Folder> Folder::open(const std::string& path, bool create) {
  constexpr int kFlags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
  int fd = ::open(path.c_str(), kFlags);
  if (fd < 0 && errno == ENOENT && create) {
    if (auto made = make_path(path); !made) return made.error();
    fd = ::open(path.c_str(), kFlags);
  }
  if (fd < 0) return Error{path + ": " + std::strerror(errno)};
  Folder folder(fd);
  struct stat info = {};
  if (::fstat(fd, &info) != 0) return Error{path + ": " + std::strerror(errno)};
  if (info.st_uid != ::geteuid()) return Error{path + ": belongs to another user"};
  if (!is_trusted(info)) return Error{path + ": others may write there; expected permissions 0700"};
  return folder;
}

Folder::~Folder() {
  if (fd_ >= 0) ::close(fd_);
}

std::vector<Folder::File> Folder::list(bool leavings) const {
  std::vector<File> files;
  const int copy = ::openat(fd_, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  const std::unique_ptr<DIR, int (*)(DIR*)> stream(copy < 0 ? nullptr : ::fdopendir(copy), ::closedir);
  if (!stream) {
    if (copy >= 0) ::close(copy);
    return files;
  }
  while (const dirent* const entry = ::readdir(stream.get())) {
    const std::string_view name = entry->d_name;
    struct stat info = {};
    if (!name.ends_with(leavings ? kUnfinished : kSegment)) continue;
    if (::fstatat(fd_, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) != 0 || !S_ISREG(info.st_mode)) continue;
    files.push_back({std::string(name), static_cast<uint64_t>(info.st_size), info.st_mtime});
  }
  std::sort(files.begin(), files.end(), [](const File& a, const File& b) { return a.used > b.used; });
  return files;
}

std::vector<Folder::File> Folder::segments() const { return list(false); }
std::vector<Folder::File> Folder::leavings() const { return list(true); }

void Folder::remove(const std::string& name) const { ::unlinkat(fd_, name.c_str(), 0); }

void Folder::trim(uint64_t limit) const {
  uint64_t sum = 0;
  for (const File& file : segments()) {
    sum += file.size;
    if (sum > limit) remove(file.name);
  }
  const int64_t now = ::time(nullptr);
  for (const File& file : leavings()) {
    if (now - file.used > kWriterIsGone) remove(file.name);
  }
}

std::string segment_name(const Fingerprint::Value& fingerprint, uint64_t object, unsigned place) {
  char text[64];
  std::snprintf(text, sizeof text, "%016" PRIx64 "-%016" PRIx64, fingerprint[0], object);
  std::string name(text);
  if (place != 0) name += "." + std::to_string(place);
  return name.append(kSegment);
}

std::string unfinished_name(const std::string& segment) {
  return segment + "." + std::to_string(::getpid()) + "." + std::to_string(::clock()) + std::string(kUnfinished);
}

}  // namespace menura::runtime
