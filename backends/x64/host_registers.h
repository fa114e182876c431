// Host registers as the allocator sees them: one number space, 0-15 general, 16-31 vector.
#pragma once

#include <array>
#include <cstdint>

#include "ir/core/types.h"

namespace menura::x64 {

using Reg = uint8_t;
using RegMask = uint32_t;

inline constexpr Reg kNoReg = 0xff;
inline constexpr Reg kRax = 0, kRcx = 1, kRdx = 2, kRbx = 3, kRsp = 4, kRbp = 5, kRsi = 6, kRdi = 7;
inline constexpr Reg kR10 = 10, kR12 = 12;
inline constexpr Reg kXmm0 = 16;

// The region contract (backends/runtime/README.md): what slot of which pin rank is where at region boundaries.
inline constexpr std::array<Reg, 10> kPinnedInts = {13, 14, 15, 7, 6, 2, 1, 8, 9, 11};
inline constexpr std::array<Reg, 8> kPinnedFloats = {16, 17, 18, 19, 20, 21, 22, 23};

constexpr RegMask mask_of(Reg reg) { return RegMask{1} << reg; }
constexpr bool is_vec(Reg reg) { return reg >= kXmm0; }
inline constexpr RegMask kIntRegs = 0xffffU & ~(mask_of(kRsp) | mask_of(kR12));
inline constexpr RegMask kVecRegs = 0xffff0000U;

// Types that live in vector registers, and those too wide for any register here: such values stay in spill memory.
constexpr bool is_wide(ir::Type type) { return ir::bits(type) > 64 && type != ir::Type::V128; }
constexpr bool in_vec(ir::Type type) {
  return !is_wide(type) && (type == ir::Type::F16 || type == ir::Type::BF16 || type == ir::Type::F32 ||
                            type == ir::Type::F64 || type == ir::Type::V64 || type == ir::Type::V128);
}
constexpr RegMask class_of(ir::Type type) { return in_vec(type) ? kVecRegs : kIntRegs; }

}  // namespace menura::x64
