// GuestMemory: the address space of one guest process. Guest address = host address, so a guest mapping is a host
// mapping; this class keeps the guest's view of it (which the host's differs from: no guest page is executable for the
// host, and a page that code was translated from is not writable) and answers the memory system calls as Linux would.
#pragma once

#include <sys/mman.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <mutex>
#include <string>
#include <vector>

#include "ir/core/memory_port.h"
#include "linux-user/memory/page_bitmap.h"
#include "linux-user/memory/vma_map.h"
#include "linux-user/syscalls/guest_pointer.h"
#include "vcpu/engine.h"
#include "vcpu/watchpoints.h"

namespace menura::linux_user {

inline constexpr uint64_t kPageSize = 4096;
inline constexpr uint64_t kGuestBegin = 0x10000;  // the lowest address the host lets anyone map (vm.mmap_min_addr)

constexpr uint64_t page_floor(uint64_t address) { return address & ~(kPageSize - 1); }
constexpr uint64_t page_ceil(uint64_t address) { return (address + kPageSize - 1) & ~(kPageSize - 1); }

class GuestMemory final : public ir::MemoryPort {
 public:
  GuestMemory() = default;
  GuestMemory(const GuestMemory&) = delete;
  GuestMemory& operator=(const GuestMemory&) = delete;

  // Whose translations are told about changes of code. None until set.
  void set_engine(vcpu::Engine* engine) { engine_ = engine; }

  // From now on, the calling thread's accesses by MemoryPort are looked for there; nullptr: nowhere.
  static void watch_on_this_thread(vcpu::WatchState* watch);

  // --- ir::MemoryPort
  bool read(uint64_t address, void* data, unsigned size, ir::Fault* fault) override;
  bool write(uint64_t address, const void* data, unsigned size, ir::Fault* fault) override;
  void* atomic_pointer(uint64_t address, unsigned size, ir::Fault* fault) override;
  bool probe(uint64_t address, uint64_t size, ir::Access access, ir::Fault* fault) override;
  std::span<const uint8_t> fetch(uint64_t address, unsigned want, ir::Fault* fault) override;
  void watch_code(uint64_t begin, uint64_t end) override;
  ir::CodeOrigin code_origin(uint64_t address) override;

  // --- for system calls and signals
  // The host kernel is about to write to [address, address + size): pages there that are only protected because code
  // was translated from them become writable. A size of 0 and addresses without mappings are fine.
  void prepare_host_write(uint64_t address, uint64_t size);
  // A host write fault at `address`: true if the page was protected for code only; it is writable now, retry.
  bool unprotect_for_write(uint64_t address);
  // What an access raises according to the guest's mappings; kind None: nothing (so the page has no backing: Bus).
  ir::Fault explain(uint64_t address, ir::Access access);

  // --- the memory system calls: arguments as the guest gave them, result a value or -errno
  int64_t mmap(uint64_t address, uint64_t length, int prot, int flags, int fd, uint64_t offset);
  int64_t munmap(uint64_t address, uint64_t length);
  int64_t mprotect(uint64_t address, uint64_t length, int prot);
  int64_t mremap(uint64_t old_address, uint64_t old_size, uint64_t new_size, int flags, uint64_t new_address);
  int64_t brk(uint64_t address);
  int64_t madvise(uint64_t address, uint64_t length, int advice);
  int64_t msync(uint64_t address, uint64_t length, int flags);
  int64_t shmat(int id, uint64_t address, int flags);
  int64_t shmdt(uint64_t address);

  // The text of /proc/self/maps as the guest should see it.
  std::string maps_text();

  // A bit of the guest's own beside PROT_READ, PROT_WRITE and PROT_EXEC that its mappings may have (PROT_BTI); the host
  // never hears of it.
  void allow_protection(int bit) { known_protection_ |= bit; }
  // Whether the mapping of `address` has all of these.
  bool has_protection(uint64_t address, int protection);

  // --- set up by the loader
  void set_brk(uint64_t start);
  // mmap without a hint takes the highest free place below this address.
  void set_mmap_top(uint64_t top) { mmap_top_ = top; }
  void set_stack(uint64_t begin, uint64_t end);
  void set_vdso(uint64_t begin, uint64_t end) { vdso_ = {begin, end}; }

  // Around fork(): no other thread is in here in between.
  void lock_for_fork() { mutex_.lock(); }
  void unlock_after_fork() { mutex_.unlock(); }

 private:
  struct Range {
    uint64_t begin = 0;
    uint64_t end = 0;
  };
  // Code in these ranges is no longer valid; told to the engine once the lock is released.
  using Stale = std::vector<Range>;

  // All of these are called with the lock held. Addresses are multiples of the page size.
  void forget_code(uint64_t begin, uint64_t end, Stale* stale);
  void forget_page(uint64_t page, Stale* stale);
  void forget_object(const Vma& vma, Stale* stale);
  template <typename Visit>
  void for_each_alias(uint64_t page, Visit visit);
  int64_t place(uint64_t hint, uint64_t length);
  int64_t settle_gaps(uint64_t begin, uint64_t end);
  int64_t map_locked(uint64_t address, uint64_t length, int prot, int flags, int fd, uint64_t offset, Stale* stale);
  void unmap_locked(uint64_t begin, uint64_t end, Stale* stale);
  int64_t protect_locked(uint64_t begin, uint64_t end, int prot, Stale* stale);
  int64_t remap_locked(uint64_t old_address, uint64_t old_size, uint64_t new_size, int flags, uint64_t new_address,
                       Stale* stale);
  int64_t move_locked(uint64_t from, uint64_t old_size, uint64_t new_size, int flags, uint64_t to, Stale* stale);
  uint64_t brk_locked(uint64_t address, Stale* stale);
  ir::Fault explain_locked(uint64_t address, ir::Access access) const;

  // With the lock released.
  void invalidate(const Stale& stale);
  ir::Fault explain_range(uint64_t address, uint64_t size, ir::Access access);

  std::mutex mutex_;
  VmaMap vmas_;
  PageBitmap watched_;                      // pages that code was translated from
  std::atomic<uint32_t> write_watches_{0};  // of those, how many the guest could write to (an upper bound)
  bool has_shared_objects_ = false;         // there may be aliases
  vcpu::Engine* engine_ = nullptr;
  int known_protection_ = PROT_READ | PROT_WRITE | PROT_EXEC;
  uint64_t mmap_top_ = kGuestEnd;
  uint64_t brk_start_ = 0;
  uint64_t brk_ = 0;
  Range stack_;
  Range vdso_;
  uint64_t next_object_ = 1;               // names of anonymous shared objects
  std::map<uint64_t, uint64_t> attached_;  // System V shared memory: address -> bytes
};

}  // namespace menura::linux_user
