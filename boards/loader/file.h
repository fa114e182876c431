// Files of the user that go into a guest's memory.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "ir/core/result.h"

namespace menura::boards {

// The whole file. Errors (127 where it does not exist): it cannot be read, is empty, or has more than `most` bytes.
Result<std::vector<uint8_t>> read_file(const std::string& path, uint64_t most);

// The first `size` bytes of the file, or of what it is compressed from; fewer where it is shorter.
Result<std::vector<uint8_t>> read_head(const std::string& path, std::size_t size);

bool is_gzip(std::span<const uint8_t> bytes);
// What is compressed in it. Errors: it is damaged, or larger than `most` bytes when uncompressed.
Result<std::vector<uint8_t>> gunzip(std::span<const uint8_t> bytes, uint64_t most);

}  // namespace menura::boards
