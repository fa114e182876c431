// `menura list boards|cpus|devices [NAME] [--json]`: what machines are made of, from the tables that they are made
// from.
#pragma once

#include <string>
#include <vector>

namespace menura::cli {

int list_command(const std::vector<std::string>& arguments);

}  // namespace menura::cli
