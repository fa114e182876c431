// The guest's mappings as engines and the syscall layer use them: accesses, code watching, the text of the map.
#include "linux-user/memory/guest_memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cinttypes>
#include <cstdio>
#include <cstring>

#include "linux-user/memory/host_protection.h"
#include "linux-user/syscalls/guest_copy.h"

namespace menura::linux_user {

using ir::Access;
using ir::Fault;
using ir::FaultKind;

namespace {

thread_local vcpu::WatchState* watch_state = nullptr;

// The access waits: the debugger finds the hit behind the fault.
bool is_watched(uint64_t address, unsigned size, Access access, Fault* fault) {
  if (watch_state == nullptr || !watch_state->stops(address, size, access)) return false;
  *fault = {FaultKind::Unmapped, access, address};
  return true;
}

}  // namespace

void GuestMemory::watch_on_this_thread(vcpu::WatchState* watch) { watch_state = watch; }

Fault GuestMemory::explain_locked(uint64_t address, Access access) const {
  Fault fault{FaultKind::None, access, address};
  const auto vma = vmas_.find(address);
  if (vma == vmas_.end()) {
    fault.kind = FaultKind::Unmapped;
    return fault;
  }
  const int prot = vma->second.prot;
  const int needed = access == Access::Write     ? PROT_WRITE
                     : access == Access::Execute ? PROT_EXEC
                                                 : PROT_READ | PROT_WRITE | PROT_EXEC;
  if ((prot & needed) == 0) fault.kind = FaultKind::Protection;
  return fault;
}

Fault GuestMemory::explain(uint64_t address, Access access) {
  const std::lock_guard lock(mutex_);
  return explain_locked(address, access);
}

// What an access that was tried and failed ran into.
Fault GuestMemory::explain_range(uint64_t address, uint64_t size, Access access) {
  for (uint64_t at = address; at - address < size; at = page_floor(at) + kPageSize) {
    Fault fault = in_guest_range(at, 1) ? explain(at, access) : Fault{FaultKind::Unmapped, access, at};
    if (fault.kind != FaultKind::None) return fault;
    char byte = 0;
    if (menura_guest_copy(&byte, reinterpret_cast<const void*>(at), 1) != 0) {
      return {FaultKind::Bus, access, at};
    }
  }
  return {FaultKind::Bus, access, address};
}

bool GuestMemory::read(uint64_t address, void* data, unsigned size, Fault* fault) {
  if (is_watched(address, size, Access::Read, fault)) return false;
  if (in_guest_range(address, size) && menura_guest_copy(data, reinterpret_cast<const void*>(address), size) == 0) {
    return true;
  }
  *fault = explain_range(address, size, Access::Read);
  return false;
}

bool GuestMemory::write(uint64_t address, const void* data, unsigned size, Fault* fault) {
  if (is_watched(address, size, Access::Write, fault)) return false;
  const uint64_t last = address + size - 1;
  bool possible = in_guest_range(address, size);
  if (possible && page_floor(address) != page_floor(last)) {
    // All or nothing: the first page is not touched if the second cannot be.
    possible = probe(page_floor(last), 1, Access::Write, fault);
  }
  if (possible && menura_guest_copy(reinterpret_cast<void*>(address), data, size) == 0) return true;
  *fault = explain_range(address, size, Access::Write);
  return false;
}

void* GuestMemory::atomic_pointer(uint64_t address, unsigned size, Fault* fault) {
  if (is_watched(address, size, Access::Write, fault) || is_watched(address, size, Access::Read, fault)) return nullptr;
  // The pointer is used outside the fault-proof copy, so the pages must be there and writable by now.
  if (!probe(address, size, Access::Write, fault)) return nullptr;
  prepare_host_write(address, size);
  return reinterpret_cast<void*>(address);
}

bool GuestMemory::probe(uint64_t address, uint64_t size, Access access, Fault* fault) {
  for (uint64_t at = address; at - address < size; at = page_floor(at) + kPageSize) {
    *fault = in_guest_range(at, 1) ? explain(at, access) : Fault{FaultKind::Unmapped, access, at};
    if (fault->kind != FaultKind::None) return false;
    char byte = 0;
    if (menura_guest_copy(&byte, reinterpret_cast<const void*>(at), 1) != 0) {
      *fault = {FaultKind::Bus, access, at};
      return false;
    }
  }
  return true;
}

std::span<const uint8_t> GuestMemory::fetch(uint64_t address, unsigned want, Fault* fault) {
  uint64_t end = address;
  bool has_file = false;
  {
    const std::lock_guard lock(mutex_);
    for (auto vma = vmas_.find(address); vma != vmas_.end() && end - address < want; ++vma) {
      if (end != address && vma->first != end) break;
      if ((vma->second.prot & PROT_EXEC) == 0) break;
      end = vma->second.end;
      has_file |= vma->second.has_object();
    }
    if (end == address) {
      *fault = explain_locked(address, Access::Execute);
      return {};
    }
  }
  end = std::min(end, address + want);
  if (has_file) {
    // A file may end before its mapping does.
    for (uint64_t at = address; at < end; at = page_floor(at) + kPageSize) {
      char byte = 0;
      if (menura_guest_copy(&byte, reinterpret_cast<const void*>(at), 1) == 0) continue;
      end = at;
      if (at == address) {
        *fault = {FaultKind::Bus, Access::Execute, address};
        return {};
      }
    }
  }
  return {reinterpret_cast<const uint8_t*>(address), end - address};
}

// --- code watching

// Visits (page, vma) for every mapping of what is mapped at `page`, that one included.
template <typename Visit>
void GuestMemory::for_each_alias(uint64_t page, Visit visit) {
  const auto own = vmas_.find(page);
  if (own == vmas_.end()) return;
  if (!has_shared_objects_ || !own->second.has_object()) {
    visit(page, own->second);
    return;
  }
  const uint64_t offset = own->second.offset + (page - own->first);
  for (const auto& [begin, vma] : vmas_) {
    if (begin == own->first) {
      visit(page, vma);
    } else if (vma.has_object() && vma.device == own->second.device && vma.inode == own->second.inode &&
               (vma.shared || own->second.shared) && offset >= vma.offset && offset - vma.offset < vma.end - begin) {
      visit(begin + (offset - vma.offset), vma);
    }
  }
}

void GuestMemory::watch_code(uint64_t begin, uint64_t end) {
  const std::lock_guard lock(mutex_);
  for (uint64_t page = page_floor(begin); page < end; page += kPageSize) {
    if (watched_.test(page)) continue;
    for_each_alias(page, [&](uint64_t alias, const Vma& vma) {
      if (watched_.test(alias)) return;
      watched_.set(alias);
      if ((vma.prot & PROT_WRITE) != 0) {
        ++write_watches_;
        protect_host(alias, kPageSize, vma.prot & ~PROT_WRITE);
      }
    });
  }
}

// Code in private mappings of files is what most programs consist of. Shared ones are how JIT compilers map their code
// twice.
ir::CodeOrigin GuestMemory::code_origin(uint64_t address) {
  const std::lock_guard lock(mutex_);
  const auto vma = vmas_.find(address);
  if (vma == vmas_.end() || vma->second.anonymous || vma->second.shared) return {};
  uint64_t object = vma->second.version;
  for (const uint64_t part : {vma->second.device, vma->second.inode}) {
    object = (object ^ part) * 0x9e3779b97f4a7c15U;
    object ^= object >> 32;
  }
  return {object, vma->second.offset + (address - vma->first)};
}

// Forgets the code of one watched page and of its aliases; all become as writable as the guest made them.
void GuestMemory::forget_page(uint64_t page, Stale* stale) {
  for_each_alias(page, [&](uint64_t alias, const Vma& vma) {
    if (!watched_.test(alias)) return;
    watched_.clear(alias);
    if ((vma.prot & PROT_WRITE) != 0) {
      protect_host(alias, kPageSize, vma.prot);
      --write_watches_;
    }
    if (!stale->empty() && stale->back().end == alias) {
      stale->back().end += kPageSize;
    } else {
      stale->push_back({alias, alias + kPageSize});
    }
  });
}

void GuestMemory::forget_code(uint64_t begin, uint64_t end, Stale* stale) {
  watched_.for_each(begin, end, [&](uint64_t page) { forget_page(page, stale); });
}

// A new mapping of an object whose pages may be watched elsewhere: later watches see the new alias.
void GuestMemory::forget_object(const Vma& vma, Stale* stale) {
  if (!has_shared_objects_ || !vma.has_object()) return;
  std::vector<Range> others;
  for (const auto& [begin, other] : vmas_) {
    if (other.has_object() && other.device == vma.device && other.inode == vma.inode && (other.shared || vma.shared)) {
      others.push_back({begin, other.end});
    }
  }
  for (const Range& range : others) forget_code(range.begin, range.end, stale);
}

void GuestMemory::invalidate(const Stale& stale) {
  if (engine_ == nullptr) return;
  for (const Range& range : stale) engine_->invalidate(range.begin, range.end);
}

void GuestMemory::prepare_host_write(uint64_t address, uint64_t size) {
  if (size == 0 || write_watches_.load(std::memory_order_relaxed) == 0 || !in_guest_range(address, size)) return;
  Stale stale;
  {
    const std::lock_guard lock(mutex_);
    watched_.for_each(page_floor(address), address + size, [&](uint64_t page) {
      const auto vma = vmas_.find(page);
      if (vma != vmas_.end() && (vma->second.prot & PROT_WRITE) != 0) forget_page(page, &stale);
    });
  }
  invalidate(stale);
}

bool GuestMemory::unprotect_for_write(uint64_t address) {
  Stale stale;
  {
    const std::lock_guard lock(mutex_);
    const auto vma = vmas_.find(address);
    if (vma == vmas_.end() || (vma->second.prot & PROT_WRITE) == 0) return false;
    // Not watched any more: another thread was faster, and the access succeeds now.
    if (watched_.test(page_floor(address))) forget_page(page_floor(address), &stale);
  }
  invalidate(stale);
  return true;
}

// --- /proc/self/maps

namespace {

struct HostLine {
  uint64_t begin = 0;
  uint64_t end = 0;
  std::string device_and_inode;
  std::string name;
};

std::vector<HostLine> host_lines() {
  std::vector<HostLine> lines;
  std::FILE* file = std::fopen("/proc/self/maps", "re");
  if (file == nullptr) return lines;
  char text[8192];
  while (std::fgets(text, sizeof text, file) != nullptr) {
    HostLine line;
    char device[32] = {};
    char inode[32] = {};
    int at = 0;
    if (std::sscanf(text, "%" SCNx64 "-%" SCNx64 " %*s %*s %31s %31s %n", &line.begin, &line.end, device, inode, &at) <
        4) {
      continue;
    }
    line.device_and_inode = std::string(device) + " " + inode;
    line.name = text + at;
    if (!line.name.empty() && line.name.back() == '\n') line.name.pop_back();
    lines.push_back(std::move(line));
    if (lines.back().begin >= kGuestEnd) break;
  }
  std::fclose(file);
  return lines;
}

}  // namespace

std::string GuestMemory::maps_text() {
  const std::vector<HostLine> lines = host_lines();
  std::string text;
  const std::lock_guard lock(mutex_);
  for (const auto& [begin, vma] : vmas_) {
    const auto line = std::upper_bound(lines.begin(), lines.end(), begin,
                                       [](uint64_t address, const HostLine& other) { return address < other.end; });
    const bool found = vma.has_object() && line != lines.end() && line->begin <= begin;
    char head[160];
    int length =
        std::snprintf(head, sizeof head, "%08" PRIx64 "-%08" PRIx64 " %c%c%c%c %08" PRIx64 " %s ", begin, vma.end,
                      (vma.prot & PROT_READ) != 0 ? 'r' : '-', (vma.prot & PROT_WRITE) != 0 ? 'w' : '-',
                      (vma.prot & PROT_EXEC) != 0 ? 'x' : '-', vma.shared ? 's' : 'p',
                      vma.anonymous ? uint64_t{0} : vma.offset, found ? line->device_and_inode.c_str() : "00:00 0");
    std::string name = found ? line->name : std::string();
    if (begin < brk_ && vma.end > brk_start_ && vma.anonymous) name = "[heap]";
    if (begin < stack_.end && vma.end > stack_.begin) name = "[stack]";
    if (begin == vdso_.begin && vma.end == vdso_.end) name = "[vdso]";
    text.append(head, static_cast<size_t>(length));
    if (!name.empty()) {
      text.append(static_cast<size_t>(std::max(0, 73 - length)), ' ');
      text.append(name);
    }
    text.push_back('\n');
  }
  return text;
}

bool GuestMemory::has_protection(uint64_t address, int protection) {
  const std::lock_guard lock(mutex_);
  const auto vma = vmas_.find(address);
  return vma != vmas_.end() && (vma->second.prot & protection) == protection;
}

}  // namespace menura::linux_user
