#include "ir/api/exclusives.h"

#include <vector>

#include "ir/core/descriptors.h"

namespace menura::ir {

namespace {

// Sets of load-linkeds, by number; those from kMost on share one.
using Loads = uint64_t;
constexpr unsigned kMost = 63;

// The load-linkeds whose reservation may be open at some place.
struct Open {
  Loads clean = 0;       // no access of memory since
  Loads touched = 0;     // there was one
  bool unknown = false;  // none of this region is the latest

  bool merge(const Open& other) {
    const Open before = *this;
    clean |= other.clean;
    touched |= other.touched;
    unknown |= other.unknown;
    return clean != before.clean || touched != before.touched || unknown != before.unknown;
  }
  void touch() {
    touched |= clean;
    clean = 0;
  }
};

struct Store {
  Value inst;
  Loads loads;
  bool alone;
};

void set_alone(Inst& inst) {
  auto desc = unpack<MemDesc>(inst.aux);
  desc.alone = 1;
  inst.aux = pack(desc);
}

class Classifier {
 public:
  Classifier(Region& region, const HelperTable& helpers) : region_(region), helpers_(helpers) {}

  void run(const ExclusiveSites* sites) {
    for (Value at = 0; at < region_.insts.size(); ++at) {
      if (region_.insts[at].op == Op::LoadLinked) loads_.push_back(at);
    }
    entries_.resize(region_.blocks.size());
    entries_[region_.order.front()].unknown = true;
    for (bool changed = true; changed;) {
      changed = false;
      for (const BlockId block : region_.order) changed |= pass(block, nullptr);
    }
    for (const BlockId block : region_.order) pass(block, &stores_);
    decide(sites);
  }

 private:
  Loads bit_of(Value load) const {
    unsigned number = 0;
    while (number < kMost && loads_[number] != load) ++number;
    return Loads{1} << number;
  }

  // Whether any successor has learned something.
  bool pass(BlockId id, std::vector<Store>* stores) {
    const Block& block = region_.blocks[id];
    Open open = entries_[id];
    for (Value at = block.first; at < block.first + block.count; ++at) {
      const Inst& inst = region_.insts[at];
      switch (inst.op) {
        case Op::LoadLinked:
          open = {bit_of(at), 0, false};
          break;
        case Op::StoreCond:
          if (stores != nullptr) {
            stores->push_back({at, open.clean | open.touched, open.unknown || open.touched != 0 || open.clean == 0});
          }
          open = {0, 0, true};
          break;
        case Op::Probe:
          break;
        case Op::Call:
          if (helpers_[static_cast<HelperId>(inst.imm)].effects.memory) open.touch();
          break;
        default:
          if (info(inst.op).effect == Effect::Mem) open.touch();
          break;
      }
    }
    const Inst& end = region_.terminator(block);
    // What a guest call has done before it returns here, nobody knows.
    if (end.op == Op::CallDirect || end.op == Op::CallIndirect) open = {0, 0, true};
    bool changed = false;
    for_each_edge(region_, end, [&](const Edge& edge) { changed |= entries_[edge.target].merge(open); });
    return changed;
  }

  void decide(const ExclusiveSites* sites) {
    Loads alone = 0;
    for (const Value load : loads_) {
      const uint64_t pc = region_.identity.pc + static_cast<uint64_t>(pc_offset_of(load));
      if (sites != nullptr && sites->contains(pc)) alone |= bit_of(load);
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (Store& store : stores_) {
        store.alone |= (store.loads & alone) != 0;
        if (!store.alone || (store.loads & ~alone) == 0) continue;
        alone |= store.loads;
        changed = true;
      }
    }
    for (const Value load : loads_) {
      if ((alone & bit_of(load)) != 0) set_alone(region_.insts[load]);
    }
    for (const Store& store : stores_) {
      if (store.alone) set_alone(region_.insts[store.inst]);
    }
  }

  int64_t pc_offset_of(Value at) const {
    while (region_.insts[at].op != Op::Insn) --at;
    return region_.insts[at].imm;
  }

  Region& region_;
  const HelperTable& helpers_;
  std::vector<Value> loads_;
  std::vector<Open> entries_;  // by block
  std::vector<Store> stores_;
};

}  // namespace

bool ExclusiveSites::contains(uint64_t pc) const { return any_in(pc, pc + 1); }

bool ExclusiveSites::any_in(uint64_t begin, uint64_t end) const {
  const uint32_t count = count_.load(std::memory_order_acquire);
  if (count == kMost) return true;
  for (uint32_t i = 0; i < count; ++i) {
    const uint64_t pc = pcs_[i].load(std::memory_order_relaxed);
    if (pc >= begin && pc < end) return true;
  }
  return false;
}

void ExclusiveSites::add(uint64_t pc) {
  const uint32_t count = count_.load(std::memory_order_relaxed);
  if (contains(pc)) return;
  pcs_[count].store(pc, std::memory_order_relaxed);
  count_.store(count + 1, std::memory_order_release);
}

void classify_exclusives(Region& region, const HelperTable& helpers, const ExclusiveSites* sites) {
  Classifier(region, helpers).run(sites);
}

}  // namespace menura::ir
