// Fingerprint: everything that compiled code depends on besides the guest code that it was made from. Code of another
// fingerprint is never looked at.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>

#include "ir/api/frontend.h"

namespace menura::runtime {

struct EngineOptions;

class Fingerprint {
 public:
  using Value = std::array<uint64_t, 2>;

  // Includes the version of the format.
  Fingerprint();

  void add(std::string_view text);
  template <typename Number>
  requires(std::has_unique_object_representations_v<Number> && !std::is_pointer_v<Number> &&
           !std::is_array_v<Number>) void add(const Number& number) {
    add(std::string_view(reinterpret_cast<const char*>(&number), sizeof number));
  }
  // What the host's CPU says of itself: its model, and what it can do. The optimizing compiler uses all of that.
  void add_host();
  // The layout of the state and the helpers' names and signatures.
  void add(const ir::Frontend& frontend);
  void add(const EngineOptions& options);

  Value value() const;

 private:
  std::string bytes_;
};

// The build id that the linker gave this program (ld --build-id); empty: none.
std::span<const uint8_t> own_build_id();

}  // namespace menura::runtime
