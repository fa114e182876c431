// Draws random regions over the slots of tests/ir/test_state.h: every op in forms that the x64 compiler takes, blocks
// with branches, parameters and a loop.
#pragma once

#include <array>
#include <random>
#include <vector>

#include "ir/build/builder.h"
#include "tests/ir/random_vectors.h"
#include "tests/x64/region_comparison.h"

namespace menura::x64::test {

struct RandomOptions {
  unsigned blocks = 4;         // at most
  unsigned instructions = 20;  // per block, about
  bool wide = true;            // types beyond 128 bits of vector and 64 bits of integer
  bool fp = true;
  bool memory = true;
  bool vectors = false;  // many vector ops
  bool repeats = true;   // may leave for its own beginning
};

class RandomRegion {
 public:
  using Type = ir::Type;
  using Op = ir::Op;
  using Value = ir::Value;

  static constexpr unsigned kBufferBytes = 1024;

  // `buffer` is what loads and stores touch: kBufferBytes at a multiple of 64.
  RandomRegion(const ir::test::TestGuest& guest, uint32_t seed, const RandomOptions& options, uint64_t buffer)
      : guest_(guest),
        layout_(guest.layout()),
        b_(layout_, guest.helpers()),
        random_(seed),
        options_(options),
        buffer_(buffer) {}

  void draw(ir::Region& region) {
    const unsigned count = 1 + below(options_.blocks);
    std::vector<uint64_t> pcs;
    for (unsigned i = 0; i < count; ++i) pcs.push_back(kPc + 256 * i);
    b_.begin(region, {pick({kPc, uint64_t{0x2aaaaab000}}), 0, 0}, ir::MemoryModel::Weak, {});
    std::vector<ir::BlockId> blocks;
    std::vector<std::vector<Type>> params;
    for (unsigned i = 0; i < count; ++i) {
      blocks.push_back(b_.new_block());
      region.blocks[blocks.back()].pc_offset = 256 * i;
      std::vector<Type> types;
      if (i > 0 && below(3) == 0) {
        for (unsigned n = below(4); n > 0; --n) types.push_back(any_type());
      }
      params.push_back(types);
    }
    std::vector<Value> entry_values;
    for (unsigned i = 0; i < count; ++i) {
      values_ = entry_values;  // the entry dominates all
      start(blocks[i], params[i]);
      const uint64_t pc = region.identity.pc + 256 * i;
      const unsigned n = 1 + below(options_.instructions);
      for (unsigned k = 0; k < n; ++k) {
        if (k % 4 == 0) b_.insn(pc + 4 * (k / 4), 4);
        emit_any();
      }
      if (i == 0) entry_values = values_;
      end_block(region, i, blocks, params);
    }
  }

 private:
  friend class ir::test::RandomVectorOp<RandomRegion>;

  static constexpr uint64_t kPc = 0x10000;
  static constexpr unsigned kCounter = 9;  // slot r9 counts passes of the loop down

  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  template <typename T>
  T pick(std::initializer_list<T> list) {
    return *(list.begin() + below(static_cast<uint32_t>(list.size())));
  }

  void start(ir::BlockId block, const std::vector<Type>& types) {
    const Value first = b_.start(block);
    for (const Type type : types) b_.emit(Op::Param, type, {});
    b_.region().blocks[block].param_count = static_cast<uint32_t>(types.size());
    for (Value v = 0; v < types.size(); ++v) values_.push_back(first + v);
  }

  void edge_values(const std::vector<Type>& types, std::vector<Value>& out) {
    out.clear();
    for (const Type type : types) out.push_back(any(type));
  }

  void end_block(ir::Region& region, unsigned i, const std::vector<ir::BlockId>& blocks,
                 const std::vector<std::vector<Type>>& params) {
    const auto count = static_cast<unsigned>(blocks.size());
    const uint64_t pc = region.identity.pc;
    std::vector<Value> args[2];
    unsigned targets[2] = {count, count};
    if (i + 1 < count) {
      targets[0] = i + 1 + below(count - i - 1);
      targets[1] = i + 1 + below(count - i - 1);
    }
    Value condition = ir::kNoValue;
    const bool loop = i + 1 == count && count > 1 && below(2) == 0;
    if (loop) {
      targets[0] = below(count);
      targets[1] = count;
    }
    if (targets[0] == count) {
      leave(pc);
      return;
    }
    for (unsigned e = 0; e < 2; ++e) {
      if (targets[e] < count) edge_values(params[targets[e]], args[e]);
    }
    if (loop) {
      const Value old = b_.get(kCounter);
      const Value now = b_.binary(Op::Sub, old, b_.constant(Type::I64, 1));
      b_.set(kCounter, now);
      condition = b_.icmp(ir::Cond::Sgt, now, b_.constant(Type::I64, 0));
    } else if (below(3) > 0) {
      condition = below(2) == 0 ? compare() : any(Type::I1);
    }
    if (condition == ir::kNoValue) {
      b_.br(blocks[targets[0]]);
      set_edges(region, {{blocks[targets[0]], &args[0]}});
      return;
    }
    const bool leaves = targets[1] == count;
    const ir::BlockId out = leaves ? b_.new_block() : blocks[targets[1]];
    b_.cond_br(condition, blocks[targets[0]], out);
    set_edges(region, {{blocks[targets[0]], &args[0]}, {out, &args[1]}});
    if (leaves) {
      region.blocks[out].pc_offset = 64;
      values_.clear();
      start(out, {});
      if (below(2) == 0) {
        const uint64_t distance = pick({uint64_t{4096}, uint64_t{0}});
        b_.jump_to(pc + (options_.repeats ? distance : 4096));
      } else {
        leave(pc);
      }
    }
  }

  // Gives the terminator its edges anew, with arguments.
  struct EdgeTo {
    ir::BlockId target;
    const std::vector<Value>* args;
  };
  static void set_edges(ir::Region& region, std::initializer_list<EdgeTo> edges) {
    region.insts.back().extra = static_cast<uint32_t>(region.extra.size());
    for (const EdgeTo& e : edges) {
      region.extra.push_back(e.target);
      region.extra.push_back(static_cast<uint32_t>(e.args->size()));
      region.extra.insert(region.extra.end(), e.args->begin(), e.args->end());
    }
  }

  void leave(uint64_t pc) {
    switch (below(7)) {
      case 0:
        b_.jump_to(pc + 8192);
        break;
      case 1:
        b_.jump_indirect(target());
        break;
      case 2:
        b_.return_to(target());
        break;
      case 3:
        b_.call_to(pc + pick({uint64_t{8192}, uint64_t{0} - 64}), pc + 20);
        break;
      case 4:
        b_.call_indirect(target(), pc + 20);
        break;
      case 5:
        b_.exit(ir::ExitKind::Syscall, pc + 68);
        break;
      default:
        b_.exit(ir::ExitKind::Breakpoint, pc + 68, {any(Type::I64)});
        break;
    }
  }

  // Any address but the one that no code has (runtime::kNoPc).
  Value target() {
    const Value even = b_.constant(Type::I64, -2);
    return b_.binary(Op::And, any(Type::I64), even);
  }

  Type int_type() { return pick({Type::I8, Type::I16, Type::I32, Type::I32, Type::I64, Type::I64, Type::I64}); }
  Type vec_type() {
    if (options_.wide && below(4) == 0) return pick({Type::V256, Type::V512});
    return pick({Type::V64, Type::V128});
  }
  Type any_type() {
    switch (below(10)) {
      case 0:
        return Type::I1;
      case 1:
      case 2:
        return options_.fp ? pick({Type::F32, Type::F64, Type::F64}) : Type::I64;
      case 3:
        return vec_type();
      case 4:
        return options_.wide ? Type::I128 : Type::I32;
      default:
        return int_type();
    }
  }

  int64_t interesting() {
    switch (below(8)) {
      case 0:
        return 0;
      case 1:
        return -1;
      case 2:
        return static_cast<int64_t>(below(64));
      case 3:
        return -static_cast<int64_t>(below(300));
      case 4:
        return INT64_MIN >> below(64);
      case 5:
        return static_cast<int32_t>(random_());
      default:
        return static_cast<int64_t>(uint64_t{random_()} << 32 | random_());
    }
  }

  // A slot of the type, never the loop's counter.
  ir::SlotId slot_of(Type type) {
    std::vector<ir::SlotId> found;
    for (ir::SlotId id = 0; id < layout_.slots.size(); ++id) {
      if (layout_.slot(id).type == type && id != kCounter) found.push_back(id);
    }
    return found[below(static_cast<uint32_t>(found.size()))];
  }

  // A value of the type: one there is, the last ones first, or a new one.
  Value any(Type type) {
    if (below(4) > 0) {
      for (unsigned tries = 0; tries < 12 && !values_.empty(); ++tries) {
        const auto size = static_cast<uint32_t>(values_.size());
        const uint32_t at = below(2) == 0 ? size - 1 - below(std::min(size, 6U)) : below(size);
        if (b_.type_of(values_[at]) == type) return values_[at];
      }
    }
    if (below(3) == 0 && (ir::is_int(type) || type == Type::F32 || type == Type::F64 || ir::is_vector(type))) {
      if (type == Type::F64 || type == Type::F32) {
        return keep(b_.constant(type, type == Type::F64 ? double_bits() : single_bits()));
      }
      return keep(b_.constant(type, ir::is_vector(type) ? lane_bits() : interesting()));
    }
    return keep(b_.get(slot_of(type)));
  }
  int64_t double_bits() { return static_cast<int64_t>(kDoubles[below(kDoubles.size())]); }
  int64_t single_bits() { return kSingles[below(kSingles.size())]; }
  // Lanes of numbers that matter, for a vector's constant.
  int64_t lane_bits() {
    if (!options_.fp || below(2) == 0) return interesting();
    if (below(2) == 0) return double_bits();
    return static_cast<int64_t>(static_cast<uint64_t>(single_bits()) << 32 | static_cast<uint64_t>(single_bits()));
  }
  Value keep(Value v) {
    values_.push_back(v);
    return v;
  }

  Value compare() {
    const Type type = below(8) == 0 ? Type::I1 : int_type();
    const Value a = below(4) == 0 && type != Type::I1 ? keep(b_.binary(Op::And, any(type), any(type))) : any(type);
    const Value b = below(3) == 0 ? b_.constant(type, 0) : any(type);
    return keep(b_.icmp(static_cast<ir::Cond>(below(10)), a, b));
  }

  ir::FpDesc fp_desc() {
    ir::FpDesc d;
    d.rounding = below(3) == 0 ? below(6) : 0;
    d.nan = below(6) == 0 ? below(3) : 0;
    d.tiny_before = below(10) == 0;
    if (below(2) == 0) {
      // As on Arm.
      d.tiny_before = 1;
      d.nan = static_cast<uint32_t>(below(4) > 0 ? ir::NanPolicy::SignalingFirst : ir::NanPolicy::Canonical);
      d.flush = below(8) == 0;
    }
    if (below(16) == 0) d.flags = static_cast<uint32_t>(ir::FlagPolicy::None);
    return d;
  }

  // An address in the buffer: a constant, or computed with an index; with a displacement.
  Value address(unsigned bytes, unsigned align, int64_t* displacement) {
    *displacement = static_cast<int64_t>(below(64)) * align;
    const auto base = static_cast<int64_t>(buffer_);
    if (below(3) == 0) return b_.constant(Type::I64, base);
    const unsigned scale = below(4);
    const Value mask = b_.constant(Type::I64, static_cast<int64_t>(63U & ~((align - 1) >> scale)));
    const Value index = b_.binary(Op::And, any(Type::I64), mask);
    const Value scaled = scale == 0 ? index : b_.binary(Op::Shl, index, b_.constant(Type::I64, scale));
    (void)bytes;
    const Value sum = below(2) == 0 ? b_.binary(Op::Add, b_.constant(Type::I64, base), scaled)
                                    : b_.binary(Op::Add, scaled, b_.constant(Type::I64, base));
    return below(2) == 0 ? sum : b_.binary(Op::Add, sum, b_.constant(Type::I64, below(32) & ~(align - 1)));
  }

  void emit_memory() {
    ir::MemDesc d;
    Type type = below(4) == 0 ? pick({Type::F32, Type::F64, Type::V128, Type::V64}) : int_type();
    if (options_.wide && below(8) == 0) type = pick({Type::I128, Type::V256, Type::V512});
    const unsigned log2 = static_cast<unsigned>(__builtin_ctz(ir::storage_bytes(type)));
    d.size_log2 = ir::is_int(type) && type != Type::I128 ? below(log2 + 1) : log2;
    d.sign_extend = below(2) == 0 && ir::is_int(type) && type != Type::I128;
    d.big_endian = below(4) == 0;
    if (ir::is_vector(type)) {
      if (ir::bits(type) <= 128 && below(3) == 0) d.size_log2 = below(log2 + 1);
      d.element_log2 = std::min(below(4), d.size_log2 + 0U);
    }
    int64_t displacement = 0;
    switch (below(9)) {
      case 0:
      case 1:
      case 2: {
        const Value a = address(d.size(), 1, &displacement);
        keep(b_.load(type, a, d, displacement));
        break;
      }
      case 3:
      case 4: {
        d.sign_extend = 0;
        d.order = below(6);
        const Value v = any(type);
        const Value a = address(d.size(), 1, &displacement);
        b_.store(a, v, d, displacement);
        break;
      }
      case 5: {
        type = int_type();
        const unsigned bytes_log2 = below(static_cast<unsigned>(__builtin_ctz(ir::storage_bytes(type))) + 1);
        ir::MemDesc ad;
        ad.size_log2 = bytes_log2;
        ad.align_log2 = bytes_log2;
        ad.sign_extend = below(2);
        ad.big_endian = below(5) == 0;
        const Value operand = any(type);
        const Value a = address(ad.size(), 8, &displacement);
        const Value v = b_.atomic(static_cast<ir::AtomicOp>(below(9)), a, operand, ad);
        b_.region().insts.back().imm = displacement;
        if (below(2) == 0) keep(v);
        break;
      }
      case 6: {
        type = int_type();
        ir::MemDesc ad;
        ad.size_log2 = static_cast<unsigned>(__builtin_ctz(ir::storage_bytes(type)));
        ad.sign_extend = below(2);
        const Value desired = any(type);
        const Value a = address(ad.size(), 8, &displacement);
        const Value expected = below(2) == 0 ? any(type) : b_.load(type, a, ad, displacement);
        keep(b_.cmpxchg(a, expected, desired, ad));
        b_.region().insts.back().imm = displacement;
        break;
      }
      case 7: {
        // A pair, mostly at the same place.
        type = pick({Type::I32, Type::I64});
        ir::MemDesc ad;
        ad.size_log2 = type == Type::I32 ? 2 : 3;
        ad.align_log2 = ad.size_log2;
        const Value a = address(ad.size(), 8, &displacement);
        keep(b_.emit(Op::LoadLinked, type, {a}, ir::pack(ad), displacement));
        const Value v = any(type);
        const Value where = below(4) > 0 ? a : address(ad.size(), 8, &displacement);
        keep(b_.emit(Op::StoreCond, Type::I1, {where, v}, ir::pack(ad), displacement));
        break;
      }
      default: {
        d.sign_extend = below(2);
        const Value a = address(1, 1, &displacement);
        b_.emit(Op::Probe, Type::Void, {a}, ir::pack(ir::MemDesc{.sign_extend = d.sign_extend}), below(64));
        b_.fence(ir::unpack<ir::FenceDesc>(below(16)));
        break;
      }
    }
  }

  void emit_wide_atomic() {
    const Type type = Type::I128;
    const uint32_t aux = ir::pack(ir::MemDesc{.size_log2 = 4, .order = below(6), .align_log2 = below(5)});
    const int64_t displacement = 16 * static_cast<int64_t>(below(16));
    const Value a = b_.constant(Type::I64, static_cast<int64_t>(buffer_));
    switch (below(3)) {
      case 0: {
        const auto op =
            pick({ir::AtomicOp::Swap, ir::AtomicOp::Add, ir::AtomicOp::And, ir::AtomicOp::Or, ir::AtomicOp::Xor});
        auto desc = ir::unpack<ir::MemDesc>(aux);
        desc.atomic_op = static_cast<uint32_t>(op);
        keep(b_.emit(Op::Atomic, type, {a, any(type)}, ir::pack(desc), displacement));
        break;
      }
      case 1: {
        const Value desired = any(type);
        const Value expected = below(2) == 0 ? any(type) : b_.load(type, a, {.size_log2 = 4}, displacement);
        keep(b_.emit(Op::CmpXchg, type, {a, expected, desired}, aux, displacement));
        break;
      }
      default: {
        keep(b_.emit(Op::LoadLinked, type, {a}, aux, displacement));
        const Value v = any(type);
        if (below(4) == 0) b_.store(a, any(Type::I8), {}, displacement + below(16));
        keep(b_.emit(Op::StoreCond, Type::I1, {a, v}, aux, displacement));
        break;
      }
    }
  }

  void emit_fp() {
    const Type type = pick({Type::F32, Type::F64, Type::F64});
    const Type other = pick({Type::F32, Type::F64});
    ir::FpDesc d = fp_desc();
    switch (below(16)) {
      case 0:
      case 1:
      case 2:
        d.defined = below(4) == 0;
        keep(b_.fp(pick({Op::FAdd, Op::FSub, Op::FMul, Op::FDiv}), type, {any(type), any(type)}, d));
        break;
      case 3:
        keep(b_.fp(pick({Op::FSqrt, Op::FSqrt, Op::FRecipEstimate, Op::FRSqrtEstimate}), type, {any(type)}, d));
        break;
      case 4: {
        Value a = any(type);
        const Value b = any(type);
        Value c = any(type);
        if (below(2) == 0) a = b_.unary(Op::FNeg, a);
        if (below(2) == 0) c = b_.unary(Op::FNeg, c);
        d.defined = below(4) == 0;
        d.halved = below(4) == 0;
        keep(b_.fp(Op::FMa, type, {a, b, c}, d));
        break;
      }
      case 5:
        d.min_max = below(2) == 0 ? below(3) : 0;
        keep(b_.fp(pick({Op::FMin, Op::FMax}), type, {any(type), any(type)}, d));
        break;
      case 6:
        keep(b_.unary(pick({Op::FNeg, Op::FAbs}), any(type)));
        break;
      case 7:
        keep(b_.binary(Op::FCopySign, any(type), any(type)));
        break;
      case 8:
      case 9: {
        ir::FpDesc c;
        c.cond = below(7);
        c.signaling = below(2);
        c.flush = below(8) == 0;
        keep(b_.fcmp(any(type), any(type), c));
        break;
      }
      case 10:
        d.exact = below(2);
        keep(b_.fp(Op::FRound, type, {any(type)}, d));
        break;
      case 11:
        if (below(3) == 0) {
          const bool from_half = below(2) == 0;
          keep(b_.fp(Op::FCvt, from_half ? type : Type::F16, {any(from_half ? Type::F16 : type)}, d));
        } else if (other != type) {
          keep(b_.fp(Op::FCvt, type, {any(other)}, d));
        }
        break;
      case 12:
        d.saturation = below(3);
        d.is_unsigned = below(2);
        if (below(2) == 0) d.rounding = static_cast<uint32_t>(ir::RoundingSource::Zero);
        keep(b_.fp(Op::F2I, pick({Type::I32, Type::I64}), {any(type)}, d));
        break;
      case 13:
        d.is_unsigned = below(2);
        keep(b_.fp(Op::I2F, type, {any(pick({Type::I32, Type::I64}))}, d));
        break;
      case 14:
        if (below(2) == 0) {
          keep(b_.convert(Op::NanBox, Type::F64, any(Type::F32)));
        } else {
          keep(b_.convert(Op::NanUnbox, Type::F32, any(Type::F64)));
        }
        break;
      default:
        switch (below(3)) {
          case 0:
            keep(b_.emit(Op::FpFlagsGet, Type::I32, {}, 0, below(2)));
            break;
          case 1:
            b_.emit(Op::FpFlagsSet, Type::Void, {any(Type::I32)}, 0, below(2));
            break;
          default:
            b_.emit(Op::FpModeSet, Type::Void, {b_.binary(Op::And, any(Type::I32), b_.constant(Type::I32, 3))});
            break;
        }
        break;
    }
  }

  void emit_vector() { keep(ir::test::RandomVectorOp(b_, *this).draw(vec_type())); }
  // A product just below the least normal number, which it rounds to: tiny before rounding, not after.
  void emit_tiny_product() {
    const bool single = below(2) == 0;
    const int64_t a = single ? 0x0080000180800001 : static_cast<int64_t>(0x8010000000000001);
    const int64_t b = single ? 0x3f7ffffe3f7ffffe : 0x3feffffffffffffe;
    const Type scalar = single ? Type::F32 : Type::F64;
    if (below(2) == 0) {
      const Type type = pick({Type::V64, Type::V128});
      keep(b_.vec_fp(Op::VFMul, type, {b_.constant(type, a), b_.constant(type, b)}, scalar, fp_desc()));
    } else {
      const int64_t mask = single ? 0xffffffff : -1;
      keep(b_.fp(Op::FMul, scalar, {b_.constant(scalar, a & mask), b_.constant(scalar, b & mask)}, fp_desc()));
    }
  }
  void emit_vector_fp() { keep(ir::test::RandomVectorOp(b_, *this).floats(vec_type(), fp_desc())); }

  // A scalar op of a guest like Arm's: on the low lanes of vector registers, into a whole register.
  void emit_scalar_in_vector() {
    const Type type = pick({Type::F32, Type::F64});
    const ir::FpDesc d = fp_desc();
    const ir::SlotId first = slot_of(Type::V128);
    const ir::SlotId second = slot_of(Type::V128);
    const Value a = b_.convert(Op::VTrunc, type, b_.get(first));
    const Value b = b_.convert(Op::VTrunc, type, below(2) == 0 ? b_.get(second) : any(Type::V128));
    const Value result = below(4) == 0 ? b_.fp(Op::FMa, type, {a, b, any(type)}, d)
                                       : b_.fp(pick({Op::FAdd, Op::FSub, Op::FMul, Op::FDiv}), type, {a, b}, d);
    keep(result);
    b_.set(below(2) == 0 ? first : second, keep(b_.convert(Op::VZext, Type::V128, result)));
  }

  void emit_wide() {
    const Type t = Type::I128;
    switch (below(7)) {
      case 6:
        if (options_.memory) emit_wide_atomic();
        break;
      case 0:
        keep(b_.binary(pick({Op::Add, Op::Sub, Op::And, Op::Or, Op::Xor, Op::MinU, Op::MaxU, Op::MinS, Op::MaxS}),
                       any(t), any(t)));
        break;
      case 1:
        keep(b_.binary(pick({Op::Shl, Op::Shr, Op::Sar}), any(t), b_.constant(t, below(128))));
        break;
      case 2:
        keep(b_.icmp(static_cast<ir::Cond>(below(10)), any(t), any(t)));
        break;
      case 3:
        keep(b_.convert(pick({Op::Zext, Op::Sext}), t, any(int_type())));
        break;
      case 4:
        keep(b_.convert(Op::Trunc, int_type(), any(t)));
        break;
      default:
        if (below(2) == 0) {
          keep(b_.emit(Op::Concat, t, {any(Type::I64), any(Type::I64)}));
        } else {
          keep(b_.select(any(Type::I1), any(t), any(t)));
        }
        break;
    }
  }

  void emit_integer() {
    const Type type = int_type();
    switch (below(20)) {
      case 0:
      case 1:
      case 2:
      case 3:
        keep(b_.binary(pick({Op::Add, Op::Add, Op::Sub, Op::And, Op::Or, Op::Xor, Op::Andn}), any(type), any(type)));
        break;
      case 4:
        keep(b_.binary(pick({Op::Mul, Op::Mul, Op::MulHighU, Op::MulHighS, Op::MulHighSU}), any(type), any(type)));
        break;
      case 5:
        if (below(2) == 0) {
          keep(b_.divide(pick({Op::DivU, Op::DivS}), any(type), any(type), -static_cast<int64_t>(below(2))));
        } else {
          keep(b_.binary(pick({Op::RemU, Op::RemS}), any(type), any(type)));
        }
        break;
      case 6:
      case 7:
      case 8: {
        const Value amount = below(2) == 0 ? b_.constant(type, below(ir::bits(type))) : any(type);
        keep(b_.binary(pick({Op::Shl, Op::Shr, Op::Sar, Op::Rotl, Op::Rotr}), any(type), amount));
        break;
      }
      case 9:
        keep(b_.unary(pick({Op::Clz, Op::Ctz, Op::Popcnt, Op::BitRev8}), any(type)));
        break;
      case 10:
        if (type == Type::I8) break;
        keep(b_.unary(Op::Bswap, any(type)));
        break;
      case 11:
        keep(b_.binary(pick({Op::ClMul, Op::ClMulHigh}), any(type), any(type)));
        break;
      case 12:
        keep(b_.binary(pick({Op::MinU, Op::MaxU, Op::MinS, Op::MaxS}), any(type), any(type)));
        break;
      case 13:
        compare();
        break;
      case 14: {
        const Type of = any_type();
        const Value condition = below(2) == 0 ? compare() : any(Type::I1);
        keep(b_.select(condition, any(of), any(of)));
        break;
      }
      case 15:
        keep(b_.emit(pick({Op::AddCarry, Op::AddOverflow}), Type::I1, {any(type), any(type), any(Type::I1)}));
        keep(b_.emit(Op::SubOverflow, Type::I1, {any(type), any(type)}));
        break;
      case 16:
      case 17: {
        const Type from = pick({Type::I1, Type::I8, Type::I16, Type::I32});
        const Type to = pick({Type::I64, Type::I64, Type::I32});
        if (from == to) break;
        if (below(3) > 0) {
          keep(b_.convert(pick({Op::Zext, Op::Sext}), to, any(from)));
        } else {
          keep(b_.convert(Op::Trunc, from, any(to)));
        }
        break;
      }
      case 18: {
        const Type half = pick({Type::I8, Type::I16, Type::I32});
        const Type whole = half == Type::I8 ? Type::I16 : half == Type::I16 ? Type::I32 : Type::I64;
        keep(b_.emit(Op::Concat, whole, {any(half), any(half)}));
        break;
      }
      default:
        if (options_.fp && below(2) == 0) {
          const bool narrow = below(2) == 0;
          const Type i = narrow ? Type::I32 : Type::I64;
          const Type f = narrow ? Type::F32 : Type::F64;
          if (below(2) == 0) {
            keep(b_.convert(Op::Bitcast, f, any(i)));
          } else {
            keep(b_.convert(Op::Bitcast, i, any(f)));
          }
        } else {
          keep(b_.binary(pick({Op::And, Op::Or, Op::Xor, Op::Andn}), any(Type::I1), any(Type::I1)));
        }
        break;
    }
  }

  void emit_call() {
    switch (below(5)) {
      case 0:
        keep(b_.call(0, {any(Type::I64), any(Type::I64), any(Type::I64), any(Type::I64)}));
        break;
      case 1:
        keep(b_.call(1, {any(Type::I1)}));
        break;
      case 2:
        b_.call(3, {any(Type::I64)});
        break;
      default:
        b_.call(4, {});
        break;
    }
  }

  void emit_any() {
    switch (below(16)) {
      case 0:
      case 1:
      case 2: {
        const Type type = any_type();
        b_.set(slot_of(type), any(type));
        break;
      }
      case 3:
        keep(b_.get(slot_of(any_type())));
        break;
      case 4:
      case 5:
        if (options_.memory) emit_memory();
        break;
      case 6:
      case 7:
      case 8:
        if (!options_.fp) break;
        if (below(16) == 0) emit_tiny_product();
        switch (options_.vectors ? below(4) : 3) {
          case 0:
            emit_vector_fp();
            break;
          case 1:
            emit_scalar_in_vector();
            break;
          default:
            emit_fp();
            break;
        }
        break;
      case 9:
        emit_vector();
        break;
      case 10:
        if (options_.wide) emit_wide();
        break;
      case 11:
        if (below(3) == 0) emit_call();
        break;
      default:
        if (options_.vectors && below(3) > 0) {
          emit_vector();
        } else {
          emit_integer();
        }
        break;
    }
  }

  const ir::test::TestGuest& guest_;
  const ir::StateLayout& layout_;
  ir::Builder b_;
  std::mt19937 random_;
  RandomOptions options_;
  uint64_t buffer_;
  std::vector<Value> values_;
};

}  // namespace menura::x64::test
