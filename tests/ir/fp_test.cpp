// ir/interp/fp against the host's FPU (binary32, binary64 and F16C conversions, four rounding modes, flags), and, for
// what the host does not have, against references that reason about exact values.
#include "ir/interp/fp.h"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <random>
#include <vector>

#include "tests/ir/fp_host.h"

namespace menura::ir {
namespace {

constexpr int kRandomCases = 20000;
constexpr uint32_t kModes = 4;

uint64_t bits_of(double value) { return std::bit_cast<uint64_t>(value); }
uint64_t bits_of(float value) { return std::bit_cast<uint32_t>(value); }
template <typename Float>
Float float_of(uint64_t bits) {
  if constexpr (sizeof(Float) == 8) return std::bit_cast<double>(bits);
  return std::bit_cast<float>(static_cast<uint32_t>(bits));
}

template <typename Float>
constexpr Type type_of() {
  return sizeof(Float) == 8 ? Type::F64 : Type::F32;
}

FpDesc x86_desc() {
  FpDesc desc;
  desc.nan = static_cast<uint32_t>(NanPolicy::First);
  desc.saturation = static_cast<uint32_t>(Saturation::Indefinite);
  return desc;
}

struct Got {
  uint64_t bits;
  uint32_t flags;
  bool operator==(const Got&) const = default;
};
std::ostream& operator<<(std::ostream& out, const Got& got) {
  return out << std::hex << got.bits << " flags " << got.flags << std::dec;
}

Got evaluate(Op op, Type result, Type operand, FpDesc desc, uint32_t mode, uint64_t a, uint64_t b = 0, uint64_t c = 0) {
  static CpuHeader cpu;
  cpu.mxcsr = fp_with_mode(host_fp::kMasked, mode);
  const uint64_t value = fp_evaluate(op, result, operand, desc, cpu, a, b, c);
  return {value, fp_flags_of(cpu.mxcsr)};
}

// Operands of a format with the given widths: corners, then random ones of several shapes.
class Operands {
 public:
  Operands(unsigned exponent_bits, unsigned fraction_bits)
      : exponent_bits_(exponent_bits), fraction_bits_(fraction_bits) {
    const uint64_t fraction = (uint64_t{1} << fraction_bits) - 1;
    const uint64_t max_exponent = (uint64_t{1} << exponent_bits) - 1;
    const uint64_t bias = max_exponent >> 1;
    for (const uint64_t exponent :
         {uint64_t{0}, uint64_t{1}, bias - fraction_bits - 1, bias - 1, bias, bias + 1, bias + fraction_bits, bias + 31,
          bias + 32, bias + 63, bias + 64, max_exponent - 1, max_exponent}) {
      if (exponent > max_exponent) continue;
      for (const uint64_t low : {uint64_t{0}, uint64_t{1}, fraction >> 1, (fraction >> 1) + 1, fraction}) {
        corners_.push_back(exponent << fraction_bits | low);
        corners_.push_back(corners_.back() | uint64_t{1} << (exponent_bits + fraction_bits));
      }
    }
  }
  explicit Operands(Type type)
      : Operands(type == Type::F64   ? 11
                 : type == Type::F16 ? 5
                                     : 8,
                 type == Type::F64   ? 52
                 : type == Type::F32 ? 23
                 : type == Type::F16 ? 10
                                     : 7) {}

  const std::vector<uint64_t>& corners() const { return corners_; }

  uint64_t random() {
    const uint64_t word = engine_();
    const unsigned width = exponent_bits_ + fraction_bits_ + 1;
    uint64_t bits = engine_() & ~uint64_t{0} >> (64 - width);
    const uint64_t fraction = (uint64_t{1} << fraction_bits_) - 1;
    if ((word & 3) == 0) return corners_[word / 4 % corners_.size()];
    if ((word & 4) != 0) bits &= ~fraction | fraction << (word / 64 % fraction_bits_);  // few significant bits
    if ((word & 8) != 0) bits |= fraction >> (word / 64 % fraction_bits_);              // a run of ones
    if ((word & 16) != 0) {  // an exponent near the middle, so that sums overlap
      const uint64_t middle = (uint64_t{1} << (exponent_bits_ - 1)) - 1 + (word >> 32) % 64 - 32;
      bits = (bits & ~(((uint64_t{1} << exponent_bits_) - 1) << fraction_bits_)) |
             (middle & ((uint64_t{1} << exponent_bits_) - 1)) << fraction_bits_;
    }
    return bits;
  }

 private:
  unsigned exponent_bits_;
  unsigned fraction_bits_;
  std::vector<uint64_t> corners_;
  std::mt19937_64 engine_{12345};
};

// Calls check(a, b, mode) for all pairs of corners and for random pairs.
template <typename Check>
void for_pairs(Type type, Check check) {
  Operands operands(type);
  for (uint32_t mode = 0; mode < kModes; ++mode) {
    for (const uint64_t a : operands.corners()) {
      for (const uint64_t b : operands.corners()) check(a, b, mode);
    }
  }
  for (int i = 0; i < kRandomCases; ++i) check(operands.random(), operands.random(), static_cast<uint32_t>(i) % kModes);
}

template <typename Check>
void for_each_operand(Type type, Check check) {
  Operands operands(type);
  for (uint32_t mode = 0; mode < kModes; ++mode) {
    for (const uint64_t a : operands.corners()) check(a, mode);
    for (int i = 0; i < kRandomCases; ++i) check(operands.random(), mode);
  }
}

template <typename Float, typename Host>
void compare_binary(Op op, Host host) {
  for_pairs(type_of<Float>(), [&](uint64_t a, uint64_t b, uint32_t mode) {
    uint32_t flags = 0;
    const Float want = host(float_of<Float>(a), float_of<Float>(b), mode, &flags);
    const Got got = evaluate(op, type_of<Float>(), type_of<Float>(), x86_desc(), mode, a, b);
    ASSERT_EQ(got, (Got{bits_of(want), flags}))
        << info(op).name << " mode " << mode << std::hex << " of " << a << ", " << b;
  });
}

TEST(FpHost, Arithmetic) {
  compare_binary<double>(Op::FAdd, host_fp::add_f64);
  compare_binary<float>(Op::FAdd, host_fp::add_f32);
  compare_binary<double>(Op::FSub, host_fp::sub_f64);
  compare_binary<float>(Op::FSub, host_fp::sub_f32);
  compare_binary<double>(Op::FMul, host_fp::mul_f64);
  compare_binary<float>(Op::FMul, host_fp::mul_f32);
  compare_binary<double>(Op::FDiv, host_fp::div_f64);
  compare_binary<float>(Op::FDiv, host_fp::div_f32);
}

template <typename Result, typename Float, typename Host>
void compare_unary(Op op, Type result, FpDesc desc, Host host) {
  for_each_operand(type_of<Float>(), [&](uint64_t a, uint32_t mode) {
    uint32_t flags = 0;
    const Result want = host(float_of<Float>(a), Float{}, mode, &flags);
    uint64_t want_bits = 0;
    std::memcpy(&want_bits, &want, sizeof want);
    ASSERT_EQ(evaluate(op, result, type_of<Float>(), desc, mode, a), (Got{want_bits, flags}))
        << info(op).name << " mode " << mode << std::hex << " of " << a;
  });
}

TEST(FpHost, SquareRootAndRound) {
  const FpDesc quiet = x86_desc();
  FpDesc exact = quiet;
  exact.exact = 1;
  compare_unary<double, double>(Op::FSqrt, Type::F64, quiet, host_fp::sqrt_f64);
  compare_unary<float, float>(Op::FSqrt, Type::F32, quiet, host_fp::sqrt_f32);
  compare_unary<double, double>(Op::FRound, Type::F64, exact, host_fp::round_exact_f64);
  compare_unary<float, float>(Op::FRound, Type::F32, exact, host_fp::round_exact_f32);
  compare_unary<double, double>(Op::FRound, Type::F64, quiet, host_fp::round_quiet_f64);
  compare_unary<float, float>(Op::FRound, Type::F32, quiet, host_fp::round_quiet_f32);
}

TEST(FpHost, Conversions) {
  const FpDesc desc = x86_desc();
  compare_unary<float, double>(Op::FCvt, Type::F32, desc, host_fp::f64_to_f32);
  compare_unary<double, float>(Op::FCvt, Type::F64, desc, host_fp::f32_to_f64);
  compare_unary<int32_t, double>(Op::F2I, Type::I32, desc, host_fp::f64_to_i32);
  compare_unary<int32_t, float>(Op::F2I, Type::I32, desc, host_fp::f32_to_i32);
  compare_unary<int64_t, double>(Op::F2I, Type::I64, desc, host_fp::f64_to_i64);
  compare_unary<int64_t, float>(Op::F2I, Type::I64, desc, host_fp::f32_to_i64);
}

template <typename Int, typename Float, typename Host>
void compare_i2f(Host host) {
  std::mt19937_64 engine(7);
  for (int i = 0; i < kRandomCases; ++i) {
    const uint64_t word = engine();
    const auto value = static_cast<Int>(static_cast<int64_t>(word) >> (engine() % 64));
    const uint32_t mode = static_cast<uint32_t>(i) % kModes;
    uint32_t flags = 0;
    const Float want = host(value, Int{}, mode, &flags);
    const Type from = sizeof(Int) == 8 ? Type::I64 : Type::I32;
    ASSERT_EQ(
        evaluate(Op::I2F, type_of<Float>(), from, x86_desc(), mode, static_cast<std::make_unsigned_t<Int>>(value)),
        (Got{bits_of(want), flags}))
        << "i2f of " << value << " mode " << mode;
  }
}

TEST(FpHost, FromIntegers) {
  compare_i2f<int32_t, double>(host_fp::i32_to_f64);
  compare_i2f<int32_t, float>(host_fp::i32_to_f32);
  compare_i2f<int64_t, double>(host_fp::i64_to_f64);
  compare_i2f<int64_t, float>(host_fp::i64_to_f32);
}

template <typename Float, typename Host>
void compare_relations(bool signaling, Host host) {
  for_pairs(type_of<Float>(), [&](uint64_t a, uint64_t b, uint32_t mode) {
    uint32_t flags = 0;
    const uint64_t eflags = host(float_of<Float>(a), float_of<Float>(b), mode, &flags);
    const bool unordered = (eflags & 4) != 0;
    const bool below = !unordered && (eflags & 1) != 0;
    const bool equal = !unordered && (eflags & 0x40) != 0;
    const bool want[] = {equal,     below,     below || equal, !unordered && !below && !equal, !unordered && !below,
                         unordered, !unordered};
    for (uint32_t cond = 0; cond < 7; ++cond) {
      FpDesc desc;
      desc.cond = cond;
      desc.signaling = signaling ? 1 : 0;
      ASSERT_EQ(evaluate(Op::FCmp, Type::I1, type_of<Float>(), desc, mode, a, b), (Got{want[cond], flags}))
          << "relation " << cond << std::hex << " of " << a << ", " << b;
    }
  });
}

TEST(FpHost, Relations) {
  compare_relations<double>(false, host_fp::ucomi_f64);
  compare_relations<float>(false, host_fp::ucomi_f32);
  compare_relations<double>(true, host_fp::comi_f64);
  compare_relations<float>(true, host_fp::comi_f32);
}

// NaN results are compared as canonical: which operand x86 hands on depends on the form of the instruction. Infinity
// times zero plus a quiet NaN is invalid here and is not on x86.
template <typename Float, typename Host>
void compare_fma(Host host) {
  Operands operands(type_of<Float>());
  const auto check = [&](uint64_t a, uint64_t b, uint64_t c, uint32_t mode) {
    uint32_t flags = 0;
    const Float want = host(float_of<Float>(a), float_of<Float>(b), float_of<Float>(c), mode, &flags);
    const bool infinity_by_zero = std::isnan(float_of<Float>(a) * float_of<Float>(b)) &&
                                  !std::isnan(float_of<Float>(a)) && !std::isnan(float_of<Float>(b));
    if (infinity_by_zero) flags |= kFpInvalid;
    const uint64_t want_bits = std::isnan(want) ? fp_canonical_nan(type_of<Float>()) : bits_of(want);
    ASSERT_EQ(evaluate(Op::FMa, type_of<Float>(), type_of<Float>(), FpDesc{}, mode, a, b, c), (Got{want_bits, flags}))
        << "fma mode " << mode << std::hex << " of " << a << ", " << b << ", " << c;
  };
  const auto& corners = operands.corners();
  for (size_t i = 0; i < corners.size(); i += 3) {
    for (size_t j = 0; j < corners.size(); ++j) {
      for (size_t k = 0; k < corners.size(); k += 2) {
        check(corners[i], corners[j], corners[k], static_cast<uint32_t>(i + j + k) % kModes);
      }
    }
  }
  for (int i = 0; i < 2 * kRandomCases; ++i) {
    const uint64_t a = operands.random();
    const uint64_t b = operands.random();
    // Every second addend nearly cancels the product.
    const uint64_t c = i % 2 == 0 ? operands.random() : bits_of(-(float_of<Float>(a) * float_of<Float>(b)));
    check(a, b, c, static_cast<uint32_t>(i / 2) % kModes);
  }
}

TEST(FpHost, FusedMultiplyAdd) {
  if (!host_fp::has_fma()) GTEST_SKIP() << "this host has no FMA3";
  compare_fma<double>(host_fp::fma_f64);
  compare_fma<float>(host_fp::fma_f32);
}

TEST(FpHost, HalfConversions) {
  if (!host_fp::has_f16c()) GTEST_SKIP() << "this host has no F16C";
  const FpDesc desc = x86_desc();
  for (uint32_t half = 0; half < 0x10000; ++half) {
    uint32_t flags = 0;
    const float want = host_fp::f16_to_f32(half, 0, 0, &flags);
    ASSERT_EQ(evaluate(Op::FCvt, Type::F32, Type::F16, desc, 0, half), (Got{bits_of(want), flags})) << half;
  }
  compare_unary<uint32_t, float>(Op::FCvt, Type::F16, desc, host_fp::f32_to_f16);
}

// --- formats and modes that the host lacks: pick among the neighbours of the exact value

// The finite values of a 16-bit format from 0 up, exact as doubles; index = bits.
std::vector<double> magnitudes(Type type) {
  std::vector<double> values;
  const uint32_t infinity = type == Type::F16 ? 0x7c00 : 0x7f80;
  for (uint32_t bits = 0; bits < infinity; ++bits) {
    values.push_back(type == Type::F16 ? std::ldexp((bits & 0x3ff) + (bits >> 10 != 0 ? 0x400 : 0),
                                                    static_cast<int>(std::max(bits >> 10, 1U)) - 25)
                                       : static_cast<double>(std::bit_cast<float>(bits << 16)));
  }
  return values;
}

// `exact` != 0, which a double holds; round: the numbers of RoundingSource.
Got round_by_neighbours(const std::vector<double>& values, double exact, RoundingSource round, bool tiny_before) {
  const double magnitude = std::fabs(exact);
  const bool negative = exact < 0;
  const size_t above = static_cast<size_t>(std::upper_bound(values.begin(), values.end(), magnitude) - values.begin());
  const size_t low = above - 1;
  const size_t infinity = values.size();
  // The value that would follow the largest, for rounding to nearest.
  const double next = above < infinity ? values[above] : 2 * values[infinity - 1] - values[infinity - 2];
  const uint64_t sign = negative ? 0x8000 : 0;
  if (magnitude == values[low]) return {low | sign, 0};
  const double middle = values[low] / 2 + next / 2;
  bool up = false;
  switch (round) {
    case RoundingSource::NearestEven:
      up = magnitude > middle || (magnitude == middle && low % 2 == 1);
      break;
    case RoundingSource::NearestAway:
      up = magnitude >= middle;
      break;
    case RoundingSource::Up:
      up = !negative;
      break;
    case RoundingSource::Down:
      up = negative;
      break;
    default:
      break;
  }
  const size_t result = low + (up ? 1 : 0);
  uint32_t flags = kFpInexact;
  // Beyond the value next to the largest, a number overflows in every mode.
  if (result == infinity || magnitude >= next) flags |= kFpOverflow;
  const size_t smallest_normal = infinity == 0x7c00 ? 0x400 : 0x80;
  bool tiny = magnitude < values[smallest_normal];
  if (tiny && !tiny_before && low == smallest_normal - 1) {
    // With unbounded exponents, the neighbours just below the smallest normal number lie twice as close.
    const double gap = values[1] / 2;
    const double below = values[smallest_normal] - gap;
    const double half = below + gap / 2;
    if (magnitude > below) {
      const bool nearest = magnitude >= half;  // below is odd: a tie goes up
      const bool is_nearest = round == RoundingSource::NearestEven || round == RoundingSource::NearestAway;
      if (is_nearest ? nearest : up) tiny = false;
    }
  }
  if (tiny) flags |= kFpUnderflow;
  return {result | sign, flags};
}

TEST(FpExact, SixteenBitFormatsInAllModes) {
  for (const Type type : {Type::F16, Type::BF16}) {
    const std::vector<double> values = magnitudes(type);
    const auto value_of = [&](uint64_t bits) {
      const double magnitude = values[bits & 0x7fff];
      return (bits & 0x8000) != 0 ? -magnitude : magnitude;
    };
    Operands operands(type);
    for (int i = 0; i < 6 * kRandomCases; ++i) {
      const uint64_t a = operands.random();
      const uint64_t b = operands.random();
      if ((a & 0x7fff) >= values.size() || (b & 0x7fff) >= values.size()) continue;
      FpDesc desc;
      desc.rounding = 1 + static_cast<uint32_t>(i) % 5;
      desc.tiny_before = static_cast<uint32_t>(i) / 5 % 2;
      const auto check = [&](Op op, double exact) {
        // A sum of bfloat16 with far exponents does not fit a double.
        if (exact == 0 || std::isinf(exact)) return;
        ASSERT_EQ(evaluate(op, type, type, desc, 0, a, b),
                  round_by_neighbours(values, exact, static_cast<RoundingSource>(desc.rounding), desc.tiny_before != 0))
            << info(op).name << " rounding " << desc.rounding << std::hex << " of " << a << ", " << b;
      };
      check(Op::FMul, value_of(a) * value_of(b));
      const double sum = value_of(a) + value_of(b);
      if (sum - value_of(a) == value_of(b) && sum - value_of(b) == value_of(a)) check(Op::FAdd, sum);
    }
  }
}

// f32 products are exact in f64, f64 -> f32 rounds toward zero on the host: nearest-away is the neighbour to which the
// exact value is not farther.
TEST(FpExact, NearestAwayOfSingleProducts) {
  Operands operands(Type::F32);
  FpDesc away;
  away.rounding = static_cast<uint32_t>(RoundingSource::NearestAway);
  for (int i = 0; i < 2 * kRandomCases; ++i) {
    const uint64_t a = operands.random();
    const uint64_t b = operands.random();
    const double exact = static_cast<double>(float_of<float>(a)) * static_cast<double>(float_of<float>(b));
    if (!std::isfinite(exact) || std::fabs(exact) > 1e38 || exact == 0) continue;
    uint32_t flags = 0;
    const float toward_zero = host_fp::f64_to_f32(exact, 0, 1, &flags);
    const float outer = std::bit_cast<float>(std::bit_cast<uint32_t>(toward_zero) + 1);
    const double middle = (static_cast<double>(toward_zero) + static_cast<double>(outer)) / 2;
    const bool up = toward_zero != exact && std::fabs(exact) >= std::fabs(middle);
    const float want = up ? outer : toward_zero;
    ASSERT_EQ(evaluate(Op::FMul, Type::F32, Type::F32, away, 0, a, b).bits, bits_of(want)) << std::hex << a << " " << b;
  }
}

TEST(FpExact, ToIntegersSaturate) {
  FpDesc desc;
  desc.rounding = static_cast<uint32_t>(RoundingSource::Zero);
  const auto to = [&](Type type, double value) { return evaluate(Op::F2I, type, Type::F64, desc, 0, bits_of(value)); };
  const double nan = std::nan("");
  EXPECT_EQ(to(Type::I32, 3e9), (Got{0x7fffffff, kFpInvalid}));
  EXPECT_EQ(to(Type::I32, -3e9), (Got{0x80000000, kFpInvalid}));
  EXPECT_EQ(to(Type::I32, nan), (Got{0x7fffffff, kFpInvalid}));
  EXPECT_EQ(to(Type::I32, -2147483648.75), (Got{0x80000000, kFpInexact}));
  EXPECT_EQ(to(Type::I32, -2147483649.0), (Got{0x80000000, kFpInvalid}));
  EXPECT_EQ(to(Type::I64, 9223372036854775808.0), (Got{0x7fffffffffffffff, kFpInvalid}));
  EXPECT_EQ(to(Type::I64, -9223372036854775808.0), (Got{0x8000000000000000, 0}));
  desc.is_unsigned = 1;
  EXPECT_EQ(to(Type::I32, 4294967295.5), (Got{0xffffffff, kFpInexact}));
  EXPECT_EQ(to(Type::I32, 4294967296.0), (Got{0xffffffff, kFpInvalid}));
  EXPECT_EQ(to(Type::I32, -0.75), (Got{0, kFpInexact}));
  EXPECT_EQ(to(Type::I32, -1.0), (Got{0, kFpInvalid}));
  EXPECT_EQ(to(Type::I64, 18446744073709549568.0), (Got{0xfffffffffffff800, 0}));
  EXPECT_EQ(to(Type::I64, -INFINITY), (Got{0, kFpInvalid}));
  EXPECT_EQ(to(Type::I64, nan), (Got{~uint64_t{0}, kFpInvalid}));
  desc.saturation = static_cast<uint32_t>(Saturation::NanToZero);
  EXPECT_EQ(to(Type::I64, nan), (Got{0, kFpInvalid}));
  desc.rounding = static_cast<uint32_t>(RoundingSource::NearestAway);
  desc.is_unsigned = 0;
  EXPECT_EQ(to(Type::I32, -2.5), (Got{0xfffffffd, kFpInexact}));
  EXPECT_EQ(to(Type::I32, 0.5), (Got{1, kFpInexact}));
}

TEST(FpExact, UnsignedToFloat) {
  FpDesc desc;
  desc.is_unsigned = 1;
  EXPECT_EQ(evaluate(Op::I2F, Type::F64, Type::I64, desc, 0, ~uint64_t{0}),
            (Got{bits_of(18446744073709551616.0), kFpInexact}));
  EXPECT_EQ(evaluate(Op::I2F, Type::F64, Type::I32, desc, 0, 0xffffffff), (Got{bits_of(4294967295.0), 0}));
  EXPECT_EQ(evaluate(Op::I2F, Type::F16, Type::I64, desc, 0, 65520), (Got{0x7c00, kFpOverflow | kFpInexact}));
  EXPECT_EQ(evaluate(Op::I2F, Type::F16, Type::I64, desc, 0, 65519), (Got{0x7bff, kFpInexact}));
}

TEST(FpExact, MinimumAndMaximum) {
  constexpr uint64_t kQuiet = 0x7ff8000000000001;
  constexpr uint64_t kSignaling = 0x7ff0000000000001;
  constexpr uint64_t kCanonical = 0x7ff8000000000000;
  constexpr uint64_t kMinusZero = uint64_t{1} << 63;
  const uint64_t one = bits_of(1.0);
  const auto run = [](Op op, MinMax policy, uint64_t a, uint64_t b) {
    FpDesc desc;
    desc.min_max = static_cast<uint32_t>(policy);
    return evaluate(op, Type::F64, Type::F64, desc, 0, a, b);
  };
  for (const MinMax policy : {MinMax::Number, MinMax::Propagate}) {
    EXPECT_EQ(run(Op::FMin, policy, 0, kMinusZero), (Got{kMinusZero, 0}));
    EXPECT_EQ(run(Op::FMax, policy, kMinusZero, 0), (Got{0, 0}));
    EXPECT_EQ(run(Op::FMin, policy, one, bits_of(-INFINITY)), (Got{bits_of(-INFINITY), 0}));
    EXPECT_EQ(run(Op::FMax, policy, kQuiet, kSignaling), (Got{kCanonical, kFpInvalid}));
    EXPECT_EQ(run(Op::FMax, policy, kQuiet, kQuiet), (Got{kCanonical, 0}));
  }
  EXPECT_EQ(run(Op::FMin, MinMax::Number, kQuiet, one), (Got{one, 0}));
  EXPECT_EQ(run(Op::FMin, MinMax::Number, one, kSignaling), (Got{one, kFpInvalid}));
  EXPECT_EQ(run(Op::FMax, MinMax::Propagate, one, kQuiet), (Got{kCanonical, 0}));
  EXPECT_EQ(run(Op::FMax, MinMax::Propagate, kSignaling, one), (Got{kCanonical, kFpInvalid}));
}

TEST(FpExact, BoxesAndSigns) {
  EXPECT_EQ(evaluate(Op::NanBox, Type::F64, Type::F32, {}, 0, 0x3f800000).bits, 0xffffffff3f800000);
  EXPECT_EQ(evaluate(Op::NanBox, Type::F64, Type::F16, {}, 0, 0x3c00).bits, 0xffffffffffff3c00);
  EXPECT_EQ(evaluate(Op::NanUnbox, Type::F32, Type::F64, {}, 0, 0xffffffff3f800000).bits, 0x3f800000U);
  EXPECT_EQ(evaluate(Op::NanUnbox, Type::F32, Type::F64, {}, 0, 0xfffffffe3f800000).bits, 0x7fc00000U);
  EXPECT_EQ(evaluate(Op::NanUnbox, Type::F16, Type::F64, {}, 0, 0xffffffff00003c00).bits, 0x7e00U);
  EXPECT_EQ(evaluate(Op::FNeg, Type::F32, Type::F32, {}, 0, 0x7fc00001).bits, 0xffc00001U);
  EXPECT_EQ(evaluate(Op::FAbs, Type::F32, Type::F32, {}, 0, 0xff800001).bits, 0x7f800001U);
  EXPECT_EQ(evaluate(Op::FCopySign, Type::F32, Type::F32, {}, 0, 0x3f800000, 0x80000000).bits, 0xbf800000U);
}

TEST(FpPolicy, NansAndFlags) {
  FpDesc desc;
  desc.nan = static_cast<uint32_t>(NanPolicy::SignalingFirst);
  EXPECT_EQ(evaluate(Op::FAdd, Type::F32, Type::F32, desc, 0, 0x7fc00001, 0xff800002), (Got{0xffc00002, kFpInvalid}));
  EXPECT_EQ(evaluate(Op::FAdd, Type::F32, Type::F32, desc, 0, 0x7fc00001, 0xffc00002), (Got{0x7fc00001, 0}));
  EXPECT_EQ(evaluate(Op::FSqrt, Type::F32, Type::F32, desc, 0, 0xbf800000), (Got{0x7fc00000, kFpInvalid}));
  desc.nan = static_cast<uint32_t>(NanPolicy::Canonical);
  EXPECT_EQ(evaluate(Op::FAdd, Type::F32, Type::F32, desc, 0, 0xffc00001, 0), (Got{0x7fc00000, 0}));
  EXPECT_EQ(evaluate(Op::FCvt, Type::F64, Type::F32, desc, 0, 0xffc00001), (Got{0x7ff8000000000000, 0}));
  desc.flags = static_cast<uint32_t>(FlagPolicy::None);
  EXPECT_EQ(evaluate(Op::FDiv, Type::F32, Type::F32, desc, 0, 0x3f800000, 0), (Got{0x7f800000, 0}));
}

TEST(FpSlowPath, CarriesOpTypesAndDescriptor) {
  CpuHeader cpu;
  FpDesc desc;
  desc.rounding = static_cast<uint32_t>(RoundingSource::NearestAway);
  const auto away = fp_slow_op(Op::F2I, Type::I32, Type::F64, desc);
  EXPECT_EQ(fp_slow(&cpu, away, bits_of(2.5), 0, 0), 3U);
  EXPECT_EQ(fp_flags_of(cpu.mxcsr), kFpInexact);
  desc.is_unsigned = 1;
  const auto from = fp_slow_op(Op::I2F, Type::F16, Type::I8, desc);
  EXPECT_EQ(fp_slow(&cpu, from, 255, 0, 0), 0x5bf8U);
  desc = {};
  desc.cond = static_cast<uint32_t>(FpCond::Ge);
  EXPECT_EQ(fp_slow(&cpu, fp_slow_op(Op::FCmp, Type::I1, Type::BF16, desc), 0x4000, 0x3f80, 0), 1U);
}

TEST(FpModes, ConvertToAndFromMxcsr) {
  for (uint32_t mode = 0; mode < 4; ++mode) EXPECT_EQ(fp_mode_of(fp_with_mode(0xffff, mode)), mode);
  for (uint32_t flags = 0; flags < 32; ++flags) EXPECT_EQ(fp_flags_of(fp_with_flags(0xffff, flags)), flags);
  EXPECT_EQ(fp_with_mode(host_fp::kMasked, 2), 0x3f80U);  // down is 1 in MXCSR
}

}  // namespace
}  // namespace menura::ir
