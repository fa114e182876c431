// Lowering: one IR region -> one LLVM module. Slots become SSA values inside each function; a function is what can be
// reached from one of the region's entries: its top, and the places behind guest calls.
#pragma once

#include <llvm/ADT/STLFunctionalExtras.h>
#include <llvm/IR/Function.h>
#include <llvm/IR/IRBuilder.h>
#include <llvm/IR/Module.h>

#include <initializer_list>
#include <vector>

#include "backends/llvm/features.h"
#include "backends/llvm/lowered.h"
#include "backends/runtime/thunks.h"
#include "ir/core/descriptors.h"
#include "ir/core/exit_kind.h"
#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"
#include "ir/opt/slots_needed.h"

namespace menura::llvmjit {

class Lowering {
 public:
  Lowering(llvm::Module& module, const ir::Region& region, const ir::StateLayout& layout,
           const ir::HelperTable& helpers, const Features& features);

  // False: the region has something that LLVM code cannot do. `needed`: CompileOptions::needed;
  // `machine`: CompileOptions::machine.
  bool run(const ir::SlotsNeeded* needed, bool machine);
  // Before run: LLVM makes wide vectors of its own (MachineFacts::wide), which calls out of line must not lose.
  void expect_wide() { wide_ = true; }
  // Calls out of line have been made as if nothing were wider than 128 bits.
  bool loses_wide() const { return calls_out_ && !wide_; }
  // Likewise: LLVM moves pinned floats (FunctionFrame::moves_floats) of functions that have nothing to do with floats.
  void expect_moves() { moves_floats_ = true; }
  // By number: functions whose accesses count on pinned floats to be where they were.
  const std::vector<bool>& resting() const { return resting_; }

  unsigned functions() const { return static_cast<unsigned>(entries_.size()); }
  const std::vector<ExitStub>& stubs() const { return stubs_; }
  std::vector<AccessSite>& sites() { return sites_; }

 private:
  using Value = ir::Value;
  using Inst = ir::Inst;
  using SlotSet = std::vector<bool>;                   // by SlotId
  using ValueSet = std::vector<bool>;                  // by ir::Value
  static constexpr ir::BlockId kNoBlock = UINT32_MAX;  // before a function's first

  // --- lowering.cpp: functions and blocks
  bool check();
  bool lower_function(unsigned number);
  void find_reached(ir::BlockId entry);
  void find_dirty(ir::BlockId entry);
  bool has_no_floats() const;
  void start_function(ir::BlockId entry);
  void lower_block(ir::BlockId block);
  void lower(Value v, const Inst& inst);
  void define(Value v, llvm::Value* value) { values_[v] = value; }
  // The value of an operand.
  llvm::Value* value(Value v) const { return values_[v]; }
  ir::Type type_of(Value v) const { return region_.insts[v].type; }
  const ir::Inst& inst_of(Value v) const { return region_.insts[v]; }

  // --- types.cpp. I1 to I128: integers of the width; F32, F64: float, double; other floats: integers; V64: <8 x i8>;
  // longer vectors: lanes of i64.
  llvm::Type* type(ir::Type t) const;
  // A vector as lanes of type `lane`, and back as values of type `t` travel.
  llvm::Value* lanes(llvm::Value* v, ir::Type lane);
  llvm::Value* unlaned(llvm::Value* v, ir::Type t);
  // A lane that is only moved: LLVM takes integers to general registers and back.
  llvm::Type* lane_of_register(unsigned width) const;
  // The bits of a value of type `t` as an integer of its width, and back.
  llvm::Value* to_bits(llvm::Value* v, ir::Type t);
  llvm::Value* from_bits(llvm::Value* v, ir::Type t);
  // The same value, of which LLVM knows nothing.
  llvm::Value* hidden(llvm::Value* v);

  // --- slots.cpp
  llvm::Value* state_pointer(uint64_t offset);
  llvm::Value* load_state(llvm::Type* t, uint64_t offset);
  void store_state(llvm::Value* v, uint64_t offset);
  llvm::Value* load_slot_memory(ir::SlotId slot);
  void store_slot_memory(ir::SlotId slot);
  llvm::Value* get_slot(ir::SlotId slot);
  bool is_written_through(ir::SlotId slot) const;
  void store_slot(ir::SlotId slot, Value v);
  void set_slot(ir::SlotId slot, Value v);
  // All slots that memory has not got, before something looks at the state (exits pass pinned slots in registers); and
  // after something changed it.
  void flush_slots(bool pinned_too);
  void reload_slots();
  llvm::Type* pin_type(ir::SlotId slot, bool vector) const;

  // --- loops.cpp
  static constexpr unsigned kNoLoop = UINT32_MAX;
  using BlockSet = std::vector<bool>;                   // by BlockId
  using Edges = std::vector<std::vector<ir::BlockId>>;  // likewise
  struct Loop {
    BlockSet blocks;
    SlotSet keeps;  // need not be in memory
  };
  void find_loops();
  void find_loops_in(BlockSet blocks, unsigned around, const Edges& successors, const Edges& predecessors);
  ir::BlockId head_of(const BlockSet& body, const Edges& predecessors) const;
  SlotSet kept_by(const BlockSet& body, unsigned around) const;
  // Whether an edge enters a loop from outside; from kNoBlock: whether the function begins in one.
  bool enters_loop(ir::BlockId from, ir::BlockId to) const;
  void clean_for_loop(SlotSet& dirty, ir::BlockId to) const;
  void flush_for_loop(ir::BlockId to);

  // --- exits.cpp
  // Ends the current block in a stub, with what the contract wants.
  void leave(const ExitStub& stub, llvm::Value* target = nullptr);
  // Writes the header's exit fields and leaves.
  void exit(ir::ExitKind kind, int64_t pc, llvm::Value* detail);
  llvm::Value* guest_pc(int64_t offset);
  // Leaves where a stop is requested, standing at `pc`; else goes on in a new block.
  void poll(int64_t pc);
  llvm::BasicBlock* edge_block(ir::Edge edge);
  void lower_terminator(const Inst& inst);
  void lower_call(const Inst& inst);
  void lower_return(const Inst& inst);
  bool is_back_edge(ir::BlockId target) const;
  bool starts_instruction(ir::BlockId block) const;

  // --- blocks out of line
  llvm::BasicBlock* new_block(const char* name);
  // Branches to a new block where `condition` holds, which is rare; builds there. join() goes on behind both.
  struct Rare {
    llvm::BasicBlock* from = nullptr;  // where the common way comes from
    llvm::BasicBlock* join = nullptr;
  };
  Rare begin_rare(llvm::Value* condition);
  // The value of the common way or of the rare one, which is where building happens until now.
  llvm::Value* end_rare(const Rare& rare, llvm::Value* common, llvm::Value* uncommon);

  // --- calls.cpp: what is done out of line
  // `first`: an instruction before the call.
  llvm::Value* call_thunk(runtime::Thunk thunk, llvm::Value* rax, const std::string& first = {});
  llvm::Value* spill_pointer(unsigned offset);
  void lower_helper(Value v, const Inst& inst);
  // An op with an FpDesc by Thunk::FpSlow: scalars.
  llvm::Value* fp_slow(const Inst& inst, std::initializer_list<llvm::Value*> args);
  // An op of vectors by Thunk::VectorSlow.
  llvm::Value* vector_slow(const Inst& inst);

  // --- integer.cpp
  static llvm::CmpInst::Predicate predicate(ir::Cond cond);
  void lower_integer(Value v, const Inst& inst);
  llvm::Value* divide(const Inst& inst);
  llvm::Value* carry_less_product(llvm::Value* a, llvm::Value* b, unsigned width, bool high_half);
  llvm::Value* extend(llvm::Value* v, llvm::Type* to, bool is_signed);

  // --- memory.cpp, atomics.cpp: guest memory
  llvm::Value* guest_address(const Inst& inst);
  llvm::Value* guest_pointer(llvm::Value* address);
  // Before each access: the state there. `others`: what the access needs in registers beside its address's parts.
  void mark_access();
  void check_alignment(llvm::Value* address, unsigned align_log2);
  // --- translated.cpp
  llvm::Value* host_address(llvm::Value* address, const Inst& inst, unsigned size, runtime::SlowAccess::Kind kind);
  bool leaves_page(int64_t pc) const;
  // --- memory.cpp
  llvm::Value* guest_load(llvm::Type* t, llvm::Value* address, unsigned align = 1);
  void guest_store(llvm::Value* v, llvm::Value* address, unsigned align = 1);
  llvm::Value* swap_bytes(llvm::Value* v, ir::MemDesc desc);
  llvm::Value* extended(llvm::Value* v, const Inst& inst);
  void lower_load(Value v, const Inst& inst);
  void lower_store(const Inst& inst);
  void lower_probe(const Inst& inst);
  void lower_fence(const Inst& inst);
  void lower_atomic(Value v, const Inst& inst);
  void lower_cmpxchg(Value v, const Inst& inst);
  // ll, sc: true if they are not executed here.
  bool lower_alone(Value v, const Inst& inst);
  bool lower_store_alone(Value v, const Inst& inst);
  void lower_load_linked(Value v, const Inst& inst);
  void lower_store_cond(Value v, const Inst& inst);
  llvm::Value* atomic_result(llvm::Value* old, const Inst& inst, ir::AtomicOp op, llvm::Value* operand);

  // --- fp.cpp: scalar floats
  void lower_fp(Value v, const Inst& inst);
  // The result, or nullptr for what is done out of line.
  llvm::Value* fp_op(const Inst& inst);
  llvm::Value* fp_sign(const Inst& inst);
  llvm::Value* fp_min_max(const Inst& inst);
  llvm::Value* fp_compare(const Inst& inst);
  llvm::Value* arithmetic(const Inst& inst, llvm::Value* const* operands);
  bool has_host_form(const Inst& inst) const;
  static llvm::CmpInst::Predicate predicate(ir::FpCond cond);

  // --- fp_host.cpp: the host's operations, which neither move across each other nor across a look at MXCSR
  llvm::Value* strict(llvm::Intrinsic::ID id, std::initializer_list<llvm::Value*> args);
  llvm::Value* strict_cast(llvm::Intrinsic::ID id, llvm::Value* a, llvm::Type* to);
  llvm::Value* strict_compare(llvm::CmpInst::Predicate predicate, bool signaling, llvm::Value* a, llvm::Value* b);
  // An instruction by its SSE name, with an immediate operand unless that is negative.
  llvm::Value* host_instruction(const std::string& name, llvm::Type* to, int immediate,
                                std::initializer_list<llvm::Value*> args);
  llvm::Value* round_to_integral(llvm::Value* a, ir::RoundingSource rounding, bool exact);
  llvm::Value* round_to_half(llvm::Value* a, ir::RoundingSource rounding);
  // MXCSR; a rounding mode other than the live one for what `operation` builds.
  llvm::Value* read_mxcsr();
  void write_mxcsr(llvm::Value* mxcsr);
  llvm::Value* in_rounding(ir::RoundingSource rounding, llvm::function_ref<llvm::Value*()> operation);
  llvm::Value* fp_flags_get(const Inst& inst);
  void fp_flags_set(const Inst& inst);
  const Inst* made_by(Value v) const;
  llvm::Value* has_compared_nan(const Inst& set);
  void write_flags(const Inst& inst);
  void fp_mode_set(const Inst& inst);

  // --- fp_results.cpp: results that another guest may want otherwise; of scalars and of vectors
  llvm::Value* either(llvm::Value* rare, llvm::function_ref<llvm::Value*()> uncommon,
                      llvm::function_ref<llvm::Value*()> common);
  // What `host` builds, and where that may be wrong the exact function's result.
  llvm::Value* checked(const Inst& inst, llvm::function_ref<llvm::Value*()> host);
  llvm::Value* checked_result(const Inst& inst, llvm::Value* result);
  llvm::Value* any_lane(llvm::Value* mask);
  llvm::Value* any_unordered(llvm::Value* a, llvm::Value* b, bool or_equal);
  llvm::Value* is_nan_or_least(const Inst& inst, llvm::Value* result);
  llvm::Value* large_factors(const Inst& inst);
  llvm::Value* recomputed(const Inst& inst);
  // In place of `result`, which may be wrong.
  llvm::Value* corrected(const Inst& inst, llvm::Value* result, bool tiny);
  static bool is_fused(ir::Op op);
  ir::Type lane_type(const Inst& inst) const;
  bool is_step(const Inst& inst) const;
  bool has_defined(const Inst& inst) const;

  // --- deferred.cpp: results that are checked later
  struct Deferred {
    Value value;
    llvm::Value* result;  // as floats, of one or all lanes; nullptr: moved from another, nothing of its own to check
    bool tiny;            // the least normal number is suspicious, too: checked at once
  };
  void find_used_elsewhere();
  // At a block's start.
  void start_deferring();
  bool can_defer(const Inst& inst) const;
  bool is_deferred(Value v) const;
  // Before each instruction: checks what it, or whoever looks at the state there, would see. And behind it.
  void settle_for(const Inst& inst);
  void note_deferred(Value v, const Inst& inst);
  // Checks `wanted` of what is deferred, with all that it was computed from.
  void settle(ValueSet wanted);
  void want_related(ValueSet& wanted) const;

  // --- fp_convert.cpp
  llvm::Value* fp_convert(const Inst& inst);
  llvm::Value* fp_to_integer(const Inst& inst);
  llvm::Value* fp_to_unsigned(const Inst& inst);
  llvm::Value* fp_from_integer(const Inst& inst);
  llvm::Value* fp_round(const Inst& inst);
  llvm::Value* round_silently(llvm::Value* a, ir::RoundingSource rounding);
  llvm::Value* nan_box(const Inst& inst);
  llvm::Value* nan_unbox(const Inst& inst);

  // --- vector.cpp and its neighbours
  void lower_vector(Value v, const Inst& inst);
  // By theme: the result, or nullptr for what is done out of line.
  llvm::Value* vector_op(const Inst& inst);
  llvm::Value* vector_arith(const Inst& inst);
  llvm::Value* vector_xor(llvm::Value* a, llvm::Value* b);
  llvm::Value* vector_double_high(ir::LaneDesc desc, llvm::Value* a, llvm::Value* b);
  llvm::Value* vector_average(ir::LaneDesc desc, llvm::Value* a, llvm::Value* b);
  llvm::Value* vector_shift(const Inst& inst);
  llvm::Value* vector_shift_by(ir::Op op, llvm::Value* a, llvm::Value* amount);
  bool has_shift_left(unsigned width) const;
  llvm::Value* vector_shift_signed(ir::LaneDesc desc, llvm::Value* a, llvm::Value* b);
  llvm::Value* vector_move(const Inst& inst);
  llvm::Value* vector_low(const Inst& inst);
  llvm::Value* vector_extended(const Inst& inst);
  llvm::Value* vector_table(const Inst& inst);
  llvm::Value* vector_width(const Inst& inst);
  llvm::Value* vector_pairs(const Inst& inst);
  llvm::Value* vector_across(const Inst& inst);
  llvm::Value* first_lane(llvm::Value* a, ir::Type t);
  llvm::Value* vector_dot(const Inst& inst);
  llvm::Value* vector_crypto(const Inst& inst);
  llvm::Value* vector_aes(const Inst& inst);
  // A vector as lanes of integers of `width` bits; one of 64 bits in the low half of 128, undefined above, as lanes.
  llvm::Value* ints(llvm::Value* v, unsigned width);
  llvm::Value* full(llvm::Value* v, unsigned width);
  // Back from lanes that full() has made.
  llvm::Value* unfull(llvm::Value* v, ir::Type t);
  // `count` lanes by number: of `a`, and behind them of `b`.
  template <typename Order>
  llvm::Value* shuffled(llvm::Value* a, llvm::Value* b, unsigned count, Order order) {
    llvm::SmallVector<int, 64> numbers;
    for (unsigned i = 0; i < count; ++i) numbers.push_back(static_cast<int>(order(i)));
    return b_.CreateShuffleVector(a, b, numbers);
  }

  // --- vector_fp.cpp
  llvm::Value* vector_fp(const Inst& inst);
  bool has_vector_fp(const Inst& inst) const;
  llvm::Value* vector_fp_host(const Inst& inst, llvm::Value* const* operands);
  llvm::Value* vector_min_max(const Inst& inst, llvm::Value* a, llvm::Value* b);
  llvm::Value* vector_to_integers(const Inst& inst, llvm::Value* a);
  llvm::Value* vector_compare(const Inst& inst, llvm::Value* a, llvm::Value* b);
  llvm::Value* quiet_lanes(const Inst& inst, unsigned number);

  llvm::Module& module_;
  llvm::LLVMContext& context_;
  llvm::IRBuilder<> b_;
  const ir::Region& region_;
  const ir::StateLayout& layout_;
  const ir::HelperTable& helpers_;
  const Features& features_;
  llvm::FunctionType* function_type_ = nullptr;  // of the contract
  llvm::Constant* base_pc_ = nullptr;
  llvm::MDNode* state_scope_ = nullptr;  // alias scopes: the state struct and guest memory
  llvm::MDNode* guest_scope_ = nullptr;
  llvm::MDNode* rare_ = nullptr;  // branch weights

  std::vector<ir::BlockId> entries_;  // of functions, by number
  std::vector<ExitStub> stubs_;
  std::vector<AccessSite> sites_;
  std::vector<uint32_t> place_;  // of blocks in Region::order
  ValueSet used_elsewhere_;      // in another block than its own
  bool failed_ = false;
  bool wide_ = false;       // vectors of more than 128 bits
  bool calls_out_ = false;  // of line
  bool machine_ = false;
  bool moves_floats_ = false;
  std::vector<bool> resting_;  // by number of function
  const ir::SlotsNeeded* needed_ = nullptr;

  // --- the function under way
  unsigned number_ = 0;
  llvm::Function* function_ = nullptr;
  llvm::Value* state_ = nullptr;
  bool floats_rest_ = false;               // pinned ones are where they were when it was entered
  std::vector<bool> reached_;              // by BlockId
  std::vector<llvm::BasicBlock*> blocks_;  // by BlockId
  std::vector<llvm::Value*> values_;       // by ir::Value
  std::vector<llvm::AllocaInst*> slots_;   // by SlotId; nullptr: not used here
  std::vector<Loop> loops_;
  std::vector<unsigned> loop_of_;  // by BlockId: the innermost, or kNoLoop
  std::vector<SlotSet> dirty_at_;  // by BlockId: slots that memory may not have at its start
  // --- and the block under way
  ir::BlockId block_ = 0;
  int64_t insn_pc_ = 0;
  SlotSet dirty_;
  std::vector<Value> known_;  // by SlotId: the constant or pcrel that it holds, or kNoValue
  std::vector<Value> boxed_;  // by SlotId: the NanBox of 32 bits that it holds, or kNoValue
  std::vector<Value> held_;   // by SlotId: what the block has set it to, or kNoValue
  std::vector<Deferred> deferred_;
};

}  // namespace menura::llvmjit
