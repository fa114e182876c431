// What a guest can be started with, in the formats that there are: Linux' Image of RISC-V and arm64, ELF, raw bytes;
// all of them also compressed by gzip.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "ir/core/result.h"

namespace menura::boards {

struct Segment {
  uint64_t physical = 0;  // Elf; of the others the board says where
  std::vector<uint8_t> bytes;
  uint64_t size = 0;  // in memory, with what is zero behind the bytes
};

enum class KernelFormat : uint8_t { Image, Elf, Raw };

struct Kernel {
  KernelFormat format = KernelFormat::Raw;
  std::string guest;         // Debian's name of the architecture; empty: the format does not say
  uint64_t text_offset = 0;  // Image: from a multiple of 2 MiB
  uint64_t entry = 0;        // Elf
  std::vector<Segment> segments;

  // Elf: the addresses it covers, [begin, end).
  uint64_t begin() const;
  uint64_t end() const;
};

// `bytes` come from a file of this name. Errors: a format or an architecture that no board of Menura runs, damaged
// headers, more than `most` bytes when uncompressed.
Result<Kernel> parse_kernel(const std::string& name, std::vector<uint8_t> bytes, uint64_t most);

// The same from the file itself.
Result<Kernel> read_kernel(const std::string& path, uint64_t most);

// Kernel::guest by the first bytes of the file. Error: it cannot be read.
Result<std::string> kernel_guest(const std::string& path);

}  // namespace menura::boards
