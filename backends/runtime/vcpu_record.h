// The engine's own records: of a virtual CPU, of a translating thread's working memory, of the host's registers.
#pragma once

#include <array>
#include <atomic>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "backends/runtime/compiled_code.h"
#include "backends/runtime/statistics.h"
#include "backends/runtime/thunks.h"
#include "backends/runtime/tier2.h"
#include "backends/runtime/turnstile.h"
#include "ir/api/former.h"
#include "ir/interp/sequence.h"
#include "ir/opt/optimizer.h"
#include "vcpu/engine.h"

namespace menura::runtime {

class TranslatorEngine;

// What compiled code of one virtual CPU probes for indirect jumps: code of one mode and extra word and, in a machine,
// of one view of the code's addresses, by bits of its pc. Memory is committed as it is used: an untouched entry has pc
// 0, which only the first place could be asked for. Changed with the engine's lock; what others than the virtual CPU's
// thread may do is clear() and replace().
class JumpTable {
 public:
  JumpTable();
  ~JumpTable();
  JumpTable(const JumpTable&) = delete;
  JumpTable& operator=(const JumpTable&) = delete;

  bool ok() const { return records_ != nullptr; }
  bool is_for(uint64_t mode, uint64_t extra, const ir::MemoryPort::CodeView& view) const {
    return mode == mode_ && extra == extra_ && view == view_;
  }
  // Whether it is for an earlier generation of that.
  bool was_for(uint64_t mode, uint64_t extra, uint64_t context) const {
    return mode == mode_ && extra == extra_ && context == view_.context;
  }
  // When it was chosen last: a machine's every process wants one, and its kernel's must stay. Its thread's.
  uint64_t last_used = 0;

  // Empties it.
  void assign(uint64_t mode, uint64_t extra, const ir::MemoryPort::CodeView& view);

  void* records() const { return records_; }
  // On its virtual CPU's thread: the entry of the code at a pc; nullptr: not known.
  const void* find(uint64_t pc) const;
  void add(const CodeRecord& record);
  // Removes the entry of this very code, or lets it lead to other code of the same pc.
  void clear(const CodeRecord& record);
  void replace(const CodeRecord& record, const CodeRecord& by);

 private:
  CodeRecord& place_of(uint64_t pc) const { return records_[lookup_place(pc)]; }

  CodeRecord* records_ = nullptr;
  uint64_t mode_ = 0;
  uint64_t extra_ = 0;
  ir::MemoryPort::CodeView view_;
  // Places that were added to since it was empty; when they are many, any may have been.
  static constexpr std::size_t kMostAdded = 2048;
  std::vector<uint16_t> added_;
};

struct Vcpu : Turnstile::Member {
  TranslatorEngine& engine;
  ir::MemoryPort& memory;  // as this virtual CPU sees it

  // Quiescence: while not running, it counts as having acknowledged every epoch.
  std::atomic<uint64_t> acknowledged{0};

  ir::Fault fault;             // of the exit under way
  JumpTable* table = nullptr;  // that of the header's mode and extra word
  std::vector<std::unique_ptr<JumpTable>> tables;
  uint64_t table_clock = 0;

  uint8_t* stack = nullptr;  // of return predictions, the guard page first
  std::size_t stack_size = 0;

  bool caller_had_sample = false;  // the latest one that a region's end could have

  // The latest Thunk::Miss.
  uint64_t missed_pc = kNoPc;
  uint64_t missed_address = 0;

  std::unique_ptr<ir::ExclusiveSequence> sequence;  // made when first wanted

  Statistics statistics;  // exits, resolves and indirect_misses only

  Vcpu(TranslatorEngine& owner, ir::CpuHeader& header, ir::MemoryPort& port);
  ~Vcpu();
  Vcpu(const Vcpu&) = delete;
  Vcpu& operator=(const Vcpu&) = delete;

  // On its own thread: the table of a mode, extra word and view, if there is one. Without the engine's lock, which all
  // virtual CPUs would otherwise want twice for each system call of their guest.
  JumpTable* find_table(uint64_t mode, uint64_t extra, const ir::MemoryPort::CodeView& view);
  // With the lock: makes room for one where there is none; nullptr: out of memory.
  JumpTable* make_table(uint64_t mode, uint64_t extra, const ir::MemoryPort::CodeView& view);
  // Makes the prediction stack; false: out of memory.
  bool make_stack(const void* bottom);
  void drop_predictions() { cpu.code_rsp = cpu.code_rsp_base; }
  bool in_guard(uint64_t address) const;
};

inline Vcpu& record_of(const ir::CpuHeader& cpu) { return *static_cast<Vcpu*>(cpu.engine); }

// An engine that has started cannot go on without memory of its own, and nobody above could help: says so and exits.
[[noreturn]] void out_of_memory(const std::string& what);

uint64_t monotonic_nanoseconds();

// Where the values of host registers are, by number, when compiled code has been interrupted.
struct HostRegisters {
  std::array<const void*, 16> general = {};
  std::array<const void*, 32> vector = {};  // from the 16th on only in compiled code with recoveries

  const void* operator[](HostReg reg) const { return reg.is_vector ? vector[reg.number] : general[reg.number]; }
};

class SegmentSet;

// The page of guest code that was looked at last for what the store has of it: under watch, and not changed up to
// `sequence`.
struct RecallWindow {
  uint64_t begin = ~uint64_t{0};
  uint64_t frame = 0;  // machines: as Identity::frame
  std::span<const uint8_t> code;
  ir::CodeOrigin origin;               // of its first byte
  const SegmentSet* stored = nullptr;  // of its object; null: nothing
  uint64_t sequence = 0;
};

struct Workshop {
  // `shared` is used by this workshop alone.
  Workshop(const ir::Frontend& frontend, ir::MemoryPort& port, const ir::ExclusiveSites& sites, Compiler& shared)
      : memory(&port),
        former(frontend, port, &sites),
        optimizer(frontend.layout(), frontend.helpers()),
        compiler(&shared) {}
  Workshop(const ir::Frontend& frontend, ir::MemoryPort& port, const ir::ExclusiveSites& sites,
           std::unique_ptr<Compiler> compiler_of_its_own)
      : memory(&port),
        former(frontend, port, &sites),
        optimizer(frontend.layout(), frontend.helpers()),
        own(std::move(compiler_of_its_own)),
        compiler(own.get()) {}

  ir::MemoryPort* memory;  // as the virtual CPU sees it that it works for
  ir::Former former;
  ir::Optimizer optimizer;
  ir::SlotsNeeded needed;
  ir::Region region;
  std::unique_ptr<Compiler> own;
  Compiler* compiler;
  CompiledCode code;
  uint64_t began = 0;                    // nanoseconds
  uint64_t sequence = 0;                 // of changes of guest code, when it was taken
  std::unique_ptr<Compiler> optimizing;  // Gear::Optimized in the foreground; made when first wanted
  const Tier2Job* job = nullptr;         // of the thread that compiles in the background
  bool recalled = false;                 // the code is from the store
  uint64_t nanoseconds = 0;              // from `began` to publication; 0: something else was there already
  Provenance provenance;
  RecallWindow window;
};

}  // namespace menura::runtime
