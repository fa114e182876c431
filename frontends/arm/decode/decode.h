// The decoder: rows by name, and from bytes to row.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "frontends/arm/decode/fields.h"
#include "frontends/arm/features.h"
#include "frontends/common/decode_tree.h"

namespace menura::arm {

enum class RowName : frontends::RowId {
#define INST(id, pattern, feature, assembly) id,
#include "frontends/arm/decode/rows.inc"
#undef INST
  None = frontends::kNoRow,
};

inline constexpr unsigned kRowCount = 0
#define INST(id, pattern, feature, assembly) +1
#include "frontends/arm/decode/rows.inc"
#undef INST
    ;

std::span<const frontends::Row> rows();
inline const frontends::Row& row(RowName name) { return rows()[static_cast<frontends::RowId>(name)]; }

inline constexpr unsigned kInstructionBytes = 4;

// The rows that a CPU with these features has.
using EnabledRows = frontends::RowSet<kRowCount>;
EnabledRows enabled_rows(FeatureSet features);

// The row of an instruction word. None: unallocated.
RowName decode(uint32_t word, const EnabledRows& enabled);
inline RowName decode(uint32_t word, FeatureSet features) { return decode(word, enabled_rows(features)); }

// Whether the fields of a word of this row hold values that the manual reserves, where the row's pattern cannot say so.
bool is_reserved(RowName name, uint32_t word);

// DecodeBitMasks (shared/functions/common): the immediate of logical instructions, for the width of a register.
// False: reserved.
bool decode_bit_masks(unsigned n, unsigned imms, unsigned immr, unsigned width, uint64_t& mask);

// The instruction at the start of `bytes`, which are at least kInstructionBytes.
inline uint32_t word_at(std::span<const uint8_t> bytes) {
  uint32_t word = 0;
  std::memcpy(&word, bytes.data(), sizeof word);
  return word;
}

}  // namespace menura::arm
