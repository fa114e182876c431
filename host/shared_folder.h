// A folder of the host that a guest may use, and nothing outside of it: names are looked up one by one, below file
// descriptors, and no symbolic link is ever followed on the host.
#pragma once

#include <dirent.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/descriptor.h"
#include "ir/core/result.h"

namespace menura::host {

// A file of the folder: a place in it, open for nothing but being named (O_PATH).
struct SharedFile {
  Descriptor fd;
  std::vector<std::string> path;  // from the folder; for ".."
};

// Functions return 0 or -errno. Not for several threads at once.
class SharedFolder {
 public:
  static Result<std::unique_ptr<SharedFolder>> open(const std::string& path, bool read_only);

  bool read_only() const { return read_only_; }

  int root(SharedFile* file) const;
  // `name` within `folder`: one name without '/', or "..", which ends at the folder itself.
  int walk(const SharedFile& folder, const std::string& name, SharedFile* file) const;
  // Opens it for `flags` (O_RDONLY, O_WRONLY, O_RDWR, O_APPEND, O_TRUNC, ...): only files and folders, since opening
  // others has effects on the host.
  int open_file(const SharedFile& file, int flags, Descriptor* opened) const;
  int create(const SharedFile& folder, const std::string& name, int flags, mode_t mode, Descriptor* opened) const;

  static int status(const SharedFile& file, struct stat* info);
  static int read_link(const SharedFile& file, std::string* target);
  static int file_system(const SharedFile& file, struct statvfs* info);

  int make_folder(const SharedFile& folder, const std::string& name, mode_t mode) const;
  int make_link(const SharedFile& folder, const std::string& name, const std::string& target) const;
  // FIFOs and sockets; devices are refused.
  int make_node(const SharedFile& folder, const std::string& name, mode_t mode) const;
  int hard_link(const SharedFile& folder, const std::string& name, const SharedFile& file) const;
  int remove(const SharedFile& folder, const std::string& name, bool is_folder) const;
  int rename(const SharedFile& from, const std::string& name, const SharedFile& to, const std::string& new_name) const;

  int set_mode(const SharedFile& file, mode_t mode) const;
  int set_owner(const SharedFile& file, uid_t user, gid_t group) const;
  int set_size(const SharedFile& file, uint64_t size) const;
  int set_times(const SharedFile& file, const timespec times[2]) const;

  // Extended attributes of users: -EOPNOTSUPP for others, which mean something to the host.
  int get_attribute(const SharedFile& file, const std::string& name, std::vector<uint8_t>* value) const;
  // Their names, with a zero byte behind each.
  int list_attributes(const SharedFile& file, std::vector<uint8_t>* names) const;
  // `flags`: as setxattr(2) has them.
  int set_attribute(const SharedFile& file, const std::string& name, const std::vector<uint8_t>& value,
                    int flags) const;
  int remove_attribute(const SharedFile& file, const std::string& name) const;

 private:
  SharedFolder(int fd, bool read_only) : root_(fd), read_only_(read_only) {}

  const Descriptor root_;
  const bool read_only_;
};

// False for what is no name of one file in a folder: "", ".", "..", anything with '/' or a zero byte.
bool is_name(const std::string& name);

}  // namespace menura::host
