// Builder: how a frontend writes IR. It appends to one region; guest control flow (jump_to, branch_to, ...) turns into
// an internal edge where the target is a block of the region, and into a side exit elsewhere.
#pragma once

#include <array>
#include <initializer_list>
#include <utility>
#include <vector>

#include "ir/core/exit_kind.h"
#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"

namespace menura::ir {

class Builder {
 public:
  // Both outlive the builder.
  Builder(const StateLayout& layout, const HelperTable& helpers) : layout_(layout), helpers_(helpers) {}

  // Where a guest address lies: in the region's own code (context 0), or in a function that is inlined at one call.
  struct Place {
    uint64_t pc = 0;
    uint32_t context = 0;
    auto operator<=>(const Place&) const = default;
  };
  // A guest call that is made by a branch to blocks of its own. It predicts no return; instead, whatever leaves the
  // region from there, but for returns, does so as a call that returns to the caller's code.
  struct Inlined {
    uint32_t caller = 0;     // context of the call
    uint64_t return_pc = 0;  // no two calls of a context have the same; indirect ones may have several entries
    uint64_t entry = 0;
  };

  // Whether a region at `base` may have code at `pc` and what follows it: offsets have 32 bits.
  static bool reaches(uint64_t base, uint64_t pc) { return pc - base + (uint64_t{1} << 30) < uint64_t{1} << 31; }

  // Starts an empty region. `places` get a block of their own, the entry first. Context n + 1 is inlined[n].
  void begin(Region& region, const Identity& identity, MemoryModel order, std::span<const Place> places,
             std::span<const Inlined> inlined = {});
  // Places the blocks of side exits. Every block must have ended.
  void finish();

  Region& region() { return *region_; }
  const StateLayout& layout() const { return layout_; }

  // --- blocks
  BlockId new_block();
  // The block of a place given to begin(), or kNoBlock.
  static constexpr BlockId kNoBlock = UINT32_MAX;
  BlockId block_of(const Place& place) const;
  // Where the guest addresses of the following instructions lie.
  void set_context(uint32_t context) { context_ = context; }
  // Continues in `block`, whose parameters have the given types; returns the first parameter's value (the others
  // follow).
  Value start(BlockId block, std::initializer_list<Type> params = {});
  // After a branch_to() of which `pc` is the one or the other side, where no block was planned for it: continues there
  // instead of leaving the region. Returns false otherwise.
  bool resume(uint64_t pc);
  // Where branches lead to `pc`, for which no block was planned: goes there from the current block, if that has not
  // ended, and continues there instead of leaving the region. Returns false otherwise.
  bool join(uint64_t pc);
  // Behind an instruction: goes on in a block of its own from `pc` on, unless the current one has ended or began with
  // an instruction. So no block holds the end of one instruction and the next, and each can be left before.
  void part(uint64_t pc);
  // Whether the current block has its terminator (or none has been started).
  bool ended() const { return current_ == kNoBlock; }

  // What a frontend remembers from one guest instruction to the next within a block, such as the operands that flags
  // were made from: values of this block or of one that it is entered from only. All 0 at the start of a block, but
  // kept where resume() goes on and nothing else leads there.
  using Notes = std::array<uint32_t, 6>;
  Notes& notes() { return notes_; }

  // --- guest instructions and guest addresses
  void insn(uint64_t pc, unsigned length);
  uint64_t pc() const { return insn_pc_; }  // of the current guest instruction
  uint64_t next_pc() const { return insn_pc_ + insn_length_; }
  Value pc_value(uint64_t pc) { return emit(Op::PcRel, Type::I64, {}, 0, offset_of(pc)); }

  // --- values
  Value constant(Type type, int64_t value) { return emit(Op::Const, type, {}, 0, value); }
  Value get(SlotId slot) { return emit(Op::Get, layout_.slot(slot).type, {}, 0, slot); }
  void set(SlotId slot, Value value) { emit(Op::Set, Type::Void, {value}, 0, slot); }
  // Ops with operands of the result's type and no attribute: add, and, shl, fneg, ...
  Value unary(Op op, Value a) { return emit(op, type_of(a), {a}); }
  Value binary(Op op, Value a, Value b) { return emit(op, type_of(a), {a, b}); }
  Value divide(Op op, Value a, Value b, int64_t on_zero) { return emit(op, type_of(a), {a, b}, 0, on_zero); }
  Value icmp(Cond cond, Value a, Value b) { return emit(Op::ICmp, Type::I1, {a, b}, static_cast<uint32_t>(cond)); }
  Value select(Value cond, Value a, Value b) { return emit(Op::Select, type_of(a), {cond, a, b}); }
  // zext, sext, trunc, bitcast, nanbox, nanunbox, vtrunc, vzext, vhigh
  Value convert(Op op, Type type, Value a) { return emit(op, type, {a}); }
  Value fp(Op op, Type type, std::initializer_list<Value> args, FpDesc desc) {
    return emit(op, type, args, pack(desc));
  }
  Value fcmp(Value a, Value b, FpDesc desc) { return emit(Op::FCmp, Type::I1, {a, b}, pack(desc)); }
  Value vec(Op op, Type type, std::initializer_list<Value> args, LaneDesc desc) {
    return emit(op, type, args, pack(desc));
  }
  // vshl, vshr, vsar, vbytes
  Value vec_imm(Op op, Type type, std::initializer_list<Value> args, LaneDesc desc, int64_t imm) {
    return emit(op, type, args, pack(desc), imm);
  }
  // `lane`: F16, F32 or F64, as FpDesc::lane says.
  Value vec_fp(Op op, Type type, std::initializer_list<Value> args, Type lane, FpDesc desc) {
    desc.lane = static_cast<uint32_t>(lane);
    return emit(op, type, args, pack(desc));
  }

  // --- memory: address + displacement
  Value load(Type type, Value address, MemDesc desc, int64_t displacement = 0) {
    return emit(Op::Load, type, {address}, pack(desc), displacement);
  }
  void store(Value address, Value value, MemDesc desc, int64_t displacement = 0) {
    emit(Op::Store, Type::Void, {address, value}, pack(desc), displacement);
  }
  Value atomic(AtomicOp op, Value address, Value operand, MemDesc desc) {
    desc.atomic_op = static_cast<uint32_t>(op);
    return emit(Op::Atomic, type_of(operand), {address, operand}, pack(desc));
  }
  Value cmpxchg(Value address, Value expected, Value desired, MemDesc desc) {
    return emit(Op::CmpXchg, type_of(expected), {address, expected, desired}, pack(desc));
  }
  Value load_linked(Type type, Value address, MemDesc desc) {
    exclusive_open_ = true;
    has_exclusives_ = true;
    return emit(Op::LoadLinked, type, {address}, pack(desc));
  }
  Value store_conditional(Value address, Value value, MemDesc desc) {
    exclusive_open_ = false;
    has_exclusives_ = true;
    return emit(Op::StoreCond, Type::I1, {address, value}, pack(desc));
  }
  // Whether the last of these two was an ll; whether there were any.
  bool exclusive_open() const { return exclusive_open_; }
  bool has_exclusives() const { return has_exclusives_; }
  void fence(FenceDesc desc) { emit(Op::Fence, Type::Void, {}, pack(desc)); }
  Value call(HelperId helper, std::initializer_list<Value> args);

  // --- ends of a block; guest addresses become edges or exits
  void br(BlockId target, std::initializer_list<Value> args = {});
  void cond_br(Value cond, BlockId if_true, BlockId if_false);
  void jump_to(uint64_t target);
  void branch_to(Value cond, uint64_t taken, uint64_t not_taken);
  void call_to(uint64_t target, uint64_t return_pc);
  void call_indirect(Value target, uint64_t return_pc);
  void jump_indirect(Value target);
  void return_to(Value target);
  // `next_pc` is where the virtual CPU continues.
  void exit(ExitKind kind, uint64_t next_pc, std::initializer_list<Value> detail = {});

  Type type_of(Value value) const { return region_->insts[value].type; }
  // The general form of all the above.
  Value emit(Op op, Type type, std::initializer_list<Value> args, uint32_t aux = 0, int64_t imm = 0) {
    // Inline, so that the list's length is known where it is called.
    const Value* const list = args.begin();
    if (args.size() > 3) return append_many(op, type, args, aux, imm);
    return append(op, type, static_cast<unsigned>(args.size()), args.size() > 0 ? list[0] : kNoValue,
                  args.size() > 1 ? list[1] : kNoValue, args.size() > 2 ? list[2] : kNoValue, aux, imm);
  }

 private:
  Value append(Op op, Type type, unsigned count, Value a, Value b, Value c, uint32_t aux, int64_t imm);
  Value append_many(Op op, Type type, std::initializer_list<Value> args, uint32_t aux, int64_t imm);
  void end(Op op, std::initializer_list<Value> args, uint32_t aux = 0, int64_t imm = 0);
  void add_edge(BlockId target, std::initializer_list<Value> args = {});
  void add_return_edge(uint64_t return_pc);
  // The block of a place, or a new one (placed by finish()) that leaves the region for it.
  BlockId target_block(const Place& place);
  BlockId exit_block(const Place& place);
  // Leaves the region for a guest address of the present context.
  void leave_for(uint64_t pc);
  void leave_after_call();
  const Inlined& inlined() const { return inlined_[context_ - 1]; }
  // The context of an inlined call, or 0.
  uint32_t context_of_call(uint64_t return_pc, uint64_t target) const;
  int64_t offset_of(uint64_t pc) const { return static_cast<int64_t>(pc - region_->identity.pc); }

  const StateLayout& layout_;
  const HelperTable& helpers_;
  Region* region_ = nullptr;
  BlockId current_ = kNoBlock;
  uint64_t insn_pc_ = 0;
  unsigned insn_length_ = 0;
  bool exclusive_open_ = false;
  bool has_exclusives_ = false;
  Notes notes_ = {};
  struct PlacedBlock {
    Place place;
    BlockId block;
    auto operator<=>(const PlacedBlock&) const = default;
  };
  struct Exit {
    Place place;
    BlockId block;
    unsigned edges;  // that lead there
  };
  uint32_t context_ = 0;
  std::span<const Inlined> inlined_;
  std::vector<PlacedBlock> planned_;                      // sorted
  std::vector<Exit> exits_;                               // blocks to be placed by finish()
  std::vector<std::pair<BlockId, Value>> wrong_returns_;  // likewise: from inlined calls to somewhere else
};

}  // namespace menura::ir
