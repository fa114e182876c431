#include "cli/timeline/timeline_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <optional>

#include "host/descriptor.h"

namespace menura::cli {
namespace {

// What viewers still take.
constexpr off_t kMostBytes = off_t{512} << 20;

constexpr std::string_view kBegin = "[\n", kEnd = "\n]\n";

// A descriptor with the file locked against other processes; closing it unlocks.
class LockedFile {
 public:
  LockedFile(const std::string& path, int flags) : fd_(host::out_of_the_way(::open(path.c_str(), flags, 0666))) {
    struct flock lock = {};
    lock.l_type = F_WRLCK;
    lock.l_whence = SEEK_SET;
    while (fd_ >= 0 && ::fcntl(fd_, F_SETLKW, &lock) != 0 && errno == EINTR) {
    }
  }
  ~LockedFile() {
    if (fd_ >= 0) ::close(fd_);
  }
  LockedFile(const LockedFile&) = delete;
  LockedFile& operator=(const LockedFile&) = delete;

  int fd() const { return fd_; }

  bool write(std::string_view text, off_t at) const {
    while (!text.empty()) {
      const ssize_t done = ::pwrite(fd_, text.data(), text.size(), at);
      if (done < 0 && errno == EINTR) continue;
      if (done <= 0) return false;
      text.remove_prefix(static_cast<std::size_t>(done));
      at += done;
    }
    return true;
  }

  // Where the last whole event ends; a writer that was killed may have left a piece of one behind it. Nothing: these
  // are no events of ours.
  std::optional<off_t> end_of_events(off_t size) const {
    constexpr off_t kLongest = off_t{1} << 18;  // more than one writes at a time
    std::string tail(static_cast<std::size_t>(std::min(size, kLongest)), '\0');
    const off_t from = size - static_cast<off_t>(tail.size());
    if (::pread(fd_, tail.data(), tail.size(), from) != static_cast<ssize_t>(tail.size())) return std::nullopt;
    if (tail.ends_with(kEnd)) return size - static_cast<off_t>(kEnd.size());
    const std::size_t last = tail.rfind("}\n,");
    if (last == std::string::npos) return std::nullopt;
    return from + static_cast<off_t>(last) + 1;
  }

 private:
  const int fd_;
};

}  // namespace

Result<TimelineFile> TimelineFile::open(const std::string& path, bool append, std::string_view first) {
  const auto cannot = [&](const std::string& why) {
    return Error{"--trace " + path + ": " + why + "; expected a file that can be written"};
  };
  TimelineFile made(std::filesystem::absolute(path).string());
  {
    const LockedFile file(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NONBLOCK);
    struct stat status = {};
    if (file.fd() < 0 || ::fstat(file.fd(), &status) != 0) return cannot(std::strerror(errno));
    if (!S_ISREG(status.st_mode)) return cannot("not a regular file");
    if (!append || status.st_size == 0) {
      std::string text(kBegin);
      text.append(first).append(kEnd);
      if (::ftruncate(file.fd(), 0) != 0 || !file.write(text, 0)) return cannot(std::strerror(errno));
      return made;
    }
  }
  if (!made.append(first)) return cannot("it holds no trace of Menura's, or is full");
  return made;
}

bool TimelineFile::append(std::string_view events) const {
  const LockedFile file(path_, O_RDWR | O_CLOEXEC | O_NONBLOCK);
  struct stat status = {};
  if (file.fd() < 0 || ::fstat(file.fd(), &status) != 0) return false;
  const auto at = file.end_of_events(status.st_size);
  std::string text = "\n,";
  text.append(events).append(kEnd);
  if (!at || *at + static_cast<off_t>(text.size()) > kMostBytes) return false;
  return file.write(text, *at) && ::ftruncate(file.fd(), *at + static_cast<off_t>(text.size())) == 0;
}

}  // namespace menura::cli
