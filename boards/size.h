// Sizes of memory as users write them.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace menura::boards {

// "512", "512M", "2G": mebibytes where no unit is given. Nothing: it is no size, or none that fits.
std::optional<uint64_t> parse_size(std::string_view text);

}  // namespace menura::boards
