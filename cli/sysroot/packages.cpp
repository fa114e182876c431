#include "cli/sysroot/packages.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>
#include <sstream>

namespace menura::cli {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view kStatus = "Status: install ok installed";

}  // namespace

fs::path status_file(const fs::path& tree) { return tree / "var/lib/dpkg/status"; }

Package Package::parse(std::string_view stanza) {
  Package package;
  std::istringstream lines{std::string(stanza)};
  for (std::string line; std::getline(lines, line);) {
    if (line.empty() || line == kStatus) continue;
    package.stanza += line + "\n";
    const size_t colon = line.find(':');
    if (line[0] == ' ' || colon == std::string::npos) continue;
    const std::string name = line.substr(0, colon);
    const std::string value = line.substr(std::min(line.find_first_not_of(' ', colon + 1), line.size()));
    if (name == "Package") package.name = value;
    if (name == "Version") package.version = value;
    if (name == "Architecture") package.architecture = value;
    if (name == "Installed-Size") package.kib = std::strtoull(value.c_str(), nullptr, 10);
  }
  return package;
}

PackageList PackageList::read(const fs::path& tree) {
  PackageList list;
  std::ifstream file(status_file(tree));
  std::string stanza;
  for (std::string line; std::getline(file, line) || !stanza.empty(); line.clear()) {
    if (!line.empty()) {
      stanza += line + "\n";
      continue;
    }
    if (!stanza.empty()) list.put(Package::parse(stanza));
    stanza.clear();
  }
  return list;
}

Result<void> PackageList::write(const fs::path& tree) const {
  const fs::path path = status_file(tree);
  std::error_code error;
  fs::create_directories(path.parent_path(), error);
  // A new file: the old one is shared with the tree that this one is a copy of.
  fs::remove(path, error);
  std::ofstream file(path);
  for (const Package& package : packages_) file << package.stanza << kStatus << "\n\n";
  file.close();
  if (!file) return Error{path.string() + ": cannot be written; is the disk full?"};
  return {};
}

const Package* PackageList::find(std::string_view name) const {
  const auto found = std::find_if(packages_.begin(), packages_.end(), [&](const Package& p) { return p.name == name; });
  return found != packages_.end() ? &*found : nullptr;
}

void PackageList::put(Package package) {
  const auto at = std::lower_bound(packages_.begin(), packages_.end(), package,
                                   [](const Package& a, const Package& b) { return a.name < b.name; });
  if (at != packages_.end() && at->name == package.name) {
    *at = std::move(package);
  } else {
    packages_.insert(at, std::move(package));
  }
}

}  // namespace menura::cli
