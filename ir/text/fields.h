// The words of descriptors: one row per field, from which both the printer and the parser work.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

#include "ir/core/inst.h"

namespace menura::ir {

struct TextField {
  enum class Form : uint8_t {
    Flag,    // `key` if it is set
    Number,  // key=5
    Power,   // key=8: the field holds the logarithm
    Name,    // key=name
    Word,    // the name alone
  };
  std::string_view key;  // Word: what the names are, for messages
  Form form = Form::Flag;
  uint32_t mask = 0;                             // its bits in aux
  uint32_t usual = 0;                            // value that is not printed ...
  bool (*always)(Op) = nullptr;                  // ... except in these ops
  std::span<const std::string_view> names = {};  // by value

  constexpr unsigned shift() const { return static_cast<unsigned>(__builtin_ctz(mask)); }
  constexpr uint32_t limit() const { return mask >> shift(); }
  constexpr uint32_t get(uint32_t aux) const { return (aux & mask) >> shift(); }
  constexpr uint32_t with(uint32_t aux, uint32_t value) const { return (aux & ~mask) | (value << shift()); }
};

// The fields that make up `aux`; empty where the attribute has no descriptor.
std::span<const TextField> text_fields(Attr attr);

// `aux` of an op none of whose fields are written.
uint32_t usual_aux(Attr attr);

}  // namespace menura::ir
