// One line of an ISA vector file:  assembly | input state => output state      (README.md has the notation)
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace menura::tests {

// Where vectors run: one page of code and one of data, each alone in its neighbourhood. The first instruction is in the
// middle of the code page, the rest of it holds breakpoints.
inline constexpr uint64_t kPageBytes = 4096;
inline constexpr uint64_t kCodePage = 0x10000000;
inline constexpr uint64_t kCode = kCodePage + kPageBytes / 2;
inline constexpr uint64_t kData = 0x20000000;

// Why execution ended.
enum class End { Breakpoint, Illegal, Misaligned, Fault };
std::string_view name(End end);

// A register of up to 128 bits, zero-extended.
__extension__ using Value = unsigned __int128;

// State by name. What is not named is 0 before, and unchanged after.
struct State {
  std::map<std::string, Value> registers;
  std::map<uint64_t, uint64_t> data;  // doublewords by their offset in the data page, a multiple of 8
  End end = End::Breakpoint;          // results only
  uint64_t pc = 0;                    // results only: where it ended
  uint64_t address = 0;               // Fault: the address
};

struct Vector {
  std::string assembly;  // instructions separated by ;
  State input;
  bool recorded = false;
  State output;
};

// A line of a file: a vector, or text that is kept (comments, empty lines).
struct Line {
  std::string text;
  bool is_vector = false;
  Vector vector;
};

// Throw std::runtime_error with the file and line of what cannot be read.
std::vector<Line> read_vectors(const std::string& path);
// `code_bytes`: what the assembly has, so that the pc of an end right behind it need not be said.
std::string format(const Vector& vector, unsigned code_bytes);

}  // namespace menura::tests
