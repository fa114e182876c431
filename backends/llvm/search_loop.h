// What searching.cpp knows of a loop that only looks for something.
#pragma once

#include <llvm/Analysis/LoopInfo.h>
#include <llvm/IR/Instructions.h>

#include <map>
#include <optional>
#include <vector>

namespace menura::llvmjit {

// Its path is the shortest way through it, from its head back there; whatever leaves the path is left to the loop
// itself.
struct SearchLoop {
  // An access of the path, or a test whose result differs from lane to lane.
  struct Step {
    llvm::LoadInst* load = nullptr;
    llvm::CallInst* map = nullptr;  // the access's stackmap
    llvm::Value* condition = nullptr;
    bool leaves_if = false;
  };
  // A test of the path that gives the same in each step.
  struct Check {
    llvm::Value* condition = nullptr;
    bool leaves_if = false;
  };
  // A test of something that advances: the path goes on while `goes_on` holds between `value` and `limit`.
  struct Bound {
    llvm::CmpInst::Predicate goes_on = llvm::CmpInst::ICMP_NE;
    llvm::Value* value = nullptr;
    llvm::Value* limit = nullptr;
    int64_t step = 0;
  };
  // A number of fewer bits than what it is extended to, which must not overflow while it advances.
  struct Narrow {
    llvm::Value* value = nullptr;
    bool is_signed = false;
    int64_t step = 0;
  };
  // What extended elements are compared with, which must be one itself.
  struct Fit {
    llvm::Value* value = nullptr;
    llvm::CastInst* extension = nullptr;
  };

  llvm::BasicBlock* head = nullptr;
  std::vector<llvm::BasicBlock*> path;
  std::vector<llvm::BasicBlock*> latches;
  std::vector<Step> steps;  // in order
  std::vector<Check> checks;
  std::vector<Bound> bounds;
  std::vector<Fit> fits;
  std::vector<Narrow> narrows;
  std::map<llvm::PHINode*, int64_t> advances;  // of the head: what each step adds
  std::map<llvm::PHINode*, bool> carried;      // the others: what the step before has made; true: of what it loaded
  unsigned bytes = 0;                          // of an element

  bool contains(const llvm::Value* v) const;
  // What `v` is on the path.
  llvm::Value* resolve(llvm::Value* v) const;
  // What the head's phi gets from the path.
  llvm::Value* next(const llvm::PHINode& phi) const { return resolve(phi.getIncomingValueForBlock(path.back())); }
  bool carries_loads() const;

  const llvm::Loop* loop = nullptr;
};

// std::nullopt: it does something else, too.
std::optional<SearchLoop> find_search(const llvm::Loop& loop);

}  // namespace menura::llvmjit
