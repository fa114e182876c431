#include "backends/llvm/searching.h"

#include <llvm/IR/Dominators.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/MDBuilder.h>
#include <llvm/Transforms/Utils/BasicBlockUtils.h>

#include "backends/llvm/recovery.h"
#include "backends/llvm/search_loop.h"

namespace menura::llvmjit {

namespace {

constexpr unsigned kPage = 4096;
// With fewer lanes the loop itself is as fast.
constexpr unsigned kFewestLanes = 4;
// Of the loop itself, before the first chunk: much is found at once.
constexpr unsigned kFirstSteps = 1;

// Puts a loop of chunks around a search:
//
//           -> loop, for one step
//   chunk:  phis of the loop's head
//           something ends soon, a vector would leave its page, a stop is requested -> loop, for some steps
//           vectors are loaded and looked at
//           lane k leaves -> loop, at that step, for this one
//           -> chunk, as many steps further
//   loop:   as it was
//   again:  steps are left -> loop, else -> chunk
class ChunkMaker {
 public:
  ChunkMaker(SearchLoop& search, std::vector<AccessSite>& sites, unsigned bytes)
      : search_(search),
        sites_(sites),
        function_(*search.head->getParent()),
        b_(function_.getContext()),
        lanes_(bytes / search.bytes) {
    llvm::MDBuilder metadata(function_.getContext());
    rare_ = metadata.createBranchWeights(1, 4000);
    seldom_ = metadata.createBranchWeights(1, 8);
  }

  void run() {
    for (llvm::PHINode& phi : search_.head->phis()) next_[&phi] = search_.next(phi);
    split_edges();
    start();
    guard();
    for (const SearchLoop::Step& step : search_.steps) {
      if (step.load != nullptr) {
        load(step);
      } else {
        test(step);
      }
    }
    finish();
    connect();
  }

 private:
  // A step of the chunk: what values of the loop are in it.
  struct Lane {
    unsigned number = 0;
    std::map<llvm::Value*, llvm::Value*> known;
  };

  llvm::BasicBlock* new_block(const char* name) {
    return llvm::BasicBlock::Create(function_.getContext(), name, &function_, search_.head);
  }

  void split_edges() {
    llvm::SmallVector<llvm::BasicBlock*, 4> outside;
    for (llvm::BasicBlock* const before : llvm::predecessors(search_.head)) {
      if (!search_.loop->contains(before) && !llvm::is_contained(outside, before)) outside.push_back(before);
    }
    before_ = llvm::SplitBlockPredecessors(search_.head, outside, ".search");
    again_ = llvm::SplitBlockPredecessors(search_.head, search_.latches, ".again");
  }

  void start() {
    chunk_ = new_block("chunk");
    leave_ = new_block("step");
    b_.SetInsertPoint(chunk_);
    for (llvm::PHINode& phi : search_.head->phis()) {
      llvm::PHINode* const at = b_.CreatePHI(phi.getType(), 2);
      at->addIncoming(phi.getIncomingValueForBlock(again_), again_);
      first_.known[&phi] = at;
    }
    b_.SetInsertPoint(leave_);
    steps_ = b_.CreatePHI(b_.getInt32Ty(), 4);
    steps_->addIncoming(b_.getInt32(kFirstSteps), before_);
    for (llvm::PHINode& phi : search_.head->phis()) {
      left_[&phi] = b_.CreatePHI(phi.getType(), 4);
      left_[&phi]->addIncoming(phi.getIncomingValueForBlock(before_), before_);
    }
    b_.SetInsertPoint(chunk_);
  }

  // To the loop where `condition` holds, which goes on where the chunk stands, for so many steps.
  void leave(llvm::Value* condition, unsigned steps, llvm::MDNode* weights) {
    llvm::BasicBlock* const on = new_block("");
    add_way(b_.getInt32(steps), first_.known);
    b_.CreateCondBr(condition, leave_, on, weights);
    b_.SetInsertPoint(on);
  }

  void add_way(llvm::Value* steps, std::map<llvm::Value*, llvm::Value*>& values) {
    steps_->addIncoming(steps, b_.GetInsertBlock());
    for (auto& [phi, left] : left_) left->addIncoming(values[phi], b_.GetInsertBlock());
  }

  // Comparisons stand beside their branches, where LLVM makes one instruction of both.
  void guard() {
    for (const SearchLoop::Check& check : search_.checks) {
      llvm::Value* condition = scalar(first_, check.condition);
      if (!check.leaves_if) condition = b_.CreateNot(condition);
      leave(condition, lanes_, rare_);
    }
    for (const SearchLoop::Fit& fit : search_.fits) {
      llvm::Value* const limit = scalar(first_, fit.value);
      llvm::Value* const element = b_.CreateTrunc(limit, fit.extension->getSrcTy());
      llvm::Value* const extended = b_.CreateCast(fit.extension->getOpcode(), element, limit->getType());
      leave(b_.CreateICmpNE(extended, limit), lanes_, rare_);
    }
    for (const SearchLoop::Narrow& narrow : search_.narrows) guard_narrow(narrow);
    for (const SearchLoop::Bound& bound : search_.bounds) guard_bound(bound);
    for (const SearchLoop::Step& step : search_.steps) {
      if (step.load == nullptr) continue;
      llvm::Value* const address = b_.CreatePtrToInt(scalar(first_, step.load->getPointerOperand()), b_.getInt64Ty());
      llvm::Value* const offset = b_.CreateAnd(b_.CreateTrunc(address, b_.getInt32Ty()), b_.getInt32(kPage - 1));
      llvm::Value* const crosses = b_.CreateICmpUGT(offset, b_.getInt32(kPage - lanes_ * search_.bytes));
      // Until an element begins in the next page.
      llvm::BasicBlock* const on = new_block("");
      llvm::BasicBlock* const end = new_block("end");
      b_.CreateCondBr(crosses, end, on, rare_);
      b_.SetInsertPoint(end);
      llvm::Value* const rest = b_.CreateSub(b_.getInt32(kPage - 1 + search_.bytes), offset);
      add_way(b_.CreateUDiv(rest, b_.getInt32(search_.bytes)), first_.known);
      b_.CreateBr(leave_);
      b_.SetInsertPoint(on);
    }
  }

  // All steps of the chunk, and the next, must be within its range.
  void guard_narrow(const SearchLoop::Narrow& narrow) {
    llvm::Value* const value = scalar(first_, narrow.value);
    const unsigned bits = value->getType()->getIntegerBitWidth();
    const bool up = narrow.step > 0;
    const llvm::APInt end = narrow.is_signed
                                ? (up ? llvm::APInt::getSignedMaxValue(bits) : llvm::APInt::getSignedMinValue(bits))
                                : (up ? llvm::APInt::getMaxValue(bits) : llvm::APInt::getMinValue(bits));
    const llvm::APInt chunk(bits, static_cast<uint64_t>(narrow.step * lanes_), /*isSigned=*/true);
    llvm::Value* const limit = llvm::ConstantInt::get(value->getType(), end - chunk);
    using P = llvm::CmpInst;
    const P::Predicate outside = up ? P::ICMP_UGT : P::ICMP_ULT;
    leave(b_.CreateICmp(narrow.is_signed ? P::getSignedPredicate(outside) : outside, value, limit), lanes_, rare_);
  }

  void guard_bound(const SearchLoop::Bound& bound) {
    llvm::Value* const value = scalar(first_, bound.value);
    llvm::Value* const limit = scalar(first_, bound.limit);
    const bool up = bound.step > 0;
    llvm::Value* const distance = up ? b_.CreateSub(limit, value) : b_.CreateSub(value, limit);
    const uint64_t step = static_cast<uint64_t>(std::abs(bound.step));
    // Tests at a limit let it be reached, others not.
    uint64_t needed = step * (lanes_ - 1) + 1;
    if (bound.goes_on == llvm::CmpInst::ICMP_NE) {
      needed = step * lanes_;
    } else {
      if (!llvm::CmpInst::isStrictPredicate(bound.goes_on)) needed -= 1;
      leave(b_.CreateICmp(llvm::CmpInst::getInversePredicate(bound.goes_on), value, limit), lanes_, rare_);
    }
    leave(b_.CreateICmpULT(distance, llvm::ConstantInt::get(distance->getType(), needed)), lanes_, seldom_);
  }

  // What the path's `v` is in a step; built here.
  llvm::Value* scalar(Lane& lane, llvm::Value* v) {
    v = search_.resolve(v);
    if (!search_.contains(v)) return v;
    const auto known = lane.known.find(v);
    if (known != lane.known.end()) return known->second;
    llvm::Value* made = nullptr;
    const auto vector = vectors_.find(v);
    if (vector != vectors_.end() && llvm::isa<llvm::LoadInst>(v)) {
      made = b_.CreateExtractElement(vector->second, lane.number);
    } else {
      llvm::SmallVector<llvm::Value*, 4> operands;
      for (llvm::Value* const operand : llvm::cast<llvm::Instruction>(v)->operands()) {
        operands.push_back(scalar(lane, operand));
      }
      llvm::Instruction* const copy = llvm::cast<llvm::Instruction>(v)->clone();
      for (unsigned i = 0; i < operands.size(); ++i) copy->setOperand(i, operands[i]);
      copy->dropPoisonGeneratingAnnotations();
      made = b_.Insert(copy);
    }
    lane.known[v] = made;
    return made;
  }

  // Of what the chunk does not change; outside if it can be.
  llvm::Value* splat(llvm::Value* v) {
    v = search_.resolve(v);
    if (search_.contains(v)) return b_.CreateVectorSplat(lanes_, scalar(first_, v));
    llvm::Value*& made = vectors_[v];
    if (made == nullptr) made = llvm::IRBuilder<>(before_->getTerminator()).CreateVectorSplat(lanes_, v);
    return made;
  }

  // What the path's `v` is in all steps.
  llvm::Value* vector(llvm::Value* v) {
    v = search_.resolve(v);
    if (!search_.contains(v)) return splat(v);
    const auto known = vectors_.find(v);
    if (known != vectors_.end()) return known->second;
    auto& instruction = *llvm::cast<llvm::Instruction>(v);
    llvm::Value* made = nullptr;
    if (auto* const compare = llvm::dyn_cast<llvm::ICmpInst>(v)) {
      made = vector_compare(*compare);
    } else if (auto* const cast = llvm::dyn_cast<llvm::CastInst>(v)) {
      made = b_.CreateCast(cast->getOpcode(), vector(cast->getOperand(0)),
                           llvm::FixedVectorType::get(cast->getType(), lanes_));
    } else if (llvm::isa<llvm::SelectInst>(v)) {
      made = b_.CreateSelect(vector(instruction.getOperand(0)), vector(instruction.getOperand(1)),
                             vector(instruction.getOperand(2)));
    } else {
      const auto op = llvm::cast<llvm::BinaryOperator>(v)->getOpcode();
      made = b_.CreateBinOp(op, vector(instruction.getOperand(0)), vector(instruction.getOperand(1)));
    }
    vectors_[v] = made;
    return made;
  }

  llvm::Value* vector_compare(llvm::ICmpInst& compare) {
    for (const SearchLoop::Fit& fit : search_.fits) {
      for (const unsigned i : {0U, 1U}) {
        if (search_.resolve(compare.getOperand(i)) != fit.extension || compare.getOperand(1 - i) != fit.value) continue;
        llvm::Value* const element = b_.CreateTrunc(scalar(first_, fit.value), fit.extension->getSrcTy());
        return b_.CreateICmp(compare.getPredicate(), vector(fit.extension->getOperand(0)),
                             b_.CreateVectorSplat(lanes_, element));
      }
    }
    return b_.CreateICmp(compare.getPredicate(), vector(compare.getOperand(0)), vector(compare.getOperand(1)));
  }

  // A vector instead of an element. If the first element would not be looked at, nor is the vector; it lies in one
  // page: so it faults where the element does, by the same address.
  void load(const SearchLoop::Step& step) {
    if (leaving_ != nullptr) leave(b_.CreateExtractElement(leaving_, uint64_t{0}), 1, seldom_);
    llvm::Value* const pointer = scalar(first_, step.load->getPointerOperand());
    std::vector<llvm::Value*> operands = {b_.getInt64(sites_.size()), b_.getInt32(0)};
    for (llvm::Value* const named : llvm::drop_begin(step.map->args(), 2)) operands.push_back(scalar(first_, named));
    const auto number = llvm::cast<llvm::ConstantInt>(step.map->getArgOperand(0))->getZExtValue();
    sites_.push_back(AccessSite(sites_[number]));
    make_stackmap(b_, operands);
    llvm::LoadInst* const wide = b_.CreateAlignedLoad(llvm::FixedVectorType::get(step.load->getType(), lanes_), pointer,
                                                      llvm::Align(1), /*isVolatile=*/true);
    for (const unsigned kind : {llvm::LLVMContext::MD_alias_scope, llvm::LLVMContext::MD_noalias}) {
      wide->setMetadata(kind, step.load->getMetadata(kind));
    }
    vectors_[step.load] = wide;
  }

  void test(const SearchLoop::Step& step) {
    llvm::Value* leaves = vector(step.condition);
    if (!step.leaves_if) leaves = b_.CreateNot(leaves);
    leaving_ = leaving_ == nullptr ? leaves : b_.CreateOr(leaving_, leaves);
  }

  // Whether a lane leaves, and which is the first; else the next chunk.
  void finish() {
    llvm::Value* const mask = b_.CreateBitCast(leaving_, b_.getIntNTy(lanes_));
    llvm::BasicBlock* const on = new_block("next");
    llvm::BasicBlock* const hit = new_block("hit");
    b_.CreateCondBr(b_.CreateICmpNE(mask, llvm::ConstantInt::get(mask->getType(), 0)), hit, on, seldom_);
    b_.SetInsertPoint(hit);
    llvm::Value* const lane = b_.CreateIntrinsic(llvm::Intrinsic::cttz, {b_.getInt32Ty()},
                                                 {b_.CreateZExt(mask, b_.getInt32Ty()), b_.getTrue()});
    if (search_.carries_loads()) {
      // What lane k - 1 has loaded is hard to get at.
      add_way(b_.CreateAdd(lane, b_.getInt32(1)), first_.known);
    } else {
      std::map<llvm::Value*, llvm::Value*> values = stood_at(lane);
      add_way(b_.getInt32(1), values);
    }
    b_.CreateBr(leave_);

    b_.SetInsertPoint(on);
    Lane last{lanes_ - 1, {}};
    for (const auto& [phi, step] : search_.advances) last.known[phi] = advanced(phi, b_.getInt64(lanes_ - 1));
    for (const auto& [phi, next] : next_) {
      const auto advance = search_.advances.find(phi);
      llvm::Value* const value =
          advance != search_.advances.end() ? advanced(phi, b_.getInt64(lanes_)) : scalar(last, next);
      llvm::cast<llvm::PHINode>(first_.known[phi])->addIncoming(value, on);
    }
    b_.CreateBr(chunk_);
  }

  // The head's phis `count` steps on.
  llvm::Value* advanced(llvm::PHINode* phi, llvm::Value* count) {
    const int64_t step = search_.advances[phi];
    llvm::Value* const at = first_.known[phi];
    if (step == 0) return at;
    llvm::Value* const steps = b_.CreateZExtOrTrunc(count, phi->getType());
    return b_.CreateAdd(at, b_.CreateMul(steps, llvm::ConstantInt::getSigned(phi->getType(), step)));
  }

  std::map<llvm::Value*, llvm::Value*> stood_at(llvm::Value* lane) {
    std::map<llvm::Value*, llvm::Value*> values;
    Lane before;
    for (const auto& [phi, step] : search_.advances) values[phi] = advanced(phi, lane);
    if (search_.carried.empty()) return values;
    for (const auto& [phi, step] : search_.advances) {
      before.known[phi] = advanced(phi, b_.CreateSub(lane, b_.getInt32(1)));
    }
    llvm::Value* const first = b_.CreateICmpEQ(lane, b_.getInt32(0));
    for (const auto& [phi, of_loads] : search_.carried) {
      values[phi] = b_.CreateSelect(first, first_.known[phi], scalar(before, next_[phi]));
    }
    return values;
  }

  void connect() {
    b_.SetInsertPoint(leave_);
    b_.CreateBr(search_.head);
    before_->getTerminator()->replaceSuccessorWith(search_.head, leave_);
    for (auto& [phi, left] : left_) {
      const int edge = phi->getBasicBlockIndex(before_);
      phi->setIncomingBlock(static_cast<unsigned>(edge), leave_);
      phi->setIncomingValue(static_cast<unsigned>(edge), left);
    }
    b_.SetInsertPoint(search_.head, search_.head->begin());
    llvm::PHINode* const steps = b_.CreatePHI(b_.getInt32Ty(), 2);
    again_->getTerminator()->eraseFromParent();
    b_.SetInsertPoint(again_);
    llvm::Value* const rest = b_.CreateSub(steps, b_.getInt32(1));
    b_.CreateCondBr(b_.CreateICmpNE(rest, b_.getInt32(0)), search_.head, chunk_, seldom_);
    steps->addIncoming(steps_, leave_);
    steps->addIncoming(rest, again_);
  }

  SearchLoop& search_;
  std::vector<AccessSite>& sites_;
  llvm::Function& function_;
  llvm::IRBuilder<> b_;
  unsigned lanes_;
  llvm::MDNode* rare_ = nullptr;  // branch weights
  llvm::MDNode* seldom_ = nullptr;
  llvm::BasicBlock* before_ = nullptr;
  llvm::BasicBlock* again_ = nullptr;
  llvm::BasicBlock* chunk_ = nullptr;
  llvm::BasicBlock* leave_ = nullptr;
  std::map<llvm::PHINode*, llvm::Value*> next_;  // of the head's phis, on the path
  llvm::PHINode* steps_ = nullptr;               // for the loop, as it is entered
  std::map<llvm::PHINode*, llvm::PHINode*> left_;
  Lane first_;
  std::map<llvm::Value*, llvm::Value*> vectors_;
  llvm::Value* leaving_ = nullptr;  // lanes that leave
};

}  // namespace

void widen_searches(llvm::Module& module, std::vector<AccessSite>& sites, unsigned bytes) {
  if (sites.empty()) return;
  for (llvm::Function& function : module) {
    if (function.isDeclaration()) continue;
    const llvm::DominatorTree dominators(function);
    const llvm::LoopInfo loops(dominators);
    std::vector<SearchLoop> found;
    for (const llvm::Loop* const loop : loops.getLoopsInPreorder()) {
      std::optional<SearchLoop> search = find_search(*loop);
      if (search && bytes / search->bytes >= kFewestLanes) found.push_back(std::move(*search));
    }
    for (SearchLoop& search : found) ChunkMaker(search, sites, bytes).run();
  }
}

}  // namespace menura::llvmjit
