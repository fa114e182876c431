#include "boards/devices/virtio/ninep/server.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

namespace menura::boards::virtio::ninep {

// The types of messages; a reply's is one more.
struct Server::Row {
  uint8_t type;
  int (Server::*serve)(Reader& in, Writer& out);
};

const Server::Row Server::kRows[] = {
    {8, &Server::statfs},   {12, &Server::lopen},     {14, &Server::lcreate},     {16, &Server::symlink},
    {18, &Server::mknod},   {20, &Server::rename},    {22, &Server::readlink},    {24, &Server::getattr},
    {26, &Server::setattr}, {30, &Server::xattrwalk}, {32, &Server::xattrcreate}, {40, &Server::readdir},
    {50, &Server::fsync},   {52, &Server::lock},      {54, &Server::getlock},     {70, &Server::link},
    {72, &Server::mkdir},   {74, &Server::renameat},  {76, &Server::unlinkat},    {100, &Server::version},
    {104, &Server::attach}, {108, &Server::flush},    {110, &Server::walk},       {116, &Server::read},
    {118, &Server::write},  {120, &Server::clunk},    {122, &Server::remove},
};

namespace {

constexpr uint8_t kRlerror = 7;
constexpr unsigned kMostNames = 16;  // MAXWELEM of walk(5)

}  // namespace

bool Server::handle(std::span<const uint8_t> request, std::size_t most, std::vector<uint8_t>* reply) {
  if (request.size() < kHeaderSize || most < kHeaderSize + 4) return false;
  Reader in(request);
  const uint32_t size = in.u32();
  const uint8_t type = in.u8();
  const uint16_t tag = in.u16();
  if (size < kHeaderSize || size > request.size()) return false;
  in = Reader(request.subspan(kHeaderSize, size - kHeaderSize));
  most_ = std::min<std::size_t>(most, kMostMessage);

  Writer out(reply);
  out.begin(static_cast<uint8_t>(type + 1), tag);
  const auto* const row =
      std::find_if(std::begin(kRows), std::end(kRows), [&](const Row& one) { return one.type == type; });
  int error = row == std::end(kRows) ? -EOPNOTSUPP : (this->*row->serve)(in, out);
  if (error == 0 && !in.good()) error = -EINVAL;
  if (error == 0 && out.size() > most_) error = -EMSGSIZE;
  if (error != 0) {
    out.begin(kRlerror, tag);
    out.u32(static_cast<uint32_t>(-error));
  }
  out.finish();
  return true;
}

Server::Fid* Server::find(uint32_t number) {
  const auto found = fids_.find(number);
  return found == fids_.end() ? nullptr : &found->second;
}

std::size_t Server::room(const Writer& out, uint32_t count) const {
  return std::min<std::size_t>(count, most_ - std::min(most_, out.size()));
}

int Server::qid_of(const host::SharedFile& file, Qid* qid) {
  struct stat info = {};
  if (const int error = host::SharedFolder::status(file, &info); error != 0) return error;
  qid->type = S_ISDIR(info.st_mode) ? kQidFolder : S_ISLNK(info.st_mode) ? kQidLink : 0;
  qid->version = static_cast<uint32_t>(info.st_mtim.tv_sec ^ info.st_mtim.tv_nsec);
  // Of several file systems below the folder, inodes need not differ.
  qid->path = info.st_ino ^ static_cast<uint64_t>(info.st_dev) << 40;
  return 0;
}

int Server::reply_new(const host::SharedFile& folder, const std::string& name, Writer& out) {
  host::SharedFile file;
  if (const int error = folder_->walk(folder, name, &file); error != 0) return error;
  Qid qid;
  if (const int error = qid_of(file, &qid); error != 0) return error;
  out.qid(qid);
  return 0;
}

// --- sessions and fids

int Server::version(Reader& in, Writer& out) {
  const uint32_t most = in.u32();
  const std::string version = in.string();
  reset();
  out.u32(std::min(most, kMostMessage));
  out.string(version == "9P2000.L" ? version : "unknown");
  return 0;
}

int Server::attach(Reader& in, Writer& out) {
  const uint32_t number = in.u32();
  if (folder_ == nullptr) return -ENOENT;
  if (find(number) != nullptr) return -EBADF;
  Fid fid;
  if (const int error = folder_->root(&fid.file); error != 0) return error;
  Qid qid;
  if (const int error = qid_of(fid.file, &qid); error != 0) return error;
  out.qid(qid);
  fids_.emplace(number, std::move(fid));
  return 0;
}

// Several names at once; those that are found are answered for, and only all of them make a new fid (walk(5)).
int Server::walk(Reader& in, Writer& out) {
  Fid* const from = find(in.u32());
  const uint32_t new_number = in.u32();
  const unsigned count = in.u16();
  if (from == nullptr || fids_.size() >= kMostFids) return -EBADF;
  if (count > kMostNames) return -EINVAL;
  if (find(new_number) != nullptr && find(new_number) != from) return -EBADF;
  host::SharedFile at;
  at.path = from->file.path;
  at.fd = host::Descriptor(::fcntl(from->file.fd.get(), F_DUPFD_CLOEXEC, 0));
  if (!at.fd) return -errno;
  const std::size_t place = out.size();
  out.u16(0);
  for (unsigned i = 0; i < count; ++i) {
    const std::string name = in.string();
    host::SharedFile next;
    Qid qid;
    int error = folder_->walk(at, name, &next);
    if (error == 0) error = qid_of(next, &qid);
    if (error != 0 && i == 0) return error;
    if (error != 0) return 0;
    out.qid(qid);
    at = std::move(next);
    const auto done = static_cast<uint16_t>(i + 1);
    out.set_u16(place, done);
  }
  if (!in.good()) return -EINVAL;
  Fid fid;
  fid.file = std::move(at);
  fids_.insert_or_assign(new_number, std::move(fid));
  return 0;
}

// The fid is gone, also where that fails.
int Server::clunk(Reader& in, Writer&) {
  const auto found = fids_.find(in.u32());
  if (found == fids_.end()) return -EBADF;
  const int error = found->second.attribute != nullptr ? keep_attribute(found->second) : 0;
  fids_.erase(found);
  return error;
}

// Requests are served one after the other: what is to be flushed is done.
int Server::flush(Reader& in, Writer&) {
  in.u16();
  return 0;
}

// --- files as such

int Server::statfs(Reader& in, Writer& out) {
  const Fid* const fid = find(in.u32());
  if (fid == nullptr) return -EBADF;
  struct statvfs info = {};
  if (const int error = host::SharedFolder::file_system(fid->file, &info); error != 0) return error;
  constexpr uint32_t kV9fsMagic = 0x01021997;
  out.u32(kV9fsMagic);
  out.u32(static_cast<uint32_t>(info.f_bsize));
  out.u64(info.f_blocks);
  out.u64(info.f_bfree);
  out.u64(info.f_bavail);
  out.u64(info.f_files);
  out.u64(info.f_ffree);
  out.u64(info.f_fsid);
  out.u32(static_cast<uint32_t>(info.f_namemax));
  return 0;
}

int Server::getattr(Reader& in, Writer& out) {
  const Fid* const fid = find(in.u32());
  in.u64();  // what is wanted: all of the basic ones are answered
  if (fid == nullptr) return -EBADF;
  struct stat info = {};
  Qid qid;
  int error = host::SharedFolder::status(fid->file, &info);
  if (error == 0) error = qid_of(fid->file, &qid);
  if (error != 0) return error;
  constexpr uint64_t kBasic = 0x7ff;
  out.u64(kBasic);
  out.qid(qid);
  out.u32(info.st_mode);
  out.u32(info.st_uid);
  out.u32(info.st_gid);
  out.u64(info.st_nlink);
  out.u64(info.st_rdev);
  out.u64(static_cast<uint64_t>(info.st_size));
  out.u64(static_cast<uint64_t>(info.st_blksize));
  out.u64(static_cast<uint64_t>(info.st_blocks));
  for (const timespec& time : {info.st_atim, info.st_mtim, info.st_ctim, timespec{}}) {
    out.u64(static_cast<uint64_t>(time.tv_sec));
    out.u64(static_cast<uint64_t>(time.tv_nsec));
  }
  out.u64(0);  // gen
  out.u64(0);  // data_version
  return 0;
}

int Server::setattr(Reader& in, Writer&) {
  constexpr uint32_t kMode = 1, kUser = 2, kGroup = 4, kSize = 8, kAccess = 0x10, kModify = 0x20, kAccessSet = 0x80,
                     kModifySet = 0x100;
  const Fid* const fid = find(in.u32());
  const uint32_t valid = in.u32(), mode = in.u32(), user = in.u32(), group = in.u32();
  const uint64_t size = in.u64();
  timespec times[2];
  for (timespec& time : times) {
    time.tv_sec = static_cast<time_t>(in.u64());
    time.tv_nsec = static_cast<long>(in.u64());
  }
  if (fid == nullptr) return -EBADF;
  if (!in.good()) return -EINVAL;
  int error = 0;
  if ((valid & kMode) != 0) error = folder_->set_mode(fid->file, mode);
  if (error == 0 && (valid & (kUser | kGroup)) != 0) {
    constexpr uint32_t kSame = ~uint32_t{0};
    error = folder_->set_owner(fid->file, (valid & kUser) != 0 ? user : kSame, (valid & kGroup) != 0 ? group : kSame);
  }
  if (error == 0 && (valid & kSize) != 0) error = folder_->set_size(fid->file, size);
  if (error == 0 && (valid & (kAccess | kModify)) != 0) {
    const auto choose = [&](timespec* time, uint32_t change, uint32_t given) {
      if ((valid & change) == 0) {
        time->tv_nsec = UTIME_OMIT;
      } else if ((valid & given) == 0) {
        time->tv_nsec = UTIME_NOW;
      }
    };
    choose(&times[0], kAccess, kAccessSet);
    choose(&times[1], kModify, kModifySet);
    error = folder_->set_times(fid->file, times);
  }
  return error;
}

int Server::readlink(Reader& in, Writer& out) {
  const Fid* const fid = find(in.u32());
  if (fid == nullptr) return -EBADF;
  std::string target;
  if (const int error = host::SharedFolder::read_link(fid->file, &target); error != 0) return error;
  out.string(target);
  return 0;
}

// --- names in folders

int Server::symlink(Reader& in, Writer& out) {
  const Fid* const folder = find(in.u32());
  const std::string name = in.string(), target = in.string();
  if (folder == nullptr) return -EBADF;
  if (!in.good()) return -EINVAL;
  const int error = folder_->make_link(folder->file, name, target);
  return error != 0 ? error : reply_new(folder->file, name, out);
}

int Server::mknod(Reader& in, Writer& out) {
  const Fid* const folder = find(in.u32());
  const std::string name = in.string();
  const uint32_t mode = in.u32();
  if (folder == nullptr) return -EBADF;
  if (!in.good()) return -EINVAL;
  const int error = folder_->make_node(folder->file, name, mode);
  return error != 0 ? error : reply_new(folder->file, name, out);
}

int Server::mkdir(Reader& in, Writer& out) {
  const Fid* const folder = find(in.u32());
  const std::string name = in.string();
  const uint32_t mode = in.u32();
  if (folder == nullptr) return -EBADF;
  if (!in.good()) return -EINVAL;
  const int error = folder_->make_folder(folder->file, name, mode);
  return error != 0 ? error : reply_new(folder->file, name, out);
}

int Server::link(Reader& in, Writer&) {
  const Fid* const folder = find(in.u32());
  const Fid* const fid = find(in.u32());
  const std::string name = in.string();
  if (folder == nullptr || fid == nullptr) return -EBADF;
  if (!in.good()) return -EINVAL;
  return folder_->hard_link(folder->file, name, fid->file);
}

int Server::renameat(Reader& in, Writer&) {
  const Fid* const from = find(in.u32());
  const std::string name = in.string();
  const Fid* const to = find(in.u32());
  const std::string new_name = in.string();
  if (from == nullptr || to == nullptr) return -EBADF;
  if (!in.good()) return -EINVAL;
  return folder_->rename(from->file, name, to->file, new_name);
}

int Server::unlinkat(Reader& in, Writer&) {
  const Fid* const folder = find(in.u32());
  const std::string name = in.string();
  const uint32_t flags = in.u32();
  if (folder == nullptr) return -EBADF;
  if (!in.good()) return -EINVAL;
  return folder_->remove(folder->file, name, (flags & AT_REMOVEDIR) != 0);
}

// By fid, from before renameat and unlinkat; v9fs falls back to them.
int Server::rename(Reader& in, Writer&) {
  Fid* const fid = find(in.u32());
  const Fid* const to = find(in.u32());
  const std::string name = in.string();
  if (fid == nullptr || to == nullptr) return -EBADF;
  if (!in.good() || fid->file.path.empty()) return -EINVAL;
  host::SharedFile folder;
  if (const int error = folder_->walk(fid->file, "..", &folder); error != 0) return error;
  const int error = folder_->rename(folder, fid->file.path.back(), to->file, name);
  if (error != 0) return error;
  fid->file.path = to->file.path;
  fid->file.path.push_back(name);
  return 0;
}

// The fid is gone, also where the file could not be removed (remove(5)).
int Server::remove(Reader& in, Writer&) {
  const uint32_t number = in.u32();
  Fid* const found = find(number);
  if (found == nullptr) return -EBADF;
  const Fid fid = std::move(*found);
  fids_.erase(number);
  if (fid.file.path.empty()) return -EBUSY;
  host::SharedFile folder;
  if (const int error = folder_->walk(fid.file, "..", &folder); error != 0) return error;
  struct stat info = {};
  if (const int error = host::SharedFolder::status(fid.file, &info); error != 0) return error;
  return folder_->remove(folder, fid.file.path.back(), S_ISDIR(info.st_mode));
}

// --- what is in files

namespace {

// Of the guest's flags, which are Linux' own, those that mean something here.
constexpr int kOpenFlags = O_ACCMODE | O_TRUNC | O_APPEND | O_DSYNC | O_SYNC | O_DIRECTORY;

}  // namespace

int Server::lopen(Reader& in, Writer& out) {
  Fid* const fid = find(in.u32());
  const auto flags = static_cast<int>(in.u32());
  if (fid == nullptr || fid->opened) return -EBADF;
  if (!in.good()) return -EINVAL;
  if (const int error = folder_->open_file(fid->file, flags & kOpenFlags, &fid->opened); error != 0) return error;
  Qid qid;
  if (const int error = qid_of(fid->file, &qid); error != 0) return error;
  out.qid(qid);
  out.u32(0);  // iounit: as much as a message holds
  return 0;
}

// The fid was the folder's and becomes the new file's.
int Server::lcreate(Reader& in, Writer& out) {
  Fid* const fid = find(in.u32());
  const std::string name = in.string();
  const auto flags = static_cast<int>(in.u32());
  const uint32_t mode = in.u32();
  if (fid == nullptr || fid->opened) return -EBADF;
  if (!in.good()) return -EINVAL;
  host::Descriptor opened;
  if (const int error = folder_->create(fid->file, name, flags & kOpenFlags & ~O_DIRECTORY, mode, &opened);
      error != 0) {
    return error;
  }
  host::SharedFile file;
  if (const int error = folder_->walk(fid->file, name, &file); error != 0) return error;
  Qid qid;
  if (const int error = qid_of(file, &qid); error != 0) return error;
  fid->file = std::move(file);
  fid->opened = std::move(opened);
  out.qid(qid);
  out.u32(0);
  return 0;
}

int Server::read(Reader& in, Writer& out) {
  const Fid* const fid = find(in.u32());
  const uint64_t offset = in.u64();
  const uint32_t asked = in.u32();
  if (fid != nullptr && fid->attribute != nullptr) return read_attribute(*fid->attribute, offset, asked, out);
  if (fid == nullptr || !fid->opened) return -EBADF;
  const std::size_t place = out.size();
  out.u32(0);
  const std::size_t count = room(out, asked);
  const ssize_t got = ::pread(fid->opened.get(), out.extend(count), count, static_cast<off_t>(offset));
  if (got < 0) return -errno;
  out.shrink(count - static_cast<std::size_t>(got));
  out.set_u32(place, static_cast<uint32_t>(got));
  return 0;
}

int Server::write(Reader& in, Writer& out) {
  const Fid* const fid = find(in.u32());
  const uint64_t offset = in.u64();
  const uint32_t count = in.u32();
  const std::span<const uint8_t> data = in.take(count);
  if (fid != nullptr && in.good() && fid->attribute != nullptr) {
    return write_attribute(fid->attribute.get(), offset, data, out);
  }
  if (fid == nullptr || !fid->opened) return -EBADF;
  if (!in.good()) return -EINVAL;
  const ssize_t done = ::pwrite(fid->opened.get(), data.data(), data.size(), static_cast<off_t>(offset));
  if (done < 0) return -errno;
  out.u32(static_cast<uint32_t>(done));
  return 0;
}

int Server::fsync(Reader& in, Writer&) {
  const Fid* const fid = find(in.u32());
  const bool data_only = in.u32() != 0;
  if (fid == nullptr || !fid->opened) return -EBADF;
  return (data_only ? ::fdatasync(fid->opened.get()) : ::fsync(fid->opened.get())) == 0 ? 0 : -errno;
}

// Whole entries, as many as fit; an entry's offset is where the one after it begins.
int Server::readdir(Reader& in, Writer& out) {
  const Fid* const fid = find(in.u32());
  const uint64_t offset = in.u64();
  const uint32_t asked = in.u32();
  if (fid == nullptr || !fid->opened) return -EBADF;
  const std::size_t place = out.size();
  out.u32(0);
  std::size_t left = room(out, asked);
  if (::lseek(fid->opened.get(), static_cast<off_t>(offset), SEEK_SET) < 0) return -errno;
  alignas(dirent64) char buffer[16384];
  for (;;) {
    const ssize_t got = ::getdents64(fid->opened.get(), buffer, sizeof buffer);
    if (got < 0) return -errno;
    if (got == 0) return 0;
    for (ssize_t at = 0; at < got;) {
      const auto* const entry = reinterpret_cast<const dirent64*>(buffer + at);
      at += entry->d_reclen;
      const std::string_view name = entry->d_name;
      const std::size_t size = kQidSize + 8 + 1 + 2 + name.size();
      if (size > left) return 0;
      left -= size;
      out.qid({entry->d_type == DT_DIR   ? kQidFolder
               : entry->d_type == DT_LNK ? kQidLink
                                         : uint8_t{0},
               0, entry->d_ino});
      out.u64(static_cast<uint64_t>(entry->d_off));
      out.u8(entry->d_type);
      out.string(name);
      out.set_u32(place, static_cast<uint32_t>(out.size() - place - 4));
    }
  }
}

// --- locks: one guest has the folder, and its kernel keeps its own

int Server::lock(Reader& in, Writer& out) {
  if (find(in.u32()) == nullptr) return -EBADF;
  constexpr uint8_t kSuccess = 0;
  out.u8(kSuccess);
  return 0;
}

int Server::getlock(Reader& in, Writer& out) {
  if (find(in.u32()) == nullptr) return -EBADF;
  in.u8();
  constexpr uint8_t kUnlocked = 2;
  out.u8(kUnlocked);
  out.u64(in.u64());
  out.u64(in.u64());
  out.u32(in.u32());
  out.string(in.string());
  return 0;
}

}  // namespace menura::boards::virtio::ninep
