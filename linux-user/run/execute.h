// execve: another program takes this process. A guest program is run by another Menura with the same options, whatever
// else the host's kernel runs is left to it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace menura::linux_user {

class Thread;

// Comes back only with an error: -errno, or kRestartAlways if a signal must be delivered first.
int64_t execute(Thread& thread, const std::string& path, std::vector<std::string> arguments,
                const std::vector<std::string>& environment);

}  // namespace menura::linux_user
