// Shared libraries of a program (gABI chapter 5, "Dynamic Section"; ld.so(8)): which ones it asks for, and which its
// dynamic loader will not find. Looked at only when a program has failed to start.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "linux-user/abi/guests.h"
#include "linux-user/loader/elf.h"
#include "linux-user/paths.h"

namespace menura::linux_user {

struct ElfLibraries {
  std::vector<std::string> needed;  // DT_NEEDED, in order
  std::string run_path;             // DT_RUNPATH or DT_RPATH: folders, separated by colons
};

// Reads the dynamic section of a 64-bit little-endian file; what is damaged is left out.
ElfLibraries read_libraries(const ByteSource& file);

struct MissingLibrary {
  std::string name;
  std::string needed_by;  // as the guest names it
};

// What `program` (a guest path) and the libraries that it finds ask for in vain. `library_path` is the guest's
// LD_LIBRARY_PATH. Folders of ld.so.conf are not looked at.
std::vector<MissingLibrary> missing_libraries(const Paths& paths, const GuestRow& guest, const std::string& program,
                                              std::string_view library_path);

}  // namespace menura::linux_user
