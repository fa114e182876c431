// Random sequences of RISC-V floating-point instructions: compiled code, with and without the optimizer, for several
// hosts, against the interpreter. Every f and x register, the flags and the mode must agree after each sequence.
#include <gtest/gtest.h>

#include <cstdlib>
#include <new>
#include <random>

#include "backends/runtime/interpreter_engine.h"
#include "backends/runtime/translator_engine.h"
#include "backends/x64/compiler.h"
#include "frontends/riscv/decode/decode.h"
#include "frontends/riscv/decode/print.h"
#include "frontends/riscv/frontend.h"
#include "frontends/riscv/state.h"
#include "ir/interp/fp.h"
#include "tests/runtime/machine.h"

namespace menura::runtime {
namespace {

using riscv::Frontend;

class Hart {
 public:
  explicit Hart(const ir::StateLayout& layout)
      : layout_(layout), bytes_(std::aligned_alloc(64, layout.size), &std::free) {
    std::memset(bytes_.get(), 0, layout.size);
    new (bytes_.get()) ir::CpuHeader();
  }
  ir::CpuHeader& header() { return *static_cast<ir::CpuHeader*>(bytes_.get()); }
  uint64_t get(ir::SlotId id) const {
    uint64_t value = 0;
    std::memcpy(&value, at(id), bytes(id));
    return value;
  }
  void set(ir::SlotId id, uint64_t value) { std::memcpy(at(id), &value, bytes(id)); }

 private:
  std::size_t bytes(ir::SlotId id) const { return std::min(ir::storage_bytes(layout_.slot(id).type), 8U); }
  char* at(ir::SlotId id) const { return static_cast<char*>(bytes_.get()) + layout_.slot(id).offset; }

  const ir::StateLayout& layout_;
  std::unique_ptr<void, void (*)(void*)> bytes_;
};

struct Operands {
  std::vector<uint64_t> floats = std::vector<uint64_t>(32);
  std::vector<uint64_t> ints = std::vector<uint64_t>(32);
  uint32_t frm = 0;
  uint32_t flags = 0;
};

class Draw {
 public:
  explicit Draw(uint64_t seed) : engine_(seed) {
    for (const frontends::Row& row : riscv::rows()) {
      const bool is_fp = row.pattern.find("fd") != row.pattern.npos || row.pattern.find("fs1") != row.pattern.npos;
      const bool is_memory = row.assembly.find('(') != row.assembly.npos;
      if (is_fp && !is_memory && row.bits == 32 && row.features.met_by(*riscv::parse_cpu("max"))) rows_.push_back(&row);
    }
  }
  std::size_t row_count() const { return rows_.size(); }

  // csrrw, csrrs, csrrc of fflags by register or immediate, or a write of frm that leaves it valid.
  uint32_t csr_instruction() {
    constexpr uint32_t kSystem = 0x73;
    const auto rd = static_cast<uint32_t>(pick({0, 10, 11, 12}));
    const auto source = static_cast<uint32_t>(pick({0, 10, 11, 13, 31}));
    if (engine_() % 3 == 0) return 2U << 20 | static_cast<uint32_t>(engine_() % 5) << 15 | 5U << 12 | rd << 7 | kSystem;
    return 1U << 20 | source << 15 | static_cast<uint32_t>(pick({1, 2, 3, 5, 6, 7})) << 12 | rd << 7 | kSystem;
  }
  uint32_t instruction() {
    if (engine_() % 8 == 0) return csr_instruction();
    const frontends::Row& row = *rows_[engine_() % rows_.size()];
    uint64_t word = (engine_() & ~row.mask & 0xffffffff) | row.match;
    // Registers 8 to 15 for the most part, so that instructions use each other's results.
    for (const unsigned field : {7U, 15U, 20U, 27U}) {
      if ((row.mask >> field & 0x1f) == 0 && engine_() % 8 != 0)
        word = (word & ~(uint64_t{0x18} << field)) | uint64_t{8} << field;
    }
    if ((row.mask >> 12 & 7) == 0) word = (word & ~uint64_t{0x7000}) | pick({0, 1, 2, 3, 4, 7, 7, 7, 7, 7, 7}) << 12;
    return static_cast<uint32_t>(word);
  }
  Operands operands() {
    Operands drawn;
    for (uint64_t& value : drawn.floats) value = floating();
    for (uint64_t& value : drawn.ints) value = integer();
    drawn.frm = static_cast<uint32_t>(pick({0, 0, 0, 1, 2, 3, 4}));
    drawn.flags = static_cast<uint32_t>(engine_() & engine_() & 31);
    return drawn;
  }
  unsigned below(unsigned limit) { return static_cast<unsigned>(engine_() % limit); }

 private:
  uint64_t pick(std::initializer_list<uint64_t> list) { return list.begin()[engine_() % list.size()]; }

  uint64_t integer() {
    const uint64_t word = engine_();
    switch (engine_() % 4) {
      case 0:
        return pick({0, 1, ~uint64_t{0}, 0x7fffffff, 0x80000000, 0xffffffff80000000, uint64_t{1} << 63,
                     ~uint64_t{0} >> 1, uint64_t{1} << 53, (uint64_t{1} << 53) + 1, (uint64_t{1} << 24) + 1,
                     ~(uint64_t{1} << 53)});
      case 1:
        return word >> (engine_() % 64);
      default:
        return static_cast<uint64_t>(static_cast<int64_t>(word) >> (engine_() % 64));
    }
  }
  uint64_t with_exponent(unsigned low, unsigned count, unsigned fraction, unsigned sign) {
    uint64_t bits = engine_() & ((uint64_t{1} << fraction) - 1);
    if (engine_() % 2 == 0) bits &= ~uint64_t{0} << (engine_() % fraction);
    return (engine_() & 1) << sign | (low + engine_() % count) << fraction | bits;
  }
  uint64_t floating() {
    constexpr uint64_t kBox32 = 0xffffffff00000000;
    constexpr uint64_t kBox16 = 0xffffffffffff0000;
    const uint64_t sign = engine_() & 1;
    switch (engine_() % 8) {
      case 0:
        return sign << 63 | pick({0,
                                  1,
                                  0x000fffffffffffff,
                                  0x0010000000000000,
                                  0x7fefffffffffffff,
                                  0x7ff0000000000000,
                                  0x7ff0000000000001,
                                  0x7ff8000000000000,
                                  0x7ff8000000000123,
                                  0x3ff0000000000000,
                                  0x3fe0000000000000,
                                  0x3fdfffffffffffff,
                                  0x41dfffffffe00000,
                                  0x41e0000000000000,
                                  0x41efffffffe00000,
                                  0x43e0000000000000,
                                  0x43f0000000000000,
                                  0x4330000000000001,
                                  0x36a0000000000000,
                                  0x47efffffefffffff,
                                  0x3f0fffffffffffff});
      case 1:
        return kBox32 | sign << 31 |
               pick({0, 1, 0x007fffff, 0x00800000, 0x7f7fffff, 0x7f800000, 0x7f800001, 0x7fc00000, 0x7fc00123,
                     0x3f800000, 0x3f000000, 0x3effffff, 0x4f000000, 0x4effffff, 0x5f000000, 0x5f800000, 0x4b000001,
                     0x33800000, 0x477fefff});
      case 2:
        return kBox16 | (engine_() & 0xffff);
      case 3:
        return engine_();  // not boxed for the most part
      case 4:
        return with_exponent(1000, 80, 52, 63);
      case 5:
        return with_exponent(1, 2045, 52, 63);
      case 6:
        return kBox32 | with_exponent(1, 253, 23, 31);
      default:
        return kBox32 | with_exponent(110, 60, 23, 31);
    }
  }

  std::mt19937_64 engine_;
  std::vector<const frontends::Row*> rows_;
};

void load(Hart& hart, const Operands& operands, uint64_t pc) {
  for (unsigned i = 0; i < 32; ++i) {
    hart.set(riscv::f_slot(i), operands.floats[i]);
    if (i != 0) hart.set(riscv::x_slot(i), operands.ints[i]);
  }
  hart.set(riscv::slot(riscv::SlotName::Frm), operands.frm);
  ir::CpuHeader& header = hart.header();
  header.mxcsr = ir::fp_with_flags(ir::fp_with_mode(0x1f80, operands.frm < 4 ? operands.frm : 0), operands.flags);
  header.mode = riscv::Mode::of_frm(operands.frm);
  header.pc = pc;
}

std::string difference(const ir::StateLayout& layout, Hart& ours, Hart& oracle) {
  std::ostringstream text;
  text << std::hex;
  for (ir::SlotId id = 0; id < layout.slots.size(); ++id) {
    if (ours.get(id) == oracle.get(id)) continue;
    text << "  " << layout.slot(id).name << " = " << ours.get(id) << ", not " << oracle.get(id) << "\n";
  }
  const uint32_t flags = ir::fp_flags_of(ours.header().mxcsr);
  const uint32_t expected = ir::fp_flags_of(oracle.header().mxcsr);
  if (flags != expected) text << "  flags = " << flags << ", not " << expected << "\n";
  if (ours.header().pc != oracle.header().pc)
    text << "  pc " << ours.header().pc << ", not " << oracle.header().pc << "\n";
  return text.str();
}

struct Host {
  const char* name;
  x64::HostFeatures features;
  bool optimize;
};

std::vector<Host> hosts() {
  const x64::HostFeatures best = x64::HostFeatures::detect();
  x64::HostFeatures v3 = best;
  v3.avx512 = false;
  v3.gfni = false;
  return {{"Best", best, true}, {"BestUnoptimized", best, false}, {"V3", v3, true}, {"V2", {}, true}};
}

class RiscvFp : public testing::TestWithParam<Host> {};

TEST_P(RiscvFp, SequencesMatchTheInterpreter) {
  constexpr int kSequences = 800;
  const Frontend frontend(*riscv::parse_cpu("max"));
  const ir::StateLayout& layout = frontend.layout();
  test::HostMemory memory;
  const auto compiler = x64::make_compiler(layout, frontend.helpers(), GetParam().features);
  EngineOptions options;
  options.hot_threshold = 3;
  if (!GetParam().optimize) options.trace_level = options.hot_level = ir::OptLevel::None;
  TranslatorEngine engine(frontend, memory, *compiler, options);
  const Result<void> started = engine.start();
  ASSERT_TRUE(static_cast<bool>(started)) << started.error().message;
  InterpreterEngine oracle_engine(frontend, memory);
  Hart hart(layout);
  Hart oracle(layout);
  engine.attach(hart.header());
  oracle_engine.attach(oracle.header());

  Draw draw(2024);
  ASSERT_GT(draw.row_count(), 60U);
  uint64_t at = memory.base();
  for (int number = 0; number < kSequences && !testing::Test::HasFatalFailure(); ++number) {
    constexpr uint32_t kEcall = 0x00000073;
    std::vector<uint32_t> words;
    for (unsigned n = 1 + draw.below(12); n > 0; --n) words.push_back(draw.instruction());
    words.push_back(kEcall);
    if (!memory.contains(at + 4 * words.size())) break;
    std::memcpy(reinterpret_cast<void*>(at), words.data(), 4 * words.size());
    for (int round = 0; round < 6; ++round) {
      const Operands operands = draw.operands();
      load(hart, operands, at);
      load(oracle, operands, at);
      const auto finish = [](vcpu::Engine& runs, Hart& on) {
        vcpu::Exit exit;
        do exit = runs.run(on.header());
        while (exit.kind == vcpu::ExitKind::ModeChange);
        return exit;
      };
      const vcpu::Exit exit = finish(engine, hart);
      const vcpu::Exit expected = finish(oracle_engine, oracle);
      std::string differs = difference(layout, hart, oracle);
      if (exit.kind != expected.kind) differs += "  exit: " + std::string(ir::name(exit.kind)) + "\n";
      if (differs.empty()) continue;
      std::ostringstream text;
      text << "sequence " << number << ", frm " << operands.frm << std::hex << "\n";
      for (const uint32_t word : words)
        text << "  " << frontend.disassemble({reinterpret_cast<const uint8_t*>(&word), 4}) << "\n";
      text << differs;
      for (unsigned i = 0; i < 32; ++i)
        text << "  f" << std::dec << i << " " << std::hex << operands.floats[i] << ", x " << operands.ints[i] << "\n";
      FAIL() << text.str();
    }
    at += 4 * words.size();
  }
  engine.detach(hart.header());
  oracle_engine.detach(oracle.header());
}

INSTANTIATE_TEST_SUITE_P(Hosts, RiscvFp, testing::ValuesIn(hosts()),
                         [](const auto& param) { return std::string(param.param.name); });

}  // namespace
}  // namespace menura::runtime
