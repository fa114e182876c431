#include "backends/llvm/recovery.h"

#include <llvm/CodeGen/MachineFrameInfo.h>
#include <llvm/CodeGen/MachineFunction.h>
#include <llvm/CodeGen/MachineInstr.h>
#include <llvm/CodeGen/StackMaps.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/MC/MCContext.h>

#include <map>

namespace menura::llvmjit {

namespace {

bool is_vector_register(const llvm::TargetRegisterInfo& registers, llvm::Register reg) {
  return llvm::StringRef(registers.getName(reg)).contains("MM");
}

class CallFrameRemover : public llvm::MachineFunctionPass {
 public:
  static char ID;
  CallFrameRemover() : MachineFunctionPass(ID) {}
  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    const llvm::TargetInstrInfo& instructions = *function.getSubtarget().getInstrInfo();
    bool changed = false;
    for (llvm::MachineBasicBlock& block : function) {
      for (llvm::MachineInstr& instruction : llvm::make_early_inc_range(block)) {
        if (instruction.getOpcode() == llvm::TargetOpcode::STACKMAP) {
          // It needs no scratch register either.
          for (unsigned i = instruction.getNumOperands(); i-- > 0;) {
            const llvm::MachineOperand& operand = instruction.getOperand(i);
            if (operand.isReg() && operand.isImplicit() && operand.isDef()) instruction.removeOperand(i);
          }
          changed = true;
          continue;
        }
        if (!instructions.isFrameInstr(instruction)) continue;
        instruction.eraseFromParent();
        changed = true;
      }
    }
    function.getFrameInfo().setHasCalls(false);
    function.getFrameInfo().setAdjustsStack(false);
    function.getFrameInfo().setHasStackMap(false);  // which would want a frame pointer
    return changed;
  }
};
char CallFrameRemover::ID = 0;

// Which places hold the same value, along the instructions of a block: what happens between a stackmap and its access
// is copying, mostly, and a value that the stackmap names in a register may be in the frame as well.
class PlaceValues {
 public:
  using Number = unsigned;

  Number at(const Place& place) {
    Number& number = values_[place];
    if (number == 0) number = ++last_;
    return number;
  }
  void copy(const Place& from, const Place& to) { values_[to] = at(from); }
  const Place* find(Number number) const {
    for (const auto& [place, value] : values_) {
      if (value == number) return &place;
    }
    return nullptr;
  }
  template <typename Predicate>
  void forget_if(Predicate overwritten) {
    std::erase_if(values_, [&](const auto& entry) { return overwritten(entry.first); });
  }

 private:
  std::map<Place, Number> values_;
  Number last_ = 0;
};

class RecoveryCollector : public llvm::MachineFunctionPass {
 public:
  static char ID;
  explicit RecoveryCollector(MachineFacts& facts) : MachineFunctionPass(ID), facts_(facts) {}

  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    function_ = &function;
    registers_ = function.getSubtarget().getRegisterInfo();
    instructions_ = function.getSubtarget().getInstrInfo();
    facts_.frames.push_back({function.getName().str(), function.getFrameInfo().getStackSize()});
    // What is known at the end of a block's only predecessor holds at its start: conditional moves and the like may
    // split a block between a stackmap and its access.
    std::map<const llvm::MachineBasicBlock*, State> at_end;
    for (llvm::MachineBasicBlock& block : function) {
      state_ = {};
      if (block.pred_size() == 1) {
        const auto before = at_end.find(*block.pred_begin());
        if (before != at_end.end()) state_ = before->second;
      }
      for (llvm::MachineInstr& instruction : llvm::make_early_inc_range(block)) visit(instruction);
      at_end[&block] = state_;
    }
    return true;
  }

 private:
  struct FrameOperand {
    bool valid = false;
    llvm::Register base;
    int64_t offset = 0;
  };
  struct Operand {
    Place place;
    PlaceValues::Number number = 0;  // 0: a constant
  };
  struct State {
    PlaceValues values;
    bool valid = false;  // there was a stackmap
    uint32_t site = 0;
    std::vector<Operand> operands;
  };

  void visit(llvm::MachineInstr& instruction) {
    if (instruction.getOpcode() == llvm::TargetOpcode::STACKMAP) {
      read(instruction);
      instruction.eraseFromParent();
      return;
    }
    if (instruction.isDebugInstr() || instruction.isCFIInstruction()) return;
    if (is_guest_access(instruction)) {
      facts_.lost |= !state_.valid;
      if (state_.valid) record_access(instruction);
    }
    follow(instruction);
  }

  // All volatile accesses are ours, and all atomic ones that write (the state has none); where LLVM has forgotten what
  // an instruction accesses, it may be, but for a constant of LLVM's own.
  static bool is_guest_access(const llvm::MachineInstr& instruction) {
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
           !instruction.getFlag(llvm::MachineInstr::FrameSetup) &&
           !instruction.getFlag(llvm::MachineInstr::FrameDestroy);
  }

  void record_access(llvm::MachineInstr& instruction) {
    const std::string name = "r" + std::to_string(facts_.points.size());
    instruction.setPreInstrSymbol(*function_, function_->getContext().getOrCreateSymbol(name));
    FaultPoint& point = facts_.points.emplace_back();
    point.symbol = name;
    point.site = state_.site;
    for (const Operand& operand : state_.operands) {
      const Place* const place = operand.number == 0 ? &operand.place : state_.values.find(operand.number);
      facts_.lost |= place == nullptr;
      if (place != nullptr) point.places.push_back(*place);
    }
  }

  void read(const llvm::MachineInstr& map) {
    const int64_t id = map.getOperand(0).getImm();
    if (id >= kAfterAccess) return;  // keeps values alive, no more
    state_.valid = true;
    state_.site = static_cast<uint32_t>(id);
    state_.operands.clear();
    for (unsigned at = 2; at < map.getNumOperands();) {
      const llvm::MachineOperand& operand = map.getOperand(at);
      if (operand.isReg()) {
        ++at;
        if (!operand.isImplicit()) add_operand(in_register(operand.getReg()));
      } else if (operand.isImm() && operand.getImm() == llvm::StackMaps::ConstantOp) {
        state_.operands.push_back({{Place::Kind::Constant, 0, map.getOperand(at + 1).getImm(), 0}, 0});
        at += 2;
      } else if (operand.isImm() && operand.getImm() == llvm::StackMaps::IndirectMemRefOp) {
        add_operand(in_frame(map.getOperand(at + 2).getReg(), map.getOperand(at + 3).getImm(),
                             map.getOperand(at + 1).getImm()));
        at += 4;
      } else {
        facts_.lost = true;  // an address in the frame: nobody makes these
        return;
      }
    }
  }

  void add_operand(const Place& place) { state_.operands.push_back({place, state_.values.at(place)}); }

  Place in_register(llvm::Register reg) const {
    return {is_vector_register(*registers_, reg) ? Place::Kind::Vector : Place::Kind::Register,
            registers_->getEncodingValue(reg), 0, 0};
  }
  Place in_frame(llvm::Register base, int64_t offset, int64_t bytes) const {
    return {Place::Kind::Frame, registers_->getEncodingValue(base), offset, static_cast<unsigned>(bytes)};
  }

  // Goes over one instruction: what it overwrites is another value, what it copies is in two places.
  void follow(const llvm::MachineInstr& instruction) {
    int slot = 0;
    const auto copied = instructions_->isCopyInstr(instruction);
    const llvm::Register spilled = instructions_->isStoreToStackSlotPostFE(instruction, slot);
    const llvm::Register reloaded = instructions_->isLoadFromStackSlotPostFE(instruction, slot);
    const FrameOperand frame = frame_operand(instruction);
    const int64_t bytes = accessed_bytes(instruction);
    PlaceValues& values = state_.values;
    const auto forget = [&] {
      values.forget_if([&](const Place& place) { return overwrites(instruction, frame, bytes, place); });
    };
    if (copied && is_whole(copied->Destination->getReg()) && is_whole(copied->Source->getReg())) {
      const Place from = in_register(copied->Source->getReg());
      const Place to = in_register(copied->Destination->getReg());
      const PlaceValues::Number number = values.at(from);
      forget();
      if (const Place* const still = values.find(number); still != nullptr) values.copy(*still, to);
    } else if (spilled.isValid() && frame.valid && is_whole(spilled)) {
      forget();
      values.copy(in_register(spilled), in_frame(frame.base, frame.offset, bytes));
    } else if (reloaded.isValid() && frame.valid && is_whole(reloaded)) {
      forget();
      values.copy(in_frame(frame.base, frame.offset, bytes), in_register(reloaded));
    } else {
      forget();
    }
  }

  bool overwrites(const llvm::MachineInstr& instruction, const FrameOperand& frame, int64_t bytes,
                  const Place& place) const {
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

  // Whether a register with this number is changed, whole or in part.
  bool changes(const llvm::MachineInstr& instruction, unsigned number, bool vector) const {
    for (const llvm::MachineOperand& operand : instruction.operands()) {
      if (operand.isRegMask()) return true;
      if (!operand.isReg() || !operand.isDef() || !operand.getReg().isPhysical()) continue;
      if (registers_->getEncodingValue(operand.getReg()) != number) continue;
      const llvm::StringRef name = registers_->getName(operand.getReg());
      if (name.contains("FLAGS") || name == "MXCSR") continue;
      if (is_vector_register(*registers_, operand.getReg()) == vector) return true;
    }
    return false;
  }

  MachineFacts& facts_;
  llvm::MachineFunction* function_ = nullptr;
  const llvm::TargetRegisterInfo* registers_ = nullptr;
  const llvm::TargetInstrInfo* instructions_ = nullptr;
  State state_;
};
char RecoveryCollector::ID = 0;

}  // namespace

llvm::MachineFunctionPass* make_call_frame_remover() { return new CallFrameRemover; }

llvm::MachineFunctionPass* make_recovery_collector(MachineFacts& facts) { return new RecoveryCollector(facts); }

}  // namespace menura::llvmjit
