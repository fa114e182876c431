#include "boards/loader/file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zlib.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace menura::boards {
namespace {

std::string size_text(uint64_t bytes) { return std::to_string(bytes >> 20) + " MiB"; }

class Descriptor {
 public:
  explicit Descriptor(int fd) : fd_(fd) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  int get() const { return fd_; }

 private:
  const int fd_;
};

// Ends the stream however gunzip() is left.
struct Inflater {
  z_stream stream = {};
  bool good = false;
  Inflater() { good = inflateInit2(&stream, 15 + 16) == Z_OK; }  // 16: a gzip header
  ~Inflater() {
    if (good) inflateEnd(&stream);
  }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
};

}  // namespace

Result<std::vector<uint8_t>> read_file(const std::string& path, uint64_t most) {
  const Descriptor file(::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NOCTTY));
  if (file.get() < 0) {
    return Error{path + ": " + std::strerror(errno) + "; expected a file that can be read",
                 errno == ENOENT ? 127 : 126};
  }
  struct stat info = {};
  if (::fstat(file.get(), &info) != 0 || !S_ISREG(info.st_mode)) {
    return Error{path + ": not a regular file; expected one", 126};
  }
  if (info.st_size == 0) return Error{path + ": the file is empty", 126};
  if (static_cast<uint64_t>(info.st_size) > most) {
    return Error{path + ": " + size_text(static_cast<uint64_t>(info.st_size)) +
                     " do not fit into the guest's memory (" + size_text(most) + "); ask for more, as in --memory 2G",
                 126};
  }
  std::vector<uint8_t> bytes(static_cast<std::size_t>(info.st_size));
  std::size_t done = 0;
  while (done < bytes.size()) {
    const ssize_t got = ::read(file.get(), bytes.data() + done, bytes.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return Error{path + ": " + std::strerror(errno), 126};
    if (got == 0) return Error{path + ": the file has become shorter while it was read", 126};
    done += static_cast<std::size_t>(got);
  }
  return bytes;
}

Result<std::vector<uint8_t>> read_head(const std::string& path, std::size_t size) {
  const gzFile file = ::gzopen(path.c_str(), "rbe");  // reads what is not compressed, too
  if (file == nullptr) {
    return Error{path + ": " + std::strerror(errno) + "; expected a file that can be read",
                 errno == ENOENT ? 127 : 126};
  }
  std::vector<uint8_t> head(size);
  const int got = ::gzread(file, head.data(), static_cast<unsigned>(size));
  ::gzclose(file);
  head.resize(static_cast<std::size_t>(std::max(got, 0)));
  return head;
}

// RFC 1952, 2.3.1.
bool is_gzip(std::span<const uint8_t> bytes) { return bytes.size() > 2 && bytes[0] == 0x1f && bytes[1] == 0x8b; }

Result<std::vector<uint8_t>> gunzip(std::span<const uint8_t> bytes, uint64_t most) {
  Inflater inflater;
  if (!inflater.good) return Error{"zlib cannot be used: out of memory"};
  std::vector<uint8_t> out;
  z_stream& stream = inflater.stream;
  stream.next_in = const_cast<Bytef*>(bytes.data());
  stream.avail_in = static_cast<uInt>(bytes.size());
  for (;;) {
    const std::size_t before = out.size();
    if (before >= most)
      return Error{"uncompressed, it does not fit into the guest's memory; ask for more (--memory)", 126};
    out.resize(std::min<uint64_t>(std::max<std::size_t>(2 * before, 1 << 20), most));
    stream.next_out = out.data() + before;
    stream.avail_out = static_cast<uInt>(std::min<std::size_t>(out.size() - before, 1U << 30));
    const std::size_t offered = stream.avail_out;
    const int status = inflate(&stream, Z_NO_FLUSH);
    out.resize(before + offered - stream.avail_out);
    if (status == Z_STREAM_END) return out;
    if (status != Z_OK || (stream.avail_in == 0 && stream.avail_out != 0)) {
      return Error{"the gzip data are damaged or cut off; `gzip -t` checks them", 126};
    }
  }
}

}  // namespace menura::boards
