#include "backends/llvm/shaping.h"

#include <llvm/CodeGen/MachineFrameInfo.h>
#include <llvm/CodeGen/MachineFunction.h>
#include <llvm/CodeGen/MachineInstrBuilder.h>
#include <llvm/CodeGen/MachineRegisterInfo.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/IR/GlobalValue.h>
#include <llvm/IR/InlineAsm.h>

#include <cstddef>
#include <optional>

#include "backends/llvm/stubs.h"
#include "ir/core/cpu_header.h"

namespace menura::llvmjit {

namespace {

using ir::CpuHeader;

// Operands of an address: base, scale, index, displacement, segment.
constexpr unsigned kAddressOperands = 5;
constexpr unsigned kDisplacement = 3;

// The folder of LLVM that numbers instructions and registers is not installed: they go by their names.
unsigned opcode_named(const llvm::TargetInstrInfo& instructions, llvm::StringRef name) {
  for (unsigned opcode = 0; opcode < instructions.getNumOpcodes(); ++opcode) {
    if (instructions.getName(opcode) == name) return opcode;
  }
  return 0;
}

llvm::MCRegister register_named(const llvm::TargetRegisterInfo& registers, llvm::StringRef name) {
  for (unsigned reg = 1; reg < registers.getNumRegs(); ++reg) {
    if (registers.getName(reg) == name) return reg;
  }
  return 0;
}

class PollFolder : public llvm::MachineFunctionPass {
 public:
  static char ID;
  PollFolder() : MachineFunctionPass(ID) {}

  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    const llvm::TargetInstrInfo& instructions = *function.getSubtarget().getInstrInfo();
    const llvm::MachineRegisterInfo& registers = function.getRegInfo();
    static const unsigned compare = opcode_named(instructions, "CMP32mi");
    if (compare == 0) return false;
    for (llvm::MachineBasicBlock& block : function) {
      for (llvm::MachineInstr& test : llvm::make_early_inc_range(block)) {
        if (instructions.getName(test.getOpcode()) != "TEST32rr") continue;
        const llvm::Register value = test.getOperand(0).getReg();
        if (!value.isVirtual() || test.getOperand(1).getReg() != value || !registers.hasOneNonDBGUser(value)) continue;
        llvm::MachineInstr* const load = registers.getUniqueVRegDef(value);
        if (load == nullptr || load->getParent() != &block || !is_poll(instructions, *load)) continue;
        llvm::MachineInstrBuilder made = llvm::BuildMI(block, test, test.getDebugLoc(), instructions.get(compare));
        for (unsigned i = 0; i < kAddressOperands; ++i) made.add(load->getOperand(1 + i));
        made.addImm(0).cloneMemRefs(*load);
        test.eraseFromParent();
        load->eraseFromParent();
      }
    }
    return true;
  }

 private:
  static bool is_poll(const llvm::TargetInstrInfo& instructions, const llvm::MachineInstr& load) {
    if (instructions.getName(load.getOpcode()) != "MOV32rm" || !load.hasOneMemOperand()) return false;
    const llvm::MachineMemOperand& operand = **load.memoperands_begin();
    const llvm::MachineOperand& displacement = load.getOperand(1 + kDisplacement);
    return operand.isAtomic() && !operand.isVolatile() && displacement.isImm() &&
           displacement.getImm() == offsetof(CpuHeader, stop_request);
  }
};
char PollFolder::ID = 0;

class Shaper : public llvm::MachineFunctionPass {
 public:
  static char ID;
  Shaper(const std::vector<ExitStub>& stubs, bool low, MachineFacts& facts)
      : MachineFunctionPass(ID), stubs_(stubs), low_(low), facts_(facts) {}

  bool runOnMachineFunction(llvm::MachineFunction& function) override {
    registers_ = function.getSubtarget().getRegisterInfo();
    instructions_ = function.getSubtarget().getInstrInfo();
    static const llvm::MCRegister flags = register_named(*registers_, "EFLAGS");
    static const llvm::MCRegister stack = register_named(*registers_, "RSP");
    static const llvm::MCRegister state = register_named(*registers_, "R12");
    flags_ = flags;
    stack_ = stack;
    state_ = state;
    for (llvm::MachineBasicBlock& block : function) sink_comparison(block);
    frame_to_state(function);
    for (llvm::MachineBasicBlock& block : function) make_room(function, block);
    return true;
  }

 private:
  llvm::StringRef name(const llvm::MachineInstr& instruction) const {
    return instructions_->getName(instruction.getOpcode());
  }

  // Register allocation puts copies between a comparison and its jump.
  void sink_comparison(llvm::MachineBasicBlock& block) {
    const auto jump = block.getFirstTerminator();
    if (jump == block.end() || name(*jump) != "JCC_1" || jump == block.begin()) return;
    auto comparison = std::prev(jump);
    while (!comparison->modifiesRegister(flags_, registers_)) {
      if (comparison->readsRegister(flags_, registers_) || comparison == block.begin()) return;
      --comparison;
    }
    if (std::next(comparison) == jump || !may_move(*comparison)) return;
    for (auto between = std::next(comparison); between != jump; ++between) {
      if (between->isInlineAsm() || between->isCall()) return;
      for (const llvm::MachineOperand& operand : comparison->operands()) {
        if (operand.isReg() && operand.getReg().isPhysical() && operand.getReg() != flags_ &&
            between->modifiesRegister(operand.getReg(), registers_)) {
          return;
        }
      }
    }
    block.splice(jump, &block, comparison);
  }

  // What does nothing but set flags, and reads no guest memory.
  bool may_move(const llvm::MachineInstr& comparison) const {
    const llvm::StringRef opcode = name(comparison);
    if (!opcode.starts_with("TEST") && !opcode.starts_with("CMP")) return false;
    for (const llvm::MachineOperand& operand : comparison.operands()) {
      if (operand.isReg() && operand.isDef() && operand.getReg() != flags_) return false;
    }
    if (!comparison.mayLoadOrStore()) return true;
    return comparison.hasOneMemOperand() && !(*comparison.memoperands_begin())->isVolatile() &&
           comparison.getPreInstrSymbol() == nullptr;
  }

  // The operand number of an address in the frame; 0: there is none.
  unsigned frame_address(const llvm::MachineInstr& instruction) const {
    for (unsigned i = 0; i + kAddressOperands <= instruction.getNumOperands(); ++i) {
      const llvm::MachineOperand& base = instruction.getOperand(i);
      if (base.isReg() && !base.isDef() && !base.isImplicit() && base.getReg() == stack_ &&
          instruction.getOperand(i + 1).isImm() && instruction.getOperand(i + kDisplacement).isImm()) {
        return i + 1;
      }
    }
    return 0;
  }

  bool is_frame_change(const llvm::MachineInstr& instruction) const {
    return (instruction.getFlag(llvm::MachineInstr::FrameSetup) ||
            instruction.getFlag(llvm::MachineInstr::FrameDestroy)) &&
           instruction.modifiesRegister(stack_, registers_);
  }

  // Whether the frame is addressed by rsp and nothing else, and r12 is the state from beginning to end.
  bool may_be_in_state(const llvm::MachineFunction& function) const {
    for (const llvm::MachineBasicBlock& block : function) {
      for (const llvm::MachineInstr& instruction : block) {
        if (instruction.modifiesRegister(state_, registers_)) return false;
        if (is_frame_change(instruction) || instruction.isCFIInstruction()) continue;
        const unsigned address = frame_address(instruction);
        for (unsigned i = 0; i < instruction.getNumOperands(); ++i) {
          const llvm::MachineOperand& operand = instruction.getOperand(i);
          if (operand.isReg() && operand.getReg() == stack_ && !operand.isImplicit() && i + 1 != address) return false;
        }
      }
    }
    return true;
  }

  void frame_to_state(llvm::MachineFunction& function) {
    FunctionFrame& frame = facts_.frames.back();
    if (frame.size == 0 || frame.size > kLargestFrame || !may_be_in_state(function)) return;
    const int64_t bottom = int64_t{offsetof(CpuHeader, spill)} + kFrameTop - static_cast<int64_t>(frame.size);
    for (llvm::MachineBasicBlock& block : function) {
      for (llvm::MachineInstr& instruction : llvm::make_early_inc_range(block)) {
        if (is_frame_change(instruction)) {
          instruction.eraseFromParent();
        } else if (const unsigned address = frame_address(instruction)) {
          instruction.getOperand(address - 1).setReg(state_);
          llvm::MachineOperand& displacement = instruction.getOperand(address - 1 + kDisplacement);
          displacement.setImm(displacement.getImm() + bottom);
        }
      }
    }
    frame.size = 0;
    const unsigned from = registers_->getEncodingValue(stack_);
    for (size_t i = frame.first_point; i < facts_.points.size(); ++i) {
      for (Place& place : facts_.points[i].places) {
        if (place.kind != Place::Kind::Frame || place.number != from) continue;
        place.number = registers_->getEncodingValue(state_);
        place.value += bottom;
      }
    }
  }

  // The number of the exit that a jump leads to.
  std::optional<unsigned> exit_of(const llvm::MachineInstr& jump) const {
    if (name(jump) != "TAILJMPd64" || !jump.getOperand(0).isGlobal()) return std::nullopt;
    const llvm::StringRef callee = jump.getOperand(0).getGlobal()->getName();
    unsigned number = 0;
    if (!callee.starts_with("x") || callee.drop_front().getAsInteger(10, number)) return std::nullopt;
    return number;
  }

  void make_room(llvm::MachineFunction& function, llvm::MachineBasicBlock& block) {
    if (block.empty()) return;
    llvm::MachineInstr& jump = block.back();
    const std::optional<unsigned> number = exit_of(jump);
    if (!number) return;
    const unsigned bytes = Stubs::room(stubs_[*number], facts_.frames.back().size != 0, low_);
    if (bytes == 0) return;
    const std::string label = "s" + std::to_string(facts_.rooms.size());
    facts_.rooms.push_back({label, *number});
    const char* const text = function.createExternalSymbolName(label + ": .skip " + std::to_string(bytes) + ", 0xcc");
    llvm::BuildMI(block, jump, jump.getDebugLoc(), instructions_->get(llvm::TargetOpcode::INLINEASM))
        .addExternalSymbol(text)
        .addImm(llvm::InlineAsm::Extra_HasSideEffects);
    jump.eraseFromParent();
  }

  const std::vector<ExitStub>& stubs_;
  const bool low_;
  MachineFacts& facts_;
  const llvm::TargetRegisterInfo* registers_ = nullptr;
  const llvm::TargetInstrInfo* instructions_ = nullptr;
  llvm::MCRegister flags_;
  llvm::MCRegister stack_;
  llvm::MCRegister state_;
};
char Shaper::ID = 0;

}  // namespace

llvm::MachineFunctionPass* make_poll_folder() { return new PollFolder; }

llvm::MachineFunctionPass* make_shaper(const std::vector<ExitStub>& stubs, bool low, MachineFacts& facts) {
  return new Shaper(stubs, low, facts);
}

}  // namespace menura::llvmjit
