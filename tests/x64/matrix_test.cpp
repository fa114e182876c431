// Every op of ir/ops.def with every type that the verifier takes, in several forms each (descriptors, constants as
// operands), on the interpreter and through LLVM: results and floating-point flags, in all rounding modes.
#include <gtest/gtest.h>

#include <algorithm>
#include <set>
#include <span>

#include "ir/build/builder.h"
#include "ir/core/signature.h"
#include "ir/opt/optimizer.h"
#include "tests/x64/region_comparison.h"

namespace menura::x64::test {
namespace {

using ir::Attr;
using ir::Op;
using ir::Type;
using ir::TypeClass;
using ir::Value;

// A cell of the matrix has a record in the buffer: its operands (the first is what memory ops access), its result, the
// flags before and after.
constexpr unsigned kOperandBytes = 64;
constexpr unsigned kResult = 3 * kOperandBytes;
constexpr unsigned kFlagsBefore = kResult + kOperandBytes;
constexpr unsigned kFlagsAfter = kFlagsBefore + 4;
constexpr unsigned kRecordBytes = 320;
constexpr unsigned kCellsOfRegion = RegionComparison::kBufferBytes / kRecordBytes;
constexpr unsigned kRuns = 64;
constexpr uint64_t kPc = 0x10000;

enum class Form : uint8_t { Loaded, FirstConstant, LastConstant, Same };

struct Cell {
  Op op = Op::Nop;
  Type type = Type::Void;
  std::vector<Type> args;
  uint32_t aux = 0;
  int64_t imm = 0;
  Form form = Form::Loaded;
  int64_t constant = 0;
};

// What regions are made of; random regions have it.
bool is_structure(Op op) {
  switch (op) {
    case Op::Param:
    case Op::Nop:
    case Op::Insn:
    case Op::Get:
    case Op::Set:
    case Op::Fence:
    case Op::Call:
      return true;
    default:
      return ir::is_terminator(op);
  }
}

enum class Group : uint8_t { Integers, Memory, Floats, Vectors, VectorFloats };

Group group_of(Op op) {
  if (op >= Op::Load && op <= Op::Fence) return Group::Memory;
  if (op >= Op::FAdd && op <= Op::FpModeSet) return Group::Floats;
  if (op >= Op::VFAdd && op <= Op::VI2F) return Group::VectorFloats;
  return ir::is_vector_op(op) ? Group::Vectors : Group::Integers;
}

// What LLVM's compiler is meant to refuse, and may.
enum class Refusal : uint8_t { Never, Always, Sometimes };

Refusal refusal_of(const Cell& cell) {
  const auto has = [&](Type type) {
    return cell.type == type || std::find(cell.args.begin(), cell.args.end(), type) != cell.args.end();
  };
  // No guest's code has these types outside of helpers.
  if (has(Type::F80) || has(Type::Mask)) return Refusal::Always;
  // A function of LLVM's library, unless there is nothing to divide.
  const bool divides = cell.op >= Op::DivU && cell.op <= Op::RemS;
  if (divides && cell.type == Type::I128) {
    return cell.form == Form::Loaded || cell.form == Form::FirstConstant ? Refusal::Always : Refusal::Sometimes;
  }
  // Only hosts with PCLMUL have them inline.
  if (cell.op == Op::ClMul || cell.op == Op::ClMulHigh) return Refusal::Sometimes;
  // Its stackmaps lose a register in the making.
  if (cell.op == Op::VInsert && cell.type == Type::V512 && has(Type::I128)) return Refusal::Sometimes;
  return Refusal::Never;
}

class Matrix {
 public:
  explicit Matrix(const ir::test::TestGuest& guest) : guest_(guest) {}

  std::vector<Cell> cells(Group group) {
    std::vector<Cell> all;
    for (unsigned number = 0; number < ir::kOpCount; ++number) {
      const Op op = static_cast<Op>(number);
      if (is_structure(op) || group_of(op) != group) continue;
      random_.seed(number);
      const std::size_t before = all.size();
      for_each_typing(op, [&](Cell& cell) { add_forms(cell, all); });
      EXPECT_GT(all.size(), before) << ir::info(op).name << ": no cell verifies";
    }
    return all;
  }

  // One region of these cells.
  void build(std::span<const Cell> cells, uint64_t buffer, ir::Region& region) const {
    ir::Builder b(guest_.layout(), guest_.helpers());
    b.begin(region, {kPc, 0, 0}, ir::MemoryModel::Weak, {});
    b.start(b.new_block());
    for (const Cell& cell : cells) {
      b.insn(kPc, 4);
      emit(b, cell, buffer);
      buffer += kRecordBytes;
    }
    b.exit(ir::ExitKind::Syscall, kPc + 4);
    b.finish();
  }

 private:
  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }

  static bool uses(const ir::Signature& signature, bool second) {
    const auto is = [&](const ir::TypePattern& p) {
      return p.kind != TypeClass::Void && p.kind != TypeClass::Fixed && p.second == second;
    };
    return is(signature.result) || std::any_of(signature.args.begin(), signature.args.end(), is);
  }

  // Calls visit with each choice of the types that the signature's letters stand for.
  template <typename Visit>
  static void for_each_typing(Op op, Visit visit) {
    const ir::Signature& signature = ir::signature(op);
    const unsigned own_choices = uses(signature, false) ? ir::kTypeCount : 1;
    const unsigned other_choices = uses(signature, true) ? ir::kTypeCount : 1;
    for (unsigned own = 0; own < own_choices; ++own) {
      for (unsigned other = 0; other < other_choices; ++other) {
        bool good = true;
        const auto type_of = [&](const ir::TypePattern& p) {
          if (p.kind == TypeClass::Void) return Type::Void;
          if (p.kind == TypeClass::Fixed) return p.fixed;
          const auto type = static_cast<Type>(p.second ? other : own);
          good &= ir::fits(p.kind, type);
          return type;
        };
        Cell cell;
        cell.op = op;
        cell.type = type_of(signature.result);
        for (unsigned i = 0; i < signature.arg_count; ++i) cell.args.push_back(type_of(signature.args[i]));
        if (good) visit(cell);
      }
    }
  }

  // All descriptors of a typed op, each as it is and with constants or equal values as operands in turn.
  void add_forms(Cell& cell, std::vector<Cell>& all) {
    std::set<std::pair<uint32_t, int64_t>> seen;
    for_each_descriptor(cell, [&] {
      cell.form = Form::Loaded;
      if (!verifies(cell) || !seen.emplace(cell.aux, cell.imm).second) return;
      all.push_back(cell);
      const bool memory = ir::info(cell.op).attr == Attr::Mem;
      if (cell.args.empty() || (memory && cell.args.size() == 1)) return;
      cell.form = static_cast<Form>(1 + seen.size() % 3);
      const Type last = cell.args.back();
      if (cell.form == Form::Same && (memory || cell.args.size() < 2 || last != cell.args.front())) return;
      if (cell.form == Form::FirstConstant && memory) return;
      const Type type = cell.form == Form::FirstConstant ? cell.args.front() : last;
      if (!ir::is_int(type) && !ir::is_vector(type) && type != Type::F32 && type != Type::F64) return;
      cell.constant = static_cast<int64_t>(type == Type::F32 ? kSingles[below(kSingles.size())] : interesting());
      all.push_back(cell);
    });
  }

  template <typename Visit>
  void for_each_descriptor(Cell& cell, Visit visit) {
    cell.aux = 0;
    cell.imm = 0;
    switch (ir::info(cell.op).attr) {
      case Attr::Imm:
        for (const int64_t imm : {int64_t{0}, int64_t{1}, int64_t{-1}, static_cast<int64_t>(interesting())}) {
          cell.imm = imm;
          visit();
        }
        return;
      case Attr::PcOffset:
        for (const int64_t imm : {0, -4, 4096}) {
          cell.imm = imm;
          visit();
        }
        return;
      case Attr::Cond:
        for (cell.aux = 0; cell.aux < 10; ++cell.aux) visit();
        return;
      case Attr::Mem:
        for_each_access(cell, visit);
        return;
      case Attr::Fp:
        cell.aux = ir::pack(ir::FpDesc{});
        visit();
        for_each_fp(cell, Type::Void, visit);
        return;
      case Attr::FpLane:
        for (const Type lane : {Type::F16, Type::F32, Type::F64}) for_each_fp(cell, lane, visit);
        return;
      case Attr::Lane:
      case Attr::LaneImm:
        for (const Type lane : {Type::I8, Type::I16, Type::I32, Type::I64, Type::F32, Type::F64}) {
          for_each_lane(cell, lane, visit);
        }
        return;
      default:
        visit();
        return;
    }
  }

  // Sizes, byte orders and extensions one by one, what else there is as it comes.
  template <typename Visit>
  void for_each_access(Cell& cell, Visit visit) {
    const unsigned operations = cell.op == Op::Atomic ? 9 : 1;
    for (unsigned bits = 0; bits < 7 * 4 * operations; ++bits) {
      ir::MemDesc desc;
      desc.size_log2 = bits % 7;
      desc.big_endian = bits / 7 & 1;
      desc.sign_extend = bits / 14 & 1;
      desc.atomic_op = bits / 28;
      desc.order = below(6);
      desc.align_log2 = below(desc.size_log2 + 1);
      const Type type = cell.op == Op::Store || cell.op == Op::StoreCond ? cell.args[1] : cell.type;
      if (ir::is_vector(type)) desc.element_log2 = below(desc.size_log2 + 1);
      const bool atomic = cell.op != Op::Load && cell.op != Op::Store && cell.op != Op::Probe;
      if (atomic && desc.size() > 16) continue;
      cell.aux = ir::pack(desc);
      cell.imm = cell.op == Op::Probe ? below(64) : desc.size() * below(kOperandBytes / desc.size());
      visit();
    }
  }

  // Each value of each field several times, in other company each time.
  template <typename Visit>
  void for_each_fp(Cell& cell, Type lane, Visit visit) {
    constexpr unsigned kCount = 14;
    const std::array<unsigned, 13> ranges = {6, 3, 2, 2, 3, 2, 3, 2, 2, 7, 2, 2, 4};
    std::array<std::array<unsigned, kCount>, ranges.size()> values;
    for (std::size_t field = 0; field < ranges.size(); ++field) {
      for (unsigned i = 0; i < kCount; ++i) values[field][i] = i % ranges[field];
      std::shuffle(values[field].begin(), values[field].end(), random_);
    }
    for (unsigned i = 0; i < kCount; ++i) {
      const auto of = [&](unsigned field) { return values[field][i]; };
      ir::FpDesc desc;
      desc.rounding = of(0);
      desc.nan = of(1);
      desc.tiny_before = of(2);
      desc.flags = below(4) == 0 ? 0 : 1;
      desc.saturation = of(4);
      desc.is_unsigned = of(5);
      desc.min_max = of(6);
      desc.exact = of(7);
      desc.signaling = of(8);
      desc.cond = of(9);
      desc.flush = of(10) == 0 && below(2) == 0;
      desc.tiny_before |= desc.flush;  // as on Arm: what is flushed is tiny before rounding
      desc.alternative_half = below(4) == 0;
      desc.defined = of(11) == 0 && below(2) == 0;
      desc.halved = of(12) == 0;
      desc.lane = static_cast<uint32_t>(lane);
      cell.aux = ir::pack(desc);
      visit();
    }
  }

  template <typename Visit>
  void for_each_lane(Cell& cell, Type lane, Visit visit) {
    const unsigned lanes = std::max(1U, ir::bits(cell.args.empty() ? cell.type : cell.args[0]) / ir::bits(lane));
    const unsigned first = below(2);
    for (unsigned i = 0; i < 10; ++i) {
      ir::LaneDesc desc;
      desc.lane = static_cast<uint32_t>(lane);
      desc.cond = i;
      desc.sign_extend = (first + i) & 1;
      desc.rounding = i / 2 & 1;
      desc.saturate = i / 4 & 1;
      desc.to_unsigned = below(2);
      desc.sign_extend2 = i / 2 & 1;
      if (cell.op == Op::VReverse) {
        desc.index = 2U << i % 3;
      } else if (cell.op == Op::VZip || cell.op == Op::VUnzip || cell.op == Op::VTranspose) {
        desc.index = i / 2 & 1;
      } else if (cell.op == Op::VExtract || cell.op == Op::VSplatLane || cell.op == Op::VInsert ||
                 cell.op == Op::VInsertLane) {
        desc.index = i == 0 ? lanes - 1 : below(lanes);
        desc.from = below(lanes);
      }
      cell.aux = ir::pack(desc);
      const unsigned width = cell.op == Op::VBytes ? ir::bits(cell.type) / 8 : ir::bits(lane);
      cell.imm = 0;
      if (ir::info(cell.op).attr == Attr::LaneImm) {
        cell.imm = cell.op == Op::VSha1Rounds ? i % 4 : i == 0 ? width : i == 1 ? width - 1 : below(width);
      }
      if (cell.op != Op::VCmp && desc.cond > 0) cell.aux &= ~ir::pack(ir::LaneDesc{.cond = 15});
      visit();
    }
  }

  uint64_t interesting() {
    const uint64_t word = random_();
    switch (below(6)) {
      case 0:
        return word & 1 ? ~uint64_t{0} : 0;
      case 1:
        return static_cast<uint64_t>(INT64_MIN >> (word & 63));
      case 2:
        return word & 127;
      case 3:
        return kDoubles[word % kDoubles.size()];
      case 4:
        return uint64_t{kSingles[word % kSingles.size()]} << 32 | kSingles[word / 32 % kSingles.size()];
      default:
        return word;
    }
  }

  bool verifies(const Cell& cell) const {
    ir::Region region;
    build({&cell, 1}, 0, region);
    return ir::verify(region, guest_.layout(), guest_.helpers()).empty();
  }

  static Value load(ir::Builder& b, Type type, uint64_t address) {
    if (type == Type::I1) return b.convert(Op::Trunc, type, load(b, Type::I8, address));
    const auto log2 = static_cast<uint32_t>(__builtin_ctz(ir::storage_bytes(type)));
    return b.load(type, b.constant(Type::I64, static_cast<int64_t>(address)), {.size_log2 = log2});
  }
  static void store(ir::Builder& b, Value value, uint64_t address) {
    if (b.type_of(value) == Type::I1) value = b.convert(Op::Zext, Type::I8, value);
    const auto log2 = static_cast<uint32_t>(__builtin_ctz(ir::storage_bytes(b.type_of(value))));
    b.store(b.constant(Type::I64, static_cast<int64_t>(address)), value, {.size_log2 = log2});
  }

  static void emit(ir::Builder& b, const Cell& cell, uint64_t record) {
    const bool memory = ir::info(cell.op).attr == Attr::Mem;
    b.emit(Op::FpFlagsSet, Type::Void, {load(b, Type::I32, record + kFlagsBefore)});
    std::array<Value, 3> args = {};
    const auto count = static_cast<unsigned>(cell.args.size());
    for (unsigned i = 0; i < count; ++i) {
      const bool constant =
          (i == 0 && cell.form == Form::FirstConstant) || (i + 1 == count && cell.form == Form::LastConstant);
      if (memory && i == 0) {
        args[i] = b.constant(Type::I64, static_cast<int64_t>(record));
      } else if (constant) {
        args[i] = b.constant(cell.args[i], cell.constant);
      } else if (cell.form == Form::Same && i > 0) {
        args[i] = args[0];
      } else if (cell.op == Op::NanUnbox && cell.imm == 1) {
        args[i] = b.convert(Op::NanBox, cell.args[i], load(b, cell.type, record));
      } else {
        args[i] = load(b, cell.args[i], record + i * kOperandBytes);
      }
      if (cell.op == Op::FpModeSet) args[i] = b.binary(Op::And, args[i], b.constant(Type::I32, 3));
    }
    if (cell.op == Op::StoreCond) b.emit(Op::LoadLinked, cell.args[1], {args[0]}, cell.aux, cell.imm);
    auto loud = ir::unpack<ir::FpDesc>(cell.aux);
    if (cell.op == Op::FCmp && loud.flags == static_cast<uint32_t>(ir::FlagPolicy::None)) {
      // It may raise again what these operands have raised.
      loud.flags = static_cast<uint32_t>(ir::FlagPolicy::Sticky);
      b.fcmp(args[0], args[1], loud);
    }
    const auto made = [&] {
      switch (count) {
        case 0:
          return b.emit(cell.op, cell.type, {}, cell.aux, cell.imm);
        case 1:
          return b.emit(cell.op, cell.type, {args[0]}, cell.aux, cell.imm);
        case 2:
          return b.emit(cell.op, cell.type, {args[0], args[1]}, cell.aux, cell.imm);
        default:
          return b.emit(cell.op, cell.type, {args[0], args[1], args[2]}, cell.aux, cell.imm);
      }
    }();
    if (cell.type != Type::Void) store(b, made, record + kResult);
    store(b, b.emit(Op::FpFlagsGet, Type::I32, {}), record + kFlagsAfter);
  }

  const ir::test::TestGuest& guest_;
  std::mt19937_64 random_;
};

constexpr std::array<uint16_t, 12> kHalves = {0x0000, 0x8000, 0x3c00, 0xbe00, 0x7c00, 0xfc00,
                                              0x7e00, 0x7d01, 0x0400, 0x03ff, 0x0001, 0x7bff};

// Numbers that matter to some type, in all lanes of some width.
uint64_t operand_word(std::mt19937_64& random) {
  const auto lanes = [&](unsigned width, auto draw) {
    uint64_t word = 0;
    for (unsigned at = 0; at < 64; at += width) word |= (uint64_t{draw()} & (~uint64_t{0} >> (64 - width))) << at;
    return word;
  };
  switch (random() % 9) {
    case 0:
    case 1:
      return kDoubles[random() % kDoubles.size()];
    case 2:
    case 3:
      return lanes(32, [&] { return kSingles[random() % kSingles.size()]; });
    case 4:
      return lanes(16, [&] { return kHalves[random() % kHalves.size()]; });
    case 5:
      return random() >> random() % 64;
    case 6: {
      const unsigned width = 8U << random() % 4;
      return lanes(width, [&] {
        const uint64_t top = uint64_t{1} << (width - 1);
        const std::array<uint64_t, 6> numbers = {0, 1, ~uint64_t{0}, top, top - 1, width};
        return numbers[random() % numbers.size()];
      });
    }
    case 7:
      return std::bit_cast<uint64_t>(static_cast<double>(static_cast<int64_t>(random())) / 1048576.0);
    default:
      return random();
  }
}

void fill_records(uint8_t* buffer, uint32_t seed) {
  std::mt19937_64 random(seed);
  std::memset(buffer, 0, RegionComparison::kBufferBytes);
  for (unsigned cell = 0; cell < kCellsOfRegion; ++cell) {
    uint8_t* const record = buffer + std::size_t{cell} * kRecordBytes;
    for (unsigned operand = 0; operand < 3; ++operand) {
      uint8_t* const place = record + operand * kOperandBytes;
      if (operand > 0 && random() % 4 == 0) {
        std::memcpy(place, place - kOperandBytes, kOperandBytes);
        continue;
      }
      for (unsigned at = 0; at < kOperandBytes; at += 8) {
        const uint64_t word = operand_word(random);
        std::memcpy(place + at, &word, 8);
      }
    }
    const uint32_t flags = random() % 2 == 0 ? 0 : random() % 32;
    std::memcpy(record + kFlagsBefore, &flags, 4);
  }
}

class MatrixTest : public testing::TestWithParam<Group> {
 protected:
  void SetUp() override {
#if defined(__SANITIZE_ADDRESS__)
    GTEST_SKIP() << "in the release build: LLVM's library is the same in both, and slow";
#endif
  }

  uint64_t buffer() { return reinterpret_cast<uint64_t>(comparison_.buffer()); }
  std::string text(const Cell& cell) {
    ir::Region region;
    matrix_.build({&cell, 1}, buffer(), region);
    return comparison_.text(region);
  }

  bool compiles(std::span<const Cell> cells, bool optimized, ir::Region& region) {
    region.clear();
    matrix_.build(cells, buffer(), region);
    ir::Region compiled = region;
    if (optimized) {
      ir::Optimizer(comparison_.guest().layout(), comparison_.guest().helpers()).run(compiled, ir::OptLevel::Full);
    }
    return comparison_.compile(compiled, {.hot = true});
  }

  // Runs the cells; those that go wrong are reported, one after the other, and left out.
  void compare(std::vector<Cell> cells, bool optimized, uint32_t seed) {
    ir::Region region;
    while (!cells.empty()) {
      if (!compiles(cells, optimized, region)) {
        const auto refused = std::find_if(cells.begin(), cells.end(), [&](const Cell& c) {
          return !compiles({&c, 1}, optimized, region);
        });
        ASSERT_NE(refused, cells.end()) << "refused together, not alone:\n" << comparison_.text(region);
        EXPECT_NE(refusal_of(*refused), Refusal::Never) << "refused:\n" << text(*refused);
        cells.erase(refused);
        continue;
      }
      int wrong = -1;
      for (uint32_t run = 0; run < kRuns && wrong < 0; ++run) {
        const auto fill = [&] { fill_records(comparison_.buffer(), seed + run); };
        const std::string difference = comparison_.run(region, seed + run, fill);
        if (difference.empty()) continue;
        wrong = comparison_.memory_differs_at() / static_cast<int>(kRecordBytes);
        ASSERT_TRUE(wrong >= 0 && static_cast<std::size_t>(wrong) < cells.size())
            << difference << comparison_.text(region);
        fill();
        std::string operands;
        for (unsigned i = 0; i < kFlagsBefore + 4; ++i) {
          char digits[4];
          std::snprintf(digits, sizeof digits, i % kOperandBytes == 0 ? "\n%02x" : "%02x",
                        comparison_.buffer()[static_cast<unsigned>(wrong) * kRecordBytes + i]);
          operands += digits;
        }
        ADD_FAILURE() << difference << text(cells[static_cast<unsigned>(wrong)]) << "record:" << operands
                      << "\nwrong byte of it: " << comparison_.memory_differs_at() % static_cast<int>(kRecordBytes);
      }
      if (wrong < 0) return;
      cells.erase(cells.begin() + wrong);
    }
  }

  RegionComparison comparison_{RegionComparison::With::Llvm};
  Matrix matrix_{comparison_.guest()};
};

TEST_P(MatrixTest, EveryOpWithEveryType) {
  std::vector<Cell> cells;
  for (Cell& cell : matrix_.cells(GetParam())) {
    if (refusal_of(cell) == Refusal::Always) {
      ir::Region region;
      EXPECT_FALSE(compiles({&cell, 1}, false, region)) << "taken:\n" << text(cell);
    } else {
      cells.push_back(std::move(cell));
    }
  }
  for (std::size_t first = 0; first < cells.size(); first += kCellsOfRegion) {
    const auto begin = cells.begin() + static_cast<std::ptrdiff_t>(first);
    const std::size_t count = std::min<std::size_t>(kCellsOfRegion, cells.size() - first);
    compare({begin, begin + static_cast<std::ptrdiff_t>(count)}, first / kCellsOfRegion % 2 != 0,
            static_cast<uint32_t>(first));
  }
}

std::string name_of(const testing::TestParamInfo<Group>& test) {
  constexpr std::array kNames = {"Integers", "Memory", "Floats", "Vectors", "VectorFloats"};
  return kNames[static_cast<unsigned>(test.param)];
}

INSTANTIATE_TEST_SUITE_P(Llvm, MatrixTest,
                         testing::Values(Group::Integers, Group::Memory, Group::Floats, Group::Vectors,
                                         Group::VectorFloats),
                         name_of);

}  // namespace
}  // namespace menura::x64::test
