// The decoder: rows by name, and from bytes to row.
#pragma once

#include <cstdint>
#include <cstring>
#include <span>

#include "frontends/common/decode_tree.h"
#include "frontends/riscv/decode/fields.h"
#include "frontends/riscv/features.h"

namespace menura::riscv {

enum class RowName : frontends::RowId {
#define INST(id, pattern, feature, assembly) id,
#include "frontends/riscv/decode/rows.inc"
#undef INST
  None = frontends::kNoRow,
};

inline constexpr unsigned kRowCount = 0
#define INST(id, pattern, feature, assembly) +1
#include "frontends/riscv/decode/rows.inc"
#undef INST
    ;

std::span<const frontends::Row> rows();
inline const frontends::Row& row(RowName name) { return rows()[static_cast<frontends::RowId>(name)]; }

// Bytes of the instruction that begins with these 16 bits (1.5): 2 or 4. Longer encodings are all reserved so far; they
// count as 4 and decode to nothing.
constexpr unsigned length_of(uint64_t first_parcel) { return (first_parcel & 3) == 3 ? 4 : 2; }

// The rows that a CPU with these features has.
using EnabledRows = frontends::RowSet<kRowCount>;
EnabledRows enabled_rows(FeatureSet features);

// The row of the instruction in the low bits of `word`; what lies above its length is ignored. None: illegal.
RowName decode(uint64_t word, const EnabledRows& enabled);
inline RowName decode(uint64_t word, FeatureSet features) { return decode(word, enabled_rows(features)); }

// The first up to 4 bytes as a word, zeros where bytes end.
inline uint32_t word_at(std::span<const uint8_t> bytes) {
  uint32_t word = 0;
  if (bytes.size() >= sizeof word) {
    std::memcpy(&word, bytes.data(), sizeof word);
    return word;
  }
  for (size_t i = 0; i < bytes.size(); ++i) word |= uint32_t{bytes[i]} << (8 * i);
  return word;
}

}  // namespace menura::riscv
