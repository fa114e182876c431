// What machine passes know of x86's addresses without LLVM's own folder for it, which is not installed.
#pragma once

namespace menura::llvmjit {

// Operands of an address: base, scale, index, displacement, segment; from the base on.
inline constexpr unsigned kAddressOperands = 5;
inline constexpr unsigned kIndex = 2;
inline constexpr unsigned kDisplacement = 3;

}  // namespace menura::llvmjit
