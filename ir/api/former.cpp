#include "ir/api/former.h"

#include <algorithm>
#include <bit>
#include <cassert>

namespace menura::ir {

namespace {

// The unit of watching: a window of code never reaches beyond the page of its first byte, so that data on the next page
// is not taken for code.
constexpr uint64_t kPage = 4096;

constexpr uint64_t to_page_end(uint64_t address) { return kPage - address % kPage; }

constexpr uint64_t hash(uint64_t pc) { return (pc * 0x9e3779b97f4a7c15U) >> 32; }

}  // namespace

Former::Former(const Frontend& frontend, MemoryPort& memory)
    : frontend_(frontend),
      memory_(memory),
      builder_(frontend.layout(), frontend.helpers()),
      max_length_(frontend.max_length()) {
  assert(max_length_ <= crossing_.size());
}

void Former::begin(const Identity& identity, unsigned instructions) {
  window_ = {};
  window_pc_ = identity.pc;
  window_want_ = std::min<uint64_t>(uint64_t{instructions} * max_length_, kPage);
  ranges_.clear();
}

bool Former::open_window(uint64_t pc, Fault* fault) {
  const uint64_t want = std::min(window_want_, to_page_end(pc));
  memory_.watch_code(pc, pc + want);
  window_pc_ = pc;
  window_ = memory_.fetch(pc, static_cast<unsigned>(want), fault);
  return !window_.empty();
}

std::span<const uint8_t> Former::bytes_at(uint64_t pc, uint64_t mode, Fault* fault) {
  if (pc - window_pc_ >= window_.size() && !open_window(pc, fault)) return {};
  std::span<const uint8_t> rest = window_.subspan(pc - window_pc_);
  if (rest.size() >= max_length_ || frontend_.scan(pc, rest, mode).length != 0) return rest;
  // It goes on behind the window: in the rest of the page, or on the next one.
  if (!open_window(pc, fault)) return {};
  if (window_.size() >= max_length_ || frontend_.scan(pc, window_, mode).length != 0) return window_;
  const std::size_t have = window_.size();
  std::copy(window_.begin(), window_.end(), crossing_.begin());
  const uint64_t next = pc + have;
  memory_.watch_code(next, next + max_length_ - have);
  const std::span<const uint8_t> tail = memory_.fetch(next, max_length_ - static_cast<unsigned>(have), fault);
  std::copy(tail.begin(), tail.end(), crossing_.begin() + static_cast<std::ptrdiff_t>(have));
  const std::span<const uint8_t> whole(crossing_.data(), have + tail.size());
  window_ = {};
  if (!tail.empty() && frontend_.scan(pc, whole, mode).length == 0) {
    memory_.fetch(next + tail.size(), 1, fault);  // says what is missing
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

void Former::finish(Region& region) {
  builder_.finish();
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
  begin(identity, limits.instructions);
  Fault fault;
  uint64_t pc = identity.pc;
  std::span<const uint8_t> bytes = bytes_at(pc, identity.mode, &fault);
  if (bytes.empty()) {
    fault_region(identity, region, fault);
    return fault;
  }
  // No block is planned for the entry, so that a jump to it leaves the region.
  builder_.begin(region, identity, frontend_.memory_model(), {});
  builder_.start(builder_.new_block());
  for (unsigned count = 0;;) {
    pc += frontend_.lift(builder_, pc, bytes, identity.mode);
    ++count;
    if (builder_.ended() && (count == limits.instructions || !builder_.resume(pc))) break;
    if (count < limits.instructions && pc > identity.pc)
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
  begin(identity, limits.instructions);
  insns_.clear();
  blocks_.clear();
  reverse_order_.clear();
  index_.assign(std::bit_ceil(limits.instructions * 2U + 16), 0);
  queue_.assign(1, Start{identity.pc, true});
  Fault fault;
  for (std::size_t i = 0; i < queue_.size(); ++i) {
    plan(Start(queue_[i]), identity.mode, executed, limits, &fault);
    if (blocks_.empty()) {
      fault_region(identity, region, fault);
      return fault;
    }
  }
  for (PlannedBlock& block : blocks_) connect(block, executed);
  clock_ = 0;
  visit(0);

  pcs_.clear();
  for (auto it = reverse_order_.rbegin(); it != reverse_order_.rend(); ++it) pcs_.push_back(blocks_[*it].pc);
  builder_.begin(region, identity, frontend_.memory_model(), pcs_);
  window_ = {};
  for (const uint64_t pc : pcs_) lift_block(pc, identity.mode);
  finish(region);
  return {};
}

Former::Planned* Former::find(uint64_t pc) {
  const std::size_t mask = index_.size() - 1;
  for (std::size_t at = hash(pc) & mask; index_[at] != 0; at = (at + 1) & mask) {
    Planned& insn = insns_[index_[at] - 1];
    if (insn.pc == pc) return &insn;
  }
  return nullptr;
}

void Former::insert(const Planned& insn) {
  insns_.push_back(insn);
  const std::size_t mask = index_.size() - 1;
  std::size_t at = hash(insn.pc) & mask;
  while (index_[at] != 0) at = (at + 1) & mask;
  index_[at] = static_cast<uint32_t>(insns_.size());
}

uint32_t Former::block_at(uint64_t pc) {
  const Planned* insn = find(pc);
  return insn == nullptr ? kNone : insn->block;
}

bool Former::make_leader(Planned& insn, const HotLimits& limits) {
  if (insn.block != kNone) return true;
  if (blocks_.size() >= limits.blocks) return false;
  insn.block = static_cast<uint32_t>(blocks_.size());
  PlannedBlock block;
  block.pc = insn.pc;
  blocks_.push_back(block);
  return true;
}

// Adds the straight run of instructions at `start` to the plan, and what follows it to the queue.
void Former::plan(const Start& start, uint64_t mode, PcPredicate executed, const HotLimits& limits, Fault* fault) {
  if (Planned* known = find(start.pc)) {
    make_leader(*known, limits);
    return;
  }
  if (blocks_.size() >= limits.blocks) return;
  run_.clear();
  uint64_t pc = start.pc;
  Planned* joined = nullptr;
  Flow flow;
  while (insns_.size() + run_.size() < limits.instructions) {
    if ((joined = find(pc)) != nullptr) break;
    const std::span<const uint8_t> bytes = bytes_at(pc, mode, fault);
    if (bytes.empty()) break;
    flow = frontend_.scan(pc, bytes, mode);
    Planned insn;
    insn.pc = pc;
    insn.flow = flow;
    run_.push_back(insn);
    pc += flow.length;
    if (flow.kind != Flow::Kind::Next || pc < start.pc) break;
  }
  if (run_.empty()) return;
  // Where it ended in a direct jump or call, its target would be known if it had run.
  if (!start.sure && (flow.kind == Flow::Kind::Jump || flow.kind == Flow::Kind::Call) && !executed(flow.target)) return;

  if (joined != nullptr) make_leader(*joined, limits);
  for (const Planned& insn : run_) insert(insn);
  make_leader(*find(start.pc), limits);
  switch (flow.kind) {
    case Flow::Kind::Branch: {
      const bool taken = executed(flow.target);
      const bool passed = executed(pc);
      queue_.push_back({pc, passed || !taken});
      if (taken) queue_.push_back({flow.target, true});
      break;
    }
    case Flow::Kind::Jump:
      if (executed(flow.target)) queue_.push_back({flow.target, true});
      break;
    case Flow::Kind::Call:
    case Flow::Kind::IndirectCall:
      if (executed(pc)) queue_.push_back({pc, true});
      break;
    case Flow::Kind::Next:
    case Flow::Kind::Indirect:
    case Flow::Kind::Return:
    case Flow::Kind::Exit:
      break;
  }
}

void Former::connect(PlannedBlock& block, PcPredicate executed) {
  const Planned* insn = find(block.pc);
  uint64_t next = insn->pc + insn->flow.length;
  while (insn->flow.kind == Flow::Kind::Next) {
    const Planned* following = find(next);
    if (following == nullptr || following->block != kNone) break;
    insn = following;
    next = insn->pc + insn->flow.length;
  }
  switch (insn->flow.kind) {
    case Flow::Kind::Next:
    case Flow::Kind::Call:
    case Flow::Kind::IndirectCall:
      block.successors[1] = block_at(next);
      break;
    case Flow::Kind::Branch:
      block.successors[0] = block_at(insn->flow.target);
      block.successors[1] = block_at(next);
      if (!executed(next) && executed(insn->flow.target)) std::swap(block.successors[0], block.successors[1]);
      break;
    case Flow::Kind::Jump:
      block.successors[1] = block_at(insn->flow.target);
      break;
    case Flow::Kind::Indirect:
    case Flow::Kind::Return:
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

void Former::lift_block(uint64_t pc, uint64_t mode) {
  const uint64_t begin = pc;
  builder_.start(builder_.block_of(pc));
  for (;;) {
    const Planned* insn = find(pc);
    if (insn == nullptr || (pc != begin && insn->block != kNone)) break;
    Fault fault;
    const std::span<const uint8_t> bytes = bytes_at(pc, mode, &fault);
    if (bytes.empty()) break;
    const unsigned length = frontend_.lift(builder_, pc, bytes, mode);
    pc += length;
    // The bytes may have changed since they were planned; then this region is about to be invalidated.
    if (builder_.ended() || length != insn->flow.length || insn->flow.kind != Flow::Kind::Next) break;
  }
  if (!builder_.ended()) builder_.jump_to(pc);
  if (pc > begin) ranges_.push_back({begin, pc});
}

}  // namespace menura::ir
