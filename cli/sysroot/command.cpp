#include "cli/sysroot/command.h"

#include <sys/statvfs.h>
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <fstream>
#include <sstream>

#include "cli/sysroot/apt.h"
#include "cli/sysroot/architectures.h"
#include "cli/sysroot/options.h"
#include "cli/sysroot/packages.h"
#include "cli/sysroot/tree.h"
#include "cli/sysroot/unpack.h"
#include "linux-user/run/sysroot.h"

namespace menura::cli {
namespace {

namespace fs = std::filesystem;

// What is going on, on standard error: one line that changes on a terminal, one line per step elsewhere.
class Progress {
 public:
  ~Progress() { clear(); }
  void step(const std::string& text) {
    if (terminal_) {
      std::fprintf(stderr, "\r\033[K%s", text.c_str());
      std::fflush(stderr);
      shown_ = true;
    } else {
      std::fprintf(stderr, "%s\n", text.c_str());
    }
  }
  // Part of a step: for terminals only.
  void part(const std::string& text) {
    if (terminal_) step(text);
  }
  void clear() {
    if (shown_) std::fputs("\r\033[K", stderr);
    shown_ = false;
  }

 private:
  bool terminal_ = isatty(STDERR_FILENO) != 0;
  bool shown_ = false;
};

std::string mib(uint64_t bytes) {
  char text[32];
  std::snprintf(text, sizeof text, "%.1f MiB", static_cast<double>(bytes) / 1048576);
  return text;
}

std::string count_of(size_t count) { return std::to_string(count) + (count == 1 ? " package" : " packages"); }

uint64_t total_kib(const std::vector<Package>& packages) {
  uint64_t kib = 0;
  for (const Package& package : packages) kib += package.kib;
  return kib;
}

fs::path choice_file(const fs::path& tree) { return tree / "var/lib/menura/source"; }

SourceChoice remembered_choice(const fs::path& tree) {
  std::ifstream file(choice_file(tree));
  std::stringstream text;
  text << file.rdbuf();
  return SourceChoice::parse(text.str());
}

void remember_choice(const fs::path& tree, const SourceChoice& choice) {
  if (choice.empty()) return;
  std::error_code error;
  fs::create_directories(choice_file(tree).parent_path(), error);
  fs::remove(choice_file(tree), error);
  std::ofstream(choice_file(tree)) << choice.text();
}

Result<void> list(const fs::path& home, const std::string& architecture) {
  for (const Architecture& row : architectures()) {
    if (!architecture.empty() && row.name != architecture) continue;
    const fs::path place = home / row.name;
    const std::vector<Package> packages = PackageList::read(place).all();
    if (architecture.empty()) {
      if (packages.empty()) continue;
      std::printf("%s  %s, %s  %s\n", std::string(row.name).c_str(), count_of(packages.size()).c_str(),
                  mib(total_kib(packages) * 1024).c_str(), place.c_str());
      continue;
    }
    if (packages.empty()) {
      return Error{"there is no sysroot for " + architecture + " (" + place.string() + "); `menura sysroot " +
                       architecture + " PACKAGE` makes one",
                   127};
    }
    for (const Package& package : packages) {
      std::printf("%-32s %-28s %8llu KiB\n", package.name.c_str(), package.version.c_str(),
                  static_cast<unsigned long long>(package.kib));
    }
  }
  return {};
}

// One new sysroot, from the old one and what was downloaded.
Result<void> assemble(const SysrootTree& tree, const std::vector<Download>& downloads, const SourceChoice& choice,
                      Progress& progress) {
  std::vector<std::pair<fs::path, Package>> packages;
  uint64_t kib = 0;
  for (const Download& download : downloads) {
    Result<Package> package = read_package(download.file);
    if (!package) return package.error();
    kib += package->kib;
    packages.emplace_back(download.file, std::move(*package));
  }
  struct statvfs disk {};
  if (statvfs(tree.place().parent_path().c_str(), &disk) == 0 && disk.f_bavail * disk.f_frsize / 1024 < kib) {
    return Error{"the packages need " + mib(kib * 1024) + ", and only " + mib(disk.f_bavail * disk.f_frsize) +
                 " are free on the disk of " + tree.place().string() +
                 "; make room, or set XDG_CACHE_HOME to another disk's folder"};
  }
  const bool fresh = !fs::exists(tree.place());
  if (auto begun = tree.begin(); !begun) return begun;
  if (fresh) {
    if (auto made = make_layout(tree.stage()); !made) return made;
  }
  PackageList list = PackageList::read(tree.stage());
  size_t number = 0;
  progress.step("unpacking " + count_of(packages.size()) + ", " + mib(kib * 1024));
  for (const auto& [deb, package] : packages) {
    progress.part("unpacking " + std::to_string(++number) + " of " + std::to_string(packages.size()) + ": " +
                  package.name);
    if (auto unpacked = unpack(deb, package, tree.stage()); !unpacked) return unpacked;
    list.put(package);
  }
  for (const auto& [deb, package] : packages) {
    if (auto made = make_alternatives(deb, tree.stage()); !made) return made;
  }
  settle(tree.stage());
  remember_choice(tree.stage(), choice);
  if (auto written = list.write(tree.stage()); !written) return written;
  return tree.commit();
}

Result<void> install(const fs::path& cache, const SysrootOptions& options) {
  Progress progress;
  const Result<SysrootTree> tree = SysrootTree::lock(cache / "sysroot", options.architecture, [] {
    std::fputs("waiting for another `menura sysroot` to end\n", stderr);
  });
  if (!tree) return tree.error();
  const PackageList installed = PackageList::read(tree->place());
  const bool is_there = std::all_of(options.packages.begin(), options.packages.end(),
                                    [&](const std::string& name) { return installed.find(name) != nullptr; });
  if (is_there && !options.update && options.source.empty()) {
    std::printf("all there: %s\n", tree->place().c_str());
    return {};
  }
  std::vector<std::string> wanted = options.packages;
  if (options.update) {
    for (const Package& package : installed.all()) wanted.push_back(package.name);
  }
  const SourceChoice choice = options.source.empty() ? remembered_choice(tree->place()) : options.source;
  const fs::path status = installed.all().empty() ? fs::path() : status_file(tree->place());
  const Result<Apt> apt = Apt::open(cache / "apt" / options.architecture, options.architecture, status, choice);
  if (!apt) return apt.error();
  progress.step("reading the package lists for " + options.architecture);
  if (auto updated = apt->update(); !updated) return updated;
  const Result<std::vector<Download>> downloads = apt->plan(wanted);
  if (!downloads) return downloads.error();
  uint64_t bytes = 0;
  for (const Download& download : *downloads) bytes += download.bytes;
  const std::string what = count_of(downloads->size()) + ", " + mib(bytes);
  if (options.dry_run) {
    progress.clear();
    for (const Download& download : *downloads) std::printf("%s\n", download.uri.c_str());
    std::printf("%s to download\n", what.c_str());
    return {};
  }
  if (downloads->empty()) {
    progress.clear();
    std::printf("all there: %s\n", tree->place().c_str());
    return {};
  }
  progress.step("downloading " + what);
  const auto percent = [&](int done) { progress.part("downloading " + what + ": " + std::to_string(done) + " %"); };
  if (auto downloaded = apt->download(wanted, percent); !downloaded) return downloaded;
  if (auto assembled = assemble(*tree, *downloads, choice, progress); !assembled) {
    tree->abandon();
    return assembled;
  }
  // Only now: a run that fails half-way need not download again.
  std::error_code error;
  for (const Download& download : *downloads) {
    if (download.is_ours) fs::remove(download.file, error);
  }
  progress.clear();
  const PackageList now = PackageList::read(tree->place());
  std::printf("%s: %s new; %s, %s unpacked, in %s\n", options.architecture.c_str(), what.c_str(),
              count_of(now.all().size()).c_str(), mib(total_kib(now.all()) * 1024).c_str(), tree->place().c_str());
  // Debian calls a shell essential, so that no package depends on one.
  if (!fs::exists(tree->place() / "bin/sh")) {
    std::printf(
        "It has no shell: this system's will run the scripts of its programs, and find none of its programs. `menura "
        "sysroot %s dash` adds one.\n",
        options.architecture.c_str());
  }
  return {};
}

Result<void> remove(const fs::path& cache, const std::string& architecture) {
  const Result<SysrootTree> tree = SysrootTree::lock(
      cache / "sysroot", architecture, [] { std::fputs("waiting for another `menura sysroot` to end\n", stderr); });
  if (!tree) return tree.error();
  if (!fs::exists(tree->place())) {
    return Error{"there is no sysroot for " + architecture + " (" + tree->place().string() + ")", 127};
  }
  if (auto removed = tree->remove(); !removed) return removed;
  std::error_code error;
  fs::remove_all(cache / "apt" / architecture, error);
  return {};
}

Result<void> execute(const SysrootOptions& options) {
  const fs::path cache = linux_user::cache_folder();
  if (cache.empty()) return Error{"neither XDG_CACHE_HOME nor HOME says where the sysroot should be; set one of them"};
  if (options.list) return list(cache / "sysroot", options.architecture);
  if (options.remove) return remove(cache, options.architecture);
  return install(cache, options);
}

}  // namespace

int sysroot_command(const std::vector<std::string>& arguments) {
  const Result<SysrootOptions> options = parse_sysroot_options(arguments);
  Error error;
  if (!options) {
    error = options.error();
  } else if (options->help) {
    std::fputs(sysroot_help().c_str(), stdout);
    return 0;
  } else {
    try {
      const Result<void> done = execute(*options);
      if (done) return 0;
      error = done.error();
    } catch (const fs::filesystem_error& thrown) {
      error = Error{thrown.path1().string() + ": " + thrown.code().message()};
    }
  }
  std::fprintf(stderr, "menura: %s\n", error.message.c_str());
  return error.exit_code;
}

}  // namespace menura::cli
