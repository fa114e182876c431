// The engine's own records: of a virtual CPU, of a probed table, of a translating thread's working memory.
#pragma once

#include <pthread.h>

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>

#include "backends/runtime/compiled_code.h"
#include "backends/runtime/statistics.h"
#include "backends/runtime/thunks.h"
#include "ir/api/former.h"
#include "ir/opt/optimizer.h"
#include "vcpu/engine.h"

namespace menura::runtime {

class TranslatorEngine;

// Bit of CpuHeader::stop_request that the engine sets for itself. Users set any other bit and may store 0 over all.
inline constexpr uint32_t kEngineStop = 1U << 31;

// What compiled code probes for indirect jumps: translations of one mode and extra word, by bits of their pc.
struct ModeTable {
  ModeTable(uint64_t table_mode, uint64_t table_extra);

  static std::size_t index(uint64_t pc) { return pc >> kLookupShift & (kLookupEntries - 1); }

  uint64_t mode;
  uint64_t extra;
  // Removes it if it is there.
  void clear(const CodeRecord* record);
  void replace(const CodeRecord* record, const CodeRecord* by);  // of the same pc

  std::array<std::atomic<const CodeRecord*>, kLookupEntries> places;
};

struct Vcpu {
  TranslatorEngine& engine;
  ir::CpuHeader& cpu;
  pthread_t thread;  // that attached it: the only one that survives a fork

  // Quiescence: while not running, it counts as having acknowledged every epoch.
  std::atomic<bool> running{false};
  std::atomic<uint64_t> acknowledged{0};

  ir::Fault fault;  // of the exit under way
  ModeTable* table = nullptr;

  uint8_t* stack = nullptr;  // of return predictions, the guard page first
  std::size_t stack_size = 0;

  Statistics statistics;  // exits, resolves and indirect_misses only

  Vcpu(TranslatorEngine& owner, ir::CpuHeader& header);
  ~Vcpu();
  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;

  // Makes the prediction stack; false: out of memory.
  bool make_stack(const void* bottom);
  void drop_predictions() { cpu.code_rsp = cpu.code_rsp_base; }
  bool in_guard(uint64_t address) const;
};

inline Vcpu& record_of(const ir::CpuHeader& cpu) { return *static_cast<Vcpu*>(cpu.engine); }

// By somebody else than the engine.
inline bool stop_requested(const ir::CpuHeader& cpu) {
  return (cpu.stop_request.load(std::memory_order_relaxed) & ~kEngineStop) != 0;
}

struct Workshop {
  // `shared` is used by this workshop alone.
  Workshop(const ir::Frontend& frontend, ir::MemoryPort& memory, Compiler& shared)
      : former(frontend, memory), optimizer(frontend.layout(), frontend.helpers()), compiler(&shared) {}
  Workshop(const ir::Frontend& frontend, ir::MemoryPort& memory, std::unique_ptr<Compiler> compiler_of_its_own)
      : former(frontend, memory),
        optimizer(frontend.layout(), frontend.helpers()),
        own(std::move(compiler_of_its_own)),
        compiler(own.get()) {}

  ir::Former former;
  ir::Optimizer optimizer;
  ir::Region region;
  std::unique_ptr<Compiler> own;
  Compiler* compiler;
  CompiledCode code;
  uint64_t began = 0;  // nanoseconds
};

}  // namespace menura::runtime
