// The packages of a sysroot: what dpkg would keep in var/lib/dpkg, so that apt, and the guest's own dpkg, see what is
// there.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "ir/core/result.h"

namespace menura::cli {

struct Package {
  std::string name;
  std::string version;
  std::string architecture;  // "all" included
  uint64_t kib = 0;          // Installed-Size
  std::string stanza;        // its control fields, as they are in the package

  // Reads control fields (deb-control(5)).
  static Package parse(std::string_view stanza);
};

class PackageList {
 public:
  // Of the sysroot in `tree`; empty if there is none. deb-control(5), dpkg's status file.
  static PackageList read(const std::filesystem::path& tree);
  // Writes dpkg's status file in `tree`.
  Result<void> write(const std::filesystem::path& tree) const;

  const std::vector<Package>& all() const { return packages_; }
  const Package* find(std::string_view name) const;
  // In the place of another version, if there is one.
  void put(Package package);

 private:
  std::vector<Package> packages_;  // by name
};

// dpkg's status file of a sysroot.
std::filesystem::path status_file(const std::filesystem::path& tree);

}  // namespace menura::cli
