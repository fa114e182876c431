// The files of /proc that tell about the process itself or the CPU: the host's would tell about Menura.
#pragma once

#include <cstdint>

namespace menura::linux_user {

class Thread;

inline constexpr int64_t kNotOurs = INT64_MIN;

// Opens `path` (as guest_path() returned it) with the guest's contents, if it is one of those files: a descriptor or
// -errno. kNotOurs: the host's file is the right one.
int64_t open_proc_file(Thread& thread, const char* path, int flags);

}  // namespace menura::linux_user
