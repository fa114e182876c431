// What a path means to execve: a guest program, a script, or something for the host's kernel.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "linux-user/abi/guests.h"
#include "linux-user/paths.h"

namespace menura::linux_user {

struct Executable {
  const GuestRow* guest = nullptr;  // whose program it is; null: the host's kernel runs it
  std::string path;                 // as the guest names it: the program, or the last interpreter of a script
  std::vector<std::string> prefix;  // for scripts: the arguments that come before the script's own, from argv[0] on
};

// Finds out what execve(path) runs, following `#!` lines. Returns 0, or -errno as execve does: -ENOENT, -EACCES,
// -ENOEXEC, -ELOOP, ...
int64_t resolve_executable(const Paths& paths, const std::string& path, Executable* executable);

}  // namespace menura::linux_user
