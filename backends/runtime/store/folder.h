// The folder of compiled code: opened for as long as something is done there, since the descriptors of this process are
// the guest's, and trusted only if nobody but this user can have written there.
#pragma once

#include <sys/stat.h>

#include <cstdint>
#include <string>
#include <vector>

#include "backends/runtime/store/fingerprint.h"
#include "ir/core/result.h"

namespace menura::runtime {

// Belongs to this user, and no other may write to it.
bool is_trusted(const struct stat& info);

class Folder {
 public:
  // With `create`, what is missing of the path is made, but nothing inside a folder that is another user's. The error
  // says why there can be no code.
  static Result<Folder> open(const std::string& path, bool create);
  Folder(Folder&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  Folder& operator=(Folder&&) = delete;
  ~Folder();

  int fd() const { return fd_; }

  struct File {
    std::string name;
    uint64_t size = 0;
    int64_t used = 0;  // seconds since 1970
  };
  // The segments, the one that was used last in front; and what a writer that was killed has left.
  std::vector<File> segments() const;
  std::vector<File> leavings() const;
  void remove(const std::string& name) const;

  // Removes what was used longest ago until `limit` bytes are left, and leavings.
  void trim(uint64_t limit) const;

 private:
  explicit Folder(int fd) : fd_(fd) {}
  std::vector<File> list(bool leavings) const;

  int fd_;
};

// Names of files: a segment's, of the places that an object has (segment_set.h), and the one that it has while it is
// being written.
std::string segment_name(const Fingerprint::Value& fingerprint, uint64_t object, unsigned place);
std::string unfinished_name(const std::string& segment);

}  // namespace menura::runtime
