// The memory system calls. The order of checks and the errors are those of Linux 6.1 (mm/mmap.c, mm/mprotect.c,
// mm/mremap.c as documented in mmap(2), mprotect(2), mremap(2), brk(2)); what the book does not know, the host decides.
#include <sys/mman.h>
#include <sys/shm.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>

#include "linux-user/memory/guest_memory.h"
#include "linux-user/memory/host_protection.h"
#include "linux-user/syscalls/host_call.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif

namespace menura::linux_user {
namespace {

constexpr int kProtSem = 8;
constexpr int kHostOnlyFlags = 0x40;                    // MAP_32BIT: means nothing to a guest
constexpr uint64_t kStackGap = 256 * kPageSize;         // kept free below a mapping that grows down
constexpr uint64_t kSharedMemoryDevice = ~uint64_t{0};  // Vma::device of System V segments

int64_t host_mmap(uint64_t address, uint64_t length, int prot, int flags, int fd, uint64_t offset) {
  return host_call(SYS_mmap, address, length, host_protection(prot), flags, fd, offset);
}

uint64_t version_of(const struct stat& info) {
  const auto nanoseconds =
      static_cast<uint64_t>(info.st_mtim.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(info.st_mtim.tv_nsec);
  return (nanoseconds * 0x9e3779b97f4a7c15U) ^ static_cast<uint64_t>(info.st_size);
}

bool is_error(int64_t result) { return result < 0 && result >= -4095; }

}  // namespace

// Where a mapping without MAP_FIXED goes: the hint if that is free, else the highest gap; 0: nowhere.
int64_t GuestMemory::place(uint64_t hint, uint64_t length) {
  hint = page_ceil(hint);
  if (hint >= kGuestBegin && in_guest_range(hint, length) && vmas_.is_free(hint, hint + length)) {
    const auto above = vmas_.first_behind(hint + length - 1);
    if (above == vmas_.end() || !above->second.grows_down || above->first - (hint + length) >= kStackGap) {
      return static_cast<int64_t>(hint);
    }
  }
  return static_cast<int64_t>(vmas_.find_gap(length, kGuestBegin, mmap_top_));
}

// Makes sure that the holes in [begin, end) are nobody else's, so that MAP_FIXED replaces guest pages only.
int64_t GuestMemory::settle_gaps(uint64_t begin, uint64_t end) {
  for (uint64_t at = begin; at < end;) {
    const auto vma = vmas_.first_behind(at);
    const uint64_t hole_end = vma == vmas_.end() ? end : std::min(end, vma->first);
    if (hole_end > at) {
      const int64_t result = host_mmap(at, hole_end - at, PROT_NONE,
                                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0);
      if (is_error(result)) return result == -EEXIST ? -ENOMEM : result;
    }
    if (vma == vmas_.end()) break;
    at = std::max(hole_end, vma->second.end);
  }
  return 0;
}

int64_t GuestMemory::map_locked(uint64_t address, uint64_t length, int prot, int flags, int fd, uint64_t offset,
                                Stale* stale) {
  Vma vma;
  vma.prot = prot & known_protection_;
  const int type = flags & MAP_TYPE;
  vma.shared = type == MAP_SHARED || type == MAP_SHARED_VALIDATE;
  vma.anonymous = (flags & MAP_ANONYMOUS) != 0;
  vma.grows_down = (flags & MAP_GROWSDOWN) != 0;
  if (vma.anonymous) {
    fd = -1;
    if (vma.shared) vma.inode = next_object_;
    offset = vma.shared ? 0 : offset;
  } else {
    struct stat info = {};
    if (::fstat(fd, &info) != 0) return -EBADF;
    vma.device = info.st_dev;
    vma.inode = info.st_ino;
    vma.offset = offset;
    vma.version = version_of(info);
  }
  if (length == 0) return -EINVAL;
  const uint64_t size = page_ceil(length);
  if (size < length || size > kGuestEnd) return -ENOMEM;
  if (!vma.anonymous && offset + size < offset) return -EOVERFLOW;

  int host_flags = flags & ~(kHostOnlyFlags | MAP_GROWSDOWN | MAP_FIXED | MAP_FIXED_NOREPLACE);
  const bool fixed = (flags & (MAP_FIXED | MAP_FIXED_NOREPLACE)) != 0;
  int64_t at = 0;
  if (fixed) {
    if (address > kGuestEnd - size) return -ENOMEM;
    if (address % kPageSize != 0) return -EINVAL;
    at = static_cast<int64_t>(address);
    const bool is_free = vmas_.is_free(address, address + size);
    if (!is_free && (flags & MAP_FIXED_NOREPLACE) != 0) return -EEXIST;
    if (!is_free) {
      if (const int64_t error = settle_gaps(address, address + size)) return error;
      // Pages of this very range are replaced, not unprotected; aliases elsewhere are.
      forget_code(address, address + size, stale);
    }
    host_flags |= is_free ? MAP_FIXED_NOREPLACE : MAP_FIXED;
  } else {
    at = place(address, size);
    host_flags |= MAP_FIXED_NOREPLACE;
  }
  if (vma.shared) {
    has_shared_objects_ = true;
    forget_object(vma, stale);
  }

  uint64_t high = mmap_top_;
  for (unsigned attempt = 0;; ++attempt) {
    if (at == 0 && !fixed) return -ENOMEM;
    const int64_t result = host_mmap(static_cast<uint64_t>(at), length, prot, host_flags, fd, offset);
    if (!is_error(result)) break;
    if (result != -EEXIST) return result;
    // Something of the host's own is there, which the book does not know.
    if (fixed) return (flags & MAP_FIXED_NOREPLACE) != 0 ? -EEXIST : -ENOMEM;
    if (attempt == 64) return -ENOMEM;
    if (attempt != 0) high = static_cast<uint64_t>(at);
    at = static_cast<int64_t>(vmas_.find_gap(size, kGuestBegin, high));
  }
  if (vma.anonymous && vma.shared) ++next_object_;
  vma.end = static_cast<uint64_t>(at) + size;
  vmas_.insert(static_cast<uint64_t>(at), vma);
  return at;
}

int64_t GuestMemory::mmap(uint64_t address, uint64_t length, int prot, int flags, int fd, uint64_t offset) {
  if (offset % kPageSize != 0) return -EINVAL;
  Stale stale;
  int64_t result = 0;
  {
    const std::lock_guard lock(mutex_);
    result = map_locked(address, length, prot, flags, fd, offset, &stale);
  }
  invalidate(stale);
  return result;
}

void GuestMemory::unmap_locked(uint64_t begin, uint64_t end, Stale* stale) {
  forget_code(begin, end, stale);
  for (auto vma = vmas_.first_behind(begin); vma != vmas_.end() && vma->first < end; ++vma) {
    const uint64_t from = std::max(begin, vma->first);
    host_call(SYS_munmap, from, std::min(end, vma->second.end) - from);
  }
  vmas_.erase(begin, end);
}

int64_t GuestMemory::munmap(uint64_t address, uint64_t length) {
  if (address % kPageSize != 0 || !in_guest_range(address, length) || length == 0) return -EINVAL;
  Stale stale;
  {
    const std::lock_guard lock(mutex_);
    unmap_locked(address, page_ceil(address + length), &stale);
  }
  invalidate(stale);
  return 0;
}

int64_t GuestMemory::protect_locked(uint64_t begin, uint64_t end, int prot, Stale* stale) {
  forget_code(begin, end, stale);
  for (uint64_t at = begin; at < end;) {
    const auto vma = vmas_.find(at);
    if (vma == vmas_.end()) return -ENOMEM;  // what comes before the hole is changed, as on Linux
    const uint64_t piece_end = std::min(end, vma->second.end);
    const int64_t result = host_call(SYS_mprotect, at, piece_end - at, host_protection(prot));
    if (result != 0) return result;
    vmas_.protect(at, piece_end, prot);
    at = piece_end;
  }
  return 0;
}

int64_t GuestMemory::mprotect(uint64_t address, uint64_t length, int prot) {
  if (address % kPageSize != 0) return -EINVAL;
  if (length == 0) return 0;
  const uint64_t size = page_ceil(length);
  if (size < length || !in_guest_range(address, size)) return -ENOMEM;
  if ((prot & ~(known_protection_ | kProtSem)) != 0) return -EINVAL;
  Stale stale;
  int64_t result = 0;
  {
    const std::lock_guard lock(mutex_);
    result = protect_locked(address, address + size, prot & known_protection_, &stale);
  }
  invalidate(stale);
  return result;
}

// Moves pages from one place to another that is free by now.
int64_t GuestMemory::move_locked(uint64_t from, uint64_t old_size, uint64_t new_size, int flags, uint64_t to,
                                 Stale* stale) {
  const auto own = vmas_.find(from);
  Vma vma = own->second;
  if (vma.has_object()) vma.offset += from - own->first;
  vma.end = to + new_size;
  const int64_t result =
      host_call(SYS_mremap, from, old_size, new_size, MREMAP_MAYMOVE | MREMAP_FIXED | (flags & MREMAP_DONTUNMAP), to);
  if (is_error(result)) return result;
  if ((flags & MREMAP_DONTUNMAP) == 0 && old_size != 0) vmas_.erase(from, from + old_size);
  if (vma.shared) {
    has_shared_objects_ = true;
    forget_object(vma, stale);
  }
  vmas_.insert(to, vma);
  return static_cast<int64_t>(to);
}

int64_t GuestMemory::remap_locked(uint64_t old_address, uint64_t old_size, uint64_t new_size, int flags,
                                  uint64_t new_address, Stale* stale) {
  auto vma = vmas_.find(old_address);
  if (vma == vmas_.end()) return -EFAULT;
  const bool to_given_place = (flags & MREMAP_FIXED) != 0;
  // The host may have several mappings where the guest has one, as long as pages are watched.
  forget_code(old_address, old_address + std::max<uint64_t>(old_size, kPageSize), stale);

  if (to_given_place || (flags & MREMAP_DONTUNMAP) != 0) {
    if (to_given_place) {
      if (new_address % kPageSize != 0 || !in_guest_range(new_address, new_size)) return -EINVAL;
      if (old_address < new_address + new_size && new_address < old_address + old_size) return -EINVAL;
    }
    if (old_size == 0 && !vma->second.shared) return -EINVAL;
    if (old_size > new_size) {
      unmap_locked(old_address + new_size, old_address + old_size, stale);
      old_size = new_size;
      vma = vmas_.find(old_address);
    }
    if (old_size > vma->second.end - old_address) return -EFAULT;
    if (to_given_place) {
      unmap_locked(new_address, new_address + new_size, stale);
      if (const int64_t error = settle_gaps(new_address, new_address + new_size)) return error;
    } else {
      const int64_t place_found = place(new_address, new_size);
      if (place_found == 0) return -ENOMEM;
      new_address = static_cast<uint64_t>(place_found);
    }
    return move_locked(old_address, old_size, new_size, flags, new_address, stale);
  }

  if (old_size >= new_size) {
    if (old_size > new_size) unmap_locked(old_address + new_size, old_address + old_size, stale);
    return static_cast<int64_t>(old_address);
  }
  if (old_size == 0 && !vma->second.shared) return -EINVAL;
  if (old_size > vma->second.end - old_address) return -EFAULT;

  const uint64_t end = old_address + old_size;
  if (old_size != 0 && end == vma->second.end && in_guest_range(old_address, new_size) &&
      vmas_.is_free(end, old_address + new_size)) {
    const int64_t result = host_call(SYS_mremap, old_address, old_size, new_size, 0);
    if (!is_error(result)) {
      Vma grown = vma->second;
      const uint64_t begin = vma->first;
      grown.end = old_address + new_size;
      vmas_.insert(begin, grown);
      return static_cast<int64_t>(old_address);
    }
    if (result != -ENOMEM) return result;
  }
  if ((flags & MREMAP_MAYMOVE) == 0) return -ENOMEM;
  const uint64_t to = vmas_.find_gap(new_size, kGuestBegin, mmap_top_);
  if (to == 0) return -ENOMEM;
  return move_locked(old_address, old_size, new_size, flags, to, stale);
}

int64_t GuestMemory::mremap(uint64_t old_address, uint64_t old_size, uint64_t new_size, int flags,
                            uint64_t new_address) {
  if ((flags & ~(MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP)) != 0) return -EINVAL;
  if ((flags & MREMAP_FIXED) != 0 && (flags & MREMAP_MAYMOVE) == 0) return -EINVAL;
  if ((flags & MREMAP_DONTUNMAP) != 0 && ((flags & MREMAP_MAYMOVE) == 0 || old_size != new_size)) return -EINVAL;
  if (old_address % kPageSize != 0) return -EINVAL;
  old_size = page_ceil(old_size);
  new_size = page_ceil(new_size);
  if (new_size == 0) return -EINVAL;
  if (new_size > kGuestEnd) return -ENOMEM;
  if (!in_guest_range(old_address, old_size)) return -EFAULT;
  Stale stale;
  int64_t result = 0;
  {
    const std::lock_guard lock(mutex_);
    result = remap_locked(old_address, old_size, new_size, flags, new_address, &stale);
  }
  invalidate(stale);
  return result;
}

// --- the heap

void GuestMemory::set_brk(uint64_t start) {
  brk_start_ = start;
  brk_ = start;
}

uint64_t GuestMemory::brk_locked(uint64_t address, Stale* stale) {
  if (address < brk_start_ || address > kGuestEnd) return brk_;
  const uint64_t old_end = page_ceil(brk_);
  const uint64_t new_end = page_ceil(address);
  if (new_end < old_end) unmap_locked(new_end, old_end, stale);
  if (new_end > old_end) {
    if (!vmas_.is_free(old_end, std::min(new_end + kPageSize, kGuestEnd))) return brk_;
    const int64_t result = host_mmap(old_end, new_end - old_end, PROT_READ | PROT_WRITE,
                                     MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
    if (is_error(result)) return brk_;
    Vma vma;
    vma.end = new_end;
    vma.prot = PROT_READ | PROT_WRITE;
    vmas_.insert(old_end, vma);
  }
  brk_ = address;
  return brk_;
}

int64_t GuestMemory::brk(uint64_t address) {
  Stale stale;
  uint64_t result = 0;
  {
    const std::lock_guard lock(mutex_);
    result = brk_locked(address, &stale);
  }
  invalidate(stale);
  return static_cast<int64_t>(result);
}

void GuestMemory::set_stack(uint64_t begin, uint64_t end) {
  const std::lock_guard lock(mutex_);
  stack_ = {begin, end};
}

// --- advice

int64_t GuestMemory::madvise(uint64_t address, uint64_t length, int advice) {
  if (address % kPageSize != 0) return -EINVAL;
  const uint64_t size = page_ceil(length);
  if (size < length) return -EINVAL;
  if (!in_guest_range(address, size)) return -ENOMEM;
  Stale stale;
  if (advice == MADV_DONTNEED || advice == MADV_FREE || advice == MADV_REMOVE) {
    const std::lock_guard lock(mutex_);
    forget_code(address, address + size, &stale);
  }
  const int64_t result = host_call(SYS_madvise, address, length, advice);
  invalidate(stale);
  return result;
}

int64_t GuestMemory::msync(uint64_t address, uint64_t length, int flags) {
  if (!in_guest_range(address, length)) return address % kPageSize != 0 ? -EINVAL : -ENOMEM;
  return host_call(SYS_msync, address, length, flags);
}

// --- System V shared memory

int64_t GuestMemory::shmat(int id, uint64_t address, int flags) {
  shmid_ds info = {};
  const int64_t error = host_call(SYS_shmctl, id, IPC_STAT, &info);
  if (error != 0) return error;
  const uint64_t size = page_ceil(info.shm_segsz);
  Stale stale;
  int64_t result = 0;
  {
    const std::lock_guard lock(mutex_);
    bool replaces = false;
    if (address == 0) {
      if ((flags & SHM_REMAP) != 0) return -EINVAL;
      address = vmas_.find_gap(size, kGuestBegin, mmap_top_);
      if (address == 0) return -ENOMEM;
    } else {
      if (address % kPageSize != 0) {
        if ((flags & SHM_RND) == 0) return -EINVAL;
        address = page_floor(address);
      }
      if (!in_guest_range(address, size)) return -EINVAL;
      replaces = !vmas_.is_free(address, address + size);
      if (replaces && (flags & SHM_REMAP) == 0) return -EINVAL;
      if (replaces) {
        if (const int64_t problem = settle_gaps(address, address + size)) return problem;
        forget_code(address, address + size, &stale);
      }
    }
    Vma vma;
    vma.end = address + size;
    vma.prot = PROT_READ | ((flags & SHM_RDONLY) != 0 ? 0 : PROT_WRITE) | ((flags & SHM_EXEC) != 0 ? PROT_EXEC : 0);
    vma.shared = true;
    vma.device = kSharedMemoryDevice;
    vma.inode = static_cast<uint64_t>(id);
    has_shared_objects_ = true;
    forget_object(vma, &stale);
    result = host_call(SYS_shmat, id, address, (flags & ~SHM_EXEC) | (replaces ? SHM_REMAP : 0));
    if (!is_error(result)) {
      vmas_.insert(address, vma);
      attached_[address] = size;
    }
  }
  invalidate(stale);
  return result;
}

int64_t GuestMemory::shmdt(uint64_t address) {
  Stale stale;
  int64_t result = 0;
  {
    const std::lock_guard lock(mutex_);
    const auto found = attached_.find(address);
    if (found == attached_.end()) return -EINVAL;
    forget_code(address, address + found->second, &stale);
    result = host_call(SYS_shmdt, address);
    if (result == 0) {
      vmas_.erase(address, address + found->second);
      attached_.erase(found);
    }
  }
  invalidate(stale);
  return result;
}

}  // namespace menura::linux_user
