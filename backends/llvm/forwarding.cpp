// Behind register allocation: what has just gone to the frame is read from there again, often by the next instruction
// and within a loop's longest chain. Where the register still has it, that is used.
#include "backends/llvm/forwarding.h"

#include <llvm/CodeGen/MachineFrameInfo.h>
#include <llvm/CodeGen/MachineFunction.h>
#include <llvm/CodeGen/MachineInstr.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>

#include <map>

#include "backends/llvm/machine_address.h"

namespace menura::llvmjit {

namespace {

class FrameForwarder : public llvm::MachineFunctionPass {
 public:
  static char ID;
  FrameForwarder() : MachineFunctionPass(ID) {}
  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    instructions_ = function.getSubtarget().getInstrInfo();
    registers_ = function.getSubtarget().getRegisterInfo();
    frame_ = &function.getFrameInfo();
    for (llvm::MachineBasicBlock& block : function) {
      held_.clear();
      for (llvm::MachineInstr& instruction : llvm::make_early_inc_range(block)) visit(instruction);
    }
    return true;
  }

 private:
  // What a place of the frame has, from its first byte on, in a register.
  struct Held {
    llvm::Register reg;
    unsigned bytes = 0;
  };

  void visit(llvm::MachineInstr& instruction) {
    if (instruction.isMetaInstruction() || instruction.getOpcode() == llvm::TargetOpcode::STACKMAP) return;
    int place = 0;
    unsigned bytes = 0;
    if (const llvm::Register stored = instructions_->isStoreToStackSlot(instruction, place, bytes)) {
      if (frame_->isSpillSlotObjectIndex(place)) held_[place] = {stored, bytes};
      return;
    }
    llvm::MachineInstr& now = forwarded(instruction);
    forget(now);
    const llvm::Register loaded = instructions_->isLoadFromStackSlot(now, place, bytes);
    if (loaded && frame_->isSpillSlotObjectIndex(place)) held_[place] = {loaded, bytes};
  }

  // What stands in its place now, or itself.
  llvm::MachineInstr& forwarded(llvm::MachineInstr& instruction) {
    if (!instruction.mayLoad() || instruction.mayStore() || instruction.isCall() || instruction.isInlineAsm()) {
      return instruction;
    }
    const llvm::MachineOperand* const base =
        llvm::find_if(instruction.operands(), [](const llvm::MachineOperand& operand) { return operand.isFI(); });
    if (base == instruction.operands_end()) return instruction;
    const auto held = held_.find(base->getIndex());
    const unsigned at = instruction.getOperandNo(base);
    if (held == held_.end() || at + kDisplacement >= instruction.getNumOperands()) return instruction;
    const llvm::MachineOperand& displacement = instruction.getOperand(at + kDisplacement);
    const llvm::MachineOperand& index = instruction.getOperand(at + kIndex);
    if (!displacement.isImm() || displacement.getImm() != 0 || !index.isReg() || index.getReg()) return instruction;

    unsigned operand = 0;
    const unsigned opcode = instructions_->getOpcodeAfterMemoryUnfold(instruction.getOpcode(), true, false, &operand);
    if (opcode == 0) return instruction;
    llvm::MachineFunction& function = *instruction.getMF();
    const llvm::TargetRegisterClass* const wanted =
        instructions_->getRegClass(instructions_->get(opcode), operand, registers_, function);
    const llvm::Register source = wanted != nullptr ? part(held->second, *wanted) : llvm::Register();
    llvm::SmallVector<llvm::MachineInstr*, 2> made;
    if (!source || !instructions_->unfoldMemoryOperand(function, instruction, source, false, false, made) ||
        made.size() != 1) {
      return instruction;
    }
    llvm::MachineBasicBlock& block = *instruction.getParent();
    for (auto before = block.begin(); before != instruction.getIterator(); ++before) {
      before->clearRegisterKills(held->second.reg, registers_);
    }
    block.insert(instruction.getIterator(), made.front());
    instruction.eraseFromParent();
    return *made.front();
  }

  // The low part of it that is a register of the class.
  llvm::Register part(const Held& held, const llvm::TargetRegisterClass& wanted) const {
    const unsigned bytes = registers_->getRegSizeInBits(wanted) / 8;
    if (bytes > held.bytes) return {};
    if (wanted.contains(held.reg)) return held.reg;
    for (llvm::MCSubRegIndexIterator sub(held.reg, registers_); sub.isValid(); ++sub) {
      const unsigned number = sub.getSubRegIndex();
      const bool low = registers_->getSubRegIdxOffset(number) == 0 && registers_->getSubRegIdxSize(number) == 8 * bytes;
      if (low && wanted.contains(sub.getSubReg())) return sub.getSubReg();
    }
    return {};
  }

  // What it writes, in registers and in the frame.
  void forget(const llvm::MachineInstr& instruction) {
    for (const llvm::MachineOperand& operand : instruction.operands()) {
      if (operand.isFI() && instruction.mayStore()) held_.erase(operand.getIndex());
      std::erase_if(held_, [&](const auto& entry) {
        const llvm::Register reg = entry.second.reg;
        if (operand.isRegMask()) return operand.clobbersPhysReg(reg);
        return operand.isReg() && operand.isDef() && operand.getReg() && registers_->regsOverlap(operand.getReg(), reg);
      });
    }
  }

  const llvm::TargetInstrInfo* instructions_ = nullptr;
  const llvm::TargetRegisterInfo* registers_ = nullptr;
  const llvm::MachineFrameInfo* frame_ = nullptr;
  std::map<int, Held> held_;  // by the number of the place
};
char FrameForwarder::ID = 0;

}  // namespace

llvm::MachineFunctionPass* make_frame_forwarder() { return new FrameForwarder; }

}  // namespace menura::llvmjit
