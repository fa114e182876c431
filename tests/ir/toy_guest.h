// A guest of five registers for tests of what lies between a frontend and an engine. Instructions are an opcode and an
// argument byte (only `A` and `Y` are longer); branch distances are signed and count instructions of two bytes from
// their own pc.
#pragma once

#include <array>
#include <initializer_list>
#include <string_view>
#include <vector>

#include "ir/api/frontend.h"

namespace menura::ir::test {

enum ToySlot : SlotId { kToyA, kToyCount, kToyLink, kToyData, kToyAddress };

struct ToyState {
  CpuHeader header;
  uint64_t regs[8] = {};
};

class ToyGuest : public Frontend {
 public:
  const StateLayout& layout() const override { return layout_; }
  const HelperTable& helpers() const override { return helpers_; }
  MemoryModel memory_model() const override { return MemoryModel::Weak; }
  unsigned max_length() const override { return 4; }

  Flow scan(uint64_t pc, std::span<const uint8_t> bytes, uint64_t) const override {
    Flow flow;
    flow.length = bytes[0] == 'A' || bytes[0] == 'Y' ? 4 : 2;
    if (bytes.size() < flow.length) return Flow{};
    flow.target = target(pc, bytes);
    switch (bytes[0]) {
      case 'A':  // a += 16-bit argument
      case 'a':  // a += argument
      case 'd':  // count -= argument
      case 'm':  // data = memory[address]
      case 'w':  // memory[address] = data
        break;
      case 'b':
        flow.kind = Flow::Kind::Branch;
        break;  // if count != 0
      case 'j':
        flow.kind = Flow::Kind::Jump;
        break;
      case 'c':
        flow.kind = Flow::Kind::Call;
        break;  // link = next pc
      case 'x':
        flow.kind = Flow::Kind::Indirect;
        break;  // to a
      case 'X':
      case 'Y':
        flow.kind = Flow::Kind::IndirectCall;
        break;  // to a
      case 'r':
        flow.kind = Flow::Kind::Return;
        break;  // to link
      default:
        flow.kind = Flow::Kind::Exit;
        break;  // 's': system call; others undefined
    }
    return flow;
  }

  unsigned lift(Builder& b, uint64_t pc, std::span<const uint8_t> bytes, uint64_t mode) const override {
    const Flow flow = scan(pc, bytes, mode);
    b.insn(pc, flow.length);
    MemDesc word;
    word.size_log2 = 3;
    const auto argument = static_cast<int8_t>(bytes[1]);
    switch (bytes[0]) {
      case 'A':
        add(b, kToyA, static_cast<int16_t>(bytes[2] | bytes[3] << 8));
        break;
      case 'a':
        add(b, kToyA, argument);
        break;
      case 'd':
        add(b, kToyCount, -argument);
        break;
      case 'm':
        b.set(kToyData, b.load(Type::I64, b.get(kToyAddress), word));
        break;
      case 'w':
        b.store(b.get(kToyAddress), b.get(kToyData), word);
        break;
      case 'b':
        b.branch_to(b.icmp(Cond::Ne, b.get(kToyCount), b.constant(Type::I64, 0)), flow.target, b.next_pc());
        break;
      case 'j':
        b.jump_to(flow.target);
        break;
      case 'c':
        b.set(kToyLink, b.pc_value(b.next_pc()));
        b.call_to(flow.target, b.next_pc());
        break;
      case 'x':
        b.jump_indirect(b.get(kToyA));
        break;
      case 'X':
      case 'Y':
        b.set(kToyLink, b.pc_value(b.next_pc()));
        b.call_indirect(b.get(kToyA), b.next_pc());
        break;
      case 'r':
        b.return_to(b.get(kToyLink));
        break;
      case 's':
        b.exit(ExitKind::Syscall, b.next_pc());
        break;
      default:
        b.exit(ExitKind::IllegalInstruction, pc);
        break;
    }
    return flow.length;
  }

 private:
  static uint64_t target(uint64_t pc, std::span<const uint8_t> bytes) {
    return pc + static_cast<uint64_t>(int64_t{static_cast<int8_t>(bytes[1])} * 2);
  }
  static void add(Builder& b, SlotId slot, int64_t value) {
    b.set(slot, b.binary(Op::Add, b.get(slot), b.constant(Type::I64, value)));
  }

  static constexpr uint32_t offset(unsigned index) { return sizeof(CpuHeader) + 8 * index; }
  std::array<Slot, 5> slots_ = {{{"a", Type::I64, offset(0), 0, -1},
                                 {"count", Type::I64, offset(1), 1, -1},
                                 {"link", Type::I64, offset(2), 2, -1},
                                 {"data", Type::I64, offset(3), kNotPinned, -1},
                                 {"address", Type::I64, offset(4), kNotPinned, -1}}};
  StateLayout layout_ = make_layout(slots_, sizeof(ToyState));
  HelperTable helpers_;
};

struct ToyInsn {
  char op;
  int argument = 0;
};

// Machine code of instructions of two bytes each.
inline std::vector<uint8_t> toy_code(std::initializer_list<ToyInsn> insns) {
  std::vector<uint8_t> bytes;
  for (const ToyInsn& insn : insns) {
    bytes.push_back(static_cast<uint8_t>(insn.op));
    bytes.push_back(static_cast<uint8_t>(insn.argument));
  }
  return bytes;
}

}  // namespace menura::ir::test
