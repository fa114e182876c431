// Copies between guest memory and Menura's own that survive any guest address: a fault inside is turned into -EFAULT by
// the host's SIGSEGV/SIGBUS handler, which asks recover_guest_copy() first.
#pragma once

#include <cstddef>
#include <cstdint>

extern "C" {
// Copies `size` bytes; 0, or -EFAULT when a byte could not be read or written (some may have been copied then).
// No range check: guest_access.h has the checked forms.
int64_t menura_guest_copy(void* to, const void* from, size_t size);
// Length of the zero-terminated string at `text`, `limit` if there is no zero byte before it, or -EFAULT.
int64_t menura_guest_strlen(const void* text, size_t limit);
}

namespace menura::linux_user {

// For the handler of SIGSEGV and SIGBUS: true if `host_context` (a ucontext_t) was inside one of the functions above;
// it then continues with their -EFAULT. A write to a page that is only protected because code was translated from it is
// better unprotected and retried, so ask GuestMemory about that before.
bool recover_guest_copy(void* host_context);

}  // namespace menura::linux_user
