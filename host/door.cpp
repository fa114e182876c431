#include "host/door.h"

#include <sys/random.h>

#include <cerrno>
#include <cstdlib>

namespace menura::host {

int HostDoor::clock(clockid_t id, timespec* now) { return ::clock_gettime(id, now) == 0 ? 0 : -errno; }

void HostDoor::entropy(std::span<std::byte> out) {
  while (!out.empty()) {
    const ssize_t got = ::getrandom(out.data(), out.size(), 0);
    if (got < 0) {
      if (errno == EINTR) continue;
      std::abort();  // ENOSYS or a bad pointer: neither can be on a kernel that runs Menura
    }
    out = out.subspan(static_cast<size_t>(got));
  }
}

uint64_t HostDoor::counter() {
  timespec now{};
  ::clock_gettime(CLOCK_MONOTONIC, &now);
  return static_cast<uint64_t>(now.tv_sec) * 1'000'000'000 + static_cast<uint64_t>(now.tv_nsec);
}

}  // namespace menura::host
