// One region on the interpreter and on a compiler: state, memory, flags and exits must agree bit for bit.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>

#include <array>
#include <cstdio>
#include <cstring>
#include <functional>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <vector>

#include "backends/llvm/loader.h"
#include "backends/x64/compiler.h"
#include "ir/interp/evaluator.h"
#include "ir/text/print.h"
#include "ir/verify/verify.h"
#include "tests/ir/test_state.h"
#include "tests/x64/region_machine.h"

namespace menura::x64::test {

// Numbers at the borders of what rounds, overflows, is tiny, fits an integer; NaNs of both kinds with payloads.
// Products of some are just below the least normal number and round to it.
inline constexpr std::array<uint64_t, 24> kDoubles = {
    0x0000000000000000, 0x8000000000000000, 0x3ff0000000000000, 0xbff8000000000000, 0x4004000000000000,
    0x3fe0000000000000, 0x3fdfffffffffffff, 0x7ff0000000000000, 0xfff0000000000000, 0x7ff8000000000000,
    0xfff8000000000123, 0x7ff0000000000001, 0xfff4000000000456, 0x0010000000000000, 0x8010000000000001,
    0x3feffffffffffffe, 0x000fffffffffffff, 0x0000000000000001, 0x41dfffffffc00000, 0xc3e0000000000000,
    0x43e0000000000000, 0x380fffffffffffff, 0x7fefffffffffffff, 0x3ca0000000000000};
inline constexpr std::array<uint32_t, 20> kSingles = {0x00000000, 0x80000000, 0x3f800000, 0xbfc00000, 0x3f000000,
                                                      0x3effffff, 0x7f800000, 0xff800000, 0x7fc00000, 0xffc00123,
                                                      0x7f800001, 0xffa00456, 0x00800000, 0x80800001, 0x3f7ffffe,
                                                      0x007fffff, 0x00000001, 0x4f000000, 0xcf000000, 0x7f7fffff};

// Memory is the host's own.
class HostMemory : public ir::MemoryPort {
 public:
  bool read(uint64_t address, void* data, unsigned size, ir::Fault*) override {
    std::memcpy(data, reinterpret_cast<void*>(address), size);
    return true;
  }
  bool write(uint64_t address, const void* data, unsigned size, ir::Fault*) override {
    std::memcpy(reinterpret_cast<void*>(address), data, size);
    return true;
  }
  void* atomic_pointer(uint64_t address, unsigned, ir::Fault*) override { return reinterpret_cast<void*>(address); }
  bool probe(uint64_t, uint64_t, ir::Access, ir::Fault*) override { return true; }
  std::span<const uint8_t> fetch(uint64_t, unsigned, ir::Fault*) override { return {}; }
  void watch_code(uint64_t, uint64_t) override {}
};

inline std::unique_ptr<runtime::Compiler> load_llvm(const ir::test::TestGuest& guest) {
  auto compiler = llvmjit::load_compiler(MENURA_LLVM_MODULE, guest.layout(), guest.helpers());
  if (!compiler) throw std::runtime_error(compiler.error().message);
  return std::move(*compiler);
}

// Room for the state of `TestGuest`.
inline constexpr unsigned kStateBytes = 8192;

// A state with numbers that matter to some op, the same for the same seed.
inline void fill_state(const ir::StateLayout& layout, uint8_t* state, uint32_t seed) {
  std::memset(state, 0, kStateBytes);
  auto* const header = new (state) ir::CpuHeader;
  std::mt19937 random(seed ^ 0x5eed);
  const auto word = [&] {
    const uint64_t bits = uint64_t{random()} << 32 | random();
    switch (random() % 8) {
      case 6:
        return kDoubles[random() % kDoubles.size()];
      case 7:
        return uint64_t{kSingles[random() % kSingles.size()]} << 32 | kSingles[random() % kSingles.size()];
      case 0:
        return bits >> random() % 64;
      case 1:
        return static_cast<uint64_t>(static_cast<int64_t>(bits) >> random() % 64);
      case 2: {
        const double number = static_cast<double>(static_cast<int64_t>(bits) >> (random() % 60)) / 16;
        return std::bit_cast<uint64_t>(number);
      }
      default:
        return bits;
    }
  };
  for (ir::SlotId id = 0; id < layout.slots.size(); ++id) {
    const ir::Slot& slot = layout.slot(id);
    for (unsigned at = 0; at < ir::storage_bytes(slot.type); at += 8) {
      uint64_t bits = word();
      if (slot.type == ir::Type::I1) bits &= 1;
      if (slot.type == ir::Type::F32 && random() % 2 == 0) {
        bits = std::bit_cast<uint32_t>(static_cast<float>(static_cast<int32_t>(bits)) / 8);
      }
      std::memcpy(state + slot.offset + at, &bits, std::min(8U, ir::storage_bytes(slot.type) - at));
    }
  }
  const uint64_t passes = 1 + random() % 4;
  std::memcpy(state + layout.slot(9).offset, &passes, 8);
  header->mxcsr = 0x1f80 | (random() % 4) << 13;
  header->heat = nullptr;
}

class RegionComparison {
 public:
  static constexpr unsigned kBufferBytes = 8192;  // what is compared of the buffer

  enum class With : uint8_t { X64, Llvm };
  explicit RegionComparison(With with)
      : compiler_(with == With::X64 ? make_compiler(guest_.layout(), guest_.helpers(), HostFeatures::detect())
                                    : load_llvm(guest_)) {
    buffer_ = static_cast<uint8_t*>(mmap(nullptr, 65536, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    EXPECT_LE(guest_.layout().size, kStateBytes);
  }
  ~RegionComparison() { munmap(buffer_, 65536); }
  RegionComparison(const RegionComparison&) = delete;
  RegionComparison& operator=(const RegionComparison&) = delete;

  const ir::test::TestGuest& guest() const { return guest_; }
  uint8_t* buffer() { return buffer_; }
  std::string text(const ir::Region& region) const { return ir::print(region, guest_.layout(), guest_.helpers()); }

  // False: the compiler refuses it.
  bool compile(const ir::Region& region, const runtime::CompileOptions& options) {
    options_ = options;
    code_.clear();
    return compiler_->compile(region, options, code_);
  }

  // Runs what was compiled last, and `region`, which does the same, from a state that is the same for the same seed and
  // a buffer that `fill` writes. Empty, or what differs.
  std::string run(const ir::Region& region, uint32_t seed, const std::function<void()>& fill) {
    alignas(64) static uint8_t expected[kStateBytes];
    alignas(64) static uint8_t actual[kStateBytes];
    fill_state(guest_.layout(), expected, seed);
    fill();
    ir::InterpreterExit exit;
    auto& want = *reinterpret_cast<ir::CpuHeader*>(expected);
    want.budget = 1 << 20;
    ir::Evaluator evaluator(guest_.layout(), guest_.helpers(), memory_);
    const ir::PreparedRegion prepared(region);
    const bool goes_on = evaluator.run(prepared, want, {.count = options_.count}, &exit);
    const std::vector<uint8_t> want_memory(buffer_, buffer_ + kBufferBytes);

    fill_state(guest_.layout(), actual, seed);
    fill();
    auto& got = *reinterpret_cast<ir::CpuHeader*>(actual);
    got.budget = 1 << 20;
    machine_.way = RegionMachine::Way::None;
    std::memset(machine_.counters, 0, sizeof machine_.counters);
    machine_.counters[0] = 1000;
    machine_.run(region, code_, got);

    std::string differences;
    const auto differ = [&](const std::string& what, uint64_t w, uint64_t g) {
      char line[160];
      std::snprintf(line, sizeof line, "  %s: interpreter %#lx, compiled %#lx\n", what.c_str(), w, g);
      if (w != g) differences += line;
    };
    // A masked return to kNoPc, which no guest has code at, finds the prediction at the bottom before its mask.
    if (!(want.pc == runtime::kNoPc - 1 && got.pc == runtime::kNoPc)) differ("pc", want.pc, got.pc);
    differ("leaves by exit", !goes_on, machine_.way == RegionMachine::Way::None);
    if (!goes_on && machine_.way == RegionMachine::Way::None) {
      differ("exit kind", static_cast<uint64_t>(exit.kind), got.exit_kind);
      if (exit.kind == ir::ExitKind::Breakpoint) differ("exit detail", exit.detail, got.exit_detail);
    }
    differ("mxcsr but for the denormal flag", want.mxcsr & ~2U, got.mxcsr & ~2U);
    differ("denormal operands flushed", want.fp_denormal, got.fp_denormal);
    if (options_.count) {
      differ("retired", want.retired, got.retired);
      differ("budget", static_cast<uint64_t>(want.budget), static_cast<uint64_t>(got.budget));
    }
    for (const ir::Slot& slot : guest_.layout().slots) {
      const unsigned size = slot.type == ir::Type::F80 ? 10 : ir::storage_bytes(slot.type);
      if (std::memcmp(expected + slot.offset, actual + slot.offset, size) != 0) {
        uint64_t w = 0;
        uint64_t g = 0;
        std::memcpy(&w, expected + slot.offset, std::min(size, 8U));
        std::memcpy(&g, actual + slot.offset, std::min(size, 8U));
        differ(std::string(slot.name), w, g);
        if (w == g) differences += "  " + std::string(slot.name) + ": upper words\n";
      }
    }
    memory_differs_at_ = -1;
    for (unsigned i = 0; i < kBufferBytes; ++i) {
      if (want_memory[i] != buffer_[i]) {
        memory_differs_at_ = static_cast<int>(i);
        differ("memory at " + std::to_string(i), want_memory[i], buffer_[i]);
        break;
      }
    }
    return differences;
  }
  // The first byte of the buffer that differed in the last run, or -1.
  int memory_differs_at() const { return memory_differs_at_; }

 private:
  ir::test::TestGuest guest_;
  HostMemory memory_;
  std::unique_ptr<runtime::Compiler> compiler_;
  RegionMachine machine_{guest_.layout(), guest_.helpers()};
  runtime::CompileOptions options_;
  runtime::CompiledCode code_;
  uint8_t* buffer_;
  int memory_differs_at_ = -1;
};

}  // namespace menura::x64::test
