#include "host/wake_event.h"

#include <sys/eventfd.h>
#include <unistd.h>

#include <cstdint>

#include "host/descriptor.h"

namespace menura::host {

WakeEvent::WakeEvent() : fd_(out_of_the_way(::eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK))) {}
WakeEvent::~WakeEvent() { ::close(fd_); }

void WakeEvent::set() {
  const uint64_t one = 1;
  [[maybe_unused]] const ssize_t done = ::write(fd_, &one, sizeof one);
}

void WakeEvent::clear() {
  uint64_t count = 0;
  [[maybe_unused]] const ssize_t done = ::read(fd_, &count, sizeof count);
}

}  // namespace menura::host
