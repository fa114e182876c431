#include "tests/runtime/toy_compiler.h"

#include <asmjit/x86.h>

#include <cstdlib>
#include <cstring>
#include <vector>

#include "backends/runtime/thunks.h"
#include "ir/core/exit_kind.h"

namespace menura::runtime::test {

namespace {

using asmjit::Label;
using ir::Op;
using ir::Value;
using namespace asmjit::x86;  // NOLINT: register names, here only

constexpr std::array<uint8_t, ir::kPinnedInts> kPins = {13, 14, 15, 7, 6, 2, 1, 8, 9, 11};

class Work {
 public:
  Work(const ir::StateLayout& layout, const ir::Region& region, const CompileOptions& options, CompiledCode& out)
      : layout_(layout), region_(region), options_(options), out_(out) {
    holder_.init(asmjit::Environment::host());
    holder_.attach(&a_);
  }

  bool run() {
    if (region_.insts.size() * 8 > ir::kSpillBytes) return false;
    for (ir::SlotId slot : layout_.pinned_ints) {
      if (slot != ir::StateLayout::kNoSlot) out_.homes.push_back({slot, {pin(slot), false}});
    }
    for (std::size_t i = 0; i < region_.blocks.size(); ++i) labels_.push_back(a_.newLabel());
    if (options_.heat_index >= 0) {
      a_.mov(rax, header(offsetof(ir::CpuHeader, heat)));
      a_.embedUInt16(0xa883);  // sub dword [rax + disp32], 1
      out_.relocations.push_back({Relocation::Kind::HeatIndex, here(), 0});
      a_.embedUInt32(0);
      a_.embedUInt8(1);
      const Label warm = a_.newLabel();
      a_.jns(warm);
      pc_stub(Thunk::Hot, 0);
      a_.bind(warm);
    }
    for (const ir::BlockId id : region_.order) block(id);
    for (Pending& pending : pending_) {
      pending.link.stub = here();
      a_.call(header(thunk_offset(Thunk::Resolve)));
      pending.link.stub_end = here();
      out_.links.push_back(pending.link);
    }
    out_.bytes.assign(holder_.textSection()->data(), holder_.textSection()->data() + holder_.codeSize());
    for (const Link& link : out_.links) {
      const uint32_t distance = link.stub - (link.displacement + 4);
      std::memcpy(out_.bytes.data() + link.displacement, &distance, 4);
    }
    return true;
  }

 private:
  struct Pending {
    Link link;
  };

  uint32_t here() const { return static_cast<uint32_t>(a_.offset()); }
  static Mem header(std::size_t offset) { return qword_ptr(r12, static_cast<int32_t>(offset)); }
  static Mem spill(Value value) { return header(offsetof(ir::CpuHeader, spill) + 8 * value); }
  uint8_t pin(ir::SlotId slot) const { return kPins[layout_.slot(slot).pin_rank]; }
  void guest_pc(const Gp& reg, int64_t offset) {
    a_.embedUInt8(reg.id() >= 8 ? 0x49 : 0x48);
    a_.embedUInt8(static_cast<uint8_t>(0xb8 | (reg.id() & 7)));
    out_.relocations.push_back({Relocation::Kind::GuestPc64, here(), offset});
    a_.embedUInt64(0);
  }
  void pc_stub(Thunk thunk, int64_t pc) {
    a_.call(header(thunk_offset(thunk)));
    out_.pc_stubs.push_back({here(), pc});
  }
  void poll(int64_t pc) {
    const Label go = a_.newLabel();
    a_.cmp(dword_ptr(r12, offsetof(ir::CpuHeader, stop_request)), 0);
    a_.je(go);
    pc_stub(Thunk::Stop, pc);
    a_.bind(go);
  }
  void link(bool is_call, int64_t target) {
    while (((here() + 1) & 7) > 4) a_.nop();
    a_.embedUInt8(is_call ? 0xe8 : 0xe9);
    Link link;
    link.displacement = here();
    link.target = target;
    link.is_call = is_call;
    a_.embedUInt32(0);
    pending_.push_back({link});
  }
  void indirect(bool is_call) {
    const Label miss = a_.newLabel();
    const Label done = a_.newLabel();
    a_.cmp(dword_ptr(r12, offsetof(ir::CpuHeader, stop_request)), 0);
    const Label go = a_.newLabel();
    a_.je(go);
    if (is_call) a_.add(rsp, 8);
    a_.mov(header(offsetof(ir::CpuHeader, pc)), rax);
    a_.mov(dword_ptr(r12, offsetof(ir::CpuHeader, exit_kind)), static_cast<uint32_t>(ir::ExitKind::Stop));
    a_.jmp(header(thunk_offset(Thunk::Exit)));
    a_.bind(go);
    a_.mov(ebx, eax);
    a_.shr(ebx, kLookupBits);
    a_.xor_(ebx, eax);
    a_.mov(r10, header(offsetof(ir::CpuHeader, lookup_table)));
    static_assert(sizeof(CodeRecord) == 16 && kLookupShift == 1);
    a_.and_(ebx, (kLookupEntries - 1) << kLookupShift);
    a_.cmp(rax, qword_ptr(r10, rbx, 3, offsetof(CodeRecord, pc)));
    a_.jne(miss);
    is_call ? a_.call(qword_ptr(r10, rbx, 3, offsetof(CodeRecord, entry)))
            : a_.jmp(qword_ptr(r10, rbx, 3, offsetof(CodeRecord, entry)));
    if (is_call) a_.jmp(done);
    a_.bind(miss);
    is_call ? a_.call(header(thunk_offset(Thunk::Indirect))) : a_.jmp(header(thunk_offset(Thunk::Indirect)));
    a_.bind(done);
  }
  void go_to(uint32_t place, ir::BlockId target) {
    for (uint32_t i = 0; i <= place; ++i) {
      if (region_.order[i] == target) {
        poll(region_.blocks[target].pc_offset);
        break;
      }
    }
    a_.jmp(labels_[target]);
  }
  void continuation(const ir::Inst& inst, uint32_t place) {
    a_.add(rsp, 8);
    if (inst.edge_count == 0) {
      link(false, static_cast<int32_t>(inst.aux));
    } else {
      ir::for_each_edge(region_, inst, [&](ir::Edge edge) { go_to(place, edge.target); });
    }
  }

  void count(const ir::Block& block) {
    uint32_t guest = 0;
    for (uint32_t i = 0; i < block.count; ++i) guest += region_.insts[block.first + i].op == Op::Insn ? 1 : 0;
    if (options_.profile) {
      a_.mov(rax, header(offsetof(ir::CpuHeader, heat)));
      a_.embedUInt8(0x48);  // inc qword [rax + disp32]
      a_.embedUInt16(0x80ff);
      out_.relocations.push_back({Relocation::Kind::Count, here(), static_cast<int64_t>(out_.counts.size())});
      a_.embedUInt32(0);
      out_.counts.push_back({guest, 3});
    }
    if (options_.count && guest != 0) {
      const Label covered = a_.newLabel();
      a_.cmp(header(offsetof(ir::CpuHeader, budget)), guest);
      a_.jge(covered);
      pc_stub(Thunk::Budget, block.pc_offset);
      a_.bind(covered);
      a_.sub(header(offsetof(ir::CpuHeader, budget)), guest);
      a_.add(header(offsetof(ir::CpuHeader, retired)), guest);
    }
  }

  void block(ir::BlockId id) {
    const ir::Block& b = region_.blocks[id];
    a_.bind(labels_[id]);
    uint32_t place = 0;
    while (region_.order[place] != id) ++place;
    count(b);
    for (uint32_t i = 0; i < b.count; ++i) inst(b.first + i, place);
  }

  void inst(Value value, uint32_t place) {
    const ir::Inst& inst = region_.insts[value];
    const auto operand = [&](const Gp& reg, unsigned i) { a_.mov(reg, spill(inst.args[i])); };
    switch (inst.op) {
      case Op::Insn:
        insn_pc_ = inst.imm;
        out_.pcs.push_back({here(), static_cast<int32_t>(inst.imm)});
        break;
      case Op::Nop:
        break;
      case Op::Const:
        a_.mov(rax, inst.imm);
        a_.mov(spill(value), rax);
        break;
      case Op::PcRel:
        guest_pc(rax, inst.imm);
        a_.mov(spill(value), rax);
        break;
      case Op::Get: {
        const auto slot = static_cast<ir::SlotId>(inst.imm);
        if (layout_.slot(slot).pin_rank != ir::kNotPinned) {
          a_.mov(spill(value), gpq(pin(slot)));
        } else {
          a_.mov(rax, header(layout_.slot(slot).offset));
          a_.mov(spill(value), rax);
        }
        break;
      }
      case Op::Set: {
        const auto slot = static_cast<ir::SlotId>(inst.imm);
        operand(rax, 0);
        if (layout_.slot(slot).pin_rank != ir::kNotPinned) {
          a_.mov(gpq(pin(slot)), rax);
        } else {
          a_.mov(header(layout_.slot(slot).offset), rax);
        }
        break;
      }
      case Op::Add:
        operand(rax, 0);
        a_.add(rax, spill(inst.args[1]));
        a_.mov(spill(value), rax);
        break;
      case Op::ICmp:  // ne, the only one
        operand(rax, 0);
        operand(rbx, 1);
        a_.xor_(r10, r10);
        a_.cmp(rax, rbx);
        a_.setne(r10b);
        a_.mov(spill(value), r10);
        break;
      case Op::Load:
        operand(rax, 0);
        a_.mov(rax, qword_ptr(rax, static_cast<int32_t>(inst.imm)));
        a_.mov(spill(value), rax);
        break;
      case Op::Store:
        operand(rax, 0);
        operand(rbx, 1);
        a_.mov(qword_ptr(rax, static_cast<int32_t>(inst.imm)), rbx);
        break;
      case Op::Call: {
        for (unsigned i = 0; i < inst.arg_count; ++i) {
          operand(rax, i);
          a_.push(rax);
        }
        for (unsigned i = inst.arg_count; i-- > 0;) {
          a_.pop(rax);
          a_.mov(spill(i), rax);
        }
        a_.embedUInt8(0xb8);  // mov eax, imm32
        out_.relocations.push_back({Relocation::Kind::Helper, here(), inst.imm});
        a_.embedUInt32(0);
        a_.call(header(thunk_offset(Thunk::Helper)));
        a_.mov(spill(value), rax);
        break;
      }
      case Op::Br:
        ir::for_each_edge(region_, inst, [&](ir::Edge edge) { go_to(place, edge.target); });
        break;
      case Op::CondBr: {
        const Label otherwise = a_.newLabel();
        operand(rax, 0);
        a_.test(rax, rax);
        a_.jz(otherwise);
        bool first = true;
        ir::for_each_edge(region_, inst, [&](ir::Edge edge) {
          go_to(place, edge.target);
          if (first) a_.bind(otherwise);
          first = false;
        });
        break;
      }
      case Op::Jump:
        if (inst.imm <= insn_pc_) poll(inst.imm);
        link(false, inst.imm);
        break;
      case Op::JumpIndirect:
        operand(rax, 0);
        indirect(false);
        break;
      case Op::CallDirect:
        if (inst.imm <= insn_pc_) poll(inst.imm);
        guest_pc(rax, static_cast<int32_t>(inst.aux));
        a_.push(rax);
        link(true, inst.imm);
        continuation(inst, place);
        break;
      case Op::CallIndirect:
        guest_pc(rax, static_cast<int32_t>(inst.aux));
        a_.push(rax);
        operand(rax, 0);
        indirect(true);
        continuation(inst, place);
        break;
      case Op::Return: {
        const Label miss = a_.newLabel();
        operand(rax, 0);
        a_.cmp(rax, qword_ptr(rsp, 8));
        a_.jne(miss);
        a_.ret();
        a_.bind(miss);
        a_.jmp(header(thunk_offset(Thunk::ReturnMiss)));
        break;
      }
      case Op::Exit:
        if (inst.arg_count != 0) {
          operand(rax, 0);
          a_.mov(header(offsetof(ir::CpuHeader, exit_detail)), rax);
        }
        guest_pc(rax, inst.imm);
        a_.mov(header(offsetof(ir::CpuHeader, pc)), rax);
        a_.mov(dword_ptr(r12, offsetof(ir::CpuHeader, exit_kind)), inst.aux);
        a_.jmp(header(thunk_offset(Thunk::Exit)));
        break;
      default:
        std::abort();
    }
  }

  const ir::StateLayout& layout_;
  const ir::Region& region_;
  const CompileOptions& options_;
  CompiledCode& out_;
  asmjit::CodeHolder holder_;
  Assembler a_;
  std::vector<Label> labels_;
  std::vector<Pending> pending_;
  int64_t insn_pc_ = 0;
};

}  // namespace

bool ToyCompiler::compile(const ir::Region& region, const CompileOptions& options, CompiledCode& out) {
  return Work(layout_, region, options, out).run();
}

}  // namespace menura::runtime::test
