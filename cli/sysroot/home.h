// Where Menura keeps what it has fetched.
#pragma once

#include <filesystem>

namespace menura::cli {

// $XDG_CACHE_HOME/menura or ~/.cache/menura; empty if neither variable says where that is.
std::filesystem::path cache_folder();

}  // namespace menura::cli
