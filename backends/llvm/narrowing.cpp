#include "backends/llvm/narrowing.h"

#include <llvm/IR/Constants.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Instructions.h>
#include <llvm/IR/IntrinsicInst.h>

#include <map>

#include "backends/llvm/recovery.h"

namespace menura::llvmjit {

namespace {

using runtime::SlotPlace;

bool is_whole_vector(const llvm::Type* t) { return t->isVectorTy() && t->getPrimitiveSizeInBits() == 128; }

llvm::Value* without_casts(llvm::Value* v) {
  while (auto* const cast = llvm::dyn_cast<llvm::BitCastInst>(v)) v = cast->getOperand(0);
  return v;
}

// Whether all lanes but the first are zero; that may be anything.
bool is_zero_above(const llvm::Constant& vector) {
  const auto* const t = llvm::dyn_cast<llvm::FixedVectorType>(vector.getType());
  if (t == nullptr) return false;
  for (unsigned lane = 1; lane < t->getNumElements(); ++lane) {
    const llvm::Constant* const element = vector.getAggregateElement(lane);
    if (element == nullptr || !element->isNullValue()) return false;
  }
  return true;
}

// The instruction that puts a lane of 32 or 64 bits under zeros; nullptr: `v` is no such value.
llvm::InsertElementInst* widening(llvm::Value* v) {
  auto* const insert = llvm::dyn_cast<llvm::InsertElementInst>(without_casts(v));
  if (insert == nullptr || !is_whole_vector(insert->getType())) return nullptr;
  const unsigned bits = insert->getOperand(1)->getType()->getPrimitiveSizeInBits();
  if (bits != 32 && bits != 64) return nullptr;
  const auto* const lane = llvm::dyn_cast<llvm::ConstantInt>(insert->getOperand(2));
  const auto* const base = llvm::dyn_cast<llvm::Constant>(insert->getOperand(0));
  return lane != nullptr && lane->isZero() && base != nullptr && is_zero_above(*base) ? insert : nullptr;
}

llvm::Value* widen(llvm::IRBuilderBase& b, llvm::Value* lane, llvm::Type* to) {
  const unsigned count = 128 / lane->getType()->getPrimitiveSizeInBits();
  llvm::SmallVector<llvm::Constant*, 4> lanes(count, llvm::Constant::getNullValue(lane->getType()));
  lanes[0] = llvm::PoisonValue::get(lane->getType());
  return b.CreateBitCast(b.CreateInsertElement(llvm::ConstantVector::get(lanes), lane, b.getInt64(0)), to);
}

class Narrower {
 public:
  Narrower(llvm::Function& function, std::vector<AccessSite>& sites) : function_(function), sites_(sites) {}

  void run() {
    find_phis();
    replace_phis();
    for (llvm::BasicBlock& block : function_) {
      for (llvm::Instruction& instruction : block) name_lanes(instruction);
    }
    sink();
  }

 private:
  // The type of the first lane of what comes along one edge, as far as it is known.
  llvm::Type* lane_type(llvm::Value* v) const {
    if (const auto* const insert = widening(v)) return insert->getOperand(1)->getType();
    const auto phi = phis_.find(llvm::dyn_cast<llvm::PHINode>(without_casts(v)));
    return phi == phis_.end() ? nullptr : phi->second;
  }

  void find_phis() {
    for (llvm::BasicBlock& block : function_) {
      for (llvm::PHINode& phi : block.phis()) {
        if (is_whole_vector(phi.getType())) phis_[&phi] = nullptr;
      }
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (auto& [phi, lane] : phis_) {
        for (llvm::Value* const v : phi->incoming_values()) {
          if (lane == nullptr && (lane = lane_type(v)) != nullptr) changed = true;
        }
      }
    }
    for (bool changed = true; changed;) {
      changed = false;
      for (auto at = phis_.begin(); at != phis_.end();) {
        const bool fits = at->second != nullptr && llvm::all_of(at->first->incoming_values(), [&](llvm::Value* v) {
                            return lane_type(v) == at->second;
                          });
        at = fits ? std::next(at) : (changed = true, phis_.erase(at));
      }
    }
  }

  void replace_phis() {
    std::map<llvm::PHINode*, llvm::PHINode*> lanes;
    for (const auto& [phi, lane] : phis_) {
      lanes[phi] = llvm::PHINode::Create(lane, phi->getNumIncomingValues(), "", phi->getIterator());
    }
    for (const auto& [phi, lane] : lanes) {
      for (unsigned i = 0; i < phi->getNumIncomingValues(); ++i) {
        llvm::Value* const v = phi->getIncomingValue(i);
        auto* const insert = widening(v);
        lane->addIncoming(
            insert != nullptr ? insert->getOperand(1) : lanes.at(llvm::cast<llvm::PHINode>(without_casts(v))),
            phi->getIncomingBlock(i));
      }
    }
    for (const auto& [phi, lane] : lanes) {
      llvm::IRBuilder<> b(phi->getParent(), phi->getParent()->getFirstInsertionPt());
      phi->replaceAllUsesWith(widen(b, lane, phi->getType()));
    }
    for (const auto& [phi, lane] : lanes) phi->eraseFromParent();
    for (const auto& [phi, lane] : lanes) read_lane(lane);
  }

  // Who reads the first lane of what was made of it.
  static void read_lane(llvm::Value* lane) {
    llvm::SmallVector<llvm::Value*, 8> vectors;
    for (llvm::User* const user : lane->users()) {
      if (auto* const insert = widening(user); insert == user) vectors.push_back(insert);
    }
    while (!vectors.empty()) {
      for (llvm::User* const user : llvm::make_early_inc_range(vectors.pop_back_val()->users())) {
        auto* const extract = llvm::dyn_cast<llvm::ExtractElementInst>(user);
        if (llvm::isa<llvm::BitCastInst>(user)) {
          vectors.push_back(user);
        } else if (extract != nullptr && extract->getType() == lane->getType() &&
                   llvm::cast<llvm::ConstantInt>(extract->getIndexOperand())->isZero()) {
          extract->replaceAllUsesWith(lane);
          extract->eraseFromParent();
        }
      }
    }
  }

  void name_lanes(llvm::Instruction& instruction) {
    auto* const map = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
    if (map == nullptr || map->getIntrinsicID() != llvm::Intrinsic::experimental_stackmap) return;
    const int64_t id = llvm::cast<llvm::ConstantInt>(map->getArgOperand(0))->getSExtValue();
    if (id == kOnlyUse) return;
    unsigned operand = 2;
    for (SiteSlot& slot : sites_[static_cast<std::size_t>(id)].slots) {
      if (slot.source != SiteSlot::Source::Operand) continue;
      llvm::Use& named = map->getArgOperandUse(operand++);
      auto* const insert = widening(named.get());
      if (insert == nullptr || slot.bytes != 16) continue;
      named.set(insert->getOperand(1));
      slot.bytes = insert->getOperand(1)->getType()->getPrimitiveSizeInBits() / 8;
      slot.part = slot.bytes == 4 ? SlotPlace::Part::Low4 : SlotPlace::Part::Low8;
    }
  }

  // Whole vectors are made in the blocks that want them, not where their lane is.
  void sink() {
    llvm::SmallVector<llvm::Instruction*, 32> found;
    for (llvm::BasicBlock& block : function_) {
      for (llvm::Instruction& instruction : block) {
        if (is_whole_vector(instruction.getType()) && widening(&instruction) != nullptr) found.push_back(&instruction);
      }
    }
    // Casts before what they cast: those that nobody wants are gone by then.
    for (llvm::Instruction* const made : llvm::reverse(found)) {
      std::map<llvm::BasicBlock*, llvm::Value*> copies;
      for (llvm::Use& use : llvm::make_early_inc_range(made->uses())) {
        auto* const user = llvm::cast<llvm::Instruction>(use.getUser());
        auto* const phi = llvm::dyn_cast<llvm::PHINode>(user);
        llvm::BasicBlock* const wanted = phi != nullptr ? phi->getIncomingBlock(use) : user->getParent();
        if (wanted == made->getParent()) continue;
        llvm::Value*& copy = copies[wanted];
        if (copy == nullptr) {
          llvm::IRBuilder<> b(wanted, wanted->getFirstInsertionPt());
          copy = widen(b, widening(made)->getOperand(1), made->getType());
        }
        use.set(copy);
      }
      if (made->use_empty()) made->eraseFromParent();
    }
  }

  llvm::Function& function_;
  std::vector<AccessSite>& sites_;
  std::map<llvm::PHINode*, llvm::Type*> phis_;  // to go around as their first lanes, of these types
};

}  // namespace

void narrow_vectors(llvm::Module& module, std::vector<AccessSite>& sites) {
  for (llvm::Function& function : module) {
    if (!function.isDeclaration()) Narrower(function, sites).run();
  }
}

}  // namespace menura::llvmjit
