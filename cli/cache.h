// Where compiled code is kept, and `menura cache`.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "cli/options.h"

namespace menura::cli {

// The folder that the environment asks for: $MENURA_CACHE, where "off" means none, else menura/code in the user's cache
// folder. Empty: none.
std::string default_code_folder();
// Where `options` keep compiled code, as an absolute path (the guest may change its folder), or that they do not.
void settle_cache_folder(EngineChoice* options);

// The most that all files there may hold, in bytes: $MENURA_CACHE_SIZE, as in 512M or 2G.
uint64_t code_folder_limit();

// `arguments`: behind `cache`. Returns an exit code.
int cache_command(const std::vector<std::string>& arguments);

}  // namespace menura::cli
