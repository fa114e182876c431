// `menura sysroot`: Debian's packages of a guest architecture, where `menura run` finds them.
#pragma once

#include <string>
#include <vector>

namespace menura::cli {

// `arguments`: behind `sysroot`. Returns the exit code.
int sysroot_command(const std::vector<std::string>& arguments);

}  // namespace menura::cli
