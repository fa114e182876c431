// The one program.
#include <cstdio>
#include <new>
#include <string>
#include <string_view>
#include <vector>

#include "cli/boot.h"
#include "cli/cache.h"
#include "cli/list.h"
#include "cli/run.h"
#include "cli/sysroot/command.h"

namespace {

constexpr const char* kUsage =
    "Menura runs Linux programs and whole machines made for another instruction set.\n"
    "\n"
    "  menura run [options] program [arguments]   run a program; `menura run --help` lists the options\n"
    "  menura boot [options]                      start a machine; `menura boot --help` lists the options\n"
    "  menura list boards|cpus|devices [NAME]     what machines are made of\n"
    "  menura sysroot architecture packages       fetch Debian's packages for it; `menura sysroot --help`\n"
    "  menura cache info|clear|verify              compiled code that is kept from run to run\n"
    "  menura --version\n"
    "  menura --help\n";

int command(const std::vector<std::string>& arguments) {
  const std::string_view first = arguments.empty() ? std::string_view() : arguments[0];
  if (first == "run") return menura::cli::run_command({arguments.begin() + 1, arguments.end()});
  if (first == "boot") return menura::cli::boot_command({arguments.begin() + 1, arguments.end()});
  if (first == "list") return menura::cli::list_command({arguments.begin() + 1, arguments.end()});
  if (first == "cache") return menura::cli::cache_command({arguments.begin() + 1, arguments.end()});
  if (first == "sysroot") return menura::cli::sysroot_command({arguments.begin() + 1, arguments.end()});
  if (first == "--version") {
    std::printf("menura %s\n", MENURA_VERSION);
    return 0;
  }
  if (first == "--help" || first == "-h") {
    std::fputs(kUsage, stdout);
    return 0;
  }
  if (arguments.empty()) {
    std::fputs("menura: no command; expected `menura run program`\n", stderr);
  } else {
    std::fprintf(stderr, "menura: '%s' is no command; expected `menura run program`\n", arguments[0].c_str());
  }
  std::fputs(kUsage, stderr);
  return 125;
}

}  // namespace

#if defined(__SANITIZE_ADDRESS__)
// Faults are the guest's business: the sanitizer must not install handlers of its own.
extern "C" const char* __asan_default_options() {
  return "handle_segv=0:handle_sigbus=0:handle_sigfpe=0:handle_sigill=0:handle_abort=0:use_sigaltstack=0";
}
#endif

int main(int argc, char** argv) {
  try {
    return command({argv + (argc > 0 ? 1 : 0), argv + argc});
  } catch (const std::bad_alloc&) {
    std::fputs("menura: out of memory; free some, or raise the limit (ulimit -v)\n", stderr);
    return 125;
  }
}
