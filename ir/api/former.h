// Former: turns guest code into regions. First gear makes a straight-line trace, quickly and from nothing but an
// address; second gear makes a control-flow graph with loops from blocks that are known to have run.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <type_traits>
#include <vector>

#include "ir/api/breakpoints.h"
#include "ir/api/call_targets.h"
#include "ir/api/exclusives.h"
#include "ir/api/frontend.h"
#include "ir/core/memory_port.h"

namespace menura::ir {

// Whether a guest pc has run as the entry of a translation.
enum class Ran : uint8_t {
  No,
  Yes,
  Elsewhere,  // in code that this region leads to and must not have a copy of
};

// A view of a callable that says so of any pc, as Ran or as bool, and outlives it.
class PcPredicate {
 public:
  template <typename Callable>
  requires(!std::is_same_v<std::remove_cvref_t<Callable>, PcPredicate>)
      PcPredicate(const Callable& callable)  // NOLINT(google-explicit-constructor): made for call sites
      : object_(&callable), call_([](const void* object, uint64_t pc) {
          return static_cast<Ran>((*static_cast<const Callable*>(object))(pc));
        }) {}
  bool operator()(uint64_t pc) const { return call_(object_, pc) == Ran::Yes; }
  bool elsewhere(uint64_t pc) const { return call_(object_, pc) == Ran::Elsewhere; }

 private:
  const void* object_;
  Ran (*call_)(const void*, uint64_t);
};

struct TraceLimits {
  unsigned instructions = 32;  // at least 1
  bool exact = false;
  bool one_page = false;  // machines: nothing beyond the page of the first instruction's first byte
};

struct HotLimits {
  unsigned instructions = 300;  // reached within a block, the block is cut
  unsigned blocks = 96;
  unsigned inline_depth = 0;          // how deep direct calls may be inlined
  unsigned inline_instructions = 80;  // of one function, its own calls not counted
  bool one_page = false;              // as TraceLimits
};

// Forms regions of one guest, one at a time: one Former per translating thread. Calls MemoryPort::watch_code for every
// byte before it is read, never further than the page that it lies in.
class Former {
 public:
  // All outlive it. `sites`: the engine's.
  Former(const Frontend& frontend, MemoryPort& memory, const ExclusiveSites* sites = nullptr);

  // From now on, code comes from there.
  void set_memory(MemoryPort& memory) { memory_ = &memory; }
  // Regions end before these; one that would begin at one is ExitKind::Breakpoint and nothing else.
  void set_breakpoints(const Breakpoints* breakpoints) { breakpoints_ = breakpoints; }

  // From now on, no block holds the end of one instruction and the next (Builder::part): whoever counts instructions
  // can stop between any two.
  void set_counting(bool counts) { counts_ = counts; }

  // From now on, form_hot inlines indirect calls, too, where these say that they go: behind comparisons, so that they
  // may be wrong.
  void set_call_targets(const CallTargets* targets) { call_targets_ = targets; }

  // First gear: from identity.pc to the first instruction that leaves for good; conditional branches leave by side
  // exits, backward branches too, even those to the entry (so that each pass through the entry can be counted).
  // Between a load-linked and its store-conditional branches forward stay inside, and the limit only cuts if it is
  // exact. Where a later instruction cannot be fetched, the trace ends before it with a jump there. Where the first one
  // cannot, the region is one ExitKind::Fault with the faulting address as detail, and the result says why (kind None
  // otherwise); such a region must not be kept, since nothing watches what is not there.
  Fault form_trace(const Identity& identity, Region& region, const TraceLimits& limits = {});

  // Second gear: blocks that have run, as far as direct branches and returns of calls reach them from identity.pc.
  // `executed` answers for block entries. A branch's fall-through lies within a trace and is no entry of its own: it
  // counts as run where the branch's target does not, unless that has run elsewhere. Loops are contiguous in
  // Region::order. Where calls are inlined (Builder::Inlined), those that are reached first come first, and functions
  // that do not fit are called.
  Fault form_hot(const Identity& identity, Region& region, PcPredicate executed, const HotLimits& limits = {});

 private:
  using Place = Builder::Place;
  // What is known of one instruction after planning.
  struct Planned {
    Place place;
    Flow flow;
    uint32_t block = kNone;  // leaders, where a block starts: index into blocks_
  };
  struct PlannedBlock {
    Place place;
    // Blocks, those behind that are better placed next.
    std::array<uint32_t, 1 + CallTargets::kMost> successors = {kNone, kNone, kNone, kNone, kNone};
    uint32_t number = 0;  // of Bourdoncle's search; 0 = not visited
  };
  struct Start {
    Place place;
    bool sure = true;   // else it may never have run
    bool open = false;  // behind a load-linked, before its store-conditional
  };
  static constexpr uint32_t kNone = UINT32_MAX;

  // At least one whole instruction at `pc`, or nothing and *fault.
  std::span<const uint8_t> bytes_at(uint64_t pc, uint64_t mode, Fault* fault);
  bool open_window(uint64_t pc, Fault* fault);
  void begin(const Identity& identity, unsigned instructions, bool one_page);
  // Whether `pc` is in a page that the region may not have code of.
  bool is_outside(uint64_t pc) const;
  void fault_region(const Identity& identity, Region& region, const Fault& fault);
  void breakpoint_region(Region& region);
  bool is_breakpoint(uint64_t pc) const { return breakpoints_ != nullptr && breakpoints_->at(pc); }
  void finish(Region& region);
  void in_frames();

  void plan_all(uint64_t mode, PcPredicate executed, const HotLimits& limits, Fault* fault);
  void plan(const Start& start, uint64_t mode, PcPredicate executed, const HotLimits& limits, Fault* fault);
  // What follows a straight run that ends with `flow`, before `next`; `open`: behind a load-linked.
  void plan_successors(const Flow& flow, const Place& next, bool open, uint64_t mode, PcPredicate executed);
  void inline_call(const Builder::Inlined& call, uint64_t mode, PcPredicate executed, const HotLimits& limits);
  bool may_inline(const Builder::Inlined& call, const HotLimits& limits);
  // Whether a store-conditional comes up soon, with none but branches forward on the way.
  bool leads_to_store(uint64_t pc, uint64_t mode, unsigned instructions);
  Planned* find(const Place& place);
  void insert(const Planned& insn);
  void enter_index(uint32_t number);
  uint32_t block_at(const Place& place);  // of a leader, or kNone
  void connect_call(PlannedBlock& block, const Flow& flow, const Place& next);
  bool make_leader(Planned& insn, const HotLimits& limits);
  void add_calls(const Flow& flow, const Place& next);
  void connect(PlannedBlock& block, PcPredicate executed);
  uint32_t visit(uint32_t block);
  void lift_block(const Place& place, uint64_t mode);

  const Frontend& frontend_;
  MemoryPort* memory_;
  const ExclusiveSites* sites_;
  bool counts_ = false;
  const Breakpoints* breakpoints_ = nullptr;
  const CallTargets* call_targets_ = nullptr;
  Builder builder_;
  const unsigned max_length_;

  Identity identity_;
  bool one_page_ = false;
  uint64_t window_pc_ = 0;  // guest code at hand
  std::span<const uint8_t> window_;
  uint64_t window_want_ = 0;
  std::array<uint8_t, 32> crossing_ = {};  // an instruction that crosses a page
  std::vector<GuestRange> ranges_;         // lifted code

  std::vector<Planned> insns_;
  std::vector<uint32_t> index_;  // hash of insns_ by pc: number + 1, 0 = free
  std::vector<Planned> run_;
  std::vector<Start> queue_;
  std::vector<PlannedBlock> blocks_;
  std::vector<uint32_t> stack_;
  std::vector<uint32_t> reverse_order_;
  std::vector<Place> places_;
  std::vector<Builder::Inlined> calls_;    // that might be inlined
  std::vector<Builder::Inlined> inlined_;  // that are
  uint64_t entry_ = 0;
  bool cut_ = false;      // a limit was reached
  bool returns_ = false;  // a return has been planned
  bool leaves_ = false;   // what leaves the region often
  uint32_t clock_ = 0;
};

}  // namespace menura::ir
