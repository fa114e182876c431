#include "linux-user/loader/executable.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <optional>

#include "linux-user/loader/elf.h"
#include "linux-user/loader/image.h"

namespace menura::linux_user {
namespace {

constexpr unsigned kMostScripts = 5;  // interpreters of interpreters

}  // namespace

int64_t resolve_executable(const Paths& paths, const std::string& path, Executable* executable) {
  executable->guest = nullptr;
  executable->path = path;
  executable->prefix.clear();
  for (unsigned depth = 0; depth <= kMostScripts; ++depth) {
    std::string buffer;
    const char* host_path = paths.to_host(executable->path.c_str(), buffer);
    if (access(host_path, F_OK) != 0) return -errno;
    struct stat info = {};
    if (stat(host_path, &info) != 0) return -errno;
    if (!S_ISREG(info.st_mode) || faccessat(AT_FDCWD, host_path, X_OK, AT_EACCESS) != 0) return -EACCES;
    const FileHandle file(open(host_path, O_RDONLY | O_CLOEXEC));
    if (!file) {
      // Executable, but not readable: only the kernel can run it.
      return errno == EACCES ? 0 : -errno;
    }
    const FileBytes bytes(file.get());
    if (const std::optional<Shebang> script = parse_shebang(bytes)) {
      // argv becomes: interpreter, argument, script, and what followed argv[0].
      std::vector<std::string> prefix = {script->interpreter};
      if (!script->argument.empty()) prefix.push_back(script->argument);
      prefix.push_back(executable->path);
      if (!executable->prefix.empty()) {
        prefix.insert(prefix.end(), executable->prefix.begin() + 1, executable->prefix.end());
      }
      executable->prefix = std::move(prefix);
      executable->path = script->interpreter;
      continue;
    }
    // What is no guest's program is the kernel's business: it runs the host's own programs, knows more formats
    // (binfmt_misc), and answers ENOEXEC to the rest.
    executable->guest = find_guest(identify_elf(bytes));
    return 0;
  }
  return -ELOOP;
}

}  // namespace menura::linux_user
