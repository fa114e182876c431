// Running the tools that do the work: apt-get, dpkg-deb, tar. A child never outlives Menura.
#pragma once

#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/core/result.h"

namespace menura::cli {

struct Child {
  std::vector<std::string> command;      // argv; argv[0] is looked for in PATH
  std::vector<std::string> environment;  // NAME=value, added to Menura's own
  std::vector<std::string> feeder;       // another command whose output is this one's input; empty: no input
  std::function<void(std::string_view line)>
      on_line;  // gets each line of the output as it comes; null: kept in the result
};

struct ChildResult {
  int status = 0;      // exit status; 128 + signal
  std::string output;  // standard output, unless on_line took it
  std::string errors;  // standard error
};

// Runs the command to its end. Error: it could not be started. That it failed is in `status` (a feeder's failure, too).
Result<ChildResult> run_child(const Child& child);

// Whether PATH has a program of this name.
bool has_program(std::string_view name);

}  // namespace menura::cli
