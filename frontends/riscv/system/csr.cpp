#include "frontends/riscv/system/csr.h"

#include <array>

#include "frontends/riscv/system/fields.h"

namespace menura::riscv {
namespace {

namespace rows {

// What rows call their features and slots.
#define FEATURE(id, name, requires_, meaning) \
  constexpr Requirement id = Requirement::feature(static_cast<unsigned>(Feature::id));
#define BASE(name, features, meaning)
#include "frontends/riscv/features.def"
#undef FEATURE
#undef BASE

namespace slots {
#define SLOT(id, name, type, pin, gdb) constexpr ir::SlotId id = slot(SlotName::id);
#include "frontends/riscv/state.def"
#undef SLOT
constexpr ir::SlotId None = ir::StateLayout::kNoSlot;
}  // namespace slots

constexpr CsrRow kRows[] = {
#define CSRS(number, count, name, first, feature, slot, mask, rule) \
  {number, count, name, first, feature, slots::slot, mask, CsrRule::rule},
#define CSR(number, name, feature, slot, mask, rule) CSRS(number, 1, name, -1, feature, slot, mask, rule)
#include "frontends/riscv/system/csr.def"
#undef CSR
#undef CSRS
};

}  // namespace rows

constexpr unsigned kNumbers = 4096;
constexpr uint8_t kNone = 0xff;
static_assert(std::size(rows::kRows) < kNone);

constexpr std::array<uint8_t, kNumbers> kRowOf = [] {
  std::array<uint8_t, kNumbers> row_of = {};
  row_of.fill(kNone);
  for (unsigned row = 0; row < std::size(rows::kRows); ++row) {
    for (unsigned i = 0; i < rows::kRows[row].count; ++i) {
      uint8_t& place = row_of[rows::kRows[row].number + i];
      if (place != kNone) throw "two rows for one number";
      place = static_cast<uint8_t>(row);
    }
  }
  return row_of;
}();

}  // namespace

const CsrRow* find_csr(unsigned number) {
  const uint8_t row = kRowOf[number % kNumbers];
  return row == kNone ? nullptr : &rows::kRows[row];
}

std::string csr_name(unsigned number) {
  const CsrRow* const row = find_csr(number);
  if (row == nullptr) return std::to_string(number);
  std::string name(row->name);
  if (row->first >= 0) name += std::to_string(static_cast<unsigned>(row->first) + number - row->number);
  return name;
}

}  // namespace menura::riscv
