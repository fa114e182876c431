#include "backends/llvm/search_loop.h"

#include <llvm/Analysis/ValueTracking.h>
#include <llvm/IR/IntrinsicInst.h>
#include <llvm/IR/PatternMatch.h>

#include <deque>

#include "backends/llvm/recovery.h"

namespace menura::llvmjit {

namespace {

// What a value of the path is made of.
enum Source : unsigned { kLoaded = 1, kAdvancing = 2, kCarried = 4, kStop = 8, kOther = 16 };

class SearchFinder {
 public:
  explicit SearchFinder(const llvm::Loop& loop) {
    found_.loop = &loop;
    found_.head = loop.getHeader();
  }

  std::optional<SearchLoop> find() {
    if (!find_path()) return std::nullopt;
    find_phis();
    for (std::size_t i = 0; i < found_.path.size(); ++i) {
      for (llvm::Instruction& instruction : *found_.path[i]) {
        if (!instruction.isTerminator() && !add(instruction)) return std::nullopt;
      }
      llvm::BasicBlock* const next = i + 1 < found_.path.size() ? found_.path[i + 1] : found_.head;
      if (!add_branch(*found_.path[i]->getTerminator(), next)) return std::nullopt;
    }
    const auto tests = [](const SearchLoop::Step& step) { return step.condition != nullptr; };
    if (!llvm::any_of(found_.steps, tests) || !check_carried()) return std::nullopt;
    return std::move(found_);
  }

 private:
  // The first latch that is reached, by the fewest blocks; inner loops are not entered.
  bool find_path() {
    const llvm::Loop& loop = *found_.loop;
    for (llvm::BasicBlock* const before : llvm::predecessors(found_.head)) {
      if (loop.contains(before)) found_.latches.push_back(before);
      if (!llvm::isa<llvm::BranchInst>(before->getTerminator())) return false;
    }
    std::map<llvm::BasicBlock*, llvm::BasicBlock*> from = {{found_.head, nullptr}};
    std::deque<llvm::BasicBlock*> work = {found_.head};
    while (!work.empty()) {
      llvm::BasicBlock* const block = work.front();
      work.pop_front();
      for (llvm::BasicBlock* const next : llvm::successors(block)) {
        if (next == found_.head) {
          for (llvm::BasicBlock* at = block; at != nullptr; at = from[at]) found_.path.insert(found_.path.begin(), at);
          return true;
        }
        const auto& inner = loop.getSubLoops();
        const bool enters = llvm::any_of(inner, [&](const llvm::Loop* sub) { return sub->contains(next); });
        if (loop.contains(next) && !enters && from.emplace(next, block).second) work.push_back(next);
      }
    }
    return false;
  }

  // What `v` is the sum of with a constant, which is added to `sum`.
  llvm::Value* base_of(llvm::Value* v, int64_t& sum) const {
    v = found_.resolve(v);
    llvm::Value* base = nullptr;
    const llvm::APInt* constant = nullptr;
    while (match(
        v, llvm::PatternMatch::m_AddLike(llvm::PatternMatch::m_Value(base), llvm::PatternMatch::m_APInt(constant)))) {
      if (constant->getBitWidth() > 64) return nullptr;
      sum = static_cast<int64_t>(static_cast<uint64_t>(sum) + static_cast<uint64_t>(constant->getSExtValue()));
      v = found_.resolve(base);
    }
    return v;
  }

  // Whether a step adds something to the phi, all of it or, as guests of 64 bits count in 32, in its low bits.
  bool is_advance(llvm::PHINode& phi) {
    if (!phi.getType()->isIntegerTy()) return false;
    llvm::Value* const next = found_.next(phi);
    int64_t step = 0;
    if (base_of(next, step) != &phi) {
      const llvm::CastInst* const extension = as_extension(next);
      if (extension == nullptr) return false;
      step = 0;
      auto* const low = llvm::dyn_cast<llvm::TruncInst>(base_of(extension->getOperand(0), step));
      if (low == nullptr || found_.resolve(low->getOperand(0)) != &phi || !is_word(low) || std::abs(step) > kLongStep) {
        return false;
      }
      add_narrow(low, llvm::isa<llvm::SExtInst>(extension), step);
    }
    found_.advances[&phi] = step;
    return true;
  }

  // nullptr: it is none.
  static llvm::CastInst* as_extension(llvm::Value* v) {
    const bool extends = llvm::isa<llvm::ZExtInst>(v) || llvm::isa<llvm::SExtInst>(v);
    return extends ? llvm::cast<llvm::CastInst>(v) : nullptr;
  }

  static bool is_word(const llvm::Value* v) { return v->getType()->isIntegerTy(32); }

  void add_narrow(llvm::Value* value, bool is_signed, int64_t step) {
    const bool known = llvm::any_of(found_.narrows, [&](const SearchLoop::Narrow& narrow) {
      return narrow.value == value && narrow.is_signed == is_signed;
    });
    if (!known && step != 0) found_.narrows.push_back({value, is_signed, step});
  }

  void find_phis() {
    for (llvm::PHINode& phi : found_.head->phis()) {
      if (!is_advance(phi)) found_.carried[&phi] = false;
    }
  }

  bool check_carried() {
    for (auto& [phi, of_loads] : found_.carried) {
      const unsigned sources = sources_of(found_.next(*phi));
      if ((sources & ~(kLoaded | kAdvancing)) != 0) return false;
      of_loads = (sources & kLoaded) != 0;
    }
    return true;
  }

  bool is_access(const llvm::Value* v) const {
    return llvm::any_of(found_.steps, [&](const SearchLoop::Step& step) { return step.load == v; });
  }

  unsigned sources_of(llvm::Value* v) {
    v = found_.resolve(v);
    if (!found_.contains(v)) return 0;
    const auto [known, is_new] = sources_.emplace(v, kOther);
    if (!is_new) return known->second;
    auto& instruction = *llvm::cast<llvm::Instruction>(v);
    unsigned sources = 0;
    if (auto* const phi = llvm::dyn_cast<llvm::PHINode>(v)) {
      const bool of_head = phi->getParent() == found_.head;
      sources = !of_head ? kOther : found_.carried.count(phi) != 0 ? kCarried : kAdvancing;
    } else if (auto* const load = llvm::dyn_cast<llvm::LoadInst>(v)) {
      if (is_access(load)) {
        sources = kLoaded;
      } else {
        // The request to stop; nothing on the path writes the state.
        const bool stop = load->isAtomic() && !load->isVolatile() && sources_of(load->getPointerOperand()) == 0;
        sources = stop ? kStop : kOther;
      }
    } else if (instruction.mayReadOrWriteMemory() || !llvm::isSafeToSpeculativelyExecute(&instruction)) {
      sources = kOther;
    } else {
      for (llvm::Value* const operand : instruction.operands()) sources |= sources_of(operand);
    }
    sources_[v] = sources;
    return sources;
  }

  // What each step adds to `v`, if none of `narrows` overflows.
  std::optional<int64_t> step_of(llvm::Value* v) {
    v = found_.resolve(v);
    if (!found_.contains(v)) return 0;
    if (auto* const phi = llvm::dyn_cast<llvm::PHINode>(v)) {
      const auto known = found_.advances.find(phi);
      return known != found_.advances.end() ? std::optional(known->second) : std::nullopt;
    }
    if (llvm::isa<llvm::IntToPtrInst>(v) || llvm::isa<llvm::TruncInst>(v)) {
      return step_of(llvm::cast<llvm::Instruction>(v)->getOperand(0));
    }
    if (const llvm::CastInst* const extension = as_extension(v)) {
      llvm::Value* const narrow = found_.resolve(extension->getOperand(0));
      const std::optional<int64_t> step = step_of(narrow);
      if (!step || !is_word(narrow) || std::abs(*step) > kLongStep) return std::nullopt;
      add_narrow(narrow, llvm::isa<llvm::SExtInst>(extension), *step);
      return step;
    }
    const llvm::APInt* scale = nullptr;
    llvm::Value* index = nullptr;
    if (match(v, llvm::PatternMatch::m_Shl(llvm::PatternMatch::m_Value(index), llvm::PatternMatch::m_APInt(scale)))) {
      const std::optional<int64_t> step = step_of(index);
      if (!step || std::abs(*step) > kLongStep || scale->ugt(8)) return std::nullopt;
      return *step * (int64_t{1} << scale->getZExtValue());
    }
    auto* const sum = llvm::dyn_cast<llvm::BinaryOperator>(v);
    const bool adds =
        sum != nullptr &&
        (sum->getOpcode() == llvm::Instruction::Add ||
         match(sum, llvm::PatternMatch::m_DisjointOr(llvm::PatternMatch::m_Value(), llvm::PatternMatch::m_Value())));
    if (!adds && (sum == nullptr || sum->getOpcode() != llvm::Instruction::Sub)) return std::nullopt;
    const std::optional<int64_t> a = step_of(sum->getOperand(0));
    const std::optional<int64_t> b = step_of(sum->getOperand(1));
    if (!a || !b || std::abs(*a) > kLongStep || std::abs(*b) > kLongStep) return std::nullopt;
    return adds ? *a + *b : *a - *b;
  }

  bool add(llvm::Instruction& instruction) {
    if (auto* const call = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction)) {
      if (call->getIntrinsicID() == llvm::Intrinsic::experimental_stackmap) return add_map(*call);
    }
    auto* const load = llvm::dyn_cast<llvm::LoadInst>(&instruction);
    if (load != nullptr && load->isVolatile()) return add_access(*load);
    return load != nullptr || (!instruction.mayReadOrWriteMemory() && !instruction.mayHaveSideEffects());
  }

  bool add_map(llvm::IntrinsicInst& call) {
    if (llvm::cast<llvm::ConstantInt>(call.getArgOperand(0))->getSExtValue() == kOnlyUse) return true;
    for (llvm::Value* const named : llvm::drop_begin(call.args(), 2)) {
      if ((sources_of(named) & (kStop | kOther)) != 0) return false;
    }
    map_ = &call;
    return true;
  }

  bool add_access(llvm::LoadInst& load) {
    if (map_ == nullptr || map_->getParent() != load.getParent() || load.isAtomic()) return false;
    const unsigned bits = load.getType()->isIntegerTy() ? load.getType()->getIntegerBitWidth() : 0;
    if (bits != 8 && bits != 16 && bits != 32 && bits != 64) return false;
    if (found_.bytes != 0 && found_.bytes != bits / 8) return false;
    found_.bytes = bits / 8;
    if (step_of(load.getPointerOperand()) != std::optional<int64_t>(found_.bytes)) return false;
    if (sources_of(load.getPointerOperand()) != kAdvancing) return false;
    found_.steps.push_back({&load, map_, nullptr, false});
    map_ = nullptr;
    return true;
  }

  bool add_branch(llvm::Instruction& terminator, const llvm::BasicBlock* next) {
    auto* const branch = llvm::dyn_cast<llvm::BranchInst>(&terminator);
    if (branch == nullptr) return false;
    if (branch->isUnconditional() || branch->getSuccessor(0) == branch->getSuccessor(1)) return true;
    return add_test(branch->getCondition(), branch->getSuccessor(0) != next);
  }

  bool add_test(llvm::Value* condition, bool leaves_if) {
    namespace match_ir = llvm::PatternMatch;
    condition = found_.resolve(condition);
    llvm::Value* a = nullptr;
    llvm::Value* b = nullptr;
    if (match(condition, match_ir::m_Not(match_ir::m_Value(a)))) return add_test(a, !leaves_if);
    if (leaves_if ? match(condition, match_ir::m_LogicalOr(match_ir::m_Value(a), match_ir::m_Value(b)))
                  : match(condition, match_ir::m_LogicalAnd(match_ir::m_Value(a), match_ir::m_Value(b)))) {
      return add_test(a, leaves_if) && add_test(b, leaves_if);
    }
    const unsigned sources = sources_of(condition);
    if ((sources & ~kStop) == 0) {
      found_.checks.push_back({condition, leaves_if});
      return true;
    }
    if (sources == kAdvancing) return add_bound(condition, leaves_if);
    if (sources != kLoaded || !has_lanes(condition)) return false;
    found_.steps.push_back({nullptr, nullptr, condition, leaves_if});
    return true;
  }

  bool add_bound(llvm::Value* condition, bool leaves_if) {
    using P = llvm::CmpInst;
    auto* const compare = llvm::dyn_cast<llvm::ICmpInst>(condition);
    if (compare == nullptr || !compare->getOperand(0)->getType()->isIntegerTy()) return false;
    SearchLoop::Bound bound;
    bound.goes_on = leaves_if ? compare->getInversePredicate() : compare->getPredicate();
    bound.value = compare->getOperand(0);
    bound.limit = compare->getOperand(1);
    if (sources_of(bound.limit) != 0) {
      std::swap(bound.value, bound.limit);
      bound.goes_on = P::getSwappedPredicate(bound.goes_on);
    }
    const std::optional<int64_t> step = step_of(bound.value);
    if (sources_of(bound.limit) != 0 || !step || *step == 0 || std::abs(*step) > kLongStep) return false;
    bound.step = *step;
    const P::Predicate p = bound.goes_on;
    const bool up = p == P::ICMP_ULT || p == P::ICMP_ULE || p == P::ICMP_SLT || p == P::ICMP_SLE;
    const bool down = p == P::ICMP_UGT || p == P::ICMP_UGE || p == P::ICMP_SGT || p == P::ICMP_SGE;
    if (p != P::ICMP_NE && !(up && *step > 0) && !(down && *step < 0)) return false;
    if (bound.value->getType()->getIntegerBitWidth() < 32) return false;
    found_.bounds.push_back(bound);
    return true;
  }

  // Whether there are instructions for all elements at once.
  bool has_lanes(llvm::Value* v) {
    v = found_.resolve(v);
    if (!v->getType()->isIntegerTy()) return false;
    const unsigned bits = v->getType()->getIntegerBitWidth();
    if (bits != 1 && bits != 8 * found_.bytes) return false;
    if (!found_.contains(v) || is_access(v)) return true;
    auto& instruction = *llvm::cast<llvm::Instruction>(v);
    switch (instruction.getOpcode()) {
      case llvm::Instruction::ICmp:
        return has_lanes_of_compare(llvm::cast<llvm::ICmpInst>(instruction));
      case llvm::Instruction::Shl:
      case llvm::Instruction::LShr:
      case llvm::Instruction::AShr: {
        const auto* const amount = llvm::dyn_cast<llvm::ConstantInt>(instruction.getOperand(1));
        return amount != nullptr && amount->getValue().ult(bits) && has_lanes(instruction.getOperand(0));
      }
      case llvm::Instruction::Add:
      case llvm::Instruction::Sub:
      case llvm::Instruction::And:
      case llvm::Instruction::Or:
      case llvm::Instruction::Xor:
      case llvm::Instruction::Select:
      case llvm::Instruction::ZExt:
      case llvm::Instruction::SExt:
      case llvm::Instruction::Trunc:
        return llvm::all_of(instruction.operands(), [&](llvm::Value* operand) { return has_lanes(operand); });
      default:
        return false;
    }
  }

  // What compares extended elements with what is no element compares elements, if it is one.
  bool has_lanes_of_compare(llvm::ICmpInst& compare) {
    llvm::CastInst* const extension = as_extension(found_.resolve(compare.getOperand(0)));
    llvm::CastInst* const other = as_extension(found_.resolve(compare.getOperand(1)));
    for (llvm::CastInst* const cast : {extension, other}) {
      if (cast == nullptr || !compare.isEquality() || !found_.contains(cast)) continue;
      llvm::Value* const limit = compare.getOperand(cast == extension ? 1 : 0);
      if (sources_of(limit) != 0 || cast->getSrcTy()->isIntegerTy(1)) continue;
      found_.fits.push_back({limit, cast});
      return has_lanes(cast->getOperand(0));
    }
    return has_lanes(compare.getOperand(0)) && has_lanes(compare.getOperand(1));
  }

  static constexpr int64_t kLongStep = 4096;

  SearchLoop found_;
  llvm::CallInst* map_ = nullptr;             // that waits for its access
  std::map<llvm::Value*, unsigned> sources_;  // Source
};

}  // namespace

bool SearchLoop::contains(const llvm::Value* v) const {
  const auto* const instruction = llvm::dyn_cast<llvm::Instruction>(v);
  return instruction != nullptr && loop->contains(instruction);
}

llvm::Value* SearchLoop::resolve(llvm::Value* v) const {
  while (auto* const phi = llvm::dyn_cast<llvm::PHINode>(v)) {
    const auto at = std::find(path.begin(), path.end(), phi->getParent());
    if (at == path.end() || at == path.begin()) break;
    v = phi->getIncomingValueForBlock(*std::prev(at));
  }
  return v;
}

bool SearchLoop::carries_loads() const {
  return llvm::any_of(carried, [](const auto& entry) { return entry.second; });
}

std::optional<SearchLoop> find_search(const llvm::Loop& loop) { return SearchFinder(loop).find(); }

}  // namespace menura::llvmjit
