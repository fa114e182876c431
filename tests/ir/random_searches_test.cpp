// Random loops that look for something in memory, on every engine: what they find at which distance, and where and in
// which state they fault at the end of what is mapped.
#include <gtest/gtest.h>

#include "ir/build/builder.h"
#include "ir/text/print.h"
#include "ir/verify/verify.h"
#include "tests/ir/random_seeds.h"
#include "tests/ir/region_outcome.h"

namespace menura::ir::test {
namespace {

constexpr uint32_t kCount = 250;
constexpr uint32_t kRuns = 8;  // of each region
constexpr uint64_t kPc = 0x10000;

// Registers: r0 and r1 are where it reads, r2 what it looks for, r3 an end, r4 a count; r5 to r7 and r12 are what it
// has read, r8 and r13 what it read before, r9 counts what it does beside. r10 counts in 32
// bits, extended to 64, and is an index from r11.
class RandomSearch {
 public:
  RandomSearch(const TestGuest& guest, uint32_t seed)
      : b_(guest.layout(), guest.helpers()), layout_(guest.layout()), random_(seed) {}

  void draw(Region& region) {
    region_ = &region;
    bytes_ = 1U << (below(2) == 0 ? 0 : below(4));
    step_ = below(12) == 0 ? 2 * bytes_ : bytes_;
    word_is_signed_ = below(2) == 0;
    word_step_ = below(4) == 0 ? -1 : 1;
    b_.begin(region, {kPc, 0, 0}, MemoryModel::Weak, {});
    const BlockId before = below(2) == 0 ? b_.new_block() : UINT32_MAX;
    head_ = new_block();
    if (before != UINT32_MAX) {
      b_.start(before);
      b_.insn(kPc, 4);
      set("r9", constant(0));
      b_.br(head_);
    }
    b_.start(head_);
    std::vector<unsigned> items = {kRead, kAdvance, kTest};
    if (below(2) == 0) items.push_back(kCountWord);
    for (unsigned n = below(8); n > 0; --n) items.push_back(below(kItems));
    if (below(2) == 0) {
      items.insert(items.end(), {kRead, kRead});
      std::shuffle(items.begin(), items.end(), random_);
    }
    for (const unsigned item : items) emit(item);
    // What has not been advanced by now is.
    if (!advanced_[0]) advance(0);
    if (!advanced_[1]) advance(1);
    if (below(2) == 0) test();
    insn();
    b_.br(head_);
    for (const auto& [block, kind] : sides_) finish_side(block, kind);
  }

  unsigned bytes() const { return bytes_; }

 private:
  enum Item : unsigned { kRead, kAdvance, kTest, kKeep, kCountDown, kCountWord, kMask, kItems };

  uint32_t below(uint32_t limit) { return static_cast<uint32_t>(random_() % limit); }
  BlockId new_block() {
    const BlockId block = b_.new_block();
    region_->blocks[block].pc_offset = static_cast<int32_t>(pc_);
    return block;
  }
  void insn() {
    b_.insn(kPc + pc_, 4);
    pc_ += 4;
  }
  SlotId slot(std::string_view name) const {
    for (SlotId id = 0; id < layout_.slots.size(); ++id) {
      if (layout_.slots[id].name == name) return id;
    }
    std::abort();
  }
  Value get(std::string_view name) { return b_.get(slot(name)); }
  void set(std::string_view name, Value v) { b_.set(slot(name), v); }
  Value constant(int64_t v) { return b_.constant(Type::I64, v); }
  std::string_view read_register() {
    static constexpr std::array<std::string_view, 4> kNames = {"r5", "r6", "r7", "r12"};
    return kNames[below(reads_ == 0 ? 4 : std::min(reads_, 4U))];
  }

  void emit(unsigned item) {
    switch (item) {
      case kRead:
        return read();
      case kAdvance:
        return advance(below(2));
      case kTest:
        return test();
      case kKeep:
        insn();
        return set(below(2) == 0 ? "r8" : "r13", get(read_register()));
      case kCountDown:
        insn();
        return set("r4", b_.binary(Op::Add, get("r4"), constant(below(8) == 0 ? 3 : -1)));
      case kCountWord:
        insn();
        if (below(3) != 0) read_at(index());
        return set("r10", extended(b_.binary(Op::Add, word(), b_.constant(Type::I32, word_step_)), word_is_signed_));
      default:
        insn();
        return set("r7", b_.binary(below(2) == 0 ? Op::Xor : Op::And, get(read_register()), get("r2")));
    }
  }

  Value word() { return b_.convert(Op::Trunc, Type::I32, get("r10")); }
  Value extended(Value v, bool is_signed) { return b_.convert(is_signed ? Op::Sext : Op::Zext, Type::I64, v); }

  // Of what r10 counts.
  Value index() {
    const Value count = below(2) == 0 ? get("r10") : extended(word(), below(2) == 0);
    const Value offset = b_.binary(Op::Shl, count, constant(std::countr_zero(bytes_)));
    return b_.binary(Op::Add, get("r11"), offset);
  }

  void read() {
    insn();
    read_at(get(below(2) == 0 ? "r0" : "r1"));
  }

  void read_at(Value address) {
    static constexpr std::array<std::string_view, 4> kNames = {"r5", "r6", "r7", "r12"};
    MemDesc desc;
    desc.size_log2 = static_cast<uint32_t>(std::countr_zero(bytes_));
    desc.sign_extend = below(4) == 0;
    const Value v = b_.load(Type::I64, address, desc, below(3) == 0 ? static_cast<int64_t>(below(64)) - 32 : 0);
    set(kNames[reads_++ % 4], v);
  }

  void advance(unsigned which) {
    if (advanced_[which]) return;
    advanced_[which] = true;
    insn();
    const std::string_view name = which == 0 ? "r0" : "r1";
    set(name, b_.binary(Op::Add, get(name), constant(step_)));
  }

  Value condition() {
    const Value v = get(read_register());
    switch (bytes_ == 8 && below(3) == 0 ? 4 : below(12)) {
      case 0:
        return b_.icmp(Cond::Eq, v, constant(0));
      case 1:
        return b_.icmp(Cond::Eq, v, get("r2"));
      case 2:
      case 3:
        return b_.icmp(Cond::Ne, get("r5"), get(below(2) == 0 ? "r6" : "r12"));
      case 4: {
        if (bytes_ != 8) return b_.icmp(Cond::Eq, get("r5"), constant(0));
        // A byte of zero, or one of 1 below one that borrows.
        const Value less = b_.binary(Op::Sub, v, constant(0x0101010101010101));
        const Value clear = b_.binary(Op::Xor, v, constant(-1));
        const Value both =
            b_.binary(Op::And, b_.binary(Op::And, less, clear), constant(static_cast<int64_t>(0x8080808080808080)));
        return b_.icmp(Cond::Ne, both, constant(0));
      }
      case 5:
        return b_.icmp(below(2) == 0 ? Cond::Ult : Cond::Slt, v, constant(below(32)));
      case 6:
        return b_.icmp(below(2) == 0 ? Cond::Eq : Cond::Sle, get("r4"), constant(0));
      case 7:
        return b_.icmp(below(2) == 0 ? Cond::Eq : Cond::Uge, get("r0"), get("r3"));
      case 8:
        return b_.icmp(Cond::Eq, get("r4"), constant(0));
      case 9:
        return b_.icmp(below(2) == 0 ? Cond::Eq : Cond::Sle, word(), b_.constant(Type::I32, 200));
      case 10:
        return b_.icmp(Cond::Eq, get("r10"), get("r4"));
      default:
        return b_.icmp(Cond::Eq, b_.convert(Op::Trunc, Type::I8, v), b_.constant(Type::I8, 0));
    }
  }

  // Goes on here, or somewhere that comes back, or leaves.
  void test() {
    insn();
    const Value found = condition();
    const BlockId side = b_.new_block();
    const BlockId on = new_block();
    if (below(2) == 0) {
      b_.cond_br(found, side, on);
    } else {
      const Value other = b_.binary(Op::Xor, found, b_.constant(Type::I1, 1));
      b_.cond_br(other, on, side);
    }
    region_->blocks[side].pc_offset = 0x800 + 16 * static_cast<int32_t>(sides_.size());
    sides_.push_back({side, below(6) == 0 ? on : UINT32_MAX});
    b_.start(on);
  }

  void finish_side(BlockId block, BlockId back) {
    const uint64_t pc = kPc + region_->blocks[block].pc_offset;
    b_.start(block);
    b_.insn(pc, 4);
    set("r9", b_.binary(Op::Add, get("r9"), constant(1)));
    if (back == UINT32_MAX) {
      set("r14", get("r0"));
      b_.jump_to(kPc + 0x2000);
    } else {
      b_.br(back);
    }
  }

  Builder b_;
  const StateLayout& layout_;
  std::mt19937 random_;
  Region* region_ = nullptr;
  unsigned bytes_ = 1;
  unsigned step_ = 1;
  bool word_is_signed_ = false;
  int word_step_ = 1;
  unsigned reads_ = 0;
  uint64_t pc_ = 4;
  BlockId head_ = 0;
  bool advanced_[2] = {};
  std::vector<std::pair<BlockId, BlockId>> sides_;  // and where they go on; UINT32_MAX: outside
};

// Long stretches of the same, with something else here and there; places near the ends of pages, and elsewhere.
void change(const TestGuest& guest, uint32_t seed, unsigned bytes, uint8_t* data, uint8_t* state) {
  std::mt19937 random(seed);
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  const auto usual = static_cast<uint8_t>(below(4) == 0 ? 0x81 : 0x61);
  std::memset(data, usual, HostMemory::kDataSize);
  for (unsigned n = below(4) == 0 ? 200 : below(12); n > 0; --n) {
    data[below(HostMemory::kDataSize)] = static_cast<uint8_t>(below(3) == 0 ? 0 : random());
  }
  const auto place = [&]() -> uint64_t {
    const uint64_t end = below(2) == 0 ? HostMemory::kDataSize : HostMemory::kDataSize / 2;
    return HostMemory::kData + (below(4) == 0 ? below(HostMemory::kDataSize) : end - below(300));
  };
  const auto set = [&](std::string_view name, uint64_t value) {
    for (const Slot& slot : guest.layout().slots) {
      if (slot.name == name) std::memcpy(state + slot.offset, &value, sizeof value);
    }
  };
  const uint64_t first = place();
  set("r0", first);
  set("r1", below(3) == 0 ? first + below(64) : place());
  // Found at once, before anything is read where nothing is.
  if (below(6) == 0) {
    set(below(2) == 0 ? "r1" : "r0", HostMemory::kData + HostMemory::kDataSize);
    std::memset(data, 0, HostMemory::kDataSize);
  }
  uint64_t element = 0;
  std::memset(&element, usual, bytes);
  set("r2", below(8) == 0 ? element : random() & 0xff);
  set("r3", first + below(200));
  set("r4", below(below(2) == 0 ? 80 : 3000));
  // Now and then it overflows.
  static constexpr std::array<uint64_t, 4> kCounts = {0, 0x100, 0x7fffffff, 0xffffffff};
  uint64_t count = kCounts[below(4)];
  count = below(4) == 0 || count < 80 ? count + below(80) : count - below(80);
  if (below(4) != 0) count &= 0xffffffff;
  set("r10", count);
  set("r11", place() - bytes * (below(2) == 0 ? count : static_cast<uint64_t>(static_cast<int32_t>(count))));
  for (const char* const name : {"r5", "r6", "r7", "r12"}) set(name, element);
}

TEST(RandomSearches, FindTheSameOnEveryEngine) {
  const TestGuest guest;
  HostMemory memory;
  const auto engines = region_engines();
  const auto [first, count] = random_seeds({1, kCount});
  unsigned faults = 0;
  unsigned refused = 0;
  for (uint32_t seed = first; seed < first + count; ++seed) {
    Region region;
    RandomSearch search(guest, seed);
    search.draw(region);
    ASSERT_EQ(verify(region, guest.layout(), guest.helpers()), "") << "seed " << seed;
    std::vector<Ran> want(kRuns);
    ASSERT_TRUE(engines.front()->prepare(region, guest, memory));
    const auto run_on = [&](RegionEngine& engine, uint32_t number, Ran& ran) {
      run(engine, region, guest, seed, ran,
          [&](uint8_t* data, uint8_t* state) { change(guest, seed * kRuns + number, search.bytes(), data, state); });
    };
    for (uint32_t i = 0; i < kRuns; ++i) {
      run_on(*engines.front(), i, want[i]);
      faults += want[i].outcome.left && want[i].outcome.exit.kind == ExitKind::Fault;
    }
    for (const auto& engine : engines) {
      if (!engine->prepare(region, guest, memory)) {
        ++refused;
        continue;
      }
      for (uint32_t i = 0; i < kRuns; ++i) {
        Ran got;
        run_on(*engine, i, got);
        const std::string wrong = difference(region, want[i], got, guest);
        EXPECT_EQ(wrong, "") << engine->name() << ", seed " << seed << ", run " << i << "\n"
                             << print(region, guest.layout(), guest.helpers());
      }
    }
    if (testing::Test::HasFailure()) return;
  }
  EXPECT_EQ(refused, 0);
  EXPECT_GE(count == 1 ? 1 : faults, count == 1 ? 1 : count * kRuns / 8);
}

}  // namespace
}  // namespace menura::ir::test
