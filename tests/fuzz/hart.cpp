// Any bytes as what software does to a RISC-V hart: registers written and read, tables in memory, exits of all kinds,
// walks of any address. Registers keep what the manual promises, translations stay inside what PMP allows byte by byte.
#include "frontends/riscv/system/hart.h"

#include <cstdlib>
#include <cstring>

#include "tests/fuzz/input.h"

using namespace menura;
using fuzz::Input;
using fuzz::require;
using namespace menura::riscv;

namespace {

struct Memory final : softmmu::PhysicalMemory {
  static constexpr uint64_t kSize = 1 << 16;
  uint8_t bytes[kSize] = {};

  static bool inside(uint64_t physical, std::size_t size) { return physical < kSize && size <= kSize - physical; }
  bool read(uint64_t physical, void* data, std::size_t size) override {
    if (!inside(physical, size)) return false;
    std::memcpy(data, bytes + physical, size);
    return true;
  }
  bool write(uint64_t physical, const void* data, std::size_t size) override {
    if (!inside(physical, size)) return false;
    std::memcpy(bytes + physical, data, size);
    return true;
  }
  bool compare_exchange(uint64_t physical, unsigned size, uint64_t expected, uint64_t desired,
                        uint64_t* seen) override {
    require((size == 4 || size == 8) && physical % size == 0);
    *seen = 0;
    if (!read(physical, seen, size)) return false;
    return *seen != expected || write(physical, &desired, size);
  }
  std::span<std::byte> view(uint64_t, std::size_t, ir::Access) override { return {}; }
};

struct NoDoor final : vcpu::Door {
  uint64_t now = 0;
  int clock(clockid_t, timespec*) override { return -1; }
  void entropy(std::span<std::byte>) override {}
  uint64_t counter() override { return now += 7; }
  uint64_t counter_hz() const override { return 12'345'678; }
};

struct NoTimers final : vcpu::TimerService {
  struct NoTimer final : vcpu::Timer {
    void arm(uint64_t) override {}
    void disarm() override {}
  };
  std::unique_ptr<vcpu::Timer> make_timer(std::function<void()>) override { return std::make_unique<NoTimer>(); }
};

struct NoLog final : vcpu::GuestLog {
  NoLog() { wanted_ = ~0U; }  // lines are made, too
  void write(vcpu::LogItem, std::string_view) override {}
};

struct NoMmu final : softmmu::Mmu {
  void context_changed() override {}
  void flush() override {}
  void flush_page(uint64_t) override {}
  void flush_contexts(ContextMatch, uint64_t) override {}
  Mmu& everywhere() override { return *this; }
};

// 3.7.1, by the letter: the first entry that matches the byte decides.
bool pmp_allows(const Hart& hart, uint64_t byte, ir::Access access, Privilege level) {
  for (unsigned i = 0; i < Pmp::kEntries; ++i) {
    const auto config = static_cast<uint8_t>(hart.read_csr(i < 8 ? 0x3a0 : 0x3a2) >> 8 * (i % 8));
    const uint64_t address = hart.read_csr(0x3b0 + i);
    bool matches = false;
    switch (config >> 3 & 3) {
      case 1:
        matches = (i == 0 || byte >= hart.read_csr(0x3b0 + i - 1) << 2) && byte < address << 2;
        break;
      case 2:
        matches = byte >> 2 == address;
        break;
      case 3: {
        const uint64_t ignored = address ^ (address + 1);  // the ones at the end, and the zero before them
        matches = ((byte >> 2 ^ address) & ~ignored) == 0;
        break;
      }
      default:
        break;
    }
    if (!matches) continue;
    if (level == Privilege::Machine && (config & 0x80) == 0) return true;
    return (config >> static_cast<unsigned>(access) & 1) != 0;
  }
  return level == Privilege::Machine;
}

void check_walk(Hart& hart, uint64_t address, ir::Access access) {
  const uint64_t status = hart.read_csr(0x300);
  Privilege level = hart.privilege();
  if (access != ir::Access::Execute && (status >> 17 & 1) != 0) level = static_cast<Privilege>(status >> 11 & 3);
  softmmu::PageMapping page;
  ir::Fault fault;
  if (!hart.walk(address, access, 0, &page, &fault)) {
    require(fault.address == address && fault.access == access && fault.kind != ir::FaultKind::None);
    const uint32_t kind = access == ir::Access::Read ? 0 : access == ir::Access::Write ? 2 : ~3U;
    require(fault.syndrome == 5 + kind || fault.syndrome == 13 + kind || access == ir::Access::Execute);
    return;
  }
  const uint64_t size = uint64_t{1} << page.size_log2;
  require(page.size_log2 >= 2 && page.size_log2 < 57 && page.physical % size == 0);
  require(access == ir::Access::Read ? page.read : access == ir::Access::Write ? page.write : page.execute);
  // Everywhere in the block as the mapping says; more only where tables or MPRV take it away.
  for (const uint64_t offset : {uint64_t{0}, address % size, size - 1, size / 2}) {
    require(!page.read || pmp_allows(hart, page.physical + offset, ir::Access::Read, level));
    require(!page.write || pmp_allows(hart, page.physical + offset, ir::Access::Write, level));
    require(!page.execute || pmp_allows(hart, page.physical + offset, ir::Access::Execute, level));
  }
}

void check_state(Hart& hart) {
  const uint64_t status = hart.read_csr(0x300);
  require((status >> 11 & 3) != 2 && static_cast<unsigned>(hart.privilege()) != 2);
  require((status >> 63 != 0) == ((status >> 13 & 3) == 3));
  require((hart.read_csr(0x341) & 1) == 0 && (hart.read_csr(0x141) & 1) == 0);
  const uint64_t mode = hart.read_csr(0x180) >> 60;
  require(mode == 0 || (mode >= 8 && mode <= 10));
  require((hart.read_csr(0x304) & ~uint64_t{0xaaa}) == 0 && (hart.read_csr(0x303) & ~uint64_t{0x222}) == 0);
  for (const unsigned number : {0x3a0U, 0x3a2U}) {
    for (uint64_t configs = hart.read_csr(number); configs != 0; configs >>= 8) require((configs & 3) != 2);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, std::size_t size) {
  static const Frontend frontend(*parse_cpu("max"), Level::Machine);
  static Memory memory;
  static NoDoor door;
  static NoTimers timers;
  static NoLog log;
  static NoMmu mmu;
  static Hart hart(frontend, 0, memory, door, timers, log);
  hart.set_mmu(mmu);
  std::memset(memory.bytes, 0, sizeof memory.bytes);
  hart.reset(0x1000, 0, 0);

  Input input{data, size};
  while (input.left != 0) {
    const uint64_t kind = input.number(1);
    switch (kind % 8) {
      case 0: {
        const auto number = static_cast<unsigned>(input.number(2)) & 0xfff;
        const CsrRow* const row = find_csr(number);
        const bool writes = (kind & 8) != 0;
        if (!csr_allowed(number, row, frontend.features(), hart.privilege(), writes)) break;
        const CsrAccess access = {number, static_cast<uint32_t>(kind >> 4), static_cast<uint32_t>(kind >> 5) % 3,
                                  writes};
        hart.access_csr(access, input.number(8));
        break;
      }
      case 1: {
        const uint64_t value = input.number(8);
        memory.write(input.number(2) & ~uint64_t{7}, &value, sizeof value);
        break;
      }
      case 2:
        check_walk(hart, input.number(8), static_cast<ir::Access>(kind / 8 % 3));
        break;
      case 3:
        check_walk(hart, input.number(2), static_cast<ir::Access>(kind / 8 % 3));
        break;
      case 4: {
        vcpu::Exit exit;
        exit.kind = static_cast<vcpu::ExitKind>(kind / 8 % ir::kExitKindNames.size());
        exit.detail = input.number(1) % 6;
        // Compiled code asks for these in the levels that may.
        const bool returns = exit.kind == vcpu::ExitKind::ModeChange;
        if (returns && exit.detail == static_cast<uint64_t>(Request::Mret) && hart.privilege() != Privilege::Machine)
          break;
        if (returns && exit.detail == static_cast<uint64_t>(Request::Sret) && hart.privilege() == Privilege::User)
          break;
        exit.fault = hart.bus_fault(input.number(8), static_cast<ir::Access>(kind / 8 % 3));
        hart.handle(exit);
        break;
      }
      case 5:
        hart.set_interrupt(static_cast<unsigned>(kind / 8 % 16), (kind & 0x80) != 0);
        break;
      case 6:
        hart.take_interrupt();
        break;
      case 7: {
        hart.fence_vma((kind & 8) != 0, input.number(2), (kind & 16) != 0, input.number(2));
        const auto number = static_cast<unsigned>(input.number(2)) & 0xfff;
        const uint64_t value = input.number(8);
        hart.write_csr(number, value);
        break;
      }
    }
    check_state(hart);
  }
  return 0;
}
