// The guest architectures that `menura sysroot` knows, as Debian names them.
#pragma once

#include <span>
#include <string_view>

namespace menura::cli {

struct Architecture {
  std::string_view name;     // Debian's
  std::string_view triplet;  // its multiarch name
  const char* where;         // which releases have it, in words
  const char* suite;         // one of them
};

// Null: none that Menura runs.
const Architecture* find_architecture(std::string_view name);
std::span<const Architecture> architectures();

}  // namespace menura::cli
