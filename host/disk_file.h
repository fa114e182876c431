// A disk image: a raw file or a block device of the host, locked so that no two machines write it.
#pragma once

#include <sys/uio.h>

#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "ir/core/result.h"

namespace menura::host {

// Offsets and sizes in bytes. Functions return 0 or -errno; several threads may call them at once. What flush() has
// returned for is on the disk, whatever happens to this process or the host.
class DiskFile {
 public:
  // Error: it cannot be opened, another machine has it, or it is no raw image (`sure_raw`: it is, whatever it looks
  // like).
  static Result<std::unique_ptr<DiskFile>> open(const std::string& path, bool read_only, bool sure_raw);
  ~DiskFile();
  DiskFile(const DiskFile&) = delete;
  DiskFile& operator=(const DiskFile&) = delete;

  uint64_t size() const { return size_; }
  bool read_only() const { return read_only_; }

  // All of `parts`; what lies behind the end of the file reads as zeroes. Changes `parts`.
  int read(std::span<iovec> parts, uint64_t offset);
  // The same as far as the host has it in its memory: -EAGAIN, and *parts and *offset are what is left.
  int read_at_hand(std::span<iovec>* parts, uint64_t* offset);
  int write(std::span<iovec> parts, uint64_t offset);
  int flush();
  // What was there need not be kept; the host does what it can.
  int discard(uint64_t offset, uint64_t size);
  // `unmap`: the file need not keep the room.
  int write_zeroes(uint64_t offset, uint64_t size, bool unmap);

 private:
  int read(std::span<iovec>* parts, uint64_t* offset, int flags);

  DiskFile(int fd, uint64_t size, bool read_only, bool block_device)
      : fd_(fd), size_(size), read_only_(read_only), block_device_(block_device) {}

  const int fd_;
  const uint64_t size_;
  const bool read_only_;
  const bool block_device_;
};

}  // namespace menura::host
