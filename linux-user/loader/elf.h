// Reading ELF files (System V ABI, gABI chapter 4 and 5): a pure function from the bytes of a file to what the loader
// maps. Input is hostile: every field is checked before it is used, and each refusal says what the file is, what was
// expected and what to try.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "ir/core/result.h"

namespace menura::linux_user {

// The bytes of a file, wherever they are.
class ByteSource {
 public:
  virtual ~ByteSource() = default;
  virtual uint64_t size() const = 0;
  // Fills `data` with the `size` bytes at `offset`; false if the file ends before or cannot be read.
  virtual bool read(uint64_t offset, void* data, uint64_t size) const = 0;
};

// What kind of program a guest ABI accepts.
struct ElfTarget {
  uint16_t machine = 0;  // EM_*
  bool is_64bit = true;
  bool big_endian = false;
};

// A PT_LOAD segment. In memory [vaddr, vaddr + memory_size), of which the first file_size bytes come from the file.
struct ElfSegment {
  uint64_t vaddr = 0;
  uint64_t memory_size = 0;
  uint64_t file_offset = 0;
  uint64_t file_size = 0;
  int prot = 0;  // PROT_READ | PROT_WRITE | PROT_EXEC
};

struct ElfImage {
  bool position_independent = false;  // ET_DYN
  uint32_t flags = 0;                 // e_flags
  uint64_t entry = 0;
  uint64_t headers_vaddr = 0;  // AT_PHDR, before the load bias; 0: the program headers are in no segment
  uint16_t header_count = 0;   // AT_PHNUM
  uint16_t header_size = 0;    // AT_PHENT
  uint64_t low = 0;            // page-aligned extent of all segments
  uint64_t high = 0;
  uint64_t align = 4096;  // the largest p_align, a power of two, at least a page
  bool executable_stack = false;
  uint32_t features = 0;             // the processor's GNU_PROPERTY_..._FEATURE_1_AND; 0: none
  std::vector<ElfSegment> segments;  // ascending, not overlapping, at least one
  std::string interpreter;           // PT_INTERP; empty: none
};

// Reads the headers of `file`. `path` is for messages. Refusals carry exit code 126.
Result<ElfImage> parse_elf(const ByteSource& file, const ElfTarget& target, const std::string& path);

// What the file header says without judging it: the machine of an ELF file, or nothing if it is no ELF file.
struct ElfIdentity {
  uint16_t machine = 0;
  bool is_64bit = false;
  bool big_endian = false;
};
std::optional<ElfIdentity> identify_elf(const ByteSource& file);

// "64-bit little-endian AArch64", ...
std::string describe(const ElfIdentity& id);

// "AArch64", "x86-64", ... or "machine number N".
std::string elf_machine_name(uint16_t machine);

// The interpreter and its one optional argument of a `#!` line, as execve(2) reads it (the first 255 bytes).
struct Shebang {
  std::string interpreter;
  std::string argument;
};
std::optional<Shebang> parse_shebang(const ByteSource& file);

}  // namespace menura::linux_user
