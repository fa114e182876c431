// Random regions give the same on the interpreter before and after the optimizer: state, memory and the way out. They
// are drawn to be what guests' code is made of: slots rather than long-lived values, some of which overlap; words and
// their extensions; shifts by constants; addresses that mostly, but not always, are good.
#include <gtest/gtest.h>

#include <random>

#include "ir/build/builder.h"
#include "ir/interp/evaluator.h"
#include "ir/opt/optimizer.h"
#include "ir/text/print.h"
#include "ir/verify/verify.h"
#include "tests/ir/random_vectors.h"
#include "tests/ir/test_memory.h"

namespace menura::ir::test {
namespace {

constexpr uint64_t kPc = 0x10000;
constexpr uint64_t kData = 0x20000;
constexpr unsigned kDataBytes = 256;
constexpr SlotId kCounter = 0;                // of loops
constexpr std::size_t kConditions = 320 / 8;  // the word with p0 to p3

struct State {
  CpuHeader header;
  alignas(64) std::array<uint64_t, 64> words = {};
};

// r0..r5; w0..w5, their low halves; h0..h5, the upper halves of those; f0..f3, s0..s3 their low halves; p0..p3, of
// which p2 and p3 are transient; x0..x3,
// d0..d3 their low halves, f4..f7 the same as floats, s4..s7 the low halves of those.
class Guest {
 public:
  Guest() {
    for (unsigned i = 0; i < 6; ++i) {
      add("r", i, Type::I64, 8 * i);
      add("w", i, Type::I32, 8 * i);
      add("h", i, Type::I16, 8 * i + 2);
    }
    for (unsigned i = 6; i < 14; ++i) add("r", i, Type::I64, 8 * i);
    for (unsigned i = 0; i < 4; ++i) {
      add("f", i, Type::F64, 256 + 8 * i);
      if (i < 2) add("s", i, Type::F32, 256 + 8 * i);
      add("p", i, Type::I1, 8 * kConditions + i);
      slots_.back().transient = i >= 2;
      add("x", i, Type::V128, 384 + 16 * i);
      add("d", i, Type::V64, 384 + 16 * i);
      add("f", i + 4, Type::F64, 384 + 16 * i);
      add("s", i + 4, Type::F32, 384 + 16 * i);
    }
    layout = make_layout(slots_, sizeof(State));
  }
  Guest(const Guest&) = delete;
  Guest& operator=(const Guest&) = delete;

  StateLayout layout;
  HelperTable helpers{rows_};

 private:
  void add(const char* prefix, unsigned i, Type type, uint32_t offset) {
    names_.push_back(prefix + std::to_string(i));
    slots_.push_back({names_.back(), type, static_cast<uint32_t>(offsetof(State, words)) + offset, kNotPinned, -1});
  }
  static uint64_t mix(CpuHeader*, uint64_t a, uint64_t b, uint64_t, uint64_t) { return a * 31 + b; }
  static uint64_t stir(CpuHeader* cpu, uint64_t a, uint64_t, uint64_t, uint64_t) {
    auto& words = reinterpret_cast<State*>(cpu)->words;
    words[1] += a;
    words[9] ^= words[2];
    return 0;
  }
  std::deque<std::string> names_;
  std::vector<Slot> slots_;
  std::array<Helper, 2> rows_ = {{{"mix", mix, Type::I64, 2, {Type::I64, Type::I64}, {}},
                                  {"stir", stir, Type::Void, 1, {Type::I64}, {true, true, false, false}}}};
};

class Drawer {
 public:
  Drawer(const Guest& guest, uint32_t seed) : guest_(guest), b_(guest.layout, guest.helpers), random_(seed) {}

  void draw(Region& region) {
    const unsigned count = 1 + below(6);
    b_.begin(region, {kPc, 0, 0}, MemoryModel::Weak, {});
    std::vector<BlockId> blocks;
    for (unsigned i = 0; i < count; ++i) blocks.push_back(b_.new_block());
    for (unsigned i = 0; i < count; ++i) {
      values_.clear();
      b_.start(blocks[i]);
      const unsigned n = below(24);
      for (unsigned k = 0; k < n; ++k) {
        if (k % 3 == 0) b_.insn(kPc + 256 * i + k, 1);
        step();
      }
      end(blocks, i);
    }
    b_.finish();
  }

 private:
  friend class RandomVectorOp<Drawer>;

  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  template <typename T>
  T pick(std::initializer_list<T> list) {
    return *(list.begin() + below(static_cast<uint32_t>(list.size())));
  }
  Value keep(Value v) {
    values_.push_back(v);
    return v;
  }
  SlotId slot(Type type) {
    for (;;) {
      const SlotId id = below(static_cast<uint32_t>(guest_.layout.slots.size()));
      // The counter's bytes are slots 0, 1 and 2.
      if (id > kCounter + 2 && guest_.layout.slots[id].type == type) return id;
    }
  }
  int64_t number(Type type) {
    switch (below(4)) {
      case 0:
        return pick<int64_t>({0, 0, 1, -1, 2, 8, 31, 32, 63, 0xff, 0xffff, 0xffffffff, INT32_MIN, INT64_MIN, -2});
      case 1:
        return below(bits(type));
      case 2:
        return static_cast<int64_t>(uint64_t{random_()} << 32 | random_());
      default:
        return static_cast<int32_t>(below(4096)) - 2048;
    }
  }
  Type int_type() { return pick({Type::I8, Type::I16, Type::I32, Type::I32, Type::I64, Type::I64, Type::I64}); }
  Value any(Type type) {
    if (below(3) != 0) {
      for (unsigned tries = 0; tries < 8 && !values_.empty(); ++tries) {
        const auto size = static_cast<uint32_t>(values_.size());
        const Value v = values_[size - 1 - below(std::min(size, 12U))];
        if (b_.type_of(v) == type) return v;
      }
    }
    const bool has_slots = type != Type::I8 && type != Type::V256 && type != Type::V512;
    if (!has_slots || below(3) == 0) return b_.constant(type, number(type));
    return keep(b_.get(slot(type)));
  }
  Value address(int64_t* displacement) {
    *displacement = static_cast<int32_t>(below(64)) - 16;
    const Value base = b_.constant(Type::I64, kData + 64);
    const Value index = b_.binary(Op::And, any(Type::I64), b_.constant(Type::I64, below(20) == 0 ? 0xff0 : 0x38));
    return keep(b_.binary(Op::Add, base, index));
  }

  void step() {
    const Type type = int_type();
    switch (below(18)) {
      case 0:
      case 1:
      case 2: {
        const Type of = pick({Type::I64, Type::I64, Type::I64, Type::I32, Type::I16, Type::F64, Type::F32, Type::I1,
                              Type::V128, Type::V128, Type::V64});
        b_.set(slot(of), any(of));
        break;
      }
      case 3:
      case 4:
        keep(b_.binary(pick({Op::Add, Op::Sub, Op::And, Op::Or, Op::Xor, Op::Andn, Op::Mul, Op::MinU, Op::MaxS,
                             Op::MinS, Op::MaxU, Op::MulHighS, Op::MulHighU, Op::MulHighSU, Op::ClMul}),
                       any(type), any(type)));
        break;
      case 5:
      case 6:
        keep(b_.binary(pick({Op::Add, Op::And, Op::Or, Op::Xor, Op::Sub}), any(type), b_.constant(type, number(type))));
        break;
      case 7: {
        const Value amount = below(4) == 0 ? any(type) : b_.constant(type, number(type));
        keep(b_.binary(pick({Op::Shl, Op::Shl, Op::Shr, Op::Shr, Op::Sar, Op::Rotl, Op::Rotr}), any(type), amount));
        break;
      }
      case 8: {
        // A pair of shifts, in one piece: what guests extend and rotate with.
        const unsigned up = below(bits(type));
        const unsigned down = below(2) == 0 ? up : below(2) == 0 ? bits(type) - up : below(bits(type));
        const Value x = any(type);
        const Value high = b_.binary(Op::Shl, x, b_.constant(type, up));
        if (below(2) == 0) {
          keep(b_.binary(pick({Op::Shr, Op::Sar}), high, b_.constant(type, down)));
        } else {
          const Value low = b_.binary(Op::Shr, x, b_.constant(type, down));
          const bool word = type == Type::I32 && below(2) == 0;
          const Value a = word ? b_.convert(pick({Op::Sext, Op::Zext}), Type::I64, high) : high;
          const Value c = word ? b_.convert(pick({Op::Sext, Op::Zext}), Type::I64, low) : low;
          keep(b_.binary(Op::Or, a, c));
        }
        break;
      }
      case 9: {
        const Type from = pick({Type::I1, Type::I8, Type::I16, Type::I32});
        const Type to = pick({Type::I64, Type::I64, Type::I32});
        if (from == to) break;
        if (below(3) == 0)
          keep(b_.convert(pick({Op::Zext, Op::Sext}), to, b_.convert(Op::Trunc, from, any(to))));
        else if (below(2) == 0)
          keep(b_.convert(pick({Op::Zext, Op::Sext}), to, any(from)));
        else
          keep(b_.convert(Op::Trunc, from, any(to)));
        break;
      }
      case 10:
        // A word operation, as 64-bit guests with 32-bit arithmetic have it.
        keep(b_.convert(Op::Sext, Type::I64,
                        b_.binary(pick({Op::Add, Op::Sub, Op::Mul, Op::Shl, Op::Shr}),
                                  b_.convert(Op::Trunc, Type::I32, any(Type::I64)),
                                  b_.convert(Op::Trunc, Type::I32, any(Type::I64)))));
        break;
      case 11:
        compare();
        break;
      case 12:
        keep(below(3) == 0
                 ? b_.binary(Op::Xor, any(Type::I1), b_.constant(Type::I1, 1))
                 : b_.select(any(Type::I1), any(type), below(2) == 0 ? any(type) : b_.constant(type, below(2))));
        break;
      case 13:
        memory();
        break;
      case 14:
        floats();
        break;
      case 15:
        vectors();
        break;
      default:
        other(type);
        break;
    }
  }

  void vectors() {
    const Type type = pick({Type::V64, Type::V128, Type::V128, Type::V128, Type::V256, Type::V512});
    if (below(8) == 0) {
      keep(b_.select(any(Type::I1), any(type), any(type)));
    } else {
      keep(RandomVectorOp(b_, *this).draw(type));
    }
  }

  Value compare() {
    const Type type = below(6) == 0 ? Type::I1 : int_type();
    const Value b = below(2) == 0 ? b_.constant(type, number(type)) : any(type);
    return keep(b_.icmp(static_cast<Cond>(below(10)), any(type), b));
  }

  void memory() {
    MemDesc desc;
    const Type type = pick({Type::I64, Type::I64, Type::I32, Type::I16, Type::F64, Type::F32});
    const unsigned widest = static_cast<unsigned>(__builtin_ctz(storage_bytes(type)));
    desc.size_log2 = is_int(type) ? below(widest + 1) : widest;
    desc.big_endian = below(8) == 0;
    int64_t displacement = 0;
    const Value at = address(&displacement);
    if (below(2) == 0) {
      b_.store(at, any(type), desc, displacement);
    } else {
      desc.sign_extend = is_int(type) && below(2) == 0;
      keep(b_.load(type, at, desc, displacement));
    }
  }

  void floats() {
    FpDesc desc;
    desc.flags = below(4) != 0;
    switch (below(7)) {
      case 0:
        keep(b_.fp(pick({Op::FAdd, Op::FMul, Op::FDiv}), Type::F64, {any(Type::F64), any(Type::F64)}, desc));
        break;
      case 1:
        keep(b_.convert(Op::NanBox, Type::F64, any(Type::F32)));
        break;
      case 2:
        keep(b_.convert(Op::NanUnbox, Type::F32, any(Type::F64)));
        break;
      case 3:
        if (below(2) == 0)
          keep(b_.convert(Op::Bitcast, Type::I64, any(Type::F64)));
        else
          keep(b_.convert(Op::Bitcast, Type::F32, any(Type::I32)));
        break;
      case 4:
        keep(b_.unary(pick({Op::FNeg, Op::FAbs}), any(Type::F64)));
        break;
      case 5:
        keep(b_.binary(Op::FCopySign, any(Type::F32), any(Type::F32)));
        break;
      default:
        keep(b_.fp(Op::I2F, Type::F64, {any(Type::I64)}, desc));
        break;
    }
  }

  void other(Type type) {
    switch (below(6)) {
      case 0:
        keep(b_.unary(pick({Op::Clz, Op::Ctz, Op::Popcnt, Op::BitRev8, Op::Bswap}), any(type)));
        break;
      case 1:
        keep(b_.divide(pick({Op::DivU, Op::DivS}), any(type), any(type), -static_cast<int64_t>(below(2))));
        break;
      case 2:
        keep(b_.binary(pick({Op::RemU, Op::RemS}), any(type), b_.constant(type, number(type))));
        break;
      case 3:
        keep(b_.binary(pick({Op::Add, Op::And, Op::Sub}), b_.pc_value(kPc + below(4096)),
                       below(2) == 0 ? b_.constant(Type::I64, -2) : any(Type::I64)));
        break;
      case 4:
        keep(b_.call(0, {any(Type::I64), any(Type::I64)}));
        break;
      default:
        if (below(3) == 0) b_.call(1, {any(Type::I64)});
        break;
    }
  }

  void end(const std::vector<BlockId>& blocks, unsigned i) {
    const auto count = static_cast<unsigned>(blocks.size());
    const auto later = [&] { return blocks[i + 1 + below(count - i - 1)]; };
    const unsigned kind = below(10);
    if (kind < 2 && i > 0) {
      // Around again, a few times.
      const Value left = b_.binary(Op::Add, b_.get(kCounter), b_.constant(Type::I64, -1));
      b_.set(kCounter, left);
      const Value more = b_.icmp(Cond::Sgt, left, b_.constant(Type::I64, 0));
      const BlockId out = b_.new_block();
      b_.cond_br(more, blocks[1 + below(i)], out);
      b_.start(out);
      values_.clear();
      b_.jump_to(kPc + 4096);
    } else if (i + 1 < count && kind < 4) {
      b_.br(blocks[i + 1]);
    } else if (i + 1 < count && kind < 5) {
      b_.br(later());
    } else if (i + 1 < count && kind < 9) {
      const Value condition = below(2) == 0 ? compare() : any(Type::I1);
      if (below(2) == 0)
        b_.cond_br(condition, below(2) == 0 ? blocks[i + 1] : later(), later());
      else
        b_.cond_br(condition, later(), blocks[i + 1]);
    } else if (kind < 7) {
      b_.jump_indirect(any(Type::I64));
    } else if (kind < 8) {
      b_.call_indirect(any(Type::I64), kPc + 8);
    } else {
      b_.exit(ExitKind::Syscall, kPc + 4, {any(Type::I64)});
    }
  }

  const Guest& guest_;
  Builder b_;
  std::mt19937 random_;
  std::vector<Value> values_;
};

struct Outcome {
  State state;
  std::vector<uint8_t> data;
  InterpreterExit exit;
  bool goes_on = false;
};

void run(const Guest& guest, const Region& region, uint32_t seed, Outcome& outcome) {
  std::mt19937_64 random(seed);
  TestMemory memory;
  std::vector<uint8_t> data(kDataBytes);
  for (uint8_t& byte : data) byte = static_cast<uint8_t>(random());
  TestMemory::Segment& segment = memory.map(kData, data);
  for (std::size_t i = 0; i < outcome.state.words.size(); ++i) {
    const uint64_t word = random();
    const unsigned kind = random() % 4;
    outcome.state.words[i] = kind == 0   ? word
                             : kind == 1 ? word >> 56
                             : kind == 2 ? static_cast<uint64_t>(static_cast<int64_t>(static_cast<int32_t>(word)))
                                         : word | 0xffffffff00000000U;
  }
  outcome.state.words[0] = 4;                               // the loops' counter
  outcome.state.words[kConditions] &= 0x0101010101010101U;  // conditions are 0 or 1
  outcome.state.header.stop_request = random() % 4 == 0;
  const PreparedRegion prepared(region);
  Evaluator evaluator(guest.layout, guest.helpers, memory);
  outcome.goes_on = evaluator.run(prepared, outcome.state.header, {}, &outcome.exit);
  outcome.data = segment.bytes;
}

void compare(uint32_t seed, OptLevel level) {
  static const Guest guest;
  static Optimizer optimizer(guest.layout, guest.helpers);
  Region region;
  Drawer(guest, seed).draw(region);
  ASSERT_EQ(verify(region, guest.layout, guest.helpers), "") << "seed " << seed;
  Region optimized = region;
  optimizer.run(optimized, level);
  const auto texts = [&] {
    return "seed " + std::to_string(seed) + "\n" + print(region, guest.layout, guest.helpers) + "optimized\n" +
           print(optimized, guest.layout, guest.helpers);
  };
  ASSERT_EQ(verify(optimized, guest.layout, guest.helpers), "") << texts();
  for (uint32_t input = 0; input < 3; ++input) {
    Outcome before;
    Outcome after;
    run(guest, region, seed * 3 + input, before);
    run(guest, optimized, seed * 3 + input, after);
    ASSERT_EQ(before.goes_on, after.goes_on) << texts();
    ASSERT_EQ(before.state.header.pc, after.state.header.pc) << texts();
    ASSERT_EQ(before.state.header.mxcsr, after.state.header.mxcsr) << texts();
    if (!before.goes_on) {
      ASSERT_EQ(before.exit.kind, after.exit.kind) << texts();
      ASSERT_EQ(before.exit.fault.address, after.exit.fault.address) << texts();
      ASSERT_EQ(before.exit.detail, after.exit.detail) << texts();
    }
    // Transient slots may be anything at faults and stops, if what follows overwrites them.
    const bool interrupted =
        !before.goes_on && (before.exit.kind == ExitKind::Fault || before.exit.kind == ExitKind::Stop);
    if (interrupted && level == OptLevel::Full) {
      for (State* state : {&before.state, &after.state}) state->words[kConditions] &= 0xffff;
    }
    for (std::size_t i = 0; i < before.state.words.size(); ++i)
      ASSERT_EQ(before.state.words[i], after.state.words[i]) << "word " << i << ", " << texts();
    ASSERT_EQ(before.data, after.data) << texts();
  }
}

class OptRandomTest : public testing::TestWithParam<OptLevel> {};

TEST_P(OptRandomTest, SameBeforeAndAfter) {
  for (uint32_t seed = 1; seed <= 3000 && !HasFatalFailure(); ++seed) compare(seed, GetParam());
}

INSTANTIATE_TEST_SUITE_P(Levels, OptRandomTest, testing::Values(OptLevel::Fast, OptLevel::Full),
                         [](const auto& level) { return level.param == OptLevel::Fast ? "Fast" : "Full"; });

}  // namespace
}  // namespace menura::ir::test
