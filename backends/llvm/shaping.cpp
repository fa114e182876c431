#include "backends/llvm/shaping.h"

#include <llvm/ADT/PostOrderIterator.h>
#include <llvm/CodeGen/MachineFrameInfo.h>
#include <llvm/CodeGen/MachineFunction.h>
#include <llvm/CodeGen/MachineInstrBuilder.h>
#include <llvm/CodeGen/MachineRegisterInfo.h>
#include <llvm/CodeGen/TargetInstrInfo.h>
#include <llvm/CodeGen/TargetRegisterInfo.h>
#include <llvm/CodeGen/TargetSubtargetInfo.h>
#include <llvm/IR/GlobalValue.h>
#include <llvm/IR/InlineAsm.h>

#include <algorithm>
#include <bitset>
#include <cstddef>
#include <optional>

#include "backends/llvm/machine_address.h"
#include "backends/llvm/stubs.h"
#include "ir/core/cpu_header.h"

namespace menura::llvmjit {

namespace {

using ir::CpuHeader;

// The folder of LLVM that numbers instructions and registers is not installed: they go by their names.
unsigned opcode_named(const llvm::TargetInstrInfo& instructions, llvm::StringRef name) {
  for (unsigned opcode = 0; opcode < instructions.getNumOpcodes(); ++opcode) {
    if (instructions.getName(opcode) == name) return opcode;
  }
  return 0;
}

// Whether the memory that `instruction` reads is CpuHeader::stop_request; its address begins at operand `address`.
bool reads_stop_request(const llvm::MachineInstr& instruction, unsigned address) {
  if (!instruction.hasOneMemOperand()) return false;
  const llvm::MachineMemOperand& operand = **instruction.memoperands_begin();
  const llvm::MachineOperand& displacement = instruction.getOperand(address + kDisplacement);
  return operand.isAtomic() && !operand.isVolatile() && displacement.isImm() &&
         displacement.getImm() == offsetof(CpuHeader, stop_request);
}

// As instructions encode them.
constexpr unsigned kStackNumber = 4;
constexpr unsigned kStateNumber = 12;

struct Names {
  llvm::MCRegister flags;
  llvm::MCRegister words[16];  // registers of 64 bits, by their number

  explicit Names(const llvm::TargetRegisterInfo& registers) {
    constexpr llvm::StringLiteral kWords[] = {"RAX", "RCX", "RDX", "RBX", "RSP", "RBP", "RSI", "RDI",
                                              "R8",  "R9",  "R10", "R11", "R12", "R13", "R14", "R15"};
    for (unsigned reg = 1; reg < registers.getNumRegs(); ++reg) {
      const llvm::StringRef name = registers.getName(reg);
      if (name == "EFLAGS") flags = reg;
      const auto* const word = std::find(std::begin(kWords), std::end(kWords), name);
      if (word != std::end(kWords)) words[word - std::begin(kWords)] = reg;
    }
  }
};

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
    return instructions.getName(load.getOpcode()) == "MOV32rm" && reads_stop_request(load, 1);
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
    static const Names names(*registers_);
    flags_ = names.flags;
    words_ = names.words;
    stack_ = words_[kStackNumber];
    for (llvm::MachineBasicBlock& block : function) sink_comparison(block);
    place_frame(function);
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
    // It may read a slot or a spilled value, whose memory another one gets. No code writes stop requests.
    const bool reads = comparison->mayLoad() && !reads_stop_request(*comparison, 0);
    for (auto between = std::next(comparison); between != jump; ++between) {
      if (between->isInlineAsm() || between->isCall() || (reads && between->mayStore())) return;
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

  // Registers of 64 bits, by their place in words_.
  using Registers = std::bitset<16>;

  void follow(const llvm::MachineInstr& instruction, Registers& hold_state) const {
    if (name(instruction) == "MOV64rr") {
      const auto of = [&](unsigned operand) {
        return registers_->getEncodingValue(instruction.getOperand(operand).getReg());
      };
      hold_state[of(0)] = hold_state[of(1)];
      return;
    }
    for (unsigned number = 0; number < hold_state.size(); ++number) {
      if (hold_state[number] && instruction.modifiesRegister(words_[number], registers_)) hold_state[number] = false;
    }
  }

  // Which registers hold the state where each block begins, whatever way leads there.
  std::vector<Registers> state_holders(llvm::MachineFunction& function) const {
    std::vector<Registers> at(function.getNumBlockIDs(), Registers().set());
    const llvm::ReversePostOrderTraversal<llvm::MachineFunction*> order(&function);
    at[function.front().getNumber()] = Registers().set(kStateNumber);
    for (bool changed = true; changed;) {
      changed = false;
      for (llvm::MachineBasicBlock* const block : order) {
        Registers hold_state = at[block->getNumber()];
        for (const llvm::MachineInstr& instruction : *block) follow(instruction, hold_state);
        for (const llvm::MachineBasicBlock* const next : block->successors()) {
          const Registers both = at[next->getNumber()] & hold_state;
          changed |= both != at[next->getNumber()];
          at[next->getNumber()] = both;
        }
      }
    }
    return at;
  }

  // Whether the frame is addressed by rsp and nothing else, and wherever it is, some register holds the state.
  bool may_be_in_state(const llvm::MachineFunction& function, const std::vector<Registers>& holders) const {
    for (const llvm::MachineBasicBlock& block : function) {
      Registers hold_state = holders[block.getNumber()];
      for (const llvm::MachineInstr& instruction : block) {
        if (is_frame_change(instruction) || instruction.isCFIInstruction()) continue;
        const unsigned address = frame_address(instruction);
        if (address != 0 && hold_state.none()) return false;
        // Who recovers the state knows one register that has it.
        if (instruction.getPreInstrSymbol() != nullptr && !hold_state[kStateNumber]) return false;
        for (unsigned i = 0; i < instruction.getNumOperands(); ++i) {
          const llvm::MachineOperand& operand = instruction.getOperand(i);
          if (operand.isReg() && operand.getReg() == stack_ && !operand.isImplicit() && i + 1 != address) return false;
        }
        follow(instruction, hold_state);
      }
    }
    return true;
  }

  // The frame lies in the state's spill memory. LLVM wants it below rsp, and rsp is the stack of predictions.
  void place_frame(llvm::MachineFunction& function) {
    const FunctionFrame& frame = facts_.frames.back();
    if (frame.size == 0 || frame.size > kLargestFrame) return;
    bottom_ = int64_t{offsetof(CpuHeader, spill)} + kFrameTop - static_cast<int64_t>(frame.size);
    const std::vector<Registers> holders = state_holders(function);
    const bool by_state = may_be_in_state(function, holders);
    for (llvm::MachineBasicBlock& block : function) {
      Registers hold_state = holders[block.getNumber()];
      for (llvm::MachineInstr& instruction : llvm::make_early_inc_range(block)) {
        // The state's own register before all others.
        unsigned base = kStateNumber;
        for (unsigned number = 0; !hold_state[base] && number < hold_state.size(); ++number) {
          if (hold_state[number]) base = number;
        }
        const bool held = hold_state[base];
        follow(instruction, hold_state);
        if (is_frame_change(instruction)) {
          // Where it is given up, the contract has the state in its register, wherever that has been read from.
          facts_.state_lost |= instruction.getFlag(llvm::MachineInstr::FrameSetup) && !held;
          if (!by_state) set_stack_aside(block, instruction, words_[base]);
          instruction.eraseFromParent();
          continue;
        }
        if (!by_state) continue;
        if (const unsigned address = frame_address(instruction)) move_address(instruction, address - 1, words_[base]);
      }
    }
    if (!by_state) return;
    for (size_t i = frame.first_point; i < facts_.points.size(); ++i) {
      for (Place& place : facts_.points[i].places) {
        if (place.kind != Place::Kind::Frame || place.number != kStackNumber) continue;
        place.number = kStateNumber;
        place.value += bottom_;
      }
    }
  }

  // Where the frame is made or given up, and `state` holds the state, which it does where a function begins and ends.
  void set_stack_aside(llvm::MachineBasicBlock& block, llvm::MachineInstr& change, llvm::MCRegister state) const {
    static const unsigned load = opcode_named(*instructions_, "MOV64rm");
    static const unsigned store = opcode_named(*instructions_, "MOV64mr");
    static const unsigned address = opcode_named(*instructions_, "LEA64r");
    const auto add_address = [&](const llvm::MachineInstrBuilder& made, int64_t displacement) {
      made.addReg(state).addImm(1).addReg(0).addImm(displacement).addReg(0);
      return made;
    };
    const auto build = [&](unsigned opcode) {
      return llvm::BuildMI(block, change, change.getDebugLoc(), instructions_->get(opcode));
    };
    constexpr int64_t kept = offsetof(CpuHeader, entry_rsp);
    if (change.getFlag(llvm::MachineInstr::FrameSetup)) {
      add_address(build(store), kept).addReg(stack_);
      add_address(build(address).addReg(stack_, llvm::RegState::Define), bottom_);
    } else {
      add_address(build(load).addReg(stack_, llvm::RegState::Define), kept);
    }
  }

  void move_address(llvm::MachineInstr& instruction, unsigned operand, llvm::MCRegister base) const {
    instruction.getOperand(operand).setReg(base);
    llvm::MachineOperand& displacement = instruction.getOperand(operand + kDisplacement);
    displacement.setImm(displacement.getImm() + bottom_);
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
    const unsigned bytes = Stubs::room(stubs_[*number], low_);
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
  llvm::ArrayRef<llvm::MCRegister> words_;
  llvm::MCRegister stack_;
  int64_t bottom_ = 0;  // of the frame, from the state
};
char Shaper::ID = 0;

}  // namespace

llvm::MachineFunctionPass* make_poll_folder() { return new PollFolder; }

llvm::MachineFunctionPass* make_shaper(const std::vector<ExitStub>& stubs, bool low, MachineFacts& facts) {
  return new Shaper(stubs, low, facts);
}

}  // namespace menura::llvmjit
