#include "cli/sysroot/tree.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace menura::cli {
namespace {

namespace fs = std::filesystem;

Error failed(const fs::path& path, const std::error_code& error) {
  return Error{path.string() + ": " + error.message()};
}

}  // namespace

SysrootTree::SysrootTree(const fs::path& home, const std::string& architecture, int lock)
    : place_(home / architecture),
      stage_(home / ("." + architecture + ".new")),
      old_(home / ("." + architecture + ".old")),
      lock_(lock) {}

SysrootTree::SysrootTree(SysrootTree&& other) noexcept
    : place_(std::move(other.place_)),
      stage_(std::move(other.stage_)),
      old_(std::move(other.old_)),
      lock_(std::exchange(other.lock_, -1)) {}

SysrootTree::~SysrootTree() {
  if (lock_ >= 0) close(lock_);
}

Result<SysrootTree> SysrootTree::lock(const fs::path& home, const std::string& architecture, void (*waiting)()) {
  std::error_code error;
  fs::create_directories(home, error);
  if (error) return failed(home, error);
  const fs::path path = home / ("." + architecture + ".lock");
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
  if (fd < 0) return Error{path.string() + ": " + std::strerror(errno)};
  SysrootTree tree(home, architecture, fd);
  if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
    waiting();
    while (flock(fd, LOCK_EX) != 0) {
      if (errno != EINTR) return Error{path.string() + ": " + std::strerror(errno)};
    }
  }
  // Killed between the two renames of commit(): the old one is still whole.
  if (!fs::exists(tree.place_, error) && fs::exists(tree.old_, error)) fs::rename(tree.old_, tree.place_, error);
  fs::remove_all(tree.old_, error);
  tree.abandon();
  return tree;
}

Result<void> SysrootTree::begin() const {
  std::error_code error;
  if (!fs::exists(place_, error)) {
    fs::create_directory(stage_, error);
  } else {
    // The same files under a second name; what is unpacked over one makes a new file.
    fs::copy(place_, stage_,
             fs::copy_options::recursive | fs::copy_options::copy_symlinks | fs::copy_options::create_hard_links,
             error);
  }
  if (error) return failed(stage_, error);
  return {};
}

Result<void> SysrootTree::commit() const {
  std::error_code error;
  if (!fs::exists(place_, error)) {
    fs::rename(stage_, place_, error);
    if (error) return failed(place_, error);
    return {};
  }
  if (renameat2(AT_FDCWD, stage_.c_str(), AT_FDCWD, place_.c_str(), RENAME_EXCHANGE) == 0) {
    abandon();
    return {};
  }
  if (errno != EINVAL && errno != ENOSYS) return Error{place_.string() + ": " + std::strerror(errno)};
  // A file system that cannot exchange (NFS): in between there is none, and lock() puts the old one back.
  fs::rename(place_, old_, error);
  if (!error) fs::rename(stage_, place_, error);
  if (error) return failed(place_, error);
  fs::remove_all(old_, error);
  return {};
}

void SysrootTree::abandon() const {
  std::error_code error;
  fs::remove_all(stage_, error);
}

Result<void> SysrootTree::remove() const {
  std::error_code error;
  fs::rename(place_, stage_, error);
  if (error) return failed(place_, error);
  fs::remove_all(stage_, error);
  if (error) return failed(stage_, error);
  return {};
}

}  // namespace menura::cli
