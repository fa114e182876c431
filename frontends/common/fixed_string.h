// A string as a template argument: how a decode row's bit pattern and a typed field's name reach the compiler.
#pragma once

#include <algorithm>
#include <cstddef>
#include <string_view>

namespace menura::frontends {

template <size_t Size>
struct FixedString {
  char chars[Size] = {};

  constexpr FixedString(const char (&text)[Size]) {  // NOLINT(google-explicit-constructor)
    std::copy_n(text, Size, chars);
  }
  constexpr std::string_view view() const { return {chars, Size - 1}; }
};

}  // namespace menura::frontends
