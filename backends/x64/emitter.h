// Emitter: one region -> host code, in one forward pass over its instructions. Private to this folder; its members are
// defined in one file per theme (README.md).
#pragma once

#include <initializer_list>
#include <optional>
#include <vector>

#include "backends/runtime/compiled_code.h"
#include "backends/runtime/thunks.h"
#include "backends/x64/analysis.h"
#include "backends/x64/assembler.h"
#include "backends/x64/homes.h"
#include "backends/x64/host_features.h"
#include "ir/core/exit_kind.h"
#include "ir/core/helper_table.h"
#include "ir/core/region.h"
#include "ir/core/state_layout.h"
#include "ir/interp/fp.h"

namespace menura::x64 {

namespace x86 = asmjit::x86;
namespace Id = asmjit::x86::Inst;
using asmjit::Label;
using asmjit::Operand;
using InstId = asmjit::InstId;
using CondCode = x86::CondCode;

class Emitter final : private asmjit::ErrorHandler {
 public:
  Emitter(const ir::StateLayout& layout, const ir::HelperTable& helpers, const HostFeatures& features);
  bool compile(const ir::Region& region, const runtime::CompileOptions& options, runtime::CompiledCode& out);

 private:
  using Value = ir::Value;
  using Inst = ir::Inst;
  using Type = ir::Type;

  // Where MXCSR and rax lie for a moment, in CpuHeader::spill: behind the arguments of thunks (analysis.cpp reserves
  // it).
  static constexpr uint32_t kSavedMxcsr = 32;
  static constexpr uint32_t kOtherMxcsr = 40;
  static constexpr uint32_t kSavedRax = 48;

  // --- compiler.cpp: the pass
  void handleError(asmjit::Error error, const char* message, asmjit::BaseEmitter* origin) override;
  bool run(bool hot);
  void emit_block(ir::BlockId block);
  void emit_value(Value v);
  void emit_inst(Value v);
  void finish_code();

  // --- registers.cpp: where values are
  struct Location {
    RegMask regs = 0;                            // every register that holds the value
    ir::SlotId slot = ir::StateLayout::kNoSlot;  // a slot in the state struct that holds it
    uint32_t spill = kNever;                     // byte offset in CpuHeader::spill
  };
  void reset_chain();
  Value rep(Value v) const { return info_[v].rep; }
  const Inst& inst_of(Value v) const { return region_->insts[info_[v].rep]; }
  Type type_of(Value v) const { return region_->insts[v].type; }
  bool live_after(Value v) const { return info_[rep(v)].last_use > pos_; }
  bool is_const(Value v) const { return inst_of(v).op == ir::Op::Const && !is_wide(inst_of(v).type); }
  // A constant as its type has it: truncated, zero-extended.
  uint64_t const_bits(Value v) const;
  // The constant sign-extended from the width of an operation; false where it fits no imm32.
  bool imm32(Value v, unsigned width, int32_t* out) const;
  bool is_fused(Value v) const { return info_[rep(v)].fused; }
  RegMask regs_of(Value v) const { return loc_[rep(v)].regs; }
  bool in_reg(Value v) const { return loc_[rep(v)].regs != 0; }
  bool in_memory(Value v) const;
  x86::Mem memory_of(Value v, unsigned bytes) const;  // where in_memory
  unsigned memory_bits(Value v) const;

  Reg use(Value v);  // in some register, locked until the end of the instruction
  Reg use_vec(Value v) { return use(v); }
  Operand use_rm(Value v, unsigned width);  // the register of either class, as an operand of `width` bits
  void load_into(Reg reg, Value v);         // a copy of the value in this register; its old content is lost
  Reg temp(RegMask wanted);                 // a register for this instruction alone
  Reg temp_int() { return temp(kIntRegs); }
  Reg temp_vec() { return temp(kVecRegs); }
  void take(Reg reg);  // empties a scratch register and locks it
  // The register for a result: the home that it will be written to, a register of an operand that dies here, or a
  // free one; none of `avoid`.
  Reg dest(Value v, std::initializer_list<Value> reuse = {}, RegMask avoid = 0);
  void define(Value v, Reg reg);        // `reg` holds the value from now on
  void define_copy(Value v, Reg from);  // as define, where `from` may not be kept (a fixed register)
  void lock(Reg reg) { locked_ |= mask_of(reg); }
  Reg home_hint(Value v) const;
  Reg alloc(RegMask wanted);
  void evict(Reg reg);
  bool replaceable(Reg reg, uint32_t from) const;
  // What its register holds that must not be lost, as a type.
  Type held_type(Value v) const {
    const Type type = region_->insts[v].type;
    if (info_[v].boxed) return Type::F64;
    return in_vec(type) ? type : Type::I64;
  }
  // Whether a register with this f32 has ones above it: opened from a box, or made as one.
  bool is_boxed(Value v) const { return info_[rep(v)].boxed || region_->insts[rep(v)].type == Type::F64; }
  void move_nan(Reg to, Type type, bool boxed) {
    const uint64_t above = boxed ? 0xffffffff00000000 : 0;
    move_constant(to, ir::fp_canonical_nan(type) | above, boxed ? Type::F64 : type);
  }
  void preserve(Reg reg);  // keeps the value alive elsewhere, if it is needed after this instruction
  void drop(Reg reg);      // forgets what the register holds
  uint32_t spill_place(Type type);
  void move(Reg to, Reg from);
  void move_constant(Reg to, uint64_t bits, Type type);
  void load_memory(Reg to, const x86::Mem& from, Type type);
  void store_memory(const x86::Mem& to, Reg from, Type type);
  void force(Value v);  // emits a fused value after all

  // --- state.cpp: slots
  x86::Mem state(int64_t offset, unsigned bytes = 8) const {
    return x86::ptr(x86::r12, static_cast<int32_t>(offset), bytes);
  }
  x86::Mem slot_memory(ir::SlotId slot) const;
  x86::Mem spill_memory(uint32_t offset, unsigned bytes = 8) const;
  void emit_get(Value v, const Inst& inst);
  void emit_set(const Inst& inst);
  void release_slot(ir::SlotId slot);  // before its memory is overwritten
  void forget_slots();                 // before all slots change
  void sync_overlapping(ir::SlotId slot, bool store);

  // --- integer.cpp
  void emit_bool(Value v, const Inst& inst);
  void emit_add(Value v, const Inst& inst);
  void emit_sub(Value v, const Inst& inst);
  void emit_alu(Value v, InstId id, Value a, Value b, unsigned width, bool commutative);
  void emit_andn(Value v, const Inst& inst);
  void emit_mul(Value v, const Inst& inst);
  void emit_mul_high(Value v, const Inst& inst);
  void emit_mulx(Value v, Value a, Value b);
  void emit_divide(Value v, const Inst& inst);
  void emit_shift(Value v, const Inst& inst);
  void emit_select(Value v, const Inst& inst);
  void emit_min_max(Value v, const Inst& inst);
  void emit_carry(Value v, const Inst& inst);
  void emit_extend(Value v, const Inst& inst);
  void emit_concat(Value v, const Inst& inst);
  Reg extended(Value v, bool sign);  // an 8- or 16-bit value extended to 32 bits, in a temporary
  void mask_bool(Value v, Reg reg);

  // --- bits.cpp
  void emit_count(Value v, const Inst& inst);
  void emit_bswap(Value v, const Inst& inst);
  void emit_bit_reverse(Value v, const Inst& inst);
  void emit_clmul(Value v, const Inst& inst);

  // --- compare.cpp: conditions as host flags
  struct Condition {
    CondCode cc = CondCode::kE;
    enum class Parity : uint8_t { Ignore, AndNot, Or } parity = Parity::Ignore;  // of FP equality
  };
  Condition emit_compare(const Inst& inst);
  Condition compare_exactly(Value a, Value b, unsigned width, CondCode cc);
  bool sign_of_difference(const Inst& inst) const;
  Condition emit_fp_compare(const Inst& inst);
  Condition condition(Value v);  // of an i1, fused or not
  static Condition negate(Condition c);
  void emit_set_condition(Value v, Condition c, Reg dst);
  void store_condition(const x86::Mem& to, const Inst& inst);
  void emit_icmp(Value v, const Inst& inst);
  void emit_fcmp(Value v, const Inst& inst);

  // --- memory.cpp
  x86::Mem address(Value base, int64_t displacement, unsigned bytes);
  void check_alignment(const x86::Mem& memory, unsigned align_log2);
  void leave_at_insn(ir::ExitKind kind, int64_t pc, int32_t ahead);
  // ll, sc: true if they are not executed here.
  bool emit_alone(const Inst& inst);
  bool emit_store_alone(Value v, const Inst& inst);
  // What a store writes: an integer register, a vector register as `moved`, or, without a register, an immediate.
  struct Stored {
    Reg reg = kNoReg;
    uint8_t bytes = 0;
    Type moved = Type::Void;
    uint8_t unused = 0;
    int32_t imm = 0;
  };
  static_assert(sizeof(Stored) == sizeof(uint64_t));
  void store_value(const x86::Mem& to, const Stored& stored);
  uint32_t insns_ahead() const;
  void mark_pc();  // the next instruction may fault
  void emit_load(Value v, const Inst& inst);
  void emit_store(const Inst& inst);
  void emit_probe(const Inst& inst);
  void emit_fence(const Inst& inst);
  void swap_bytes(Reg reg, unsigned bytes);
  void swap_elements(Reg reg, unsigned element_log2);
  void extend_in_place(Reg reg, unsigned bytes, bool sign, Type type);

  // --- translated.cpp: guest memory of a machine
  struct Cold;
  x86::Mem locate(const Inst& inst, unsigned bytes);
  x86::Mem translate(const x86::Mem& guest, const Inst& inst, runtime::SlowAccess::Kind kind);
  void translate(Reg where, Reg entry, Reg tag, const Inst& inst, runtime::SlowAccess::Kind kind);
  x86::Mem translate_store(const x86::Mem& guest, const Inst& inst, const Stored& stored, const Label& done);
  runtime::SlowAccess look_up(Reg where, Reg entry, Reg tag, const Inst& inst, unsigned size,
                              runtime::SlowAccess::Kind kind);
  void call_memory(const Cold& cold);
  uint64_t pc_and_ahead() const;
  bool leaves_page(int64_t pc) const;

  // --- atomics.cpp
  void emit_atomic(Value v, const Inst& inst);
  void emit_cmpxchg(Value v, const Inst& inst);
  void reserve(Reg where);
  void emit_load_linked(Value v, const Inst& inst);
  void emit_store_cond(Value v, const Inst& inst);

  // --- fp_recompute.cpp: results of the host that another guest may want otherwise
  // Where an operation puts its result first, and where it goes: operands stay as they are until it has been looked at.
  // `again`: where the operands are computed with exactly, out of line, for `dst`; that goes on at `back`. Registers
  // are all taken before the first jump there: what is moved to memory for one has to be there on either way.
  struct FpResult {
    Reg raw = kNoReg;
    Reg dst = kNoReg;
    Label again;
    Label back;
    Reg operands[3] = {kNoReg, kNoReg, kNoReg};
    Reg t = kNoReg;
    Reg u = kNoReg;
  };
  bool is_recomputed(const Inst& inst) const;
  FpResult begin_result(Value v, const Inst& inst, std::initializer_list<Reg> operands, unsigned negated);
  void end_result(Value v, const Inst& inst, const FpResult& result);
  Label cold_recompute(const Inst& inst, Reg dst, std::initializer_list<Reg> operands, unsigned negated,
                       const Label& back);
  void fix_nan(Value v, Reg reg, Type type);
  bool has_defined(const Inst& inst) const;
  bool is_step(const Inst& inst) const;
  bool is_quiet_scaling(const Inst& inst) const;
  void check_factors(const Inst& inst, Reg a, Reg b, Reg t, Reg u, const Label& large);

  // --- fp_flush.cpp
  bool never_denormal(Value v, bool single) const;
  Reg flushed(const Inst& inst, Value v, Reg reg);
  Reg use_flushed(const Inst& inst, Value v) { return flushed(inst, v, use(v)); }
  void release_copies(const Reg* operands, const Reg* copies, unsigned count, Reg result);
  void need_inexact(const Label& again);
  Label cold_tiny(const Inst& inst, const FpResult& result, const Reg* operands, Reg mask, Reg other,
                  const Label& fine);

  // --- fp_estimates.cpp
  void emit_estimate(Value v, const Inst& inst);
  void embed_estimates();

  // --- fp.cpp, fp_convert.cpp
  void emit_fp_binary(Value v, const Inst& inst);
  void emit_fp_unary(Value v, const Inst& inst);
  void emit_fma(Value v, const Inst& inst);
  void emit_fp_min_max(Value v, const Inst& inst);
  void emit_fp_sign(Value v, const Inst& inst);
  void emit_fround(Value v, const Inst& inst);
  void emit_fcvt(Value v, const Inst& inst);
  void emit_f2i(Value v, const Inst& inst);
  void emit_i2f(Value v, const Inst& inst);
  void emit_bitcast(Value v, const Inst& inst);
  void emit_nan_box(Value v, const Inst& inst);
  void emit_nan_unbox(Value v, const Inst& inst);
  void emit_fp_flags_get(Value v, const Inst& inst);
  void emit_fp_flags_set(const Inst& inst);
  void emit_fp_mode_set(const Inst& inst);
  void emit_fp_slow(Value v, const Inst& inst);
  bool needs_slow(const Inst& inst) const;
  void set_rounding(ir::RoundingSource source);
  void restore_rounding();
  void call_fp_slow(ir::FpSlowOp op, Reg operand, Type type);
  Reg rounded(Reg x, bool single, ir::RoundingSource rounding);
  void emit_f2u(Value v, const Inst& inst);
  // The immediate of roundss, roundsd and vcvtps2ph: bit 2 = MXCSR's mode, bit 3 = no inexact flag.
  void emit_to_half(Value v, const Inst& inst);
  void vec3(InstId avx, InstId sse, Reg dst, Reg a, const Operand& b);
  void vec_move(Reg to, Reg from);

  // --- vector.cpp: vectors of up to 128 bits, in xmm registers
  // One operation on registers: AVX's form and SSE's, without an operand beside the destination.
  struct Form {
    InstId avx;
    InstId sse;
  };
  // By the log2 of a lane's bytes.
  static constexpr Form kAddForms[4] = {{Id::kIdVpaddb, Id::kIdPaddb},
                                        {Id::kIdVpaddw, Id::kIdPaddw},
                                        {Id::kIdVpaddd, Id::kIdPaddd},
                                        {Id::kIdVpaddq, Id::kIdPaddq}};
  static constexpr Form kSubForms[4] = {{Id::kIdVpsubb, Id::kIdPsubb},
                                        {Id::kIdVpsubw, Id::kIdPsubw},
                                        {Id::kIdVpsubd, Id::kIdPsubd},
                                        {Id::kIdVpsubq, Id::kIdPsubq}};
  static constexpr Form kEqualForms[4] = {{Id::kIdVpcmpeqb, Id::kIdPcmpeqb},
                                          {Id::kIdVpcmpeqw, Id::kIdPcmpeqw},
                                          {Id::kIdVpcmpeqd, Id::kIdPcmpeqd},
                                          {Id::kIdVpcmpeqq, Id::kIdPcmpeqq}};
  // Bytes of a lane, as the index 0-3 of its log2.
  static unsigned lane_log2(ir::LaneDesc desc) {
    return static_cast<unsigned>(__builtin_ctz(ir::storage_bytes(static_cast<Type>(desc.lane))));
  }
  void emit_vector(Value v, const Inst& inst);
  void emit_vector_slow(Value v, const Inst& inst);
  void emit_ternary_logic(Value v, const Inst& inst);
  // The op on registers, or false, and nothing emitted, if the host has no form for it. `dst` is none of the operands
  // unless is_single says so. `half`: the result has 64 bits, and the upper halves of operands are unspecified.
  bool vec_op(const Inst& inst, bool half, Reg dst, Reg a, Reg b, Reg c);
  bool is_single(const Inst& inst, bool half) const;
  bool keeps_zero(const Inst& inst) const;
  // Whether the bits above a value of this type, up to bit 127, are zero in its register.
  bool zero_above(Value v, Type type) const {
    return !info_[rep(v)].boxed && info_[rep(v)].zero_from <= ir::bits(type);
  }
  void vec_zero_above(Reg dst, Reg a, unsigned bits);
  void vec2(Form form, Reg dst, const Operand& a);
  void vec2(Form form, Reg dst, const Operand& a, unsigned imm);
  void vec3(Form form, Reg dst, Reg a, const Operand& b) { vec3(form.avx, form.sse, dst, a, b); }
  void vec3(Form form, Reg dst, Reg a, Reg b) { vec3(form.avx, form.sse, dst, a, xm(b)); }
  void vec3(Form form, Reg dst, Reg a, const Operand& b, unsigned imm);
  void vec_shift(Form form, Reg dst, Reg a, unsigned amount);
  void vec_zero(Reg dst);
  void vec_not(Reg dst, Reg a);
  x86::Mem half_of(bool single) { return splat(single ? 2 : 3, single ? 0x3f000000 : 0x3fe0000000000000); }
  x86::Mem splat(unsigned lane, uint64_t value);  // a constant in all lanes of 8 << lane bits

  // --- vector_arith.cpp
  bool vec_arith(const Inst& inst, Reg dst, Reg a, Reg b, Reg c);
  void vec_multiply(unsigned lane, Reg dst, Reg a, Reg b);
  bool vec_multiply_high(ir::LaneDesc desc, Reg dst, Reg a, Reg b);
  bool vec_double_high(ir::LaneDesc desc, Reg dst, Reg a, Reg b);
  bool vec_saturating(ir::Op op, ir::LaneDesc desc, Reg dst, Reg a, Reg b);
  void vec_average(ir::LaneDesc desc, Reg dst, Reg a, Reg b);
  void vec_min_max(bool max, ir::LaneDesc desc, Reg dst, Reg a, Reg b);
  void vec_abs(unsigned lane, Reg dst, Reg a);
  void vec_select(Reg dst, Reg mask, Reg a, Reg b);
  void vec_compare(ir::Cond cond, unsigned lane, Reg dst, Reg a, Reg b);

  // --- vector_fp.cpp
  void emit_vector_fp(Value v, const Inst& inst);
  void emit_vector_min_max(Value v, const Inst& inst);
  bool has_vector_fp(const Inst& inst) const;
  bool is_tiny_inexact(const Inst& inst) const;
  Reg quiet_lanes(const Inst& inst, unsigned number, bool half);
  void vector_fp_op(const Inst& inst, Reg dst, const Reg* operands);
  void check_flushed(const Inst& inst, FpResult& result, const Reg* operands, bool single);
  void check_vector(const Inst& inst, FpResult& result, const Reg* operands, bool single);
  Label cold_vector(const Inst& inst, Reg dst, const Reg* operands, const Label& back);
  void jump_if_any(Reg mask, const Label& target);
  void vec_round(Reg dst, Reg a, bool single, ir::RoundingSource rounding, bool exact);

  // --- vector_hash.cpp
  bool vec_hash(const Inst& inst, Reg dst, Reg a, Reg b, Reg c);
  void vec_hash_by_lanes(const Inst& inst, Reg dst, Reg a, Reg b, Reg c);
  void vec_sha256_sigma(ir::Op op, Reg dst, Reg a, Reg b);
  void vec_sha256_by_lanes(Reg state, Reg other);
  void vec_sha1_by_lanes(unsigned which, Reg state);
  void vec_sha256_rounds(Reg dst, Reg a, Reg b, Reg c);
  bool vec_sm4_substitute(Reg dst, Reg a);
  void vec_affine(const std::array<uint8_t, 8>& map, uint8_t constant, Reg dst, Reg a);

  // --- vector_shift.cpp
  bool vec_shifts(const Inst& inst, Reg dst, Reg a, Reg b);
  void vec_shift_by(ir::Op op, unsigned lane, Reg dst, Reg a, unsigned amount);
  void vec_rotate(unsigned lane, Reg dst, Reg a, unsigned amount);
  bool vec_shift_each(ir::Op op, unsigned lane, Reg dst, Reg a, Reg b);
  bool vec_shift_signed(const Inst& inst, Reg dst, Reg a, Reg b);

  // --- vector_move.cpp
  bool vec_move_lanes(const Inst& inst, bool half, Reg dst, Reg a, Reg b);
  void vec_splat_lane(unsigned lane, unsigned index, Reg dst, Reg a);
  void vec_zip(unsigned lane, bool high, bool half, Reg dst, Reg a, Reg b);
  void vec_unzip(unsigned lane, bool odd, bool half, Reg dst, Reg a, Reg b);
  void vec_transpose(unsigned lane, bool odd, Reg dst, Reg a, Reg b);
  void vec_reverse(unsigned lane, unsigned group, Reg dst, Reg a);
  void vec_bytes(bool half, unsigned from, Reg dst, Reg a, Reg b);
  void vec_table(bool half, Reg dst, Reg table, Reg index);
  void vec_splat(ir::LaneDesc desc, Reg dst, Value value);
  void emit_vsplat(Value v, const Inst& inst);
  void emit_vextract(Value v, const Inst& inst);
  void emit_vinsert(Value v, const Inst& inst);
  void emit_vinsert_lane(Value v, const Inst& inst);
  void emit_vtrunc(Value v, const Inst& inst);
  void emit_vzext(Value v, const Inst& inst);
  struct Words {
    uint64_t low;
    uint64_t high;
  };
  bool is_vec_const(Value v) const;
  Words vec_const(Value v) const;
  void emit_vec_const(Value v);
  void emit_vtable_const(Value v, const Inst& inst);

  // --- vector_width.cpp
  bool vec_width(const Inst& inst, Reg dst, Reg a, Reg b);
  void vec_widen(unsigned lane, bool sign, Reg dst, Reg a);
  bool vec_narrow(ir::LaneDesc desc, Reg dst, Reg a);
  bool vec_multiply_widen(ir::LaneDesc desc, Reg dst, Reg a, Reg b);

  // --- vector_reduce.cpp: across lanes, counting, AES
  bool vec_reduce(const Inst& inst, bool half, Reg dst, Reg a, Reg b, Reg c);
  void vec_across(const Inst& inst, bool half, Reg dst, Reg a);
  void vec_add_pairs(ir::LaneDesc desc, Reg dst, Reg a);
  void vec_dot(ir::LaneDesc desc, Reg dst, Reg sum, Reg a, Reg b);
  bool vec_popcount(unsigned lane, Reg dst, Reg a);
  void vec_leading_zeros(unsigned lane, Reg dst, Reg a);
  void vec_bit_reverse(Reg dst, Reg a);
  bool vec_aes(ir::Op op, Reg dst, Reg a);

  // --- wide.cpp: values too wide for a register, in spill memory
  void emit_wide(Value v, const Inst& inst);
  bool vec_by_parts(Value v, const Inst& inst);
  void emit_wide_access(Value v, const Inst& inst);
  void emit_wide_store(const Inst& inst, Reg t, unsigned element);
  void emit_wide_integer(Value v, const Inst& inst);
  // atomics_wide.cpp
  Reg wide_address(const Inst& inst);
  void claim_exchange();
  void begin_exchange(Reg where);
  void end_exchange();
  void load_wide(Value from, Reg low, Reg high);
  bool is_plain_wide_atomic(const Inst& inst, Type type);
  void emit_wide_exchange(Value v, const Inst& inst);
  void emit_wide_load_linked(Value v, const Inst& inst);
  void emit_wide_store_cond(Value v, const Inst& inst);
  x86::Mem wide_memory(Value v, unsigned word) const;
  void copy_wide(Value to, Value from);
  void copy_memory(x86::Mem to, x86::Mem from, unsigned bytes);
  void load_word(Reg to, Value v, unsigned word, bool sign);
  bool is_wide_constant(Value v) const;

  // --- calls.cpp
  void emit_call(Value v, const Inst& inst);
  void call_thunk(runtime::Thunk thunk);
  void store_argument(unsigned number, Value v);

  // --- control.cpp
  Label label_of(ir::BlockId block);
  void emit_br(const Inst& inst);
  void emit_cond_br(const Inst& inst);
  void go_to(ir::Edge edge, bool at_end = true);
  void branch_to(Condition c, ir::Edge edge);  // where c holds
  void pass_arguments(ir::Edge edge);
  bool is_back_edge(ir::BlockId target) const;
  bool is_next(ir::BlockId target) const;
  bool starts_instruction(ir::BlockId block) const;
  void jump_condition(CondCode cc, ir::BlockId target);

  // --- exits.cpp
  void emit_entry();
  void emit_budget(ir::BlockId block);
  void emit_profile(ir::BlockId block);
  void to_contract();
  void from_contract();
  void emit_jump(const Inst& inst);
  void emit_jump_indirect(const Inst& inst);
  void emit_call_direct(const Inst& inst);
  void emit_call_indirect(const Inst& inst);
  void emit_continuation(const Inst& inst);
  void emit_return(const Inst& inst);
  void load_target(Value v);
  Value unmasked(Value v, int32_t* mask) const;
  void emit_exit(const Inst& inst);
  void probe_and_jump(std::optional<int64_t> return_pc = {});
  void poll(int64_t pc);
  void jump_to_thunk(runtime::Thunk thunk);
  void link(std::initializer_list<uint8_t> opcode, int64_t target, bool is_call);
  void load_guest_pc(Reg reg, int64_t offset);
  void store_guest_pc(const x86::Mem& to, int64_t offset);
  void push_guest_pc(int64_t offset);
  void relocation(runtime::Relocation::Kind kind, uint32_t at, int64_t addend);
  void pc_stub(runtime::Thunk thunk, int64_t pc);
  void jump_out_of_page(int64_t target, std::optional<int64_t> return_pc = {});

  // --- cold code, placed behind the body
  struct Cold {
    Label entry;
    Label back;
    void (*emit)(Emitter&, const Cold&);
    uint64_t data[4];
  };
  Label cold(void (*emit)(Emitter&, const Cold&), std::initializer_list<uint64_t> data, const Label* back = nullptr);

  // --- constants behind the code
  x86::Mem pool(uint64_t low, uint64_t high, unsigned bytes);

  static x86::Gp g64(Reg r) { return x86::gpq(r); }
  static x86::Gp g32(Reg r) { return x86::gpd(r); }
  static x86::Gp gp(Reg r, unsigned width) {
    switch (width) {
      case 8:
        return x86::gpb_lo(r);
      case 16:
        return x86::gpw(r);
      case 32:
        return x86::gpd(r);
      default:
        return x86::gpq(r);
    }
  }
  static x86::Xmm xm(Reg r) { return x86::xmm(r - kXmm0); }
  // Integer operations are done in 32 or 64 bits.
  static unsigned width_of(Type type) { return ir::bits(type) > 32 ? 64 : 32; }
  unsigned width_for(Value v, const Inst& inst) const {
    return computed_narrow(inst, info_[v].upper) ? 32 : width_of(inst.type);
  }
  uint32_t here() const { return static_cast<uint32_t>(a_.offset()); }

  const ir::StateLayout& layout_;
  const ir::HelperTable& helpers_;
  const HostFeatures host_;
  Assembler a_;
  Homes homes_;
  Analysis info_;

  const ir::Region* region_ = nullptr;
  const runtime::CompileOptions* options_ = nullptr;
  runtime::CompiledCode* out_ = nullptr;
  bool failed_ = false;

  // Position in the pass.
  Value pos_ = 0;
  ir::BlockId block_ = 0;
  int64_t insn_pc_ = 0;
  int64_t marked_pc_ = INT64_MIN;
  uint32_t insns_passed_ = 0;   // markers passed in this block
  uint32_t insns_counted_ = 0;  // of the whole block

  // Registers.
  RegMask pool_ = 0;         // scratch: not a home, not reserved
  bool made_boxed_ = false;  // the emitter of a boxed f32 has put the ones above it
  bool made_zero_ = false;   // the emitter has left zeros above the value, up to bit 127
  RegMask locked_ = 0;       // in use by the instruction being emitted
  Value holder_[32];
  std::vector<Location> loc_;
  std::vector<Value> slot_holder_;      // what value a slot's memory is known to hold
  std::vector<ir::SlotId> held_slots_;  // those with a holder, to be reset
  uint32_t spill_top_ = 0;

  // What the host's flags are the comparison of, as long as no code comes behind it that might change them.
  struct Compared {
    Value a = ir::kNoValue;
    Value b = ir::kNoValue;
    unsigned width = 0;
    uint32_t end = 0;
  };
  Compared compared_;

  // Control.
  std::vector<Label> labels_;
  Label entry_;
  uint32_t profiled_ = 0;  // host instructions emitted when the block's own began
  std::vector<Cold> cold_;
  struct PendingLink {
    uint32_t displacement;
    int64_t target;
    bool is_call;
  };
  std::vector<PendingLink> links_;
  struct PoolEntry {
    Label label;
    uint64_t low;
    uint64_t high;
  };
  std::vector<PoolEntry> pool_entries_;
  Label estimates_[2];  // tables of reciprocals and of reciprocal square roots, if they are used
};

}  // namespace menura::x64
