#include "ir/api/former.h"

#include <algorithm>
#include <bit>
#include <cassert>

#include "ir/api/frames.h"

namespace menura::ir {

namespace {

// The unit of watching: a window of code never reaches beyond the page of its first byte, so that data on the next page
// is not taken for code.
constexpr uint64_t kPage = 4096;

// How far a load-linked's store-conditional is looked for. Compilers' and libraries' pairs have fewer between them.
constexpr unsigned kExclusiveReach = 24;

constexpr uint64_t to_page_end(uint64_t address) { return kPage - address % kPage; }

constexpr uint64_t hash(const Builder::Place& place) {
  return ((place.pc ^ uint64_t{place.context} << 48) * 0x9e3779b97f4a7c15U) >> 32;
}

}  // namespace

Former::Former(const Frontend& frontend, MemoryPort& memory, const ExclusiveSites* sites)
    : frontend_(frontend),
      memory_(&memory),
      sites_(sites),
      builder_(frontend.layout(), frontend.helpers()),
      max_length_(frontend.max_length()) {
  assert(max_length_ <= crossing_.size());
}

bool Former::is_outside(uint64_t pc) const { return one_page_ && pc / kPage != identity_.pc / kPage; }

void Former::begin(const Identity& identity, unsigned instructions, bool one_page) {
  identity_ = identity;
  one_page_ = one_page;
  window_ = {};
  window_pc_ = identity.pc;
  window_want_ = std::min<uint64_t>(uint64_t{instructions} * max_length_, kPage);
  ranges_.clear();
}

bool Former::open_window(uint64_t pc, Fault* fault) {
  const uint64_t want = std::min(window_want_, to_page_end(pc));
  memory_->watch_code(pc, pc + want);
  window_pc_ = pc;
  window_ = memory_->fetch(pc, static_cast<unsigned>(want), fault);
  return !window_.empty();
}

std::span<const uint8_t> Former::bytes_at(uint64_t pc, uint64_t mode, Fault* fault) {
  if (is_outside(pc)) return {};
  if (pc - window_pc_ >= window_.size() && !open_window(pc, fault)) return {};
  std::span<const uint8_t> rest = window_.subspan(pc - window_pc_);
  if (rest.size() >= max_length_ || frontend_.scan(pc, rest, mode).length != 0) return rest;
  // It goes on behind the window: in the rest of the page, or on the next one.
  if (!open_window(pc, fault)) return {};
  if (window_.size() >= max_length_ || frontend_.scan(pc, window_, mode).length != 0) return window_;
  if (one_page_ && pc != identity_.pc) return {};
  const std::size_t have = window_.size();
  std::copy(window_.begin(), window_.end(), crossing_.begin());
  const uint64_t next = pc + have;
  memory_->watch_code(next, next + max_length_ - have);
  const std::span<const uint8_t> tail = memory_->fetch(next, max_length_ - static_cast<unsigned>(have), fault);
  std::copy(tail.begin(), tail.end(), crossing_.begin() + static_cast<std::ptrdiff_t>(have));
  const std::span<const uint8_t> whole(crossing_.data(), have + tail.size());
  window_ = {};
  if (!tail.empty() && frontend_.scan(pc, whole, mode).length == 0) {
    memory_->fetch(next + tail.size(), 1, fault);  // says what is missing
  }
  return frontend_.scan(pc, whole, mode).length != 0 ? whole : std::span<const uint8_t>{};
}

void Former::fault_region(const Identity& identity, Region& region, const Fault& fault) {
  builder_.begin(region, identity, frontend_.memory_model(), {});
  builder_.start(builder_.new_block());
  builder_.insn(identity.pc, 0);
  builder_.exit(ExitKind::Fault, identity.pc, {builder_.pc_value(fault.address)});
  builder_.finish();
}

// It counts as code of the instruction's first byte.
void Former::breakpoint_region(Region& region) {
  builder_.begin(region, identity_, frontend_.memory_model(), {});
  builder_.start(builder_.new_block());
  builder_.insn(identity_.pc, 0);
  builder_.exit(ExitKind::Breakpoint, identity_.pc);
  ranges_.push_back({identity_.pc, identity_.pc + 1});
  finish(region);
}

bool Former::leads_to_store(uint64_t pc, uint64_t mode, unsigned instructions) {
  for (; instructions > 0; --instructions) {
    Fault fault;
    const std::span<const uint8_t> bytes = bytes_at(pc, mode, &fault);
    if (bytes.empty()) return false;
    const Flow flow = frontend_.scan(pc, bytes, mode);
    if (flow.exclusive != Flow::Exclusive::None) return flow.exclusive == Flow::Exclusive::Store;
    if (flow.kind == Flow::Kind::Jump && flow.target > pc) {
      pc = flow.target;
      continue;
    }
    if (flow.kind == Flow::Kind::Branch) {
      if (flow.target > pc && leads_to_store(flow.target, mode, instructions - 1)) return true;
    } else if (flow.kind != Flow::Kind::Next) {
      return false;
    }
    pc += flow.length;
  }
  return false;
}

// Names code by its physical addresses, as invalidations do.
void Former::in_frames() {
  const uint64_t next_page = (identity_.pc / kPage + 1) * kPage;
  GuestRange rest;
  for (GuestRange& range : ranges_) {
    if (range.end > next_page) {  // of the first instruction
      const uint64_t next_frame = identity_.next_frame & ~kCrosses;
      rest = {next_frame, next_frame + (range.end - next_page)};
      range.end = next_page;
    }
    const uint64_t size = range.end - range.begin;
    range.begin = identity_.frame + range.begin % kPage;
    range.end = range.begin + size;
  }
  if (rest.end != rest.begin) ranges_.push_back(rest);
}

void Former::finish(Region& region) {
  builder_.finish();
  if (builder_.has_exclusives()) classify_exclusives(region, frontend_.helpers(), sites_);
  if (one_page_) in_frames();
  if (ranges_.size() > 1) {
    std::sort(ranges_.begin(), ranges_.end(), [](const auto& a, const auto& b) { return a.begin < b.begin; });
  }
  for (const GuestRange& range : ranges_) {
    if (!region.guest.empty() && range.begin <= region.guest.back().end) {
      region.guest.back().end = std::max(region.guest.back().end, range.end);
    } else {
      region.guest.push_back(range);
    }
  }
}

Fault Former::form_trace(const Identity& identity, Region& region, const TraceLimits& limits) {
  begin(identity, limits.instructions, limits.one_page);
  Fault fault;
  uint64_t pc = identity.pc;
  std::span<const uint8_t> bytes = bytes_at(pc, identity.mode, &fault);
  if (bytes.empty()) {
    fault_region(identity, region, fault);
    return fault;
  }
  if (is_breakpoint(pc)) {
    breakpoint_region(region);
    return {};
  }
  // No block is planned for the entry, so that a jump to it leaves the region.
  builder_.begin(region, identity, frontend_.memory_model(), {});
  builder_.start(builder_.new_block());
  unsigned most = limits.instructions;
  for (unsigned count = 0;;) {
    pc += frontend_.lift(builder_, pc, bytes, identity.mode);
    if (counts_) builder_.part(pc);
    ++count;
    const bool open = builder_.exclusive_open();
    if (count == most && open && !limits.exact &&
        leads_to_store(pc, identity.mode, limits.instructions + kExclusiveReach - count)) {
      ++most;
    }
    if (builder_.ended() && (count == most || !(builder_.resume(pc) || (open && builder_.join(pc))))) break;
    if (open) builder_.join(pc);
    if (count < most && pc > identity.pc && !is_breakpoint(pc))
      bytes = bytes_at(pc, identity.mode, &fault);
    else
      bytes = {};
    if (bytes.empty()) {
      builder_.jump_to(pc);
      break;
    }
  }
  ranges_.push_back({identity.pc, std::max(pc, identity.pc + 1)});
  finish(region);
  return {};
}

Fault Former::form_hot(const Identity& identity, Region& region, PcPredicate executed, const HotLimits& limits) {
  begin(identity, limits.instructions, limits.one_page);
  insns_.clear();
  blocks_.clear();
  reverse_order_.clear();
  calls_.clear();
  inlined_.clear();
  entry_ = identity.pc;
  index_.assign(std::bit_ceil((limits.instructions + kExclusiveReach) * 2U), 0);
  queue_.assign(1, Start{{identity.pc}, true});
  if (is_breakpoint(identity.pc)) {
    breakpoint_region(region);
    return {};
  }
  Fault fault;
  plan_all(identity.mode, executed, limits, &fault);
  if (blocks_.empty()) {
    fault_region(identity, region, fault);
    return fault;
  }
  for (std::size_t i = 0; i < calls_.size(); ++i) {
    inline_call(Builder::Inlined(calls_[i]), identity.mode, executed, limits);
  }
  for (PlannedBlock& block : blocks_) connect(block, executed);
  clock_ = 0;
  visit(0);

  places_.clear();
  for (auto it = reverse_order_.rbegin(); it != reverse_order_.rend(); ++it) places_.push_back(blocks_[*it].place);
  builder_.begin(region, identity, frontend_.memory_model(), places_, inlined_);
  window_ = {};
  for (const Place& place : places_) lift_block(place, identity.mode);
  finish(region);
  return {};
}

Former::Planned* Former::find(const Place& place) {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t at = hash(place) & mask; index_[at] != 0; at = (at + 1) & mask) {
    Planned& insn = insns_[index_[at] - 1];
    if (insn.place == place) return &insn;
  }
  return nullptr;
}

void Former::insert(const Planned& insn) {
  insns_.push_back(insn);
  enter_index(static_cast<uint32_t>(insns_.size()));
}

void Former::enter_index(uint32_t number) {
  const std::size_t mask = index_.size() - 1;
  std::size_t at = hash(insns_[number - 1].place) & mask;
  while (index_[at] != 0) at = (at + 1) & mask;
  index_[at] = number;
}

uint32_t Former::block_at(const Place& place) {
  const Planned* insn = find(place);
  return insn == nullptr ? kNone : insn->block;
}

bool Former::make_leader(Planned& insn, const HotLimits& limits) {
  if (insn.block != kNone) return true;
  if (blocks_.size() >= limits.blocks) {
    cut_ = true;
    return false;
  }
  insn.block = static_cast<uint32_t>(blocks_.size());
  PlannedBlock block;
  block.place = insn.place;
  blocks_.push_back(block);
  return true;
}

void Former::plan_all(uint64_t mode, PcPredicate executed, const HotLimits& limits, Fault* fault) {
  for (std::size_t i = 0; i < queue_.size(); ++i) {
    plan(Start(queue_[i]), mode, executed, limits, fault);
    if (blocks_.empty()) return;
  }
}

// Adds the straight run of instructions at `start` to the plan, and what follows it to the queue.
void Former::plan(const Start& start, uint64_t mode, PcPredicate executed, const HotLimits& limits, Fault* fault) {
  if (Planned* known = find(start.place)) {
    make_leader(*known, limits);
    return;
  }
  const unsigned reach = start.open ? kExclusiveReach : 0;
  if (blocks_.size() >= limits.blocks || insns_.size() >= limits.instructions + reach) {
    cut_ = true;
    return;
  }
  run_.clear();
  Place at = start.place;
  Planned* joined = nullptr;
  Flow flow;
  bool open = start.open;
  for (;;) {
    if ((joined = find(at)) != nullptr) break;
    if (insns_.size() + run_.size() >= limits.instructions + (open ? kExclusiveReach : 0)) {
      cut_ = true;
      flow = {};
      break;
    }
    if (is_breakpoint(at.pc)) {
      cut_ = true;
      flow = {};
      break;
    }
    if (!run_.empty() && !open && executed.elsewhere(at.pc)) {
      flow = {};
      break;
    }
    const std::span<const uint8_t> bytes = bytes_at(at.pc, mode, fault);
    if (bytes.empty()) break;
    flow = frontend_.scan(at.pc, bytes, mode);
    Planned insn;
    insn.place = at;
    insn.flow = flow;
    run_.push_back(insn);
    if (flow.exclusive != Flow::Exclusive::None) open = flow.exclusive == Flow::Exclusive::Load;
    at.pc += flow.length;
    if (flow.kind != Flow::Kind::Next || at.pc < start.place.pc) break;
  }
  if (run_.empty()) return;
  // Where it ended in a direct jump or call, its target would be known if it had run.
  if (!start.sure && (flow.kind == Flow::Kind::Jump || flow.kind == Flow::Kind::Call) && !executed(flow.target)) return;

  if (joined != nullptr) make_leader(*joined, limits);
  for (const Planned& insn : run_) insert(insn);
  make_leader(*find(start.place), limits);
  plan_successors(flow, at, open, mode, executed);
}

void Former::plan_successors(const Flow& flow, const Place& next, bool open, uint64_t mode, PcPredicate executed) {
  // A pair must not be torn apart, whatever has run.
  const auto wanted = [&](uint64_t pc) { return executed(pc) || (open && leads_to_store(pc, mode, kExclusiveReach)); };
  const Place target{flow.target, next.context};
  switch (flow.kind) {
    case Flow::Kind::Branch: {
      const bool taken = wanted(target.pc);
      const bool passed = wanted(next.pc);
      if (open || !executed.elsewhere(next.pc)) queue_.push_back({next, passed || !taken, open});
      if (taken) queue_.push_back({target, true, open});
      break;
    }
    case Flow::Kind::Jump:
      if (wanted(target.pc)) queue_.push_back({target, true, open});
      break;
    case Flow::Kind::Call:
    case Flow::Kind::IndirectCall:
      if (!executed(next.pc)) break;
      queue_.push_back({next, true});
      add_calls(flow, next);
      break;
    case Flow::Kind::Return:
      returns_ = true;
      break;
    case Flow::Kind::Indirect:
    case Flow::Kind::Exit:
      leaves_ = true;
      break;
    case Flow::Kind::Next:
      break;
  }
}

// What is inlined of a call is found by where it returns to: of two that overlap and end alike, one must do.
void Former::add_calls(const Flow& flow, const Place& next) {
  const auto ends_alike = [&](const Builder::Inlined& call) {
    return call.caller == next.context && call.return_pc == next.pc;
  };
  if (std::any_of(calls_.begin(), calls_.end(), ends_alike)) return;
  if (flow.kind == Flow::Kind::Call) {
    calls_.push_back({next.context, next.pc, flow.target});
    return;
  }
  if (call_targets_ == nullptr) return;
  std::array<uint64_t, CallTargets::kMost> entries = {};
  const std::size_t count = call_targets_->likely(next.pc, entries);
  for (std::size_t i = 0; i < count; ++i) {
    if (Builder::reaches(identity_.pc, entries[i])) calls_.push_back({next.context, next.pc, entries[i]});
  }
}

bool Former::may_inline(const Builder::Inlined& call, const HotLimits& limits) {
  constexpr unsigned kSameFunction = 3;  // in a chain of calls
  unsigned depth = 1;
  unsigned same = call.entry == entry_ ? 2 : 1;
  for (uint32_t context = call.caller; context != 0; context = inlined_[context - 1].caller) {
    ++depth;
    same += inlined_[context - 1].entry == call.entry ? 1 : 0;
  }
  return depth <= limits.inline_depth && same <= kSameFunction && block_at({call.return_pc, call.caller}) != kNone;
}

// Plans a function at one of its calls: all that has run of it, or nothing.
void Former::inline_call(const Builder::Inlined& call, uint64_t mode, PcPredicate executed, const HotLimits& limits) {
  if (!may_inline(call, limits) || !executed(call.entry)) return;
  const std::size_t insns = insns_.size();
  const std::size_t blocks = blocks_.size();
  const std::size_t calls = calls_.size();
  HotLimits own = limits;
  own.instructions = std::min(limits.instructions, static_cast<unsigned>(insns) + limits.inline_instructions);
  cut_ = returns_ = leaves_ = false;
  inlined_.push_back(call);
  queue_.assign(1, Start{{call.entry, static_cast<uint32_t>(inlined_.size())}, true});
  Fault fault;
  plan_all(mode, executed, own, &fault);
  if (!cut_ && returns_ && !leaves_ && fault.kind == FaultKind::None) return;
  inlined_.pop_back();
  insns_.resize(insns);
  blocks_.resize(blocks);
  calls_.resize(calls);
  std::fill(index_.begin(), index_.end(), 0);
  for (uint32_t number = 1; number <= insns_.size(); ++number) enter_index(number);
}

// A direct call that is inlined goes nowhere else; an indirect one may.
void Former::connect_call(PlannedBlock& block, const Flow& flow, const Place& next) {
  std::size_t count = 0;
  for (uint32_t i = 0; i < inlined_.size(); ++i) {
    const Builder::Inlined& call = inlined_[i];
    if (call.caller == next.context && call.return_pc == next.pc) {
      block.successors[count++] = block_at({call.entry, i + 1});
    }
  }
  if (count == 0 || flow.kind == Flow::Kind::IndirectCall) block.successors[count++] = block_at(next);
  // The likeliest is placed next.
  std::reverse(block.successors.begin(), block.successors.begin() + static_cast<std::ptrdiff_t>(count));
}

void Former::connect(PlannedBlock& block, PcPredicate executed) {
  const Planned* insn = find(block.place);
  const uint32_t context = block.place.context;
  Place next{insn->place.pc + insn->flow.length, context};
  while (insn->flow.kind == Flow::Kind::Next) {
    const Planned* following = find(next);
    if (following == nullptr || following->block != kNone) break;
    insn = following;
    next.pc = insn->place.pc + insn->flow.length;
  }
  const Place target{insn->flow.target, context};
  switch (insn->flow.kind) {
    case Flow::Kind::Next:
      block.successors[1] = block_at(next);
      break;
    case Flow::Kind::Call:
    case Flow::Kind::IndirectCall:
      connect_call(block, insn->flow, next);
      break;
    case Flow::Kind::Branch:
      block.successors[0] = block_at(target);
      block.successors[1] = block_at(next);
      if (!executed(next.pc) && executed(target.pc)) std::swap(block.successors[0], block.successors[1]);
      break;
    case Flow::Kind::Jump:
      block.successors[1] = block_at(target);
      break;
    case Flow::Kind::Return:
      if (context != 0) block.successors[1] = block_at({inlined_[context - 1].return_pc, inlined_[context - 1].caller});
      break;
    case Flow::Kind::Indirect:
    case Flow::Kind::Exit:
      break;
  }
}

// Bourdoncle's weak topological order ("Efficient chaotic iteration strategies with widenings", 1993): each loop,
// inner ones too, is contiguous and starts with its head. Blocks are appended last first.
uint32_t Former::visit(uint32_t index) {
  constexpr uint32_t kDone = UINT32_MAX;
  stack_.push_back(index);
  const uint32_t number = ++clock_;
  blocks_[index].number = number;
  uint32_t head = number;
  bool loop = false;
  for (const uint32_t successor : blocks_[index].successors) {
    if (successor == kNone) continue;
    const uint32_t lowest = blocks_[successor].number == 0 ? visit(successor) : blocks_[successor].number;
    if (lowest <= head) {
      head = lowest;
      loop = true;
    }
  }
  if (head != number) return head;
  blocks_[index].number = kDone;
  uint32_t member = stack_.back();
  stack_.pop_back();
  if (loop) {
    for (; member != index; stack_.pop_back()) {
      blocks_[member].number = 0;
      member = stack_.back();
    }
    for (const uint32_t successor : blocks_[index].successors) {
      if (successor != kNone && blocks_[successor].number == 0) visit(successor);
    }
  }
  reverse_order_.push_back(index);
  return head;
}

void Former::lift_block(const Place& place, uint64_t mode) {
  Place at = place;
  builder_.set_context(place.context);
  builder_.start(builder_.block_of(place));
  for (;;) {
    const Planned* insn = find(at);
    if (insn == nullptr || (at != place && insn->block != kNone)) break;
    Fault fault;
    const std::span<const uint8_t> bytes = bytes_at(at.pc, mode, &fault);
    if (bytes.empty()) break;
    const unsigned length = frontend_.lift(builder_, at.pc, bytes, mode);
    at.pc += length;
    if (counts_) builder_.part(at.pc);
    // The bytes may have changed since they were planned; then this region is about to be invalidated.
    if (builder_.ended() || length != insn->flow.length || insn->flow.kind != Flow::Kind::Next) break;
  }
  if (!builder_.ended()) builder_.jump_to(at.pc);
  if (at.pc > place.pc) ranges_.push_back({place.pc, at.pc});
}

}  // namespace menura::ir
