// HelperTable: C++ functions that compiled code may call, by stable name. A frontend registers its own.
#pragma once

#include <array>
#include <cassert>
#include <cstdint>
#include <span>
#include <string_view>

#include "ir/core/cpu_header.h"
#include "ir/core/inst.h"

namespace menura::ir {

// What a helper may do besides computing its result. Engines may drop, merge or move calls of helpers with none of
// these.
struct HelperEffects {
  bool reads_state = false;   // any slot, through the CpuHeader: slots are in memory before the call
  bool writes_state = false;  // any slot
  bool fp_flags = false;      // reads or raises the live FP flags in CpuHeader::mxcsr
  bool memory = false;        // guest memory, through the MemoryPort; it may not fault: probe first
};

// How engines call it: integers up to i64 and i1 arrive as uint64_t (zero-extended), f32 and f64 as their bits in a
// uint64_t; the result likewise. The arguments are in order; unused ones are 0.
using HelperFunction = uint64_t (*)(CpuHeader* cpu, uint64_t a, uint64_t b, uint64_t c, uint64_t d);

struct Helper {
  std::string_view name;  // stable: it is the relocation in code kept on disk
  HelperFunction function = nullptr;
  Type result = Type::Void;
  uint8_t arg_count = 0;  // at most 4
  std::array<Type, 4> args = {};
  HelperEffects effects;
};

struct HelperTable {
  std::span<const Helper> helpers;

  const Helper& operator[](HelperId id) const {
    assert(id < helpers.size());
    return helpers[id];
  }
};

}  // namespace menura::ir
