// CpuMemory against a page walker whose tables are a map. Guest pages are looked at in two ways: through the
// MemoryPort, and as compiled code probes the TLB.
#include "softmmu/api/tlb.h"

#include <gtest/gtest.h>

#include <cstring>
#include <map>
#include <optional>
#include <thread>

#include "softmmu/tlb/machine_memory.h"

namespace menura::softmmu {
namespace {

using ir::Access;
using ir::Fault;
using ir::FaultKind;

constexpr uint64_t kRam = 0x80000000;
constexpr uint64_t kRom = 0x1000;
constexpr uint64_t kDevice = 0x10000;

class Walker final : public PageWalker {
 public:
  uint64_t context(unsigned regime) const override { return regime == 0 ? number : number + 1000; }
  bool walk(uint64_t address, Access access, unsigned, PageMapping* mapping, Fault* fault) override {
    ++walks;
    for (const auto& [base, page] : pages) {
      if (address - base >= uint64_t{1} << page.size_log2) continue;
      const bool allowed = access == Access::Read ? page.read : access == Access::Write ? page.write : page.execute;
      if (!allowed) break;
      *mapping = page;
      return true;
    }
    *fault = {FaultKind::Protection, access, address, 7};
    return false;
  }
  Fault bus_fault(uint64_t address, Access access) const override { return {FaultKind::Bus, access, address, 9}; }

  void map(uint64_t address, uint64_t physical, uint8_t size_log2 = 12) {
    pages[address] = {physical, size_log2, true, true, true};
  }

  std::map<uint64_t, PageMapping> pages;
  uint64_t global_context() const override { return global; }

  uint64_t number = 1;
  uint64_t global = 0;
  unsigned walks = 0;
};

class Device final : public Mmio {
 public:
  uint64_t mmio_read(uint64_t offset, unsigned size) override {
    last = {offset, size};
    return 0x1122334455667788;
  }
  void mmio_write(uint64_t offset, unsigned size, uint64_t value) override {
    last = {offset, size};
    written = value;
  }
  std::pair<uint64_t, unsigned> last;
  uint64_t written = 0;
};

// Counts what it is told.
class Engine final : public vcpu::Engine {
 public:
  void attach(ir::CpuHeader&) override {}
  void detach(ir::CpuHeader&) override {}
  vcpu::Exit run(ir::CpuHeader&) override { return {}; }
  void invalidate(uint64_t begin, uint64_t end) override { ranges.emplace_back(begin, end); }
  void set_breakpoints(std::vector<uint64_t>) override {}
  vcpu::Exit interpret(ir::CpuHeader&, uint64_t) override { return {}; }
  bool take_host_fault(ir::CpuHeader&, void*, const Fault&) override { return false; }
  std::vector<std::pair<uint64_t, uint64_t>> ranges;
};

class Log final : public vcpu::GuestLog {
 public:
  Log() { wanted_ = 1U << static_cast<unsigned>(vcpu::LogItem::Unimplemented); }
  void write(vcpu::LogItem, std::string_view line) override { lines.emplace_back(line); }
  std::vector<std::string> lines;
};

class TlbTest : public ::testing::Test {
 protected:
  TlbTest() {
    EXPECT_TRUE(bus_.add_ram("ram", kRam, 64 << 20));
    EXPECT_TRUE(bus_.add_rom("rom", kRom, 0x1000));
    bus_.add_mmio("device", kDevice, 0x1000, device_, {.least = 1, .most = 8});
    memory_.set_engine(engine_);
    for (unsigned i = 0; i < 2; ++i) {
      cpus_[i] = &memory_.add(headers_[i]);
      cpus_[i]->set_walker(walkers_[i]);
    }
  }

  ir::MemoryPort& port(unsigned cpu = 0) { return memory_.of(headers_[cpu]); }

  std::optional<uint64_t> read(uint64_t address, unsigned size = 8, unsigned cpu = 0) {
    uint64_t value = 0;
    return port(cpu).read(address, &value, size, &fault_) ? std::optional(value) : std::nullopt;
  }
  bool write(uint64_t address, uint64_t value, unsigned size = 8, unsigned cpu = 0) {
    return port(cpu).write(address, &value, size, &fault_);
  }
  uint64_t physical(uint64_t address) {
    uint64_t value = 0;
    EXPECT_TRUE(bus_.read(address, &value, sizeof value));
    return value;
  }

  // The host's address, if compiled code finds it.
  void* probe(uint64_t address, unsigned size, bool write, unsigned cpu = 0, unsigned regime = 0) {
    const ir::CpuHeader::Tlb& tlb = headers_[cpu].tlb[regime];
    const auto* const entry =
        reinterpret_cast<const TlbEntry*>(static_cast<const char*>(tlb.entries) + ((address >> kTlbShift) & tlb.mask));
    const uint64_t tag = (address + size - 1) & ~(kPageSize - 1);
    if (tag != (write ? entry->write : entry->read)) return nullptr;
    return reinterpret_cast<void*>(address + entry->addend);
  }

  Bus bus_;
  Device device_;
  Engine engine_;
  Log log_;
  MachineMemory memory_{bus_, &log_};
  ir::CpuHeader headers_[2];
  Walker walkers_[2];
  CpuMemory* cpus_[2] = {};
  Fault fault_;
};

TEST_F(TlbTest, KeepsWhatItHasWalked) {
  walkers_[0].map(0x4000, kRam + 0x8000);
  EXPECT_EQ(probe(0x4010, 8, false), nullptr);
  ASSERT_TRUE(write(0x4010, 0x1234));
  EXPECT_EQ(physical(kRam + 0x8010), 0x1234U);
  EXPECT_EQ(read(0x4010), 0x1234U);
  EXPECT_EQ(walkers_[0].walks, 1U);
  uint64_t* const host = static_cast<uint64_t*>(probe(0x4010, 8, true));
  ASSERT_NE(host, nullptr);
  EXPECT_EQ(*host, 0x1234U);
  EXPECT_NE(probe(0x4ff8, 8, false), nullptr);
  EXPECT_EQ(probe(0x4ff9, 8, false), nullptr) << "an access across pages is no plain one";
}

TEST_F(TlbTest, AsksForRightsThatItHasNotGot) {
  walkers_[0].pages[0x4000] = {kRam, 12, true, false, false};
  ASSERT_TRUE(read(0x4000));
  EXPECT_EQ(probe(0x4000, 8, true), nullptr);
  EXPECT_FALSE(write(0x4000, 1));
  EXPECT_EQ(fault_.kind, FaultKind::Protection);
  EXPECT_EQ(fault_.syndrome, 7U);
  EXPECT_EQ(fault_.address, 0x4000U);
  walkers_[0].pages[0x4000].write = true;  // as when the guest handles the fault: no flush needed for more rights
  EXPECT_TRUE(write(0x4000, 1));
  EXPECT_NE(probe(0x4000, 8, true), nullptr);
}

TEST_F(TlbTest, AccessesAcrossPagesAreWholeOrNothing) {
  walkers_[0].map(0x4000, kRam + 0x1000);
  walkers_[0].map(0x5000, kRam + 0x9000);
  ASSERT_TRUE(write(0x4ffc, 0x1122334455667788));
  EXPECT_EQ(read(0x4ffc), 0x1122334455667788U);
  EXPECT_EQ(physical(kRam + 0x1ff8) >> 32, 0x55667788U);
  EXPECT_EQ(physical(kRam + 0x9000) & 0xffffffff, 0x11223344U);
  EXPECT_FALSE(write(0x5ffc, ~uint64_t{0}));
  EXPECT_EQ(fault_.address, 0x6000U);
  EXPECT_EQ(physical(kRam + 0x9ff8), 0U);
  EXPECT_EQ(port().atomic_pointer(0x4ffc, 8, &fault_), nullptr);
  EXPECT_EQ(fault_.kind, FaultKind::Misaligned);
}

TEST_F(TlbTest, DevicesAnswerEachAccess) {
  walkers_[0].map(0x4000, kDevice);
  EXPECT_EQ(read(0x4008), 0x1122334455667788U);
  EXPECT_EQ(device_.last, std::pair(uint64_t{8}, 8U));
  EXPECT_EQ(read(0x4002, 2), 0x7788U);
  ASSERT_TRUE(write(0x4004, 0xabcd, 4));
  EXPECT_EQ(device_.written, 0xabcdU);
  EXPECT_EQ(probe(0x4000, 4, false), nullptr);
  EXPECT_FALSE(read(0x4001, 4)) << "devices take no misaligned accesses";
  EXPECT_EQ(fault_.kind, FaultKind::Bus);
  EXPECT_EQ(port().atomic_pointer(0x4000, 4, &fault_), nullptr);
  EXPECT_EQ(fault_.syndrome, 9U);
  EXPECT_TRUE(port().fetch(0x4000, 4, &fault_).empty());
}

TEST_F(TlbTest, NothingAndRomAreBusErrors) {
  walkers_[0].map(0x4000, 0x40000000);
  EXPECT_FALSE(read(0x4000));
  EXPECT_EQ(fault_.kind, FaultKind::Bus);
  EXPECT_FALSE(write(0x4008, 1));
  EXPECT_EQ(log_.lines, (std::vector<std::string>{"read at physical address 0x40000000: nothing is there",
                                                  "write at physical address 0x40000008: nothing is there"}));
  walkers_[0].map(0x5000, kRom);
  EXPECT_EQ(read(0x5000), 0U);
  EXPECT_NE(probe(0x5000, 8, false), nullptr);
  EXPECT_FALSE(write(0x5000, 1));
  EXPECT_EQ(probe(0x5000, 8, true), nullptr);
  EXPECT_EQ(log_.lines.size(), 2U) << "ROM is there";
}

TEST_F(TlbTest, ForgetsWhenTold) {
  walkers_[0].map(0x4000, kRam);
  walkers_[0].map(0x5000, kRam + 0x1000);
  ASSERT_TRUE(write(0x4000, 1));
  ASSERT_TRUE(write(0x5000, 2));
  walkers_[0].map(0x4000, kRam + 0x1000);
  walkers_[0].map(0x5000, kRam);
  EXPECT_EQ(read(0x4000), 1U);
  cpus_[0]->flush_page(0x4abc);
  EXPECT_EQ(probe(0x4000, 8, false), nullptr);
  EXPECT_EQ(read(0x4000), 2U);
  EXPECT_EQ(read(0x5000), 2U);
  cpus_[0]->flush();
  EXPECT_EQ(probe(0x5000, 8, false), nullptr);
  EXPECT_EQ(read(0x5000), 1U);
}

TEST_F(TlbTest, OnePieceOfALargePageIsAllOfIt) {
  walkers_[0].map(0x200000, kRam, 21);
  walkers_[0].map(0x600000, kRam + 0x400000, 21);
  for (const uint64_t address : {0x200000, 0x3ff000, 0x600000}) ASSERT_TRUE(write(address, address));
  walkers_[0].map(0x200000, kRam + 0x200000, 21);
  cpus_[0]->flush_page(0x280000);
  EXPECT_EQ(read(0x200000), 0U);
  EXPECT_EQ(read(0x3ff000), 0U);
  EXPECT_EQ(read(0x600000), 0x600000U);
}

TEST_F(TlbTest, ASmallPageFarFromLargeOnesIsAllThatIsForgotten) {
  constexpr unsigned kLarge = 12;  // more than are kept apart
  const auto large = [](uint64_t i) { return i << 30; };
  const auto piece = [&](uint64_t i) { return large(i) + (i << 12); };
  const auto frame = [](uint64_t i) { return kRam + (i << 21); };
  for (uint64_t i = 0; i < kLarge; ++i) {
    walkers_[0].map(large(i), frame(i), 21);
    ASSERT_TRUE(write(piece(i), i));
  }
  constexpr uint64_t kFar = uint64_t{1} << 45;
  walkers_[0].map(kFar, kRam);
  ASSERT_TRUE(read(kFar));
  cpus_[0]->flush_page(kFar);
  EXPECT_EQ(probe(kFar, 8, false), nullptr);
  for (uint64_t i = 1; i < kLarge; ++i) EXPECT_NE(probe(piece(i), 8, false), nullptr) << i;
  for (uint64_t i = 0; i < kLarge; ++i) {
    walkers_[0].map(large(i), frame(kLarge + i), 21);
    cpus_[0]->flush_page(large(i) + 0x123000);
    EXPECT_EQ(read(piece(i)), 0U) << i;
  }
}

TEST_F(TlbTest, OnePieceOfALargePageIsAllOfItWhereTablesHaveChangedAndForGlobalCode) {
  walkers_[0].map(0x200000, kRam);
  walkers_[0].pages[0x200000].write = false;
  ASSERT_TRUE(read(0x200000));
  walkers_[0].pages[0x200000] = {kRam, 21, true, true, true};
  ASSERT_TRUE(write(0x200000, 1));  // seen before as a page of its own, with fewer rights
  walkers_[0].map(0x200000, kRam + 0x200000, 21);
  cpus_[0]->flush_page(0x280000);
  EXPECT_EQ(read(0x200000), 0U);

  walkers_[0].global = 1;
  walkers_[0].pages[0x600000] = {kRam + 0x400000, 21, true, true, true, true};
  uint64_t frame = 0;
  ASSERT_TRUE(port().code_frame(0x601234, &frame, &fault_));
  EXPECT_EQ(frame, kRam + 0x401000);
  walkers_[0].pages[0x600000].physical = kRam + 0x600000;
  cpus_[0]->flush_page(0x680000);
  ASSERT_TRUE(port().code_frame(0x601234, &frame, &fault_));
  EXPECT_EQ(frame, kRam + 0x601000);
}

TEST_F(TlbTest, ContextsKeepTheirOwn) {
  walkers_[0].map(0x4000, kRam);
  ASSERT_TRUE(write(0x4000, 1));
  walkers_[0].number = 2;
  cpus_[0]->context_changed();
  walkers_[0].map(0x4000, kRam + 0x1000);
  EXPECT_EQ(probe(0x4000, 8, false), nullptr);
  EXPECT_EQ(read(0x4000), 0U);
  walkers_[0].number = 1;
  cpus_[0]->context_changed();
  const unsigned walks = walkers_[0].walks;
  EXPECT_EQ(read(0x4000), 1U);
  EXPECT_EQ(walkers_[0].walks, walks);
  cpus_[0]->flush_contexts([](uint64_t context, uint64_t argument) { return context == argument; }, 2);
  EXPECT_EQ(read(0x4000), 1U);
  cpus_[0]->flush_contexts([](uint64_t context, uint64_t argument) { return context == argument; }, 1);
  EXPECT_EQ(read(0x4000), 0U);
  // More contexts than are kept: all are right.
  for (uint64_t number = 3; number < 40; ++number) {
    walkers_[0].number = number;
    cpus_[0]->context_changed();
    walkers_[0].map(0x4000, kRam + number * 0x1000);
    ASSERT_TRUE(write(0x4000, number));
  }
  for (uint64_t number = 3; number < 40; ++number) EXPECT_EQ(physical(kRam + number * 0x1000), number);
}

TEST_F(TlbTest, RegimesAreApart) {
  walkers_[0].map(0x4000, kRam);
  ASSERT_TRUE(read(0x4000));
  EXPECT_EQ(probe(0x4000, 8, false, 0, 1), nullptr);
  uint64_t value = 0;
  ASSERT_TRUE(port().in_regime(1).read(0x4000, &value, 8, &fault_));
  EXPECT_NE(probe(0x4000, 8, false, 0, 1), nullptr);
}

TEST_F(TlbTest, AnyNumberOfPages) {
  constexpr uint64_t kPages = 1500;
  for (uint64_t i = 0; i < kPages; ++i) walkers_[0].map(0x100000 + i * kPageSize, kRam + i * kPageSize);
  for (unsigned round = 0; round < 3; ++round) {
    for (uint64_t i = 0; i < kPages; ++i) ASSERT_TRUE(write(0x100000 + i * kPageSize, i + round));
    for (uint64_t i = 0; i < kPages; ++i) ASSERT_EQ(read(0x100000 + i * kPageSize), i + round);
    cpus_[0]->flush();  // and grows
  }
  ASSERT_TRUE(read(0x100000));
  EXPECT_GT(headers_[0].tlb[0].mask, 255U * sizeof(TlbEntry));
}

// --- code

// Without a flush in between: compiled code finds nearly all of them in the end.
TEST_F(TlbTest, GrowsWithWhatIsUsed) {
  constexpr uint64_t kPages = 2000;
  walkers_[0].map(0, kRam, 24);
  const ir::CpuHeader::Tlb before = [&] {
    EXPECT_TRUE(read(0));
    return headers_[0].tlb[0];
  }();
  for (unsigned times = 0; times < 8; ++times) {
    for (uint64_t i = 0; i < kPages; ++i) EXPECT_TRUE(read(i * kPageSize));
  }
  unsigned found = 0;
  for (uint64_t i = 0; i < kPages; ++i) found += probe(i * kPageSize, 8, false) != nullptr ? 1 : 0;
  EXPECT_EQ(found, kPages);
  EXPECT_GT(headers_[0].tlb[0].mask, before.mask);
  // What has read where it was finds nothing there.
  const auto* const old = static_cast<const TlbEntry*>(before.entries);
  for (uint64_t i = 0; i <= before.mask >> kTlbEntryBits; ++i) {
    EXPECT_EQ(old[i].read, TlbEntry::kNone);
    EXPECT_EQ(old[i].write, TlbEntry::kNone);
  }
  cpus_[0]->flush_page(5 * kPageSize);
  EXPECT_EQ(probe(5 * kPageSize, 8, false), nullptr);
  EXPECT_TRUE(read(5 * kPageSize));
}

TEST_F(TlbTest, StoresToCodeAreTold) {
  walkers_[0].map(0x4000, kRam);
  walkers_[1].map(0x7000, kRam);
  ASSERT_TRUE(write(0x4000, 1));
  ASSERT_TRUE(write(0x7008, 1, 8, 1));
  ASSERT_NE(probe(0x7000, 8, true, 1), nullptr);
  port(0).watch_code(0x4000, 0x4010);
  EXPECT_EQ(probe(0x4000, 8, true, 0), nullptr);
  EXPECT_EQ(probe(0x7000, 8, true, 1), nullptr) << "the other virtual CPU has it at another address";
  EXPECT_NE(probe(0x7000, 8, false, 1), nullptr);
  ASSERT_TRUE(write(0x7100, 2, 8, 1));
  ASSERT_FALSE(engine_.ranges.empty());
  EXPECT_EQ(engine_.ranges.front(), std::pair(kRam, kRam + kPageSize));
  EXPECT_NE(probe(0x7000, 8, true, 1), nullptr) << "nothing is left of the code";
  engine_.ranges.clear();
  ASSERT_TRUE(write(0x4000, 3));
  EXPECT_TRUE(engine_.ranges.empty());
}

TEST_F(TlbTest, AtomicsAndDmaTellToo) {
  walkers_[0].map(0x4000, kRam);
  port().watch_code(0x4000, 0x4004);
  ASSERT_NE(port().atomic_pointer(0x4000, 8, &fault_), nullptr);
  EXPECT_EQ(engine_.ranges.size(), 1U);
  walkers_[1].map(0x7000, kRam);
  port(1).watch_code(0x7000, 0x7004);  // between our look and the operation
  ASSERT_TRUE(read(0x4000));           // the next call says what the operation could not
  EXPECT_EQ(engine_.ranges.size(), 2U);
  port().watch_code(0x4000, 0x4004);
  const uint64_t value = 5;
  ASSERT_TRUE(bus_.write(kRam + 8, &value, sizeof value));
  EXPECT_EQ(engine_.ranges.size(), 3U);
}

TEST_F(TlbTest, CodeIsKnownByItsFrame) {
  walkers_[0].map(0x4000, kRam + 0x3000);
  uint64_t frame = 0;
  ASSERT_TRUE(port().code_frame(0x4567, &frame, &fault_));
  EXPECT_EQ(frame, kRam + 0x3000);
  const ir::MemoryPort::CodeView view = port().code_view();
  cpus_[0]->flush_page(0x9000);
  EXPECT_EQ(port().code_view(), view) << "no code was fetched there";
  walkers_[0].map(0x4000, kRam + 0x5000);
  cpus_[0]->flush_page(0x4000);
  EXPECT_NE(port().code_view(), view);
  ASSERT_TRUE(port().code_frame(0x4567, &frame, &fault_));
  EXPECT_EQ(frame, kRam + 0x5000);
  walkers_[0].pages[0x4000].execute = false;
  cpus_[0]->flush();
  EXPECT_FALSE(port().code_frame(0x4567, &frame, &fault_));
  EXPECT_EQ(fault_.access, Access::Execute);
}

TEST_F(TlbTest, CodeOfGlobalPagesIsForAllContexts) {
  walkers_[0].global = 3;
  walkers_[0].map(0x4000, kRam);
  walkers_[0].pages[0x4000].global = true;
  walkers_[0].map(0x5000, kRam + 0x1000);
  const auto frame = [&](uint64_t address) {
    uint64_t found = 0;
    EXPECT_TRUE(port().code_frame(address, &found, &fault_));
    return found;
  };
  const auto change_context = [&](uint64_t number) {
    walkers_[0].number = number;
    cpus_[0]->context_changed();
  };
  EXPECT_EQ(frame(0x4000), kRam);
  const ir::MemoryPort::CodeView global = port().code_view();
  change_context(2);
  EXPECT_EQ(port().code_view(), global);
  const unsigned walks = walkers_[0].walks;
  EXPECT_EQ(frame(0x4000), kRam);
  EXPECT_EQ(walkers_[0].walks, walks) << "it is known";
  EXPECT_EQ(frame(0x5000), kRam + 0x1000);
  EXPECT_NE(port().code_view(), global) << "code that is not global has been seen";
  change_context(1);
  EXPECT_EQ(port().code_view(), global);
  walkers_[0].map(0x5000, kRam + 0x2000);
  EXPECT_EQ(frame(0x5000), kRam + 0x2000) << "each context has its own";
  change_context(3);
  EXPECT_EQ(port().code_view(), global);
  walkers_[0].map(0x4000, kRam + 0x3000);
  walkers_[0].pages[0x4000].global = true;
  cpus_[0]->flush_page(0x4000);
  EXPECT_NE(port().code_view(), global);
  EXPECT_EQ(frame(0x4000), kRam + 0x3000);
  cpus_[0]->flush();
  walkers_[0].pages[0x4000].execute = false;
  uint64_t none = 0;
  EXPECT_FALSE(port().code_frame(0x4000, &none, &fault_));
}

// --- threads

TEST_F(TlbTest, AFlushEverywhereReachesAll) {
  for (unsigned cpu = 0; cpu < 2; ++cpu) {
    walkers_[cpu].map(0x4000, kRam);
    ASSERT_TRUE(write(0x4000, 1, 8, cpu));
    walkers_[cpu].map(0x4000, kRam + 0x1000);
  }
  const ir::MemoryPort::CodeView view = port(1).code_view();
  std::thread([&] { cpus_[0]->everywhere().flush(); }).join();
  EXPECT_EQ(probe(0x4000, 8, false, 0), nullptr);
  EXPECT_EQ(probe(0x4000, 8, false, 1), nullptr);
  EXPECT_NE(headers_[1].stop_request.load(), 0U);
  EXPECT_NE(port(1).code_view(), view);
  EXPECT_EQ(read(0x4000, 8, 1), 0U);
}

TEST_F(TlbTest, FlushesAndAccessesAtOnce) {
  constexpr uint64_t kPages = 64;
  for (uint64_t i = 0; i < kPages; ++i) walkers_[1].map(i * kPageSize, kRam + i * kPageSize);
  std::atomic<bool> stop{false};
  std::thread flusher([&] {
    for (uint64_t i = 0; !stop; ++i) {
      i % 3 == 0 ? cpus_[0]->everywhere().flush() : cpus_[0]->everywhere().flush_page(i % kPages * kPageSize);
      memory_.forget_writes(bus_.find(kRam)->host_of(kRam + i % kPages * kPageSize));
    }
  });
  for (uint64_t i = 0; i < 100000; ++i) {
    const uint64_t address = i * 7 % kPages * kPageSize + 8 * (i % 512);
    ASSERT_TRUE(write(address, i, 8, 1));
    ASSERT_EQ(read(address, 8, 1), i);
  }
  stop = true;
  flusher.join();
}

}  // namespace
}  // namespace menura::softmmu
