// TranslatorEngine: runs virtual CPUs by compiled code. It owns the code cache and everything between a guest pc and
// the host code for it; what compiles a region is passed in.
#pragma once

#include <sys/types.h>

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <forward_list>
#include <memory>
#include <mutex>
#include <optional>
#include <unordered_map>
#include <vector>

#include "backends/runtime/code_cache.h"
#include "backends/runtime/compiled_code.h"
#include "backends/runtime/observer.h"
#include "backends/runtime/statistics.h"
#include "backends/runtime/thunks.h"
#include "backends/runtime/translation_map.h"
#include "backends/runtime/turnstile.h"
#include "ir/api/former.h"
#include "ir/api/frontend.h"
#include "ir/core/result.h"
#include "ir/opt/optimizer.h"
#include "vcpu/engine.h"

namespace menura::runtime {

class CodeStore;

struct EngineOptions {
  std::size_t cache_budget = std::size_t{256} << 20;  // bytes of host code; at least two chunks
  std::size_t chunk_size = std::size_t{4} << 20;      // what is evicted at once; a power of two, at least 4096
  int32_t hot_threshold = 2000;                       // executions of a trace before it is compiled anew; 0: never
  bool machine = false;                               // code is known by its frames, data is found by TLBs
  bool count = false;                                 // CpuHeader::budget and ::retired are kept exact
  bool profile = false;                               // count executed guest and host instructions
  ir::TraceLimits trace = {};
  ir::HotLimits hot = {};
  Observer* observer = nullptr;
  bool sample_always = false;                     // each millisecond, from the start: for the observer
  ir::OptLevel trace_level = ir::OptLevel::None;  // traces run too seldom to earn it (ir/opt/README.md)
  ir::OptLevel hot_level = ir::OptLevel::Full;

  // Tier 2: the optimizing compiler, made on the thread that uses it when the first region wants it. Not for counting.
  CompilerSource* tier2 = nullptr;
  uint32_t tier2_threshold = 4;  // milliseconds of samples of a place before its region is compiled in the background
  // And how much samples must have found before the first one: making the compiler takes 20 to 30 ms, its first regions
  // as long again, which a program of a fifth of a second never gets back.
  uint32_t tier2_warm_up = 300;
  // And how many times what compiling it will take: what has run for so long will run as long again, a fifth faster.
  // 0: however long it takes.
  uint32_t tier2_payback = 5;
  // Instead of that: what is hot (hot_threshold) goes to it at once, on the guest's thread. For tests.
  bool tier2_foreground = false;
  ir::HotLimits tier2_limits = {.instructions = 1500, .blocks = 400, .inline_depth = 4, .inline_instructions = 80};

  // Code of earlier runs, and for later ones; it outlives the engine. Not used where code counts or is observed.
  CodeStore* store = nullptr;
};

struct HotSpot;
struct Tier2Job;
struct SamplerLink;
struct Tier2;
struct HostRegisters;
struct ThunkFrame;
struct Vcpu;
struct RecallWindow;
struct Workshop;

class TranslatorEngine : public vcpu::Engine {
 public:
  // All outlive the engine.
  TranslatorEngine(const ir::Frontend& frontend, ir::MemoryPort& memory, Compiler& compiler,
                   const EngineOptions& options = {});
  ~TranslatorEngine() override;
  TranslatorEngine(const TranslatorEngine&) = delete;
  TranslatorEngine& operator=(const TranslatorEngine&) = delete;

  // Reserves the code cache; before anything else.
  Result<void> start();

  void attach(ir::CpuHeader& cpu) override;
  void detach(ir::CpuHeader& cpu) override;
  vcpu::Exit run(ir::CpuHeader& cpu) override;
  void invalidate(uint64_t begin, uint64_t end) override;
  void require_precise_faults() override;
  void set_breakpoints(std::vector<uint64_t> pcs) override;
  vcpu::Exit interpret(ir::CpuHeader& cpu, uint64_t instructions) override;
  bool take_host_fault(ir::CpuHeader& cpu, void* host_context, const ir::Fault& fault) override;
  void before_fork() override;
  void after_fork_parent() override;
  void after_fork_child() override;

  // Makes first-gear code for `pc` in the virtual CPU's mode, if there is none; false: it cannot be fetched.
  bool translate_ahead(ir::CpuHeader& cpu, uint64_t pc);
  Statistics statistics();
  // The translation of `identity`, for tests and tools.
  const Translation* find(const ir::Identity& identity) const { return map_.find(identity); }

 private:
  friend struct ThunkEntries;  // dispatch.cpp: what thunks call

  // --- dispatch.cpp
  // Host code for cpu.mode, cpu.extra at `pc`, the virtual CPU quiescent; nullptr: an exit has been prepared.
  const void* enter_at(Vcpu& vcpu, uint64_t pc);
  void remember(Vcpu& vcpu, const Translation& translation);
  // The identity of the code at `pc` in the virtual CPU's mode; false: an exit has been prepared.
  bool identify(Vcpu& vcpu, uint64_t pc, ir::Identity* identity);
  static void prepare_fault(Vcpu& vcpu, uint64_t pc, const ir::Fault& fault);
  // Continues at `translation` if nothing asks for a quiescent point, else anew at its pc.
  const void* resume(Vcpu& vcpu, const Translation* translation);
  const void* on_resolve(Vcpu& vcpu, uint64_t stub_end);
  const void* on_indirect(Vcpu& vcpu, uint64_t pc);
  const void* on_stop(Vcpu& vcpu, uint64_t stub_end);
  const void* on_stop_before(Vcpu& vcpu, uint64_t call_end);
  // At vcpu.cpu.pc, asked by `from`.
  const void* stop_at(Vcpu& vcpu, Translation* from);
  const void* on_hot(Vcpu& vcpu, uint64_t stub_end);
  const void* on_budget(Vcpu& vcpu, uint64_t stub_end);
  const void* on_miss(Vcpu& vcpu, uint64_t stub_end);
  uint64_t on_memory(Vcpu& vcpu, const ThunkFrame& frame);
  Translation* find_or_translate(Vcpu& vcpu, uint64_t pc);
  // After ExitKind::Exclusive; leaves the next exit's kind in the header, Stop to go on.
  void run_alone(Vcpu& vcpu);
  void acknowledge(Vcpu& vcpu);
  void select_table(Vcpu& vcpu);
  static uint64_t stub_pc(const Translation* from, uint64_t stub_end);

  // --- translate.cpp
  // nullptr where the code cannot be fetched: an exit has been prepared. With `keep`, others will find it.
  Translation* translate(Vcpu& vcpu, const ir::Identity& identity, unsigned instructions, bool keep);
  // The hot successor of `cold`, or `cold` itself.
  Translation* promote(Vcpu& vcpu, Translation* cold);
  Workshop& take_workshop(Vcpu& vcpu);
  void return_workshop(Workshop& workshop);
  // In debug builds: aborts and says what is wrong.
  void verify(const ir::Region& region) const;
  bool compile(Workshop& workshop, Gear gear);
  // nullptr: guest code has changed since it was read. May make the virtual CPU quiescent, to get room; without one,
  // the thread is none that runs guest code. All that led to the former translation leads to the new one.
  Translation* publish(Vcpu* vcpu, Workshop& workshop, Gear gear, bool keep);
  // nullptr: no room in the current chunk.
  Translation* place(Workshop& workshop, Gear gear);
  std::span<const Home> intern(const std::vector<Home>& homes);
  void relocate(const CompiledCode& code, const Translation& translation, uint8_t* bytes);
  bool make_room();
  std::atomic_ref<int32_t> heat_of(const Translation& translation) const {
    return std::atomic_ref<int32_t>(reinterpret_cast<int32_t*>(counters_)[translation.ordinal]);
  }

  // --- sampling.cpp
  // The virtual CPU has stopped at cpu.pc, by `from` where that is known: if it was for a sample, counts it, and forms
  // a region if there are enough.
  void answer_sample(Vcpu& vcpu, Translation* from);
  bool count_sample(Vcpu& vcpu, const ir::Identity& identity, Translation* from, bool goes_out);
  bool takes_caller(Vcpu& vcpu, const Translation& from) const;
  void start_sampling();
  void show_sample(const Vcpu& vcpu, const Translation* from, bool goes_out, const Translation* ran,
                   uint32_t milliseconds) const;
  // Asks all virtual CPUs that run; false: none does. `pause`: until the next time, in milliseconds.
  bool ask_for_samples(uint32_t* pause);
  uint32_t sample_pause() const;  // milliseconds
  friend void* sample_in_background(void* link);

  // --- tier2.cpp
  bool promote_in_foreground(Vcpu& vcpu, Workshop& workshop, const ir::Identity& identity, Translation** result);
  bool take_foreground_compiler(Workshop& workshop);
  // It is not worth it: its loop goes back to the gear below, for good.
  void give_up(Translation& translation);
  void enqueue(Vcpu& vcpu, const ir::Identity& identity);
  bool pays(const ir::Region& region, HotSpot& spot) const;
  // Forms the region of what has run often enough there.
  ir::Fault form_optimized(Workshop& workshop, const ir::Identity& identity, const ir::HotLimits& limits);
  void start_compiling_thread();
  void compile_in_background();
  void compile_job(Tier2Job& job);
  // Around forks; all with the lock, which pause_tier2() may leave for a while.
  void pause_tier2();
  void resume_tier2();
  void restart_tier2();
  void stop_tier2();

  // --- recall.cpp
  // Fills the workshop's region and code with what the store has for `identity`.
  bool recall(Workshop& workshop, const ir::Identity& identity, Gear* gear);
  // What it links to, and what that links to; a part of it. Returns `first`, or nullptr: it is gone.
  Translation* recall_what_follows(Vcpu& vcpu, Workshop& workshop, Translation* first);
  bool open_window(Workshop& workshop, const ir::Identity& identity);
  bool is_code(Workshop& workshop, ir::Identity identity, std::span<const uint8_t> expected);
  ir::CodeOrigin origin_in_window(const Workshop& workshop, const ir::Identity& identity) const;
  uint64_t place_of(const ir::Identity& identity) const;
  static bool read_window(const RecallWindow& window, uint64_t begin, std::size_t size, uint8_t* to);
  // What has run at `identity`, now or in an earlier run, at its best.
  std::optional<Gear> best_known(const ir::Identity& identity);
  // The workshop's provenance, where guest memory may be read; the bytes before it is found that they have not changed.
  void note_origin(Workshop& workshop);
  void note_guest_code(Workshop& workshop);
  void keep_for_next_run(const Workshop& workshop, Gear gear);

  // --- fault.cpp
  // Leaves the state as it is before the guest instruction that the host code at `host_pc` belongs to; false: nothing
  // can fault there.
  bool recover_state(Vcpu& vcpu, const Translation& translation, uint64_t host_pc, const HostRegisters& registers);
  // What becomes of the prediction stack.
  void recover_stack(Vcpu& vcpu, uint64_t rsp);

  // --- links.cpp
  // Whether a direct jump of `from` may lead to `to` for good.
  bool may_link(const Translation& from, const Translation& to) const;
  void link(LinkSite& site, Translation* to);
  void unlink(LinkSite& site);
  void redirect(Translation* from, Translation* to);
  // Links it to what is there of its targets.
  void link_all(Translation* from);
  static ir::Identity target_of(const LinkSite& site);
  // Nothing enters it any more.
  void kill(Translation* translation);
  void patch(const LinkSite& site, const void* target);

  // --- invalidate.cpp
  // All virtual CPUs drop their return predictions at their next quiescent point, and hurry there. Returns the epoch.
  uint64_t request_quiescence();
  // The latest epoch that all virtual CPUs have acknowledged.
  uint64_t acknowledged() const;
  void index_pages(Translation* translation);
  void invalidate_page(PageEntry* entry, const ir::GuestRange& range, bool* killed);
  bool outdated(const Workshop& workshop) const;
  bool changed_since(uint64_t sequence, std::span<const ir::GuestRange> ranges) const;
  void outdate_jobs(const ir::GuestRange& range);

  const ir::Frontend& frontend_;
  ir::MemoryPort& memory_;
  Compiler& compiler_;
  const EngineOptions options_;
  CodeStore* const store_;

  CodeCache cache_;
  TranslationMap map_;
  std::array<const void*, ir::kThunkCount> thunks_ = {};
  void (*enter_)(ir::CpuHeader*, const void*) = nullptr;
  const void* leave_ = nullptr;
  const void* bottom_ = nullptr;
  uint8_t* counters_ = nullptr;  // heat by ordinal, then execution counts
  std::size_t counters_size_ = 0;
  std::size_t counts_offset_ = 0;
  std::size_t count_capacity_ = 0;
  std::vector<CountedBlock> counted_;

  std::atomic<bool> precise_faults_{false};
  ir::Breakpoints breakpoints_;

  // Guards everything that is not atomic below and in the cache. Never held while guest memory is touched, a region is
  // compiled or a MemoryPort is called, so that a fault handler may take it.
  std::mutex mutex_;
  Turnstile turnstile_;
  ir::ExclusiveSites sites_;
  std::atomic<uint64_t> epoch_{1};  // of requested quiescence
  std::vector<std::unique_ptr<Vcpu>> vcpus_;
  std::unordered_map<uint64_t, PageEntry*> pages_;
  std::unordered_map<uint64_t, std::forward_list<std::vector<Home>>> homes_;  // by hash; nodes stay where they are
  std::array<ir::GuestRange, 64> changes_ = {};                               // the latest invalidations, a ring
  uint64_t change_count_ = 0;
  Statistics statistics_;

  std::unique_ptr<Tier2> tier2_;

  // Working memory of translating threads. Fork waits until none is in use.
  std::vector<std::unique_ptr<Workshop>> workshops_;
  std::vector<Workshop*> idle_workshops_;
  unsigned busy_workshops_ = 0;
  bool forking_ = false;
};

}  // namespace menura::runtime
