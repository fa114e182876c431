#include "ir/interp/fp.h"

#include "ir/core/signature.h"
#include "ir/interp/fp_soft.h"

namespace menura::ir {

namespace {

using soft::Format;
using soft::Number;
using soft::Rounding;

Rounding rounding_of(FpDesc desc, uint32_t mxcsr) {
  const auto source = static_cast<RoundingSource>(desc.rounding);
  if (source == RoundingSource::Live) return static_cast<Rounding>(fp_mode_of(mxcsr));
  return static_cast<Rounding>(desc.rounding - static_cast<uint32_t>(RoundingSource::NearestEven));
}
static_assert(static_cast<int>(RoundingSource::NearestAway) - static_cast<int>(RoundingSource::NearestEven) ==
              static_cast<int>(Rounding::NearestAway));

// An integer that orders numbers of a format as their values; -0 below +0.
int64_t order_key(const Format& format, uint64_t bits) {
  const auto magnitude = static_cast<int64_t>(bits & ~format.sign_bit());
  return (bits & format.sign_bit()) != 0 ? ~magnitude : magnitude;
}

uint64_t min_max(bool max, const Format& format, FpDesc desc, uint64_t a, uint64_t b, soft::Context& context) {
  const Number x = unpack(format, a);
  const Number y = unpack(format, b);
  if (x.is_nan() || y.is_nan()) {
    const bool one_number = !x.is_nan() || !y.is_nan();
    const bool signaling = x.kind == soft::Kind::SignalingNan || y.kind == soft::Kind::SignalingNan;
    const auto policy = static_cast<MinMax>(desc.min_max);
    const uint64_t nan = propagate_nan(format, x, y, {}, context);
    if (policy == MinMax::Propagate || (policy == MinMax::QuietLoses && (signaling || !one_number))) return nan;
    if (!one_number) return format.canonical_nan();
    return x.is_nan() ? b : a;
  }
  const bool a_is_less = order_key(format, a) < order_key(format, b);
  return a_is_less != max ? a : b;
}

bool compare(const Format& format, FpDesc desc, uint64_t a, uint64_t b, soft::Context& context) {
  const Number x = unpack(format, a);
  const Number y = unpack(format, b);
  const auto cond = static_cast<FpCond>(desc.cond);
  if (x.is_nan() || y.is_nan()) {
    const bool signaling = x.kind == soft::Kind::SignalingNan || y.kind == soft::Kind::SignalingNan;
    if (signaling || desc.signaling != 0) context.flags |= kFpInvalid;
    return cond == FpCond::Un;
  }
  const bool equal = a == b || (x.is_zero() && y.is_zero());
  const bool less = !equal && order_key(format, a) < order_key(format, b);
  switch (cond) {
    case FpCond::Eq:
      return equal;
    case FpCond::Lt:
      return less;
    case FpCond::Le:
      return less || equal;
    case FpCond::Gt:
      return !less && !equal;
    case FpCond::Ge:
      return !less;
    case FpCond::Un:
      return false;
    case FpCond::Ord:
      return true;
  }
  return false;
}

// Whether denormal operands of the op count as zeros under FpDesc::flush.
bool flushes(Op op, Type operand) {
  switch (op) {
    case Op::FNeg:
    case Op::FAbs:
    case Op::FCopySign:
    case Op::I2F:
    case Op::NanBox:
    case Op::NanUnbox:
      return false;
    case Op::FCvt:
      return operand != Type::F16;
    default:
      return true;
  }
}

uint64_t mask_of(Type type) { return ~uint64_t{0} >> (64 - bits(type)); }

uint64_t evaluate(Op op, Type result, Type operand, FpDesc desc, soft::Context& context, uint64_t a, uint64_t b,
                  uint64_t c) {
  if (op == Op::I2F) {
    return from_integer(soft::format_of(result), a, bits(operand), desc.is_unsigned != 0, context);
  }
  const Format& format = soft::format_of(operand);
  const auto x = [&] { return unpack(format, a); };
  const auto y = [&] { return unpack(format, b); };
  switch (op) {
    case Op::FAdd:
      return add(format, x(), y(), context);
    case Op::FSub: {
      // Only a number's sign turns: a NaN operand is handed on as it is.
      Number negated = y();
      negated.sign = !negated.sign;
      return add(format, x(), negated, context);
    }
    case Op::FMul:
      return multiply(format, x(), y(), desc.defined != 0, context);
    case Op::FDiv:
      return divide(format, x(), y(), context);
    case Op::FSqrt:
      return square_root(format, x(), context);
    case Op::FMa:
      return multiply_add(format, x(), y(), unpack(format, c), {desc.defined != 0, desc.halved != 0}, context);
    case Op::FRecipEstimate:
      return reciprocal_estimate(format, x(), context);
    case Op::FRSqrtEstimate:
      return square_root_estimate(format, x(), context);
    case Op::FMin:
    case Op::FMax:
      return min_max(op == Op::FMax, format, desc, a, b, context);
    case Op::FNeg:
      return a ^ format.sign_bit();
    case Op::FAbs:
      return a & ~format.sign_bit();
    case Op::FCopySign:
      return (a & ~format.sign_bit()) | (b & format.sign_bit());
    case Op::FCmp:
      return compare(format, desc, a, b, context) ? 1 : 0;
    case Op::FRound:
      return round_to_integral(format, x(), desc.exact != 0, context);
    case Op::FCvt: {
      const bool alternative = desc.alternative_half != 0;
      context.alternative = alternative && result == Type::F16;
      context.flush = context.flush && result != Type::F16;
      const Number number = alternative && operand == Type::F16 ? soft::unpack_alternative(a) : x();
      return convert(soft::format_of(result), format, number, context);
    }
    case Op::F2I:
      return to_integer(x(), bits(result), desc.is_unsigned != 0, static_cast<Saturation>(desc.saturation), context);
    case Op::NanBox:
      return a | (mask_of(result) & ~mask_of(operand));
    case Op::NanUnbox: {
      const uint64_t above = mask_of(operand) & ~mask_of(result);
      return (a & above) == above ? a & mask_of(result) : fp_canonical_nan(result);
    }
    default:
      assert(false && "not a floating-point op");
      return 0;
  }
}

}  // namespace

uint64_t fp_canonical_nan(Type type) { return soft::format_of(type).canonical_nan(); }

uint64_t fp_evaluate(Op op, Type result, Type operand, FpDesc desc, CpuHeader& cpu, uint64_t a, uint64_t b,
                     uint64_t c) {
  soft::Context context;
  context.rounding = rounding_of(desc, cpu.mxcsr);
  context.tiny_before = desc.tiny_before != 0;
  context.nan = static_cast<NanPolicy>(desc.nan);
  context.flush = desc.flush != 0;
  bool denormal = false;
  if (desc.flush != 0 && flushes(op, operand)) {
    const Format& format = soft::format_of(operand);
    uint64_t* const numbers[3] = {&a, &b, &c};
    for (unsigned i = 0; i < signature(op).arg_count; ++i) {
      if (!is_denormal(format, *numbers[i])) continue;
      *numbers[i] &= format.sign_bit();
      denormal = operand != Type::F16;  // Arm ARM, FPUnpackBase: FZ16 raises nothing
    }
  }
  const uint64_t value = evaluate(op, result, operand, desc, context, a, b, c);
  if (static_cast<FlagPolicy>(desc.flags) == FlagPolicy::Sticky) {
    if (denormal) cpu.fp_denormal = 1;
    cpu.mxcsr = fp_with_flags(cpu.mxcsr, fp_flags_of(cpu.mxcsr) | context.flags);
  }
  return value;
}

uint64_t fp_slow(CpuHeader* cpu, FpSlowOp op, uint64_t a, uint64_t b, uint64_t c) {
  const auto word = static_cast<uint64_t>(op);
  return fp_evaluate(static_cast<Op>(word >> 32 & 0xff), static_cast<Type>(word >> 40 & 31),
                     static_cast<Type>(word >> 45 & 31), unpack<FpDesc>(static_cast<uint32_t>(word)), *cpu, a, b, c);
}

}  // namespace menura::ir
