#include "cli/sysroot/hint.h"

#include <fcntl.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include "cli/sysroot/apt.h"
#include "linux-user/loader/image.h"
#include "linux-user/loader/libraries.h"
#include "linux-user/run/sysroot.h"

namespace menura::cli {
namespace {

namespace fs = std::filesystem;

// Libraries whose package is called otherwise.
constexpr std::pair<std::string_view, const char*> kExceptions[] = {
    {"libc.so.6", "libc6"},
    {"libm.so.6", "libc6"},
    {"libdl.so.2", "libc6"},
    {"libpthread.so.0", "libc6"},
    {"librt.so.1", "libc6"},
    {"libutil.so.1", "libc6"},
    {"libresolv.so.2", "libc6"},
    {"libcrypto.so.3", "libssl3"},
    {"libcrypto.so.1.1", "libssl1.1"},
    {"libgcc_s.so.1", "libgcc-s1"},
    {"libz.so.1", "zlib1g"},
    {"libbz2.so.1.0", "libbz2-1.0"},
    {"libncursesw.so.6", "libncursesw6"},
    {"libform.so.6", "libncurses6"},
    {"libgssapi_krb5.so.2", "libgssapi-krb5-2"},
    {"libperl.so.5.36", "libperl5.36"},
    {"libsqlite3.so.0", "libsqlite3-0"},
};

// What the package lists of an earlier `menura sysroot` know of a guess: the name that is right, or none.
struct Guess {
  std::string package;
  bool known = false;  // the lists have it
  bool asked = false;  // there are lists
};

Guess guess_package(const std::string& guest, const std::string& library) {
  Guess guess{library_package(library)};
  const fs::path configuration = fs::path(linux_user::cache_folder()) / "apt" / guest / "apt.conf";
  std::error_code error;
  if (guess.package.empty() || !fs::exists(configuration, error)) return guess;
  // Names of 64-bit-time packages of Debian 13 end with t64.
  std::vector<std::string> names = {guess.package, guess.package + "t64"};
  if (library.starts_with("libpython") && library.find(".so") != std::string::npos) {
    names.insert(names.begin(), library.substr(0, library.find(".so")));
  }
  guess.asked = true;
  const std::vector<std::string> known = Apt::names(configuration.parent_path());
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) == known.end()) continue;
    guess.package = name;
    guess.known = true;
    break;
  }
  return guess;
}

std::string absolute(const std::string& path) {
  std::error_code error;
  const fs::path real = fs::canonical(path, error);
  return error ? path : real.string();
}

}  // namespace

std::string library_package(const std::string& library) {
  for (const auto& [name, package] : kExceptions) {
    if (library == name) return package;
  }
  const size_t at = library.find(".so");
  if (!library.starts_with("lib") || at == std::string::npos) return {};
  std::string package = library.substr(0, at);
  std::string version = library.substr(std::min(at + 3, library.size()));
  if (!version.empty() && version[0] == '.') version.erase(0, 1);
  // A name that ends with a digit is kept apart from the version.
  if (!version.empty() && std::isdigit(static_cast<unsigned char>(package.back())) != 0) package += '-';
  package += version;
  std::transform(package.begin(), package.end(), package.begin(),
                 [](unsigned char c) { return c == '_' ? '-' : static_cast<char>(std::tolower(c)); });
  return package;
}

void explain_missing_libraries(const std::string& program, const std::string& sysroot) {
  const linux_user::FileHandle file(open(program.c_str(), O_RDONLY | O_CLOEXEC));
  if (!file) return;
  const linux_user::FileBytes bytes(file.get());
  const linux_user::GuestRow* const guest = linux_user::find_guest(linux_user::identify_elf(bytes));
  if (guest == nullptr) return;
  const Result<linux_user::ElfImage> image = linux_user::parse_elf(bytes, guest->target, program);
  if (!image || image->interpreter.empty()) return;
  const std::string real = absolute(program);
  const linux_user::Paths paths(
      linux_user::choose_sysroot(linux_user::sysroots(sysroot, *guest), *guest, real, image->interpreter));
  const char* const library_path = std::getenv("LD_LIBRARY_PATH");
  for (const linux_user::MissingLibrary& missing : missing_libraries(paths, *guest, std::string(paths.to_guest(real)),
                                                                     library_path != nullptr ? library_path : "")) {
    std::string message = missing.name + ", which " + missing.needed_by + " needs, is ";
    message += paths.sysroot().empty() ? "not on this system"
                                       : "neither in the sysroot " + paths.sysroot() + " nor on this system";
    const Guess guess = guess_package(guest->name, missing.name);
    const std::string command = std::string("`menura sysroot ") + guest->name + " ";
    if (guess.known) {
      message += "; by its name, Debian's package " + guess.package + " has it: " + command + guess.package + "`";
    } else if (guess.asked || guess.package.empty()) {
      message += "; no package of Debian's can be guessed from its name. `apt-file search " + missing.name +
                 "` may know it; then " + command + "PACKAGE`";
    } else {
      message +=
          "; Debian's package may be " + guess.package + " (a guess from its name): " + command + guess.package + "`";
    }
    std::fprintf(stderr, "menura: %s\n", message.c_str());
  }
}

}  // namespace menura::cli
