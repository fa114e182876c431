// From a .deb to files in a sysroot, without running any of its scripts.
#pragma once

#include <filesystem>

#include "cli/sysroot/packages.h"
#include "ir/core/result.h"

namespace menura::cli {

// Reads a package's control fields. Error: the file is damaged.
Result<Package> read_package(const std::filesystem::path& deb);

// An empty tree in the layout that Debian has since 12: /bin, /lib, /sbin are links into /usr.
Result<void> make_layout(const std::filesystem::path& tree);

// Unpacks `deb`, and removes what an older version had and this one has not. Nothing gets another owner than the user,
// or runs with another's rights; links to absolute paths become relative, so that they stay inside of the tree.
Result<void> unpack(const std::filesystem::path& deb, const Package& package, const std::filesystem::path& tree);

// What maintainer scripts do where it is simple: the links of `update-alternatives --install` with literal arguments,
// of the highest priority.
Result<void> make_alternatives(const std::filesystem::path& deb, const std::filesystem::path& tree);

// Makes the tree fit to be looked at before the host's files: folders that are the machine's (/proc, /tmp, /home, ...)
// and empty ones of /var, /usr/local and /opt go, so that they do not hide the host's.
void settle(const std::filesystem::path& tree);

}  // namespace menura::cli
