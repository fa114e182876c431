// File descriptors of Menura's own.
#pragma once

#include <unistd.h>

#include <utility>

namespace menura::host {

// Closes itself.
class Descriptor {
 public:
  explicit Descriptor(int fd = -1) : fd_(fd) {}
  Descriptor(Descriptor&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Descriptor& operator=(Descriptor&& other) noexcept {
    std::swap(fd_, other.fd_);
    return *this;
  }
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }

  int get() const { return fd_; }
  // The caller closes it.
  int release() { return std::exchange(fd_, -1); }
  explicit operator bool() const { return fd_ >= 0; }

 private:
  int fd_;
};

// In a process that Menura shares with a guest: guests count their descriptors from the lowest free one. Moves `fd` to
// where none of them looks, closed by execve. Negative numbers stay as they are; where there is no room, so does `fd`.
int out_of_the_way(int fd);

// In a process of Menura's own: as many files as the system lets it open. Shells begin with few, and guests have many.
void allow_many_descriptors();

}  // namespace menura::host
