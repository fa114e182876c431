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

// `lane` before what else is in `above`, or zero (nullptr).
llvm::Value* widen(llvm::IRBuilderBase& b, llvm::Value* lane, llvm::Value* above, llvm::Type* to) {
  const unsigned count = 128 / lane->getType()->getPrimitiveSizeInBits();
  if (above == nullptr) {
    llvm::SmallVector<llvm::Constant*, 4> lanes(count, llvm::Constant::getNullValue(lane->getType()));
    lanes[0] = llvm::PoisonValue::get(lane->getType());
    above = llvm::ConstantVector::get(lanes);
  } else {
    above = b.CreateBitCast(above, llvm::FixedVectorType::get(lane->getType(), count));
  }
  return b.CreateBitCast(b.CreateInsertElement(above, lane, b.getInt64(0)), to);
}

class Narrower {
 public:
  Narrower(llvm::Function& function, std::vector<AccessSite>& sites) : function_(function), sites_(sites) {}

  void run() {
    find_phis();
    replace_phis();
    for (llvm::BasicBlock& block : function_) {
      for (llvm::Instruction& instruction : llvm::make_early_inc_range(block)) name_lanes(instruction);
    }
    sink();
  }

 private:
  // A phi that becomes one of first lanes, and one of what is above those if that is not always zero.
  struct Split {
    llvm::Type* type = nullptr;  // of the lane; nullptr: not known
    bool has_above = false;
    llvm::PHINode* lane = nullptr;
    llvm::PHINode* above = nullptr;
  };

  Split* split_of(llvm::Value* v) {
    const auto phi = phis_.find(llvm::dyn_cast<llvm::PHINode>(without_casts(v)));
    return phi == phis_.end() ? nullptr : &phi->second;
  }

  // What the function begins with: whole registers, which come once.
  static bool is_given(llvm::Value* v) {
    const auto* const load = llvm::dyn_cast<llvm::LoadInst>(v);
    return llvm::isa<llvm::Argument>(v) || (load != nullptr && !load->isVolatile());
  }

  static bool is_zero(llvm::Value* v) {
    const auto* const constant = llvm::dyn_cast<llvm::Constant>(v);
    return constant != nullptr && constant->isNullValue();
  }

  void find_phis() {
    for (llvm::BasicBlock& block : function_) {
      for (llvm::PHINode& phi : block.phis()) {
        if (is_whole_vector(phi.getType())) phis_[&phi] = {};
      }
    }
    while (find_types()) {
    }
    while (drop_unfit()) {
    }
    while (find_above()) {
    }
  }

  bool find_types() {
    bool changed = false;
    for (auto& [phi, split] : phis_) {
      for (llvm::Value* const v : phi->incoming_values()) {
        if (split.type != nullptr) break;
        const Split* const other = split_of(v);
        if (other != nullptr) split.type = other->type;
        if (const auto* const insert = widening(v)) split.type = insert->getOperand(1)->getType();
        changed |= split.type != nullptr;
      }
    }
    return changed;
  }

  bool drop_unfit() {
    return std::erase_if(phis_, [&](auto& entry) {
             return entry.second.type == nullptr || !llvm::all_of(entry.first->incoming_values(), [&](llvm::Value* v) {
                      if (const auto* const insert = widening(v)) {
                        return insert->getOperand(1)->getType() == entry.second.type;
                      }
                      const Split* const other = split_of(v);
                      return other != nullptr ? other->type == entry.second.type : is_given(v) || is_zero(v);
                    });
           }) != 0;
  }

  bool find_above() {
    bool changed = false;
    for (auto& [phi, split] : phis_) {
      for (llvm::Value* const v : phi->incoming_values()) {
        const Split* const other = split_of(v);
        if (split.has_above || !(other != nullptr ? other->has_above : is_given(v))) continue;
        split.has_above = changed = true;
      }
    }
    return changed;
  }

  void replace_phis() {
    for (auto& [phi, split] : phis_) {
      const unsigned count = phi->getNumIncomingValues();
      split.lane = llvm::PHINode::Create(split.type, count, "", phi->getIterator());
      if (split.has_above) split.above = llvm::PHINode::Create(phi->getType(), count, "", phi->getIterator());
    }
    for (auto& [phi, split] : phis_) {
      for (unsigned i = 0; i < phi->getNumIncomingValues(); ++i) add_edge(split, *phi, i);
    }
    std::vector<llvm::Value*> lanes;
    for (auto& [phi, split] : phis_) {
      llvm::IRBuilder<> b(phi->getParent(), phi->getParent()->getFirstInsertionPt());
      phi->replaceAllUsesWith(widen(b, split.lane, split.above, phi->getType()));
      if (split.has_above) above_[split.lane] = split.above;
      lanes.push_back(split.lane);
    }
    for (const auto& entry : phis_) entry.first->eraseFromParent();
    phis_.clear();
    for (llvm::Value* const lane : lanes) read_lane(lane);
  }

  void add_edge(Split& split, llvm::PHINode& phi, unsigned edge) {
    llvm::Value* const v = phi.getIncomingValue(edge);
    llvm::BasicBlock* const from = phi.getIncomingBlock(edge);
    llvm::IRBuilder<> b(from->getTerminator());
    llvm::Value* lane = nullptr;
    llvm::Value* above = llvm::Constant::getNullValue(phi.getType());
    if (auto* const insert = widening(v)) {
      lane = insert->getOperand(1);
    } else if (const Split* const other = split_of(v)) {
      lane = other->lane;
      if (other->has_above) above = b.CreateBitCast(other->above, phi.getType());
    } else if (is_zero(v)) {
      lane = llvm::Constant::getNullValue(split.type);
    } else {
      const unsigned count = 128 / split.type->getPrimitiveSizeInBits();
      lane = b.CreateExtractElement(b.CreateBitCast(v, llvm::FixedVectorType::get(split.type, count)), b.getInt64(0));
      above = v;
    }
    split.lane->addIncoming(lane, from);
    if (split.has_above) split.above->addIncoming(above, from);
  }

  // Who reads the first lane of what was made of it.
  void read_lane(llvm::Value* lane) {
    llvm::SmallVector<llvm::Value*, 8> vectors;
    for (llvm::User* const user : lane->users()) {
      if (auto* const insert = lane_before(user); insert == user) vectors.push_back(insert);
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

  // As widening(), also where what is above is not zero.
  llvm::InsertElementInst* lane_before(llvm::Value* v) const {
    if (auto* const insert = widening(v)) return insert;
    auto* const insert = llvm::dyn_cast<llvm::InsertElementInst>(without_casts(v));
    return insert != nullptr && above_of(*insert) != nullptr ? insert : nullptr;
  }

  llvm::Value* above_of(const llvm::InsertElementInst& insert) const {
    const auto found = above_.find(insert.getOperand(1));
    return found != above_.end() && without_casts(insert.getOperand(0)) == found->second ? found->second : nullptr;
  }

  void name_lanes(llvm::Instruction& instruction) {
    auto* const map = llvm::dyn_cast<llvm::IntrinsicInst>(&instruction);
    if (map == nullptr || map->getIntrinsicID() != llvm::Intrinsic::experimental_stackmap) return;
    const int64_t id = llvm::cast<llvm::ConstantInt>(map->getArgOperand(0))->getSExtValue();
    if (id == kOnlyUse) return;
    std::vector<llvm::Value*> operands = {map->getArgOperand(0), map->getArgOperand(1)};
    std::vector<SiteSlot> slots;
    AccessSite& site = sites_[static_cast<std::size_t>(id)];
    unsigned next = 2;
    for (SiteSlot slot : site.slots) {
      if (slot.source == SiteSlot::Source::Operand) {
        llvm::Value* named = map->getArgOperand(next++);
        if (auto* const insert = slot.bytes == 16 ? lane_before(named) : nullptr) {
          llvm::Value* const above = above_of(*insert);
          if (above != nullptr) {
            slots.push_back(slot);
            operands.push_back(above);
          }
          named = insert->getOperand(1);
          slot.bytes = named->getType()->getPrimitiveSizeInBits() / 8;
          using Part = SlotPlace::Part;
          const bool half = slot.bytes == 8;
          slot.part = above != nullptr ? (half ? Part::Over8 : Part::Over4) : half ? Part::Low8 : Part::Low4;
        }
        operands.push_back(named);
      }
      slots.push_back(slot);
    }
    site.slots = std::move(slots);
    llvm::IRBuilder<> b(map);
    make_stackmap(b, operands);
    map->eraseFromParent();
  }

  // Whole vectors are made in the blocks that want them, not where their lane is.
  void sink() {
    llvm::SmallVector<llvm::Instruction*, 32> found;
    for (llvm::BasicBlock& block : function_) {
      for (llvm::Instruction& instruction : block) {
        if (is_whole_vector(instruction.getType()) && lane_before(&instruction) != nullptr) {
          found.push_back(&instruction);
        }
      }
    }
    // Casts before what they cast: those that nobody wants are gone by then.
    for (llvm::Instruction* const made : llvm::reverse(found)) {
      const llvm::InsertElementInst& insert = *lane_before(made);
      std::map<llvm::BasicBlock*, llvm::Value*> copies;
      for (llvm::Use& use : llvm::make_early_inc_range(made->uses())) {
        auto* const user = llvm::cast<llvm::Instruction>(use.getUser());
        auto* const phi = llvm::dyn_cast<llvm::PHINode>(user);
        llvm::BasicBlock* const wanted = phi != nullptr ? phi->getIncomingBlock(use) : user->getParent();
        if (wanted == made->getParent()) continue;
        llvm::Value*& copy = copies[wanted];
        if (copy == nullptr) {
          llvm::IRBuilder<> b(wanted, wanted->getFirstInsertionPt());
          copy = widen(b, insert.getOperand(1), above_of(insert), made->getType());
        }
        use.set(copy);
      }
      if (made->use_empty()) made->eraseFromParent();
    }
  }

  llvm::Function& function_;
  std::vector<AccessSite>& sites_;
  std::map<llvm::PHINode*, Split> phis_;
  std::map<llvm::Value*, llvm::Value*> above_;  // by the lane of a split phi
};

}  // namespace

void narrow_vectors(llvm::Module& module, std::vector<AccessSite>& sites) {
  for (llvm::Function& function : module) {
    if (!function.isDeclaration()) Narrower(function, sites).run();
  }
}

}  // namespace menura::llvmjit
