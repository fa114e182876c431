#include "host/shared_folder.h"

#include <fcntl.h>
#include <linux/openat2.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <string_view>

namespace menura::host {
namespace {

// What a guest may set of a file's mode: no set-user-ID or set-group-ID, which would be the host's user's.
constexpr mode_t kModes = 01777;

int result(int done) { return done == 0 ? 0 : -errno; }

// The file itself, for system calls that take no O_PATH descriptor. No symbolic link of the folder: the kernel goes
// straight to what is open (proc(5), /proc/pid/fd).
std::string by_descriptor(const SharedFile& file) { return "/proc/self/fd/" + std::to_string(file.fd.get()); }

bool is_kind(const SharedFile& file, std::initializer_list<mode_t> kinds) {
  struct stat info = {};
  if (SharedFolder::status(file, &info) != 0) return false;
  for (const mode_t kind : kinds) {
    if ((info.st_mode & S_IFMT) == kind) return true;
  }
  return false;
}

}  // namespace

bool is_name(const std::string& name) {
  return !name.empty() && name != "." && name != ".." && name.find('/') == std::string::npos &&
         name.find('\0') == std::string::npos;
}

Result<std::unique_ptr<SharedFolder>> SharedFolder::open(const std::string& path, bool read_only) {
  const int fd = ::open(path.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) return Error{"the folder " + path + " cannot be shared: " + std::strerror(errno)};
  return std::unique_ptr<SharedFolder>(new SharedFolder(fd, read_only));
}

int SharedFolder::root(SharedFile* file) const {
  Descriptor fd(::fcntl(root_.get(), F_DUPFD_CLOEXEC, 0));
  if (!fd) return -errno;
  file->fd = std::move(fd);
  file->path.clear();
  return 0;
}

int SharedFolder::walk(const SharedFile& folder, const std::string& name, SharedFile* file) const {
  std::vector<std::string> path = folder.path;
  if (name == "..") {
    if (path.size() <= 1) return root(file);
    path.pop_back();
    // From the top, so that it ends inside wherever the folder has been moved meanwhile.
    std::string whole;
    for (const std::string& part : path) whole += (whole.empty() ? "" : "/") + part;
    open_how how = {};
    how.flags = O_PATH | O_NOFOLLOW | O_CLOEXEC;
    how.resolve = RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS;
    Descriptor fd(static_cast<int>(::syscall(SYS_openat2, root_.get(), whole.c_str(), &how, sizeof how)));
    if (!fd) return -errno;
    *file = {std::move(fd), std::move(path)};
    return 0;
  }
  if (!is_name(name)) return -EINVAL;
  Descriptor fd(::openat(folder.fd.get(), name.c_str(), O_PATH | O_NOFOLLOW | O_CLOEXEC));
  if (!fd) return -errno;
  path.push_back(name);
  *file = {std::move(fd), std::move(path)};
  return 0;
}

int SharedFolder::open_file(const SharedFile& file, int flags, Descriptor* opened) const {
  if (read_only_ && ((flags & O_ACCMODE) != O_RDONLY || (flags & O_TRUNC) != 0)) return -EROFS;
  if (!is_kind(file, {S_IFREG, S_IFDIR})) return -EACCES;
  Descriptor fd(::open(by_descriptor(file).c_str(), (flags & ~O_NOFOLLOW) | O_CLOEXEC | O_NONBLOCK | O_NOCTTY));
  if (!fd) return -errno;
  *opened = std::move(fd);
  return 0;
}

int SharedFolder::create(const SharedFile& folder, const std::string& name, int flags, mode_t mode,
                         Descriptor* opened) const {
  if (read_only_) return -EROFS;
  if (!is_name(name)) return -EINVAL;
  Descriptor fd(
      ::openat(folder.fd.get(), name.c_str(), flags | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, mode & kModes));
  if (!fd) return -errno;
  *opened = std::move(fd);
  return 0;
}

int SharedFolder::status(const SharedFile& file, struct stat* info) {
  return result(::fstatat(file.fd.get(), "", info, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
}

int SharedFolder::read_link(const SharedFile& file, std::string* target) {
  char text[4096];
  const ssize_t size = ::readlinkat(file.fd.get(), "", text, sizeof text);
  if (size < 0) return -errno;
  target->assign(text, static_cast<std::size_t>(size));
  return 0;
}

int SharedFolder::file_system(const SharedFile& file, struct statvfs* info) {
  return result(::fstatvfs(file.fd.get(), info));
}

int SharedFolder::make_folder(const SharedFile& folder, const std::string& name, mode_t mode) const {
  if (read_only_) return -EROFS;
  if (!is_name(name)) return -EINVAL;
  return result(::mkdirat(folder.fd.get(), name.c_str(), mode & kModes));
}

int SharedFolder::make_link(const SharedFile& folder, const std::string& name, const std::string& target) const {
  if (read_only_) return -EROFS;
  if (!is_name(name) || target.find('\0') != std::string::npos) return -EINVAL;
  return result(::symlinkat(target.c_str(), folder.fd.get(), name.c_str()));
}

int SharedFolder::make_node(const SharedFile& folder, const std::string& name, mode_t mode) const {
  if (read_only_) return -EROFS;
  if (!is_name(name)) return -EINVAL;
  const mode_t kind = mode & S_IFMT;
  if (kind != S_IFIFO && kind != S_IFSOCK && kind != S_IFREG) return -EPERM;
  return result(::mknodat(folder.fd.get(), name.c_str(), kind | (mode & kModes), 0));
}

int SharedFolder::hard_link(const SharedFile& folder, const std::string& name, const SharedFile& file) const {
  if (read_only_) return -EROFS;
  if (!is_name(name)) return -EINVAL;
  if (is_kind(file, {S_IFLNK})) return -EPERM;
  return result(::linkat(AT_FDCWD, by_descriptor(file).c_str(), folder.fd.get(), name.c_str(), AT_SYMLINK_FOLLOW));
}

int SharedFolder::remove(const SharedFile& folder, const std::string& name, bool is_folder) const {
  if (read_only_) return -EROFS;
  if (!is_name(name)) return -EINVAL;
  return result(::unlinkat(folder.fd.get(), name.c_str(), is_folder ? AT_REMOVEDIR : 0));
}

int SharedFolder::rename(const SharedFile& from, const std::string& name, const SharedFile& to,
                         const std::string& new_name) const {
  if (read_only_) return -EROFS;
  if (!is_name(name) || !is_name(new_name)) return -EINVAL;
  return result(::renameat(from.fd.get(), name.c_str(), to.fd.get(), new_name.c_str()));
}

int SharedFolder::set_mode(const SharedFile& file, mode_t mode) const {
  if (read_only_) return -EROFS;
  if (is_kind(file, {S_IFLNK})) return -EOPNOTSUPP;
  return result(::chmod(by_descriptor(file).c_str(), mode & kModes));
}

int SharedFolder::set_owner(const SharedFile& file, uid_t user, gid_t group) const {
  if (read_only_) return -EROFS;
  return result(::fchownat(file.fd.get(), "", user, group, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW));
}

int SharedFolder::set_size(const SharedFile& file, uint64_t size) const {
  if (read_only_) return -EROFS;
  if (!is_kind(file, {S_IFREG})) return -EINVAL;
  return result(::truncate(by_descriptor(file).c_str(), static_cast<off_t>(size)));
}

int SharedFolder::set_times(const SharedFile& file, const timespec times[2]) const {
  if (read_only_) return -EROFS;
  if (is_kind(file, {S_IFLNK})) return -EOPNOTSUPP;
  return result(::utimensat(AT_FDCWD, by_descriptor(file).c_str(), times, 0));
}

namespace {

bool is_users(std::string_view name) { return name.starts_with("user.") && name.find('\0') == std::string_view::npos; }

// What `ask` gives, a system call that says how much there is when it is asked for nothing.
template <typename Ask>
int whole(std::vector<uint8_t>* bytes, Ask ask) {
  for (;;) {
    const ssize_t size = ask(nullptr, 0);
    if (size < 0) return -errno;
    bytes->resize(static_cast<std::size_t>(size));
    if (size == 0) return 0;
    const ssize_t got = ask(bytes->data(), bytes->size());
    if (got >= 0) {
      bytes->resize(static_cast<std::size_t>(got));
      return 0;
    }
    if (errno != ERANGE) return -errno;  // it has grown meanwhile
  }
}

}  // namespace

int SharedFolder::get_attribute(const SharedFile& file, const std::string& name, std::vector<uint8_t>* value) const {
  if (!is_users(name)) return -EOPNOTSUPP;
  if (is_kind(file, {S_IFLNK})) return -ENODATA;
  const std::string path = by_descriptor(file);
  return whole(value, [&](void* to, std::size_t size) { return ::getxattr(path.c_str(), name.c_str(), to, size); });
}

int SharedFolder::list_attributes(const SharedFile& file, std::vector<uint8_t>* names) const {
  names->clear();
  if (is_kind(file, {S_IFLNK})) return 0;
  const std::string path = by_descriptor(file);
  std::vector<uint8_t> all;
  const int error =
      whole(&all, [&](void* to, std::size_t size) { return ::listxattr(path.c_str(), static_cast<char*>(to), size); });
  if (error != 0) return error;
  for (auto at = all.begin(); at != all.end();) {
    const auto end = std::find(at, all.end(), 0);
    if (end == all.end()) break;
    if (is_users({reinterpret_cast<const char*>(&*at), static_cast<std::size_t>(end - at)})) {
      names->insert(names->end(), at, end + 1);
    }
    at = end + 1;
  }
  return 0;
}

int SharedFolder::set_attribute(const SharedFile& file, const std::string& name, const std::vector<uint8_t>& value,
                                int flags) const {
  if (read_only_) return -EROFS;
  if (!is_users(name)) return -EOPNOTSUPP;
  if (is_kind(file, {S_IFLNK})) return -EPERM;
  return result(::setxattr(by_descriptor(file).c_str(), name.c_str(), value.data(), value.size(), flags));
}

int SharedFolder::remove_attribute(const SharedFile& file, const std::string& name) const {
  if (read_only_) return -EROFS;
  if (!is_users(name)) return -EOPNOTSUPP;
  if (is_kind(file, {S_IFLNK})) return -ENODATA;
  return result(::removexattr(by_descriptor(file).c_str(), name.c_str()));
}

}  // namespace menura::host
