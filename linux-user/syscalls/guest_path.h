// Path arguments of system calls: where the guest's file is on the host.
#pragma once

#include <climits>
#include <string>

#include "linux-user/syscalls/guest_pointer.h"

namespace menura::linux_user {

class Thread;

// Where a translated path is kept while the call runs; touched for absolute paths only.
struct PathBuffer {
  char text[PATH_MAX];
  std::string found;
};

enum class LastComponent : uint8_t {
  Target,  // symbolic links are followed
  Link,    // a link itself is meant (readlink, lstat)
};

// The path to give to the kernel: the file in the sysroot where there is one, the guest program for /proc/self/exe,
// else the guest's own string (unreadable ones included: EFAULT is the kernel's to give).
const char* guest_path(Thread& thread, GuestStr name, PathBuffer& buffer, LastComponent last = LastComponent::Target);

// Whether `path`, as guest_path() returned it, is the guest's /proc/self/exe (under any of its names).
bool is_own_exe_link(Thread& thread, const char* path);

}  // namespace menura::linux_user
