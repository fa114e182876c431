#include "linux-user/run/robust_list.h"

#include <linux/futex.h>

#include "linux-user/process.h"
#include "linux-user/syscalls/guest_access.h"
#include "linux-user/syscalls/host_call.h"

namespace menura::linux_user {
namespace {

constexpr uint64_t kPriorityBit = 1;  // in a list pointer: a priority-inheriting futex

// Marks one futex, if this thread holds it; `pending`: it was about to be taken or released.
void release(Thread& thread, uint64_t address, uint32_t tid, bool is_pi, bool pending) {
  if (address % sizeof(uint32_t) != 0) return;
  ir::Fault fault;
  auto* const word =
      static_cast<uint32_t*>(thread.process().memory().atomic_pointer(address, sizeof(uint32_t), &fault));
  if (word == nullptr) return;
  const std::atomic_ref<uint32_t> futex(*word);
  uint32_t seen = futex.load();
  if (pending && !is_pi && seen == 0) host_call(SYS_futex, address, FUTEX_WAKE, 1, nullptr, nullptr, 0);
  while ((seen & FUTEX_TID_MASK) == tid) {
    if (!futex.compare_exchange_weak(seen, (seen & FUTEX_WAITERS) | FUTEX_OWNER_DIED)) continue;
    if (!is_pi && (seen & FUTEX_WAITERS) != 0) host_call(SYS_futex, address, FUTEX_WAKE, 1, nullptr, nullptr, 0);
    return;
  }
}

}  // namespace

void release_robust_list(Thread& thread) {
  if (thread.robust_list == 0) return;
  robust_list_head head = {};
  const uint64_t begin = thread.robust_list;
  thread.robust_list = 0;
  host_call(SYS_set_robust_list, nullptr, sizeof head);
  if (load(&head, GuestPtr<robust_list_head>{begin}) != 0) return;
  const auto tid = static_cast<uint32_t>(host_call(SYS_gettid));
  const auto offset = static_cast<uint64_t>(head.futex_offset);
  const auto pending = reinterpret_cast<uint64_t>(head.list_op_pending);
  auto entry = reinterpret_cast<uint64_t>(head.list.next);
  for (unsigned count = 0; count < ROBUST_LIST_LIMIT && (entry & ~kPriorityBit) != begin; ++count) {
    const uint64_t at = entry & ~kPriorityBit;
    // The next one is read before this one is given away.
    uint64_t next = 0;
    const bool has_next = load(&next, GuestPtr<uint64_t>{at}) == 0;
    if (at != (pending & ~kPriorityBit)) release(thread, at + offset, tid, (entry & kPriorityBit) != 0, false);
    if (!has_next) break;
    entry = next;
  }
  if (pending != 0) {
    release(thread, (pending & ~kPriorityBit) + offset, tid, (pending & kPriorityBit) != 0, true);
  }
}

}  // namespace menura::linux_user
