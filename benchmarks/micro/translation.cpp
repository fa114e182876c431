// What the steps of a translation cost per guest instruction, and what dispatch costs per call.
#include <benchmark/benchmark.h>
#include <elf.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <iterator>
#include <memory>
#include <vector>

#include "backends/runtime/translator_engine.h"
#include "backends/x64/compiler.h"
#include "frontends/riscv/frontend.h"
#include "frontends/riscv/state.h"
#include "ir/opt/optimizer.h"

namespace menura {
namespace {

constexpr const char* kDefault = "/usr/riscv64-linux-gnu/lib/libc.so.6";
constexpr uint64_t kTraces = 4000;

// The file as guest memory, read-only; code that makes a system call lies behind it.
class FileMemory : public ir::MemoryPort {
 public:
  explicit FileMemory(std::vector<uint8_t> bytes) : bytes_(std::move(bytes)) {
    ecall_ = base() + bytes_.size();
    for (const uint8_t byte : {0x73, 0, 0, 0}) bytes_.push_back(byte);
  }
  uint64_t base() const { return 0x10000; }
  uint64_t ecall() const { return ecall_; }

  bool read(uint64_t, void*, unsigned, ir::Fault*) override { return false; }
  bool write(uint64_t, const void*, unsigned, ir::Fault*) override { return false; }
  void* atomic_pointer(uint64_t, unsigned, ir::Fault*) override { return nullptr; }
  bool probe(uint64_t, uint64_t, ir::Access, ir::Fault*) override { return false; }
  std::span<const uint8_t> fetch(uint64_t address, unsigned want, ir::Fault* fault) override {
    if (address - base() >= bytes_.size()) {
      *fault = {ir::FaultKind::Unmapped, ir::Access::Execute, address};
      return {};
    }
    return {bytes_.data() + (address - base()), std::min<std::size_t>(want, bytes_.size() - (address - base()))};
  }
  void watch_code(uint64_t, uint64_t) override {}

  const std::vector<uint8_t>& bytes() const { return bytes_; }

 private:
  std::vector<uint8_t> bytes_;
  uint64_t ecall_ = 0;
};

struct Bench {
  FileMemory memory;
  riscv::Frontend frontend;
  ir::Former former;
  ir::Optimizer optimizer;
  std::unique_ptr<runtime::Compiler> compiler;
  std::vector<uint64_t> entries;  // of consecutive traces
  uint64_t instructions = 0;      // in them

  Bench(std::vector<uint8_t> bytes, uint64_t text, uint64_t size)
      : memory(std::move(bytes)),
        frontend(*riscv::parse_cpu("max")),
        former(frontend, memory),
        optimizer(frontend.layout(), frontend.helpers()),
        compiler(x64::make_compiler(frontend.layout(), frontend.helpers(), x64::HostFeatures::detect())) {
    uint64_t pc = memory.base() + text;
    const uint64_t end = pc + size;
    ir::Region region;
    while (pc < end && entries.size() < kTraces) {
      former.form_trace({pc, 0, 0}, region);
      entries.push_back(pc);
      instructions += region.guest_instructions;
      pc = region.guest.empty() ? end : region.guest.back().end;
    }
  }

  void count(benchmark::State& state) const {
    state.counters["per_insn"] = benchmark::Counter(
        static_cast<double>(instructions), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
  }
};

Bench& bench() {
  static const std::unique_ptr<Bench> instance = [] {
    const char* const named = std::getenv("MENURA_BENCH_ELF");
    const char* const path = named != nullptr ? named : kDefault;
    std::ifstream file(path, std::ios::binary);
    std::vector<uint8_t> bytes{std::istreambuf_iterator<char>(file), {}};
    Elf64_Ehdr header;
    if (bytes.size() >= sizeof header) std::memcpy(&header, bytes.data(), sizeof header);
    if (bytes.size() < sizeof header || header.e_machine != EM_RISCV ||
        header.e_shoff + header.e_shnum * sizeof(Elf64_Shdr) > bytes.size()) {
      std::fprintf(stderr, "%s: expected a riscv64 ELF file with sections; try: apt install libc6-riscv64-cross\n",
                   path);
      std::exit(126);
    }
    // The largest section of code.
    Elf64_Shdr text = {};
    for (unsigned i = 0; i < header.e_shnum; ++i) {
      Elf64_Shdr section;
      std::memcpy(&section, bytes.data() + header.e_shoff + i * sizeof section, sizeof section);
      if ((section.sh_flags & SHF_EXECINSTR) != 0 && section.sh_size > text.sh_size) text = section;
    }
    return std::make_unique<Bench>(std::move(bytes), text.sh_offset, text.sh_size);
  }();
  return *instance;
}

void decode(benchmark::State& state) {
  Bench& b = bench();
  uint64_t instructions = 0;
  for (auto _ : state) {
    instructions = 0;
    for (uint64_t pc = b.entries.front(); pc < b.entries.back();) {
      ir::Fault fault;
      const ir::Flow flow = b.frontend.scan(pc, b.memory.fetch(pc, 4, &fault), 0);
      pc += flow.length;
      ++instructions;
    }
  }
  state.counters["per_insn"] = benchmark::Counter(
      static_cast<double>(instructions), benchmark::Counter::kIsIterationInvariantRate | benchmark::Counter::kInvert);
}
BENCHMARK(decode)->Unit(benchmark::kMillisecond);

void lift(benchmark::State& state) {
  Bench& b = bench();
  ir::Region region;
  for (auto _ : state) {
    for (const uint64_t pc : b.entries) b.former.form_trace({pc, 0, 0}, region);
  }
  b.count(state);
}
BENCHMARK(lift)->Unit(benchmark::kMillisecond);

// Not part of the first gear: what lift and the optimizer cost together.
void optimize(benchmark::State& state, ir::OptLevel level) {
  Bench& b = bench();
  ir::Region region;
  for (auto _ : state) {
    for (const uint64_t pc : b.entries) {
      b.former.form_trace({pc, 0, 0}, region);
      b.optimizer.run(region, level);
    }
  }
  b.count(state);
}
BENCHMARK_CAPTURE(optimize, fast, ir::OptLevel::Fast)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(optimize, full, ir::OptLevel::Full)->Unit(benchmark::kMillisecond);

void compile(benchmark::State& state) {
  Bench& b = bench();
  ir::Region region;
  runtime::CompiledCode code;
  runtime::CompileOptions options;
  options.heat_index = 0;
  for (auto _ : state) {
    for (const uint64_t pc : b.entries) {
      b.former.form_trace({pc, 0, 0}, region);
      code.clear();
      b.compiler->compile(region, options, code);
    }
  }
  b.count(state);
}
BENCHMARK(compile)->Unit(benchmark::kMillisecond);

// A virtual CPU on an engine of its own.
struct Running {
  explicit Running(runtime::EngineOptions options = {}) : engine(b.frontend, b.memory, *b.compiler, options) {
    if (!engine.start()) std::abort();
    std::memset(storage.data(), 0, storage.size());
    const auto address = reinterpret_cast<uintptr_t>(storage.data());
    cpu = new (storage.data() + (64 - address % 64) % 64) ir::CpuHeader;
    engine.attach(*cpu);
  }
  ~Running() { engine.detach(*cpu); }

  Bench& b = bench();
  runtime::TranslatorEngine engine;
  std::vector<std::byte> storage = std::vector<std::byte>(b.frontend.layout().size + 64);
  ir::CpuHeader* cpu = nullptr;
};

// All of it, into a fresh code cache.
void publish(benchmark::State& state) {
  Bench& b = bench();
  for (auto _ : state) {
    Running running;
    for (const uint64_t pc : b.entries) running.engine.translate_ahead(*running.cpu, pc);
  }
  b.count(state);
}
BENCHMARK(publish)->Unit(benchmark::kMillisecond);

// Into compiled code and back by a system call: look-up included.
void run_round_trip(benchmark::State& state) {
  Running running;
  for (auto _ : state) {
    running.cpu->pc = running.b.memory.ecall();
    benchmark::DoNotOptimize(running.engine.run(*running.cpu));
  }
}
BENCHMARK(run_round_trip);

void look_up(benchmark::State& state) {
  Running running;
  for (const uint64_t pc : running.b.entries) running.engine.translate_ahead(*running.cpu, pc);
  std::size_t i = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(running.engine.find({running.b.entries[i], 0, 0}));
    i = i + 1 == running.b.entries.size() ? 0 : i + 1;
  }
}
BENCHMARK(look_up);

}  // namespace
}  // namespace menura

BENCHMARK_MAIN();
