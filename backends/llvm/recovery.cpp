#include "backends/llvm/recovery.h"

#include <llvm/CodeGen/LiveIntervals.h>
#include <llvm/CodeGen/MachineFrameInfo.h>
#include <llvm/CodeGen/MachineFunction.h>
#include <llvm/CodeGen/MachineInstr.h>
#include <llvm/CodeGen/MachineRegisterInfo.h>
#include <llvm/CodeGen/StackMaps.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/IR/Constants.h>
#include <llvm/IR/Intrinsics.h>
#include <llvm/IR/Module.h>
#include <llvm/MC/MCContext.h>

#include <optional>

#include "backends/llvm/lowered.h"

namespace menura::llvmjit {

namespace {

bool is_vector_register(const llvm::TargetRegisterInfo& registers, llvm::Register reg) {
  return llvm::StringRef(registers.getName(reg)).contains("MM");
}

// All volatile accesses are ours, and all atomic ones that write (the state has none); where LLVM has forgotten what
// an instruction accesses, it may be, but for a constant of LLVM's own.
bool is_guest_access(const llvm::MachineInstr& instruction) {
  if (!instruction.mayLoadOrStore() || instruction.isCall() || instruction.isReturn() || instruction.isInlineAsm()) {
    return false;
  }
  for (const llvm::MachineMemOperand* operand : instruction.memoperands()) {
    if (operand->isVolatile() || (operand->isAtomic() && operand->isStore())) return true;
  }
  for (const llvm::MachineOperand& operand : instruction.operands()) {
    if (operand.isCPI()) return false;
  }
  return instruction.memoperands_empty() && !instruction.hasUnmodeledSideEffects() &&
         !instruction.getFlag(llvm::MachineInstr::FrameSetup) && !instruction.getFlag(llvm::MachineInstr::FrameDestroy);
}

// Stackmaps count as calls: without this pass, each function would make a frame for them. And each moves from before
// its access to right behind it: so what it names lives on until the access is done, whatever register allocation puts
// between the two. Nothing stands in the way, where each register has one definition.
class StackmapPlacer : public llvm::MachineFunctionPass {
 public:
  static char ID;
  StackmapPlacer() : MachineFunctionPass(ID) {}
  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    const llvm::TargetInstrInfo& instructions = *function.getSubtarget().getInstrInfo();
    for (llvm::MachineBasicBlock& block : function) {
      llvm::MachineInstr* map = nullptr;
      for (llvm::MachineInstr& instruction : llvm::make_early_inc_range(block)) {
        if (instruction.getOpcode() == llvm::TargetOpcode::STACKMAP) {
          map = prepare(instruction);
        } else if (map != nullptr && is_guest_access(instruction)) {
          map->removeFromParent();
          block.insertAfter(instruction.getIterator(), map);  // again, if another access of the same stackmap follows
        } else if (instructions.isFrameInstr(instruction)) {
          instruction.eraseFromParent();
        }
      }
    }
    // The contract keeps none; LLVM's convention would save rbp, for which each entry would make a frame.
    function.getRegInfo().setCalleeSavedRegs({});
    function.getFrameInfo().setHasCalls(false);
    function.getFrameInfo().setAdjustsStack(false);
    function.getFrameInfo().setHasStackMap(false);  // which would want a frame pointer
    return true;
  }

 private:
  // nullptr: it has done its work.
  static llvm::MachineInstr* prepare(llvm::MachineInstr& map) {
    if (map.getOperand(0).getImm() == kOnlyUse) {
      map.eraseFromParent();
      return nullptr;
    }
    // It needs no scratch register.
    for (unsigned i = map.getNumOperands(); i-- > 0;) {
      const llvm::MachineOperand& operand = map.getOperand(i);
      if (operand.isReg() && operand.isImplicit() && operand.isDef()) map.removeOperand(i);
    }
    return &map;
  }
};
char StackmapPlacer::ID = 0;

// Register allocation takes each use for a reason to keep a value in a register, but stackmaps, which name the frame as
// well. So they are no uses where it weighs values against each other, for as long as it leaves a value whole: pieces
// must end where somebody is seen to use them.
class StackmapVeil : public llvm::MachineFunctionPass, public llvm::MachineRegisterInfo::Delegate {
 public:
  static char ID;
  StackmapVeil() : MachineFunctionPass(ID) {}
  void getAnalysisUsage(llvm::AnalysisUsage& usage) const override {
    usage.setPreservesAll();
    usage.addRequired<llvm::LiveIntervalsWrapperPass>();
    MachineFunctionPass::getAnalysisUsage(usage);
  }
  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    live_ = &getAnalysis<llvm::LiveIntervalsWrapperPass>().getLIS();
    registers_ = &function.getRegInfo();
    registers_->addDelegate(this);
    for (llvm::MachineBasicBlock& block : function) {
      for (llvm::MachineInstr& instruction : block) {
        if (instruction.getOpcode() != llvm::TargetOpcode::STACKMAP) continue;
        for (llvm::MachineOperand& operand : instruction.operands()) {
          if (!operand.isReg() || operand.isDef() || operand.isImplicit()) continue;
          operand.setIsDebug(may_be_hidden(instruction, operand.getReg()));
        }
      }
    }
    return false;
  }

 private:
  void MRI_NoteNewVirtualRegister(llvm::Register) override {}
  void MRI_NoteCloneVirtualRegister(llvm::Register, llvm::Register from) override {
    for (llvm::MachineOperand& operand : registers_->use_operands(from)) operand.setIsDebug(false);
  }

  // What looks like a load's only use may become one with it, and what ends a value's life must be seen to.
  bool may_be_hidden(const llvm::MachineInstr& map, llvm::Register reg) const {
    if (!reg.isVirtual()) return false;
    if (live_->getInterval(reg).Query(live_->getInstructionIndex(map)).isKill()) return false;
    for (const llvm::MachineInstr& made : registers_->def_instructions(reg)) {
      if (made.canFoldAsLoad()) return false;
    }
    return true;
  }

  llvm::LiveIntervals* live_ = nullptr;
  llvm::MachineRegisterInfo* registers_ = nullptr;
};
char StackmapVeil::ID = 0;

class StackmapUnveil : public llvm::MachineFunctionPass {
 public:
  static char ID;
  explicit StackmapUnveil(StackmapVeil* veil) : MachineFunctionPass(ID), veil_(veil) {}
  void getAnalysisUsage(llvm::AnalysisUsage& usage) const override {
    usage.setPreservesAll();
    MachineFunctionPass::getAnalysisUsage(usage);
  }
  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    function.getRegInfo().resetDelegate(veil_);
    for (llvm::MachineBasicBlock& block : function) {
      for (llvm::MachineInstr& instruction : block) {
        if (instruction.getOpcode() != llvm::TargetOpcode::STACKMAP) continue;
        for (llvm::MachineOperand& operand : instruction.operands()) {
          if (operand.isReg() && operand.isUse()) operand.setIsDebug(false);
        }
      }
    }
    return false;
  }

 private:
  StackmapVeil* veil_;
};
char StackmapUnveil::ID = 0;

class RecoveryCollector : public llvm::MachineFunctionPass {
 public:
  static char ID;
  explicit RecoveryCollector(MachineFacts& facts) : MachineFunctionPass(ID), facts_(facts) {}

  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    function_ = &function;
    registers_ = function.getSubtarget().getRegisterInfo();
    instructions_ = function.getSubtarget().getInstrInfo();
    facts_.frames.push_back({function.getFrameInfo().getStackSize(), facts_.points.size()});
    for (llvm::MachineBasicBlock& block : function) {
      llvm::MachineInstr* first = nullptr;  // access that waits for its stackmap
      for (llvm::MachineInstr& instruction : llvm::make_early_inc_range(block)) {
        facts_.wide |= llvm::any_of(instruction.operands(), [&](const llvm::MachineOperand& operand) {
          if (!operand.isReg() || !operand.getReg().isPhysical()) return false;
          const llvm::StringRef name = registers_->getName(operand.getReg());
          return name.starts_with("YMM") || name.starts_with("ZMM");
        });
        facts_.frames.back().moves_floats |= changes_pinned_float(instruction);
        if (instruction.getOpcode() == llvm::TargetOpcode::STACKMAP) {
          // Without an access LLVM has made it one that nobody knows.
          facts_.lost |= first == nullptr;
          if (first != nullptr) record(*first, instruction);
          first = nullptr;
          instruction.eraseFromParent();
        } else if (first == nullptr && is_guest_access(instruction)) {
          first = &instruction;
        }
      }
      facts_.lost |= first != nullptr;
    }
    return true;
  }

 private:
  struct FrameOperand {
    bool valid = false;
    llvm::Register base;
    int64_t offset = 0;
  };

  // Gives all accesses from `first` on the places of the stackmap's values: going back, from where they are at the
  // stackmap to where they were when each was about to be done.
  void record(llvm::MachineInstr& first, llvm::MachineInstr& map) {
    read(map);
    for (llvm::MachineInstr* at = &map; at != &first;) {
      at = at->getPrevNode();
      if (at->isDebugInstr() || at->isCFIInstruction()) continue;
      go_back_over(*at);
      if (is_guest_access(*at)) add_point(*at, static_cast<uint32_t>(map.getOperand(0).getImm()));
    }
  }

  void add_point(llvm::MachineInstr& access, uint32_t site) {
    const std::string name = "r" + std::to_string(facts_.points.size());
    access.setPreInstrSymbol(*function_, function_->getContext().getOrCreateSymbol(name));
    facts_.points.push_back({name, site, places_});
  }

  void read(const llvm::MachineInstr& map) {
    places_.clear();
    for (unsigned at = 2; at < map.getNumOperands();) {
      const llvm::MachineOperand& operand = map.getOperand(at);
      if (operand.isReg()) {
        ++at;
        if (!operand.isImplicit()) places_.push_back(in_register(operand.getReg()));
      } else if (operand.isImm() && operand.getImm() == llvm::StackMaps::ConstantOp) {
        places_.push_back(constant(map.getOperand(at + 1).getImm()));
        at += 2;
      } else if (operand.isImm() && operand.getImm() == llvm::StackMaps::IndirectMemRefOp) {
        places_.push_back(in_frame(map.getOperand(at + 2).getReg(), map.getOperand(at + 3).getImm(),
                                   map.getOperand(at + 1).getImm()));
        at += 4;
      } else {
        facts_.lost = true;  // an address in the frame: nobody makes these
        return;
      }
    }
  }

  Place in_register(llvm::Register reg) const {
    return {is_vector_register(*registers_, reg) ? Place::Kind::Vector : Place::Kind::Register,
            registers_->getEncodingValue(reg), 0, 0};
  }
  Place in_frame(llvm::Register base, int64_t offset, int64_t bytes) const {
    return {Place::Kind::Frame, registers_->getEncodingValue(base), offset, static_cast<unsigned>(bytes)};
  }
  static Place constant(int64_t value) { return {Place::Kind::Constant, 0, value, 0}; }

  // What an instruction has copied was where it was copied from; what it has made otherwise was nowhere, but for
  // constants.
  void go_back_over(const llvm::MachineInstr& instruction) {
    int slot = 0;
    const auto copied = copied_registers(instruction);
    const llvm::Register spilled = instructions_->isStoreToStackSlotPostFE(instruction, slot);
    const llvm::Register reloaded = reloaded_register(instruction);
    const FrameOperand frame = frame_operand(instruction);
    const int64_t bytes = accessed_bytes(instruction);
    for (Place& place : places_) {
      if (!overwrites(instruction, frame, bytes, place)) continue;
      if (copied && is_whole(copied->Destination->getReg()) && is_whole(copied->Source->getReg())) {
        place = in_register(copied->Source->getReg());
      } else if (spilled.isValid() && frame.valid && is_whole(spilled) && place.value == frame.offset) {
        place = in_register(spilled);
      } else if (reloaded.isValid() && frame.valid && is_whole(reloaded)) {
        place = in_frame(frame.base, frame.offset, bytes);
      } else if (const std::optional<Place> made = constant_made(instruction)) {
        place = *made;
      } else {
        facts_.lost = true;
      }
    }
  }

  std::optional<llvm::DestSourcePair> copied_registers(const llvm::MachineInstr& instruction) const {
    const llvm::StringRef name = instructions_->getName(instruction.getOpcode());
    // LLVM knows all others.
    if ((name == "VMOVDQArr" || name == "MOVDQArr") && instruction.getOperand(1).isReg()) {
      return llvm::DestSourcePair(instruction.getOperand(0), instruction.getOperand(1));
    }
    return instructions_->isCopyInstr(instruction);
  }

  llvm::Register reloaded_register(const llvm::MachineInstr& instruction) const {
    int slot = 0;
    const llvm::StringRef name = instructions_->getName(instruction.getOpcode());
    for (const char* const known : {"VMOVDI2PDIrm", "VMOVQI2PQIrm", "MOVDI2PDIrm", "MOVQI2PQIrm"}) {
      if (name == known) return instruction.getOperand(0).getReg();
    }
    return instructions_->isLoadFromStackSlotPostFE(instruction, slot);
  }

  // Constants are made where they are needed, again and again.
  std::optional<Place> constant_made(const llvm::MachineInstr& instruction) const {
    const llvm::StringRef name = instructions_->getName(instruction.getOpcode());
    if (name == "XOR32rr" && instruction.getOperand(1).getReg() == instruction.getOperand(2).getReg()) {
      return constant(0);
    }
    if (name == "MOV64rm") {
      for (const llvm::MachineOperand& operand : instruction.operands()) {
        if (operand.isGlobal() && operand.getGlobal()->getName() == kBasePc) return Place{Place::Kind::BasePc, 0, 0, 0};
      }
    }
    if (!instruction.isMoveImmediate() || !instruction.getOperand(1).isImm()) return std::nullopt;
    const int64_t value = instruction.getOperand(1).getImm();
    if (name == "MOV64ri" || name == "MOV64ri32") return constant(value);
    if (name == "MOV32ri") return constant(static_cast<uint32_t>(value));
    return std::nullopt;
  }

  bool overwrites(const llvm::MachineInstr& instruction, const FrameOperand& frame, int64_t bytes,
                  const Place& place) const {
    if (place.kind == Place::Kind::Constant || place.kind == Place::Kind::BasePc) return false;
    if (place.kind != Place::Kind::Frame) return changes(instruction, place.number, place.kind == Place::Kind::Vector);
    if (!instruction.mayStore()) return false;
    // Other stores go elsewhere: to the state, or to guest memory, of which the frame is no part.
    return frame.valid && frame.offset < place.value + place.bytes && place.value < frame.offset + bytes;
  }

  // Registers of 64 bits and vectors: copies of parts do not count.
  bool is_whole(llvm::Register reg) const {
    return registers_->getRegSizeInBits(*registers_->getMinimalPhysRegClass(reg)) >= 64;
  }

  static int64_t accessed_bytes(const llvm::MachineInstr& instruction) {
    if (instruction.memoperands().size() != 1) return 64;
    const llvm::LocationSize size = (*instruction.memoperands_begin())->getSize();
    return size.hasValue() && !size.isScalable() ? static_cast<int64_t>(size.getValue().getFixedValue()) : 64;
  }

  bool is_frame_register(llvm::Register reg) const {
    return reg == registers_->getFrameRegister(*function_) || llvm::StringRef(registers_->getName(reg)) == "RSP";
  }

  // An operand [rsp + offset] or the like: base, scale, index, displacement, segment.
  FrameOperand frame_operand(const llvm::MachineInstr& instruction) const {
    for (unsigned i = 0; i + 3 < instruction.getNumOperands(); ++i) {
      const llvm::MachineOperand& operand = instruction.getOperand(i);
      if (!operand.isReg() || operand.isDef() || operand.isImplicit() || !operand.getReg().isPhysical()) continue;
      if (!is_frame_register(operand.getReg()) || !instruction.getOperand(i + 1).isImm()) continue;
      if (!instruction.getOperand(i + 3).isImm()) continue;
      return {true, operand.getReg(), instruction.getOperand(i + 3).getImm()};
    }
    return {};
  }

  bool changes_pinned_float(const llvm::MachineInstr& instruction) const {
    if (instruction.isReturn() || instruction.getOpcode() == llvm::TargetOpcode::STACKMAP) return false;
    if (instructions_->getName(instruction.getOpcode()) == "VZEROUPPER") return false;  // what it clears is not pinned
    return llvm::any_of(instruction.operands(), [&](const llvm::MachineOperand& operand) {
      return operand.isRegMask() || (operand.isReg() && operand.isDef() && operand.getReg().isPhysical() &&
                                     is_vector_register(*registers_, operand.getReg()) &&
                                     registers_->getEncodingValue(operand.getReg()) < ir::kPinnedFloats);
    });
  }

  // Whether a register with this number is changed, whole or in part.
  bool changes(const llvm::MachineInstr& instruction, unsigned number, bool vector) const {
    for (const llvm::MachineOperand& operand : instruction.operands()) {
      if (operand.isRegMask()) return true;
      if (!operand.isReg() || !operand.isDef() || !operand.getReg().isPhysical()) continue;
      if (registers_->getEncodingValue(operand.getReg()) != number) continue;
      const llvm::StringRef name = registers_->getName(operand.getReg());
      // AVX-512's mask registers (k0 to k7) are numbered as the others, but no place.
      if (name.contains("FLAGS") || name == "MXCSR" || name.starts_with("K")) continue;
      if (is_vector_register(*registers_, operand.getReg()) == vector) return true;
    }
    return false;
  }

  MachineFacts& facts_;
  llvm::MachineFunction* function_ = nullptr;
  const llvm::TargetRegisterInfo* registers_ = nullptr;
  const llvm::TargetInstrInfo* instructions_ = nullptr;
  std::vector<Place> places_;  // of the values of the stackmap under way
};
char RecoveryCollector::ID = 0;

}  // namespace

void make_stackmap(llvm::IRBuilderBase& builder, llvm::ArrayRef<llvm::Value*> operands) {
  llvm::Function* const intrinsic =
      llvm::Intrinsic::getDeclaration(builder.GetInsertBlock()->getModule(), llvm::Intrinsic::experimental_stackmap);
  llvm::CallInst* const call = builder.CreateCall(intrinsic, operands);
  call->addFnAttr(llvm::Attribute::NoUnwind);
  call->addFnAttr(llvm::Attribute::WillReturn);
  // Ordered among accesses, but no obstacle to anything else.
  call->setOnlyAccessesInaccessibleMemory();
}

void number_constants(llvm::Module& module, MachineFacts& facts) {
  llvm::Function* const stackmap = module.getFunction("llvm.experimental.stackmap");
  if (stackmap == nullptr) return;
  for (llvm::User* const user : stackmap->users()) {
    auto* const call = llvm::cast<llvm::CallInst>(user);
    for (llvm::Use& operand : call->args()) {
      const auto* const constant = llvm::dyn_cast<llvm::Constant>(operand.get());
      if (constant == nullptr || constant->getType()->isIntegerTy()) continue;
      llvm::Type* const word = llvm::Type::getInt64Ty(module.getContext());
      if (const auto* const number = llvm::dyn_cast<llvm::ConstantFP>(constant)) {
        operand.set(llvm::ConstantInt::get(word, number->getValueAPF().bitcastToAPInt().getZExtValue()));
        continue;
      }
      std::vector<uint8_t> bytes(constant->getType()->getPrimitiveSizeInBits() / 8, 0);
      if (const auto* const data = llvm::dyn_cast<llvm::ConstantDataVector>(constant)) {
        const llvm::StringRef raw = data->getRawDataValues();
        std::copy(raw.begin(), raw.end(), bytes.begin());
      } else if (!constant->isNullValue()) {
        continue;
      }
      operand.set(llvm::ConstantInt::get(word, facts.constants.size()));
      facts.constants.push_back(std::move(bytes));
    }
  }
}

llvm::MachineFunctionPass* make_stackmap_placer() { return new StackmapPlacer; }

std::array<llvm::MachineFunctionPass*, 2> make_stackmap_veil() {
  auto* const veil = new StackmapVeil;
  return {veil, new StackmapUnveil(veil)};
}

llvm::MachineFunctionPass* make_recovery_collector(MachineFacts& facts) { return new RecoveryCollector(facts); }

}  // namespace menura::llvmjit
