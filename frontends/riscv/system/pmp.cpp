#include "frontends/riscv/system/pmp.h"

#include <bit>

#include "frontends/riscv/system/fields.h"

namespace menura::riscv {

// 3.7.1: addresses are in units of 4 bytes.
void Pmp::configure(const std::array<uint8_t, kEntries>& configs, const std::array<uint64_t, kEntries>& addresses) {
  for (unsigned i = 0; i < kEntries; ++i) {
    Entry entry;
    entry.config = configs[i];
    switch ((configs[i] & PmpConfig::kMatch) >> PmpConfig::kMatchShift) {
      case 1:  // from the address before to this one
        entry.first = i == 0 ? 0 : addresses[i - 1] << 2;
        entry.last = (addresses[i] << 2) - 1;
        if (addresses[i] << 2 <= entry.first) entry = {};
        break;
      case 2:
        entry.first = addresses[i] << 2;
        entry.last = entry.first + 3;
        break;
      case 3: {  // n ones at the end: 8 << n bytes
        const int ones = std::countr_one(addresses[i]);
        const uint64_t size = uint64_t{8} << ones;
        entry.first = addresses[i] << 2 & ~(size - 1);
        entry.last = entry.first + size - 1;
        break;
      }
      default:
        entry = {};
        break;
    }
    entries_[i] = entry;
  }
}

// 3.7.1.3: the first entry that matches any byte decides. Without one, machine mode may do everything, the others
// nothing.
Pmp::Rights Pmp::rights(uint64_t physical, unsigned size_log2, Privilege privilege) const {
  for (const Entry& entry : entries_) {
    if (entry.last < entry.first) continue;
    const auto first = [&] { return physical >> size_log2 << size_log2; };
    const auto last = [&] { return first() + ((uint64_t{1} << size_log2) - 1); };
    const bool inside = entry.first <= physical && physical <= entry.last;
    // Smaller, until the block lies wholly within the entry or outside of it.
    while (inside ? entry.first > first() || entry.last < last() : entry.first <= last() && entry.last >= first()) {
      --size_log2;
    }
    if (!inside) continue;
    const auto size = static_cast<uint8_t>(size_log2);
    if (privilege == Privilege::Machine && (entry.config & PmpConfig::kLocked) == 0) return {true, true, true, size};
    return {(entry.config & PmpConfig::kR) != 0, (entry.config & PmpConfig::kW) != 0,
            (entry.config & PmpConfig::kX) != 0, size};
  }
  const bool all = privilege == Privilege::Machine;
  return {all, all, all, static_cast<uint8_t>(size_log2)};
}

}  // namespace menura::riscv
