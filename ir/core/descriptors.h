// What an op says beside its operands: the `aux` word of an instruction. Each descriptor packs into 32 bits.
#pragma once

#include <bit>
#include <cstdint>

#include "ir/core/types.h"

namespace menura::ir {

enum class Cond : uint8_t { Eq, Ne, Ult, Ule, Ugt, Uge, Slt, Sle, Sgt, Sge };

// Comparison of two floats. Un: at least one is a NaN. All but Un and Ord are false where one operand is a NaN.
enum class FpCond : uint8_t { Eq, Lt, Le, Gt, Ge, Un, Ord };

// Memory order of one access. Plain accesses obey the guest's default order (Region::order_model).
enum class Order : uint8_t { Plain, Relaxed, Acquire, Release, AcqRel, SeqCst };

enum class ByteOrder : uint8_t { Little, Big };

enum class AtomicOp : uint8_t { Swap, Add, And, Or, Xor, Smin, Smax, Umin, Umax };

// One memory access.
struct MemDesc {
  uint32_t size_log2 : 3 = 0;     // bytes accessed: 1 << size_log2, 1 to 64
  uint32_t big_endian : 1 = 0;    // bytes (for vectors: the bytes of each element) are reversed
  uint32_t element_log2 : 3 = 0;  // vectors: bytes of the element that `big_endian` reverses, 1 << element_log2
  uint32_t sign_extend : 1 = 0;   // integer loads narrower than the result type: sign- instead of zero-extend
  uint32_t order : 3 = 0;         // Order
  uint32_t align_log2 : 3 = 0;    // required alignment; a misaligned access raises ExitKind::Misaligned
  uint32_t mmu_index : 4 = 0;     // which translation regime; 0 in a process
  uint32_t atomic_op : 4 = 0;     // AtomicOp of `atomic`
  uint32_t alone : 1 = 0;         // ll, sc: leaves with ExitKind::Exclusive instead
  uint32_t unused : 9 = 0;

  constexpr unsigned size() const { return 1U << size_log2; }
};

enum class RoundingSource : uint8_t {
  Live,  // the guest's current mode (fpmode.set)
  NearestEven,
  Zero,
  Down,
  Up,
  NearestAway,
};

enum class NanPolicy : uint8_t {
  Canonical,       // every NaN result is the positive quiet NaN with an empty payload
  First,           // the first NaN operand quieted; the default NaN is negative (x86)
  SignalingFirst,  // a signaling operand wins over a quiet one, else the first; of fma, the addend comes first.
                   // Infinity times zero plus a quiet NaN gives the default NaN. The default NaN is positive (Arm).
};

enum class FlagPolicy : uint8_t {
  None,    // nothing is raised; but fcmp may raise again what one of the same operands has raised before
  Sticky,  // exceptions are or-ed into the live flags
};

// How a float becomes an integer where no integer fits.
enum class Saturation : uint8_t {
  NanToMax,    // clamp to the range; NaN gives the largest value (RISC-V)
  NanToZero,   // clamp to the range; NaN gives 0 (Arm)
  Indefinite,  // all such cases give 1 << (width-1) (x86)
};

// What fmin/fmax do about NaNs. In all of them -0 is less than +0 and a signaling NaN raises invalid.
enum class MinMax : uint8_t {
  Number,      // IEEE 754-2019 minimumNumber: a NaN loses; two NaNs give the canonical NaN
  Propagate,   // IEEE 754-2019 minimum: a NaN wins, by aux's NanPolicy
  QuietLoses,  // IEEE 754-2008 minNum: a quiet NaN loses to a number; a signaling one or two quiet ones give a NaN by
               // aux's NanPolicy
};

struct FpDesc {
  uint32_t rounding : 3 = 0;     // RoundingSource
  uint32_t tiny_before : 1 = 0;  // tininess is detected before rounding (Arm, POWER, s390x), else after
  uint32_t nan : 2 = 0;          // NanPolicy
  uint32_t flags : 2 = static_cast<uint32_t>(FlagPolicy::Sticky);
  uint32_t saturation : 2 = 0;   // Saturation, of f2i
  uint32_t is_unsigned : 1 = 0;  // f2i, i2f: the integer is unsigned
  uint32_t min_max : 2 = 0;      // MinMax
  uint32_t exact : 1 = 0;        // fround: raise inexact where the value changes
  uint32_t signaling : 1 = 0;    // fcmp: a quiet NaN raises invalid, too
  uint32_t cond : 3 = 0;         // FpCond, of fcmp
  // Arm's FZ (FZ16 for f16): denormal operands count as zeros, which f32 and f64 note in CpuHeader::fp_denormal;
  // results that are tiny before rounding become zeros and raise underflow alone. fcvt leaves its f16 side as it is.
  uint32_t flush : 1 = 0;
  uint32_t alternative_half : 1 = 0;  // fcvt: f16 has no infinities and NaNs, but one more exponent (Arm's AHP)
  uint32_t defined : 1 = 0;           // infinity times zero raises nothing: fmul gives 2, of fma the product is 0
  uint32_t halved : 1 = 0;            // fma: half of the exact result
  uint32_t lane : 5 = 0;              // vector ops: Type of a lane, F16, F32 or F64 (vi2f: of the result)
  uint32_t unused : 5 = 0;
};

// Lanes of a vector op.
struct LaneDesc {
  uint32_t lane : 5 = 0;          // Type of a lane: I8..I64 (moves: F32, F64, too)
  uint32_t cond : 4 = 0;          // Cond of vcmp
  uint32_t index : 6 = 0;         // lane number of vextract and the like; which half; the lanes of a group of vrev
  uint32_t sign_extend : 1 = 0;   // the lanes are signed numbers
  uint32_t from : 6 = 0;          // vinsertlane: lane number in the second operand
  uint32_t rounding : 1 = 0;      // rounded to nearest, up in the middle; else down
  uint32_t saturate : 1 = 0;      // vshift, vnarrow: saturated; else cut
  uint32_t to_unsigned : 1 = 0;   // vshift, vnarrow: saturated to the unsigned range
  uint32_t sign_extend2 : 1 = 0;  // vdot: the third operand's bytes are signed
  uint32_t unused : 6 = 0;
};

// Which earlier accesses a fence orders before which later ones; the only pair that costs anything on an x86-64 host is
// store before load.
struct FenceDesc {
  uint32_t load_load : 1 = 0;
  uint32_t load_store : 1 = 0;
  uint32_t store_load : 1 = 0;
  uint32_t store_store : 1 = 0;
  uint32_t unused : 28 = 0;
};

template <typename Desc>
constexpr uint32_t pack(Desc desc) {
  static_assert(sizeof(Desc) == 4);
  return std::bit_cast<uint32_t>(desc);
}

template <typename Desc>
constexpr Desc unpack(uint32_t aux) {
  static_assert(sizeof(Desc) == 4);
  return std::bit_cast<Desc>(aux);
}

}  // namespace menura::ir
