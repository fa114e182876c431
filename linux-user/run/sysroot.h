// Where a guest's own files are, if the user does not say: a sysroot that `menura sysroot` made, then Debian's cross
// packages.
#pragma once

#include <string>
#include <vector>

#include "linux-user/abi/guests.h"

namespace menura::linux_user {

// ~/.cache/menura, or as $XDG_CACHE_HOME has it; empty: the user has no home.
std::string cache_folder();
// In it, what `menura sysroot <guest>` fills.
std::string cached_sysroot(const GuestRow& guest);

// Folders that exist, the best one first. `given` (-L, QEMU_LD_PREFIX): that one only, unless it is empty.
std::vector<std::string> sysroots(const std::string& given, const GuestRow& guest);

// The one to run `program` in, a host path without symbolic links, whose interpreter is `interpreter` (empty: it needs
// none): the one that the program lies in, else the first with its interpreter and all its libraries, else the first
// with its interpreter; empty: none has it.
std::string choose_sysroot(const std::vector<std::string>& folders, const GuestRow& guest, const std::string& program,
                           const std::string& interpreter);

}  // namespace menura::linux_user
