#include "linux-user/loader/image.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cinttypes>
#include <cstdio>
#include <cstring>

namespace menura::linux_user {
namespace {

Error cannot_map(const std::string& name, uint64_t begin, uint64_t size, int64_t error) {
  char text[160];
  std::snprintf(text, sizeof text, "cannot map 0x%" PRIx64 " bytes at 0x%" PRIx64 ": %s", size, begin,
                std::strerror(static_cast<int>(-error)));
  std::string message = name + ": " + text;
  if (error == -ENOMEM) message += "; free some memory, or raise the limit (ulimit -v)";
  if (error == -EEXIST || error == -EPERM) {
    message += "; that place is not free. Link the program position-independent (-pie), or for another address";
  }
  return Error{message, error == -ENOMEM ? 125 : 126};
}

bool is_error(int64_t result) { return result < 0 && result >= -4095; }

// Maps one segment, its file part and its zeros. The place is known to be the program's.
int64_t map_segment(GuestMemory& memory, int fd, const ElfSegment& segment, uint64_t bias) {
  const uint64_t begin = bias + segment.vaddr;
  const uint64_t file_end = begin + segment.file_size;
  const uint64_t memory_end = begin + segment.memory_size;
  uint64_t zeros_from = page_floor(begin);
  if (segment.file_size != 0) {
    const uint64_t from = page_floor(begin);
    const int64_t result =
        memory.mmap(from, file_end - from, segment.prot, MAP_PRIVATE | MAP_FIXED, fd, page_floor(segment.file_offset));
    if (is_error(result)) return result;
    zeros_from = page_ceil(file_end);
    if (memory_end > file_end && (segment.prot & PROT_WRITE) != 0 && file_end % kPageSize != 0) {
      // To the end of the page: C libraries use what is behind their data, and count on zeros.
      const std::array<uint8_t, kPageSize> zeros = {};
      ir::Fault fault;
      if (!memory.write(file_end, zeros.data(), static_cast<unsigned>(zeros_from - file_end), &fault)) return -EIO;
    }
  }
  if (page_ceil(memory_end) > zeros_from) {
    const int64_t result =
        memory.mmap(zeros_from, memory_end - zeros_from, segment.prot, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    if (is_error(result)) return result;
  }
  return 0;
}

}  // namespace

FileHandle::~FileHandle() {
  if (fd_ >= 0) close(fd_);
}

Result<FileHandle> open_program(const std::string& path) {
  FileHandle file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) {
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) {
      return Error{path + ": no such file; expected the path of a program, as in `menura run ./program`", 127};
    }
    if (error == EACCES) {
      return Error{path + ": not readable by you; Menura must read a program to run it. Try `chmod +r`", 126};
    }
    return Error{path + ": " + std::strerror(error), 126};
  }
  struct stat info = {};
  if (fstat(file.get(), &info) != 0) return Error{path + ": " + std::strerror(errno), 126};
  if (S_ISDIR(info.st_mode)) return Error{path + ": a directory; expected the path of a program", 126};
  if (!S_ISREG(info.st_mode)) return Error{path + ": not a regular file; expected the path of a program", 126};
  return file;
}

FileBytes::FileBytes(int fd) : fd_(fd) {
  struct stat info = {};
  if (fstat(fd, &info) == 0) size_ = static_cast<uint64_t>(info.st_size);
}

bool FileBytes::read(uint64_t offset, void* data, uint64_t size) const {
  auto* to = static_cast<char*>(data);
  while (size != 0) {
    const ssize_t count = pread(fd_, to, size, static_cast<off_t>(offset));
    if (count < 0 && errno == EINTR) continue;
    if (count <= 0) return false;
    to += count;
    offset += static_cast<uint64_t>(count);
    size -= static_cast<uint64_t>(count);
  }
  return true;
}

Result<OpenImage> read_image(FileHandle file, const ElfTarget& target, const std::string& name) {
  Result<ElfImage> elf = parse_elf(FileBytes(file.get()), target, name);
  if (!elf) return elf.error();
  return OpenImage{std::move(file), std::move(*elf)};
}

Result<LoadedImage> load_image(GuestMemory& memory, const OpenImage& image, uint64_t preferred,
                               const std::string& name) {
  const ElfImage& elf = image.elf;
  const uint64_t size = elf.high - elf.low;
  LoadedImage loaded;

  if (elf.high > kGuestEnd) return cannot_map(name, elf.low, size, -ENOMEM);
  // The whole span is reserved first, so that no segment lands on something else.
  const bool fixed = !elf.position_independent;
  uint64_t place = elf.low;
  if (!fixed) {
    // Room for moving up to the alignment.
    const uint64_t room = size + (elf.align - kPageSize);
    const int64_t result = memory.mmap(preferred, room, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (is_error(result)) return cannot_map(name, elf.low, size, result);
    const auto base = static_cast<uint64_t>(result);
    // The bias is a multiple of the alignment.
    place = base + ((elf.low - base) & (elf.align - 1));
    if (place != base) memory.munmap(base, place - base);
    if (place + size != base + room) memory.munmap(place + size, base + room - (place + size));
  } else {
    const int64_t result =
        memory.mmap(place, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
    if (is_error(result)) return cannot_map(name, elf.low, size, result);
  }
  loaded.bias = place - elf.low;
  for (const ElfSegment& segment : elf.segments) {
    const int64_t result = map_segment(memory, image.file.get(), segment, loaded.bias);
    if (is_error(result)) return cannot_map(name, loaded.bias + segment.vaddr, segment.memory_size, result);
  }
  loaded.begin = place;
  loaded.end = elf.segments.back().vaddr + elf.segments.back().memory_size + loaded.bias;
  loaded.entry = elf.entry + loaded.bias;
  loaded.program_headers = elf.headers_vaddr == 0 ? 0 : elf.headers_vaddr + loaded.bias;
  loaded.program_header_count = elf.header_count;
  return loaded;
}

}  // namespace menura::linux_user
