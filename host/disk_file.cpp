#include "host/disk_file.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/fs.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <climits>
#include <cstring>
#include <string_view>

namespace menura::host {
namespace {

// Images that are not raw, by how they begin.
struct Format {
  std::string_view magic;
  const char* name;
};
constexpr Format kFormats[] = {
    {"QFI\xfb", "qcow2"}, {"KDMV", "VMDK"}, {"vhdxfile", "VHDX"}, {"conectix", "VHD"}, {"QED\0", "QED"},
};

const char* format_of(int fd) {
  std::array<char, 16> begin = {};
  if (::pread(fd, begin.data(), begin.size(), 0) <= 0) return nullptr;
  for (const Format& format : kFormats) {
    if (std::string_view(begin.data(), begin.size()).starts_with(format.magic)) return format.name;
  }
  return nullptr;
}

// All of it, for reading or for writing; the lock goes with the last descriptor, also by kill -9. QEMU's locks are of
// the same kind, so that both respect each other.
bool lock(int fd, bool read_only) {
  struct flock all = {};
  all.l_type = read_only ? F_RDLCK : F_WRLCK;
  all.l_whence = SEEK_SET;
  // File systems that know no locks do not forbid to run.
  return ::fcntl(fd, F_OFD_SETLK, &all) == 0 || (errno != EAGAIN && errno != EACCES);
}

// Drops the first `done` bytes.
std::span<iovec> advance(std::span<iovec> parts, std::size_t done) {
  while (!parts.empty() && done >= parts[0].iov_len) {
    done -= parts[0].iov_len;
    parts = parts.subspan(1);
  }
  if (done != 0) {
    parts[0].iov_base = static_cast<std::byte*>(parts[0].iov_base) + done;
    parts[0].iov_len -= done;
  }
  return parts;
}

int count_of(std::span<iovec> parts) { return static_cast<int>(std::min<std::size_t>(parts.size(), IOV_MAX)); }

}  // namespace

Result<std::unique_ptr<DiskFile>> DiskFile::open(const std::string& path, bool read_only, bool sure_raw) {
  const int fd = ::open(path.c_str(), (read_only ? O_RDONLY : O_RDWR) | O_CLOEXEC);
  if (fd < 0) {
    const int error = errno;
    std::string hint;
    if (error == ENOENT) hint = "; make one with `truncate -s 1G " + path + "`";
    if (!read_only && (error == EACCES || error == EROFS || error == EPERM)) hint = "; try readonly=on";
    return Error{"the disk image " + path + " cannot be opened: " + std::strerror(error) + hint};
  }
  struct stat info = {};
  ::fstat(fd, &info);
  const bool block_device = S_ISBLK(info.st_mode);
  uint64_t size = static_cast<uint64_t>(info.st_size);
  std::string wrong;
  if (block_device) {
    if (::ioctl(fd, BLKGETSIZE64, &size) != 0) wrong = std::string("has no size: ") + std::strerror(errno);
  } else if (!S_ISREG(info.st_mode)) {
    wrong = "is neither a file nor a block device";
  }
  const char* const format = sure_raw || !wrong.empty() ? nullptr : format_of(fd);
  if (format != nullptr) {
    wrong = std::string("looks like ") + format + "; expected a raw image (`qemu-img convert -O raw` makes one, " +
            "format=raw says that it is one)";
  }
  if (wrong.empty() && !lock(fd, read_only)) {
    wrong = read_only ? "is being written by another machine; expected that nobody writes it"
                      : "is in use by another machine; expected an image of its own, or readonly=on for both";
  }
  if (!wrong.empty()) {
    ::close(fd);
    return Error{"the disk image " + path + " " + wrong};
  }
  return std::unique_ptr<DiskFile>(new DiskFile(fd, size, read_only, block_device));
}

DiskFile::~DiskFile() { ::close(fd_); }

int DiskFile::read(std::span<iovec>* parts, uint64_t* offset, int flags) {
  while (!parts->empty()) {
    const ssize_t got = ::preadv2(fd_, parts->data(), count_of(*parts), static_cast<off_t>(*offset), flags);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return -errno;
    // Behind the end; not all file systems are right about that when they must not wait.
    if (got == 0 && flags != 0) return -EAGAIN;
    if (got == 0) {
      for (const iovec& part : *parts) std::memset(part.iov_base, 0, part.iov_len);
      return 0;
    }
    *offset += static_cast<uint64_t>(got);
    *parts = advance(*parts, static_cast<std::size_t>(got));
  }
  return 0;
}

int DiskFile::read(std::span<iovec> parts, uint64_t offset) { return read(&parts, &offset, 0); }

int DiskFile::read_at_hand(std::span<iovec>* parts, uint64_t* offset) {
  const int error = read(parts, offset, RWF_NOWAIT);
  // Some file systems cannot say: they are waited for.
  return error == -EOPNOTSUPP ? read(parts, offset, 0) : error;
}

int DiskFile::write(std::span<iovec> parts, uint64_t offset) {
  while (!parts.empty()) {
    const ssize_t put = ::pwritev(fd_, parts.data(), count_of(parts), static_cast<off_t>(offset));
    if (put < 0 && errno == EINTR) continue;
    if (put <= 0) return put < 0 ? -errno : -EIO;
    offset += static_cast<uint64_t>(put);
    parts = advance(parts, static_cast<std::size_t>(put));
  }
  return 0;
}

int DiskFile::flush() { return read_only_ || ::fdatasync(fd_) == 0 ? 0 : -errno; }

int DiskFile::discard(uint64_t offset, uint64_t size) {
  if (size == 0) return 0;
  int done = 0;
  if (block_device_) {
    uint64_t range[2] = {offset, size};
    done = ::ioctl(fd_, BLKDISCARD, range);
  } else {
    done = ::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, static_cast<off_t>(offset),
                       static_cast<off_t>(size));
  }
  return done == 0 || errno == EOPNOTSUPP || errno == ENOTTY ? 0 : -errno;
}

int DiskFile::write_zeroes(uint64_t offset, uint64_t size, bool unmap) {
  if (size == 0) return 0;
  const auto at = static_cast<off_t>(offset);
  const auto length = static_cast<off_t>(size);
  if (!block_device_ && unmap && ::fallocate(fd_, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, at, length) == 0)
    return 0;
  if (!block_device_ && ::fallocate(fd_, FALLOC_FL_ZERO_RANGE | FALLOC_FL_KEEP_SIZE, at, length) == 0) return 0;
  static std::byte zeroes[uint64_t{1} << 16];
  while (size != 0) {
    iovec part = {zeroes, std::min<uint64_t>(size, sizeof zeroes)};
    if (const int error = write(std::span(&part, 1), offset); error != 0) return error;
    const uint64_t done = std::min<uint64_t>(size, sizeof zeroes);
    offset += done;
    size -= done;
  }
  return 0;
}

}  // namespace menura::host
