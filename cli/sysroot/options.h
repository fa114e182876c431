// The command line of `menura sysroot`.
#pragma once

#include <string>
#include <vector>

#include "cli/sysroot/sources.h"
#include "ir/core/result.h"

namespace menura::cli {

struct SysrootOptions {
  bool help = false;
  bool list = false;
  bool remove = false;
  bool update = false;
  bool dry_run = false;
  SourceChoice source;
  std::string architecture;           // empty with --list: all
  std::vector<std::string> packages;  // as apt understands them: NAME, NAME=VERSION
};

Result<SysrootOptions> parse_sysroot_options(const std::vector<std::string>& arguments);

// What --help prints.
std::string sysroot_help();

}  // namespace menura::cli
