#include "backends/x64/compiler.h"

#include <algorithm>
#include <cstring>

#include "backends/x64/emitter.h"

namespace menura::x64 {

using ir::BlockId;
using ir::Op;
using ir::Type;

namespace {

// Integer arithmetic that means something else for one bit.
bool is_bool_arithmetic(Op op) {
  switch (op) {
    case Op::And:
    case Op::Or:
    case Op::Xor:
    case Op::Andn:
      return false;
    default:
      return op >= Op::Add && op <= Op::MaxS;
  }
}

}  // namespace

Emitter::Emitter(const ir::StateLayout& layout, const ir::HelperTable& helpers, const HostFeatures& features)
    : layout_(layout),
      helpers_(helpers),
      host_(features),
      a_(this),
      homes_(layout),
      info_(layout, helpers, features.avx512) {
  slot_holder_.assign(layout.slots.size(), ir::kNoValue);
}

void Emitter::handleError(asmjit::Error, const char*, asmjit::BaseEmitter*) {
  assert(!"an instruction that the assembler does not know");
  failed_ = true;
}

bool Emitter::compile(const ir::Region& region, const runtime::CompileOptions& options, runtime::CompiledCode& out) {
  region_ = &region;
  options_ = &options;
  out_ = &out;
  if (run(options.hot)) return true;
  out.clear();
  if (!options.hot) return false;
  // Fewer homes leave more registers for values.
  if (run(false)) return true;
  out.clear();
  return false;
}

bool Emitter::run(bool hot) {
  const ir::Region& region = *region_;
  failed_ = false;
  info_.blocks(region);
  if (options_->machine)
    info_.clear_link_only([&](BlockId b) { return leaves_page(region.terminator(region.blocks[b]).imm); });
  const unsigned least = options_->machine ? 4 : 3;  // look-ups of addresses take as many at once
  homes_.choose(region, info_.depths(), hot, least);
  if (!info_.values(region, homes_, hot)) return false;
  if (!homes_.is_contract()) {
    // Where many values are alive at once, registers are worth more to them than to the least used slots.
    const unsigned scratch = std::clamp(info_.pressure(region) + 1, least, kMostScratch);
    if (scratch > least) {
      homes_.choose(region, info_.depths(), hot, scratch);
      if (!info_.values(region, homes_, hot)) return false;
    }
    if (!homes_.is_contract()) info_.clear_link_only([](BlockId) { return true; });
  }

  a_.restart();
  labels_.assign(region.blocks.size(), Label());
  entry_ = a_.newLabel();
  cold_.clear();
  links_.clear();
  pool_entries_.clear();
  for (Label& table : estimates_) table.reset();

  pool_ = (kIntRegs | kVecRegs) & ~homes_.homes();
  std::fill(std::begin(holder_), std::end(holder_), ir::kNoValue);
  std::fill(slot_holder_.begin(), slot_holder_.end(), ir::kNoValue);
  held_slots_.clear();
  loc_.assign(region.insts.size(), {});
  for (Value v = 0; v < loc_.size(); ++v) loc_[v].spill = info_[v].spill;

  emit_entry();
  for (const BlockId block : region.order) {
    if (!info_.block(block).link_only) emit_block(block);
    if (failed_) return false;
  }
  finish_code();
  return !failed_;
}

void Emitter::emit_block(BlockId block) {
  const ir::Block& b = region_->blocks[block];
  block_ = block;
  pos_ = b.first;
  insn_pc_ = b.pc_offset;
  marked_pc_ = INT64_MIN;
  insns_passed_ = 0;
  insns_counted_ = 0;
  locked_ = 0;
  if (!info_.block(block).continues) {
    compared_ = {};
    reset_chain();
    if (info_.block(block).place > 0 || options_->hot) a_.bind(label_of(block));
  }
  emit_budget(block);
  emit_profile(block);
  profiled_ = a_.emitted;
  for (Value v = b.first; v < b.first + b.count; ++v) {
    const ValueInfo& info = info_[v];
    if (info.rep != v || info.dead || info.fused) continue;
    pos_ = v;
    locked_ = 0;
    emit_value(v);
    if (info.spill != kNever && in_reg(v)) store_memory(spill_memory(info.spill), use(v), held_type(v));
  }
  if (options_->profile) out_->counts.back().host_instructions = a_.emitted - profiled_;
}

void Emitter::emit_value(Value v) {
  made_boxed_ = false;
  made_zero_ = false;
  emit_inst(v);
  ValueInfo& info = info_[v];
  if (made_zero_ && !info.boxed) {
    info.zero_from = std::min(info.zero_from, static_cast<uint8_t>(ir::bits(region_->insts[v].type)));
  } else if (info.zeroed && ir::bits(region_->insts[v].type) < 128) {
    for (RegMask m = loc_[v].regs; m != 0; m &= m - 1) {
      const Reg reg = static_cast<Reg>(__builtin_ctz(m));
      vec_zero_above(reg, reg, ir::bits(region_->insts[v].type));
    }
  }
  if (!info.boxed || made_boxed_) return;
  for (RegMask m = loc_[v].regs; m != 0; m &= m - 1) {
    const Reg reg = static_cast<Reg>(__builtin_ctz(m));
    vec3(Id::kIdVorps, Id::kIdOrps, reg, reg, pool(0xffffffff00000000, 0, 16));
  }
}

void Emitter::emit_inst(Value v) {
  const Inst& inst = region_->insts[v];
  if (info_.has_wide()) {
    bool wide = is_wide(inst.type);
    for (const Value arg : region_->args(inst)) wide |= is_wide(type_of(arg));
    if (wide) {
      emit_wide(v, inst);
      return;
    }
  }
  if (inst.type == Type::I1 && is_bool_arithmetic(inst.op)) {
    emit_bool(v, inst);
    return;
  }
  switch (inst.op) {
    case Op::Const:
    case Op::PcRel:
      return;  // made where they are used
    case Op::Param:
      return;  // in spill memory
    case Op::Copy:
    case Op::Nop:
      return;
    case Op::Insn:
      insn_pc_ = inst.imm;
      ++insns_passed_;
      return;
    case Op::Get:
      emit_get(v, inst);
      if (info_[v].spill != kNever) use(v);
      return;
    case Op::Set:
      return emit_set(inst);
    case Op::Add:
      return emit_add(v, inst);
    case Op::Sub:
      return emit_sub(v, inst);
    case Op::Mul:
      return emit_mul(v, inst);
    case Op::MulHighU:
    case Op::MulHighS:
    case Op::MulHighSU:
      return emit_mul_high(v, inst);
    case Op::DivU:
    case Op::DivS:
    case Op::RemU:
    case Op::RemS:
      return emit_divide(v, inst);
    case Op::And:
      return emit_alu(v, Id::kIdAnd, inst.args[0], inst.args[1], width_for(v, inst), true);
    case Op::Or:
      return emit_alu(v, Id::kIdOr, inst.args[0], inst.args[1], width_for(v, inst), true);
    case Op::Xor:
      return emit_alu(v, Id::kIdXor, inst.args[0], inst.args[1], width_for(v, inst), true);
    case Op::Andn:
      return emit_andn(v, inst);
    case Op::Shl:
    case Op::Shr:
    case Op::Sar:
    case Op::Rotl:
    case Op::Rotr:
      return emit_shift(v, inst);
    case Op::Clz:
    case Op::Ctz:
    case Op::Popcnt:
      return emit_count(v, inst);
    case Op::Bswap:
      return emit_bswap(v, inst);
    case Op::BitRev8:
      return emit_bit_reverse(v, inst);
    case Op::ClMul:
    case Op::ClMulHigh:
      return emit_clmul(v, inst);
    case Op::MinU:
    case Op::MaxU:
    case Op::MinS:
    case Op::MaxS:
      return emit_min_max(v, inst);
    case Op::ICmp:
      return emit_icmp(v, inst);
    case Op::Select:
      return emit_select(v, inst);
    case Op::AddCarry:
    case Op::AddOverflow:
      return emit_carry(v, inst);
    case Op::SubOverflow:
      return emit_icmp(v, inst);
    case Op::Zext:
    case Op::Sext:
    case Op::Trunc:
      return emit_extend(v, inst);
    case Op::Concat:
      return emit_concat(v, inst);
    case Op::Load:
      return emit_load(v, inst);
    case Op::Store:
      return emit_store(inst);
    case Op::Atomic:
      return emit_atomic(v, inst);
    case Op::CmpXchg:
      return emit_cmpxchg(v, inst);
    case Op::LoadLinked:
      return emit_load_linked(v, inst);
    case Op::StoreCond:
      return emit_store_cond(v, inst);
    case Op::Probe:
      return emit_probe(inst);
    case Op::Fence:
      return emit_fence(inst);
    case Op::FAdd:
    case Op::FSub:
    case Op::FMul:
    case Op::FDiv:
      return emit_fp_binary(v, inst);
    case Op::FSqrt:
      return emit_fp_unary(v, inst);
    case Op::FMa:
      return emit_fma(v, inst);
    case Op::FRecipEstimate:
    case Op::FRSqrtEstimate:
      return emit_estimate(v, inst);
    case Op::FMin:
    case Op::FMax:
      return emit_fp_min_max(v, inst);
    case Op::FNeg:
    case Op::FAbs:
    case Op::FCopySign:
      return emit_fp_sign(v, inst);
    case Op::FCmp:
      return emit_fcmp(v, inst);
    case Op::FRound:
      return emit_fround(v, inst);
    case Op::FCvt:
      return emit_fcvt(v, inst);
    case Op::F2I:
      return emit_f2i(v, inst);
    case Op::I2F:
      return emit_i2f(v, inst);
    case Op::Bitcast:
      return emit_bitcast(v, inst);
    case Op::NanBox:
      return emit_nan_box(v, inst);
    case Op::NanUnbox:
      return emit_nan_unbox(v, inst);
    case Op::FpFlagsGet:
      return emit_fp_flags_get(v, inst);
    case Op::FpFlagsSet:
      return emit_fp_flags_set(inst);
    case Op::FpModeSet:
      return emit_fp_mode_set(inst);
    case Op::VAdd:
    case Op::VSub:
    case Op::VMul:
    case Op::VMulHigh:
    case Op::VMulDoubleHigh:
    case Op::VAddSat:
    case Op::VSubSat:
    case Op::VAverage:
    case Op::VMin:
    case Op::VMax:
    case Op::VAbs:
    case Op::VAnd:
    case Op::VOr:
    case Op::VXor:
    case Op::VAndn:
    case Op::VSelect:
    case Op::VShl:
    case Op::VShr:
    case Op::VSar:
    case Op::VRotl:
    case Op::VShlV:
    case Op::VShrV:
    case Op::VSarV:
    case Op::VShift:
    case Op::VPopcnt:
    case Op::VClz:
    case Op::VBitRev8:
    case Op::VCmp:
    case Op::VDot:
    case Op::VAddPairs:
    case Op::VAddAcross:
    case Op::VMinAcross:
    case Op::VMaxAcross:
    case Op::VWiden:
    case Op::VNarrow:
    case Op::VMulWiden:
    case Op::VClMulWiden:
    case Op::VSplat:
    case Op::VSplatLane:
    case Op::VExtract:
    case Op::VInsert:
    case Op::VInsertLane:
    case Op::VTrunc:
    case Op::VZext:
    case Op::VHigh:
    case Op::VConcat:
    case Op::VZip:
    case Op::VUnzip:
    case Op::VTranspose:
    case Op::VReverse:
    case Op::VBytes:
    case Op::VTable:
    case Op::VAesSubShift:
    case Op::VAesSubShiftInverse:
    case Op::VAesMix:
    case Op::VAesMixInverse:
    case Op::VSha1Rounds:
    case Op::VSha256Rounds:
    case Op::VSha256Sigma0:
    case Op::VSha256Sigma1:
    case Op::VSm4Substitute:
    case Op::VFAdd:
    case Op::VFSub:
    case Op::VFMul:
    case Op::VFDiv:
    case Op::VFSqrt:
    case Op::VFMa:
    case Op::VFRecipEstimate:
    case Op::VFRSqrtEstimate:
    case Op::VFMin:
    case Op::VFMax:
    case Op::VFCmp:
    case Op::VFRound:
    case Op::VFCvt:
    case Op::VF2I:
    case Op::VI2F:
      return emit_vector(v, inst);
    case Op::Call:
      return emit_call(v, inst);
    case Op::Br:
      return emit_br(inst);
    case Op::CondBr:
      return emit_cond_br(inst);
    case Op::Jump:
      return emit_jump(inst);
    case Op::JumpIndirect:
      return emit_jump_indirect(inst);
    case Op::CallDirect:
      return emit_call_direct(inst);
    case Op::CallIndirect:
      return emit_call_indirect(inst);
    case Op::Return:
      return emit_return(inst);
    case Op::Exit:
      return emit_exit(inst);
  }
}

// Behind the body: cold paths, stubs of links, constants.
void Emitter::finish_code() {
  out_->cold = here();
  for (size_t i = 0; i < cold_.size(); ++i) {
    const Cold c = cold_[i];
    a_.bind(c.entry);
    c.emit(*this, c);
  }
  for (const PendingLink& l : links_) {
    const uint32_t stub = here();
    call_thunk(runtime::Thunk::Resolve);
    out_->links.push_back({l.displacement, stub, here(), l.target, l.is_call});
  }
  if (!pool_entries_.empty()) {
    a_.align(asmjit::AlignMode::kZero, 16);
    for (const PoolEntry& entry : pool_entries_) {
      a_.bind(entry.label);
      a_.embed(&entry.low, 8);
      a_.embed(&entry.high, 8);
    }
  }
  embed_estimates();
  a_.resolve();
  out_->bytes.assign(a_.bufferData(), a_.bufferPtr());
  for (const runtime::Link& l : out_->links) {
    const auto distance = static_cast<int32_t>(l.stub - (l.displacement + 4));
    std::memcpy(out_->bytes.data() + l.displacement, &distance, sizeof distance);
  }
  for (RegMask m = homes_.homes(); m != 0; m &= m - 1) {
    const auto reg = static_cast<Reg>(__builtin_ctz(m));
    out_->homes.push_back({homes_.slot_in(reg), {static_cast<uint8_t>(reg & 15), is_vec(reg)}});
  }
}

namespace {

class Compiler final : public runtime::Compiler {
 public:
  Compiler(const ir::StateLayout& layout, const ir::HelperTable& helpers, const HostFeatures& features)
      : layout_(layout), helpers_(helpers), features_(features), emitter_(layout, helpers, features) {}

  bool compile(const ir::Region& region, const runtime::CompileOptions& options, runtime::CompiledCode& out) override {
    return emitter_.compile(region, options, out);
  }

  std::unique_ptr<runtime::Compiler> clone() const override { return make_compiler(layout_, helpers_, features_); }

 private:
  const ir::StateLayout& layout_;
  const ir::HelperTable& helpers_;
  HostFeatures features_;
  Emitter emitter_;
};

}  // namespace

std::unique_ptr<runtime::Compiler> make_compiler(const ir::StateLayout& layout, const ir::HelperTable& helpers,
                                                 const HostFeatures& features) {
  return std::make_unique<Compiler>(layout, helpers, features);
}

}  // namespace menura::x64
