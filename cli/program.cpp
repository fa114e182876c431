#include "cli/program.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "linux-user/abi/guests.h"
#include "linux-user/run/sysroot.h"

namespace menura::cli {
namespace {

constexpr const char* kProgramFolders[] = {"/usr/local/bin/", "/usr/bin/", "/bin/",      "/usr/local/sbin/",
                                           "/usr/sbin/",      "/sbin/",    "/usr/games/"};

bool is_file(const std::string& path) {
  struct stat info = {};
  return stat(path.c_str(), &info) == 0 && S_ISREG(info.st_mode);
}

// The program of this name in a sysroot, as the guest sees it; empty: it has none.
std::string program_in(const std::string& sysroot, const std::string& name) {
  for (const char* folder : kProgramFolders) {
    const std::string path = sysroot + folder + name;
    if (is_file(path) && access(path.c_str(), X_OK) == 0) return folder + name;
  }
  return {};
}

// A guest's name, or a folder.
Result<std::string> sysroot_folder(const std::string& text) {
  if (text.find('/') != std::string::npos) {
    if (access(text.c_str(), F_OK) == 0) return text;
    return Error{"--sysroot " + text + ": no such folder; expected one, or a guest's name as in --sysroot arm64", 127};
  }
  std::string names;
  for (const linux_user::GuestRow& guest : linux_user::guests()) {
    names += (names.empty() ? "" : " or ") + std::string(guest.name);
    if (text != guest.name) continue;
    const std::string folder = linux_user::cached_sysroot(guest);
    if (!folder.empty() && access(folder.c_str(), F_OK) == 0) return folder;
    return Error{"--sysroot " + text + ": there is none; `menura sysroot " + text + " python3` makes one", 127};
  }
  return Error{"--sysroot " + text + ": expected " + names + ", or a folder (with a slash)"};
}

}  // namespace

Result<void> find_program(RunOptions* options) {
  std::string& program = options->program;
  if (!options->sysroot_name.empty()) {
    Result<std::string> folder = sysroot_folder(options->sysroot_name);
    if (!folder) return folder.error();
    options->sysroot = *folder;
    if (program[0] == '/' && is_file(*folder + program)) {
      options->program_name = program;
      program = *folder + program;
    }
  }
  if (program.empty() || program.find('/') != std::string::npos || is_file(program)) return {};
  std::string found;
  if (!options->sysroot.empty()) {
    found = program_in(options->sysroot, program);
  } else {
    std::string guests;
    for (const linux_user::GuestRow& guest : linux_user::guests()) {
      const std::string folder = linux_user::cached_sysroot(guest);
      const std::string path = folder.empty() ? folder : program_in(folder, program);
      if (path.empty()) continue;
      guests += (guests.empty() ? "" : " and ") + std::string(guest.name);
      if (found.empty()) {
        found = path;
        options->sysroot = folder;
      } else {
        return Error{program + ": in the sysroots of " + guests + "; say which: `menura run --sysroot " + guest.name +
                     " " + program + "`"};
      }
    }
  }
  if (found.empty()) {
    return Error{program +
                     ": no such file, and no program of a sysroot; expected the path of a program, as in `menura run "
                     "./program`, or one that `menura sysroot arm64 PACKAGE` has fetched",
                 127};
  }
  options->program_name = found;
  program = options->sysroot + found;
  return {};
}

}  // namespace menura::cli
