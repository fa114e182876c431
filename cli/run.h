// `menura run`: from options to a running program.
#pragma once

#include <string>
#include <vector>

namespace menura::cli {

// `arguments`: behind `run`. Returns an exit code if the options are wrong or ask for help; else the process ends here.
int run_command(const std::vector<std::string>& arguments);

}  // namespace menura::cli
