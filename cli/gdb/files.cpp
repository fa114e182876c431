#include "cli/gdb/files.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <vector>

#include "cli/gdb/packet.h"

namespace menura::cli::gdb {

namespace {

// E.7.8 and E.7.9: the protocol's own numbers.
constexpr uint64_t kAccessMode = 3;
constexpr int kErofs = 30;
constexpr std::size_t kMostOpen = 64;

std::string failed(int error) { return "F-1," + hex_number(static_cast<uint64_t>(error)); }

void append_big_endian(std::string* text, uint64_t value, unsigned bytes) {
  for (unsigned i = bytes; i-- > 0;) *text += static_cast<char>(value >> 8 * i);
}

}  // namespace

Files::~Files() {
  for (const auto& [number, file] : open_) ::close(file);
}

std::string Files::answer(Fields& rest) {
  // A machine has no files.
  if (target_.executable().empty()) return "";
  const std::string_view call = rest.until(':');
  if (call == "setfs") return "F0";
  if (call == "open") return open(rest);
  if (call == "close") return close(rest);
  if (call == "pread") return pread(rest);
  if (call == "fstat") return fstat(rest);
  return "";
}

// name,flags,mode
std::string Files::open(Fields& rest) {
  const std::vector<uint8_t> bytes = rest.bytes();
  rest.expect(',');
  const uint64_t flags = rest.number();
  if (!rest.ok() || bytes.empty()) return failed(EINVAL);
  if ((flags & kAccessMode) != 0) return failed(kErofs);
  if (open_.size() >= kMostOpen) return failed(EMFILE);
  const std::string path = target_.host_path(std::string(bytes.begin(), bytes.end()));
  const int file = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (file < 0) return failed(errno);
  struct stat status = {};
  if (::fstat(file, &status) != 0 || !S_ISREG(status.st_mode)) {
    ::close(file);
    return failed(EACCES);
  }
  open_[next_] = file;
  return "F" + hex_number(next_++);
}

std::string Files::close(Fields& rest) {
  const auto file = open_.find(rest.number());
  if (!rest.ok() || file == open_.end()) return failed(EBADF);
  ::close(file->second);
  open_.erase(file);
  return "F0";
}

// file,count,offset
std::string Files::pread(Fields& rest) {
  const auto file = open_.find(rest.number());
  rest.expect(',');
  const uint64_t count = std::min<uint64_t>(rest.number(), kLongestPayload / 2 - 16);
  rest.expect(',');
  const uint64_t offset = rest.number();
  if (!rest.ok() || file == open_.end()) return failed(EBADF);
  std::string data(count, '\0');
  const ssize_t got = ::pread(file->second, data.data(), data.size(), static_cast<off_t>(offset));
  if (got < 0) return failed(errno);
  data.resize(static_cast<std::size_t>(got));
  return "F" + hex_number(data.size()) + ";" + data;
}

// E.7.9.1: struct stat, big-endian.
std::string Files::fstat(Fields& rest) {
  const auto file = open_.find(rest.number());
  struct stat status = {};
  if (!rest.ok() || file == open_.end() || ::fstat(file->second, &status) != 0) return failed(EBADF);
  std::string data;
  append_big_endian(&data, status.st_dev, 4);
  append_big_endian(&data, status.st_ino, 4);
  append_big_endian(&data, status.st_mode, 4);
  append_big_endian(&data, status.st_nlink, 4);
  append_big_endian(&data, status.st_uid, 4);
  append_big_endian(&data, status.st_gid, 4);
  append_big_endian(&data, status.st_rdev, 4);
  append_big_endian(&data, static_cast<uint64_t>(status.st_size), 8);
  append_big_endian(&data, static_cast<uint64_t>(status.st_blksize), 8);
  append_big_endian(&data, static_cast<uint64_t>(status.st_blocks), 8);
  append_big_endian(&data, static_cast<uint64_t>(status.st_atime), 4);
  append_big_endian(&data, static_cast<uint64_t>(status.st_mtime), 4);
  append_big_endian(&data, static_cast<uint64_t>(status.st_ctime), 4);
  return "F" + hex_number(data.size()) + ";" + data;
}

}  // namespace menura::cli::gdb
