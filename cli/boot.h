// `menura boot`: a machine from options to its end.
#pragma once

#include <string>
#include <vector>

namespace menura::cli {

// `arguments`: behind `boot`. Returns the exit status: what the guest powered off with.
int boot_command(const std::vector<std::string>& arguments);

}  // namespace menura::cli
