// `menura run`: from options to a running program.
#pragma once

#include <string>
#include <vector>

namespace menura::cli {

// `arguments`: behind `run`. Returns the exit code where the guest could not be started; else never returns.
int run_command(const std::vector<std::string>& arguments);

}  // namespace menura::cli
