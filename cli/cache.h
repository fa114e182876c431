// Where compiled code is kept, and `menura cache`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace menura::cli {

// The folder that the environment asks for: $MENURA_CACHE, where "off" means none, else menura/code in the user's cache
// folder. Empty: none.
std::string default_code_folder();

// The most that all files there may hold, in bytes: $MENURA_CACHE_SIZE, as in 512M or 2G.
uint64_t code_folder_limit();

// `arguments`: behind `cache`. Returns an exit code.
int cache_command(const std::vector<std::string>& arguments);

}  // namespace menura::cli
