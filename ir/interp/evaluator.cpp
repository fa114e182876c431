#include "ir/interp/evaluator.h"

#include <algorithm>
#include <cassert>
#include <cstring>

#include "ir/interp/fp.h"
#include "ir/interp/integers.h"
#include "ir/interp/vectors.h"

namespace menura::ir {

bool Evaluator::run(const PreparedRegion& prepared, CpuHeader& cpu, const Options& options, InterpreterExit* exit) {
  prepared_ = &prepared;
  cpu_ = &cpu;
  options_ = options;
  exit_ = exit;
  base_ = prepared.region.identity.pc;
  counted_ = false;
  entered_ = false;
  block_ = 0;
  words_.assign(prepared.words, 0);
  for (;;) {
    const Block& block = prepared.region.blocks[block_];
    pc_ = base_ + static_cast<uint64_t>(block.pc_offset);
    Step next = Step::Next;
    for (Value at = block.first + block.param_count; next == Step::Next; ++at) {
      next = step(at, prepared.region.insts[at]);
    }
    if (next != Step::Block) return next == Step::Continue;
  }
}

Evaluator::Step Evaluator::step(Value at, const Inst& inst) {
  switch (inst.op) {
    case Op::Const:
      constant(at, inst);
      break;
    case Op::PcRel:
      *words(at) = base_ + static_cast<uint64_t>(inst.imm);
      break;
    case Op::Param:
    case Op::Nop:
      break;
    case Op::Copy:
      copy(at, inst.args[0]);
      break;
    case Op::Insn:
      return insn_marker(inst);
    case Op::Get:
      get(at, inst);
      break;
    case Op::Set:
      set(inst);
      break;

    case Op::Add:
    case Op::Sub:
    case Op::Mul:
    case Op::MulHighU:
    case Op::MulHighS:
    case Op::MulHighSU:
    case Op::DivU:
    case Op::DivS:
    case Op::RemU:
    case Op::RemS:
    case Op::And:
    case Op::Or:
    case Op::Xor:
    case Op::Andn:
    case Op::Shl:
    case Op::Shr:
    case Op::Sar:
    case Op::Rotl:
    case Op::Rotr:
    case Op::Clz:
    case Op::Ctz:
    case Op::Popcnt:
    case Op::Bswap:
    case Op::BitRev8:
    case Op::ClMul:
    case Op::ClMulHigh:
    case Op::MinU:
    case Op::MaxU:
    case Op::MinS:
    case Op::MaxS:
    case Op::ICmp:
    case Op::AddCarry:
    case Op::AddOverflow:
    case Op::SubOverflow:
    case Op::Zext:
    case Op::Sext:
    case Op::Trunc:
    case Op::Concat:
      integer(at, inst);
      break;
    case Op::Select:
      copy(at, inst.args[word(inst.args[0]) != 0 ? 1 : 2]);
      break;

    case Op::Load:
    case Op::Store:
    case Op::Atomic:
    case Op::CmpXchg:
    case Op::LoadLinked:
    case Op::StoreCond:
      return memory_op(at, inst);
    case Op::Probe:
      return probe(inst);
    case Op::Fence:
      if (unpack<FenceDesc>(inst.aux).store_load != 0) std::atomic_thread_fence(std::memory_order_seq_cst);
      break;

    case Op::FAdd:
    case Op::FSub:
    case Op::FMul:
    case Op::FDiv:
    case Op::FSqrt:
    case Op::FMa:
    case Op::FRecipEstimate:
    case Op::FRSqrtEstimate:
    case Op::FMin:
    case Op::FMax:
    case Op::FNeg:
    case Op::FAbs:
    case Op::FCopySign:
    case Op::FCmp:
    case Op::FRound:
    case Op::FCvt:
    case Op::F2I:
    case Op::I2F:
    case Op::NanBox:
    case Op::NanUnbox:
      fp(at, inst);
      break;
    case Op::Bitcast:
      copy(at, inst.args[0]);
      break;
    case Op::FpFlagsGet:
      *words(at) = fp_flags_in_order(fp_flags_of(cpu_->mxcsr), inst.imm != 0);
      break;
    case Op::FpFlagsSet:
      cpu_->mxcsr =
          fp_with_flags(cpu_->mxcsr, fp_flags_in_order(static_cast<uint32_t>(word(inst.args[0])), inst.imm != 0));
      break;
    case Op::FpModeSet:
      cpu_->mxcsr = fp_with_mode(cpu_->mxcsr, static_cast<uint32_t>(word(inst.args[0])) & 3);
      break;

    case Op::VAdd:
    case Op::VSub:
    case Op::VAnd:
    case Op::VOr:
    case Op::VXor:
    case Op::VCmp:
    case Op::VSplat:
    case Op::VExtract:
    case Op::VInsert:
    case Op::VMul:
    case Op::VMulHigh:
    case Op::VMulDoubleHigh:
    case Op::VAddSat:
    case Op::VSubSat:
    case Op::VAverage:
    case Op::VMin:
    case Op::VMax:
    case Op::VAbs:
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
    case Op::VDot:
    case Op::VAddPairs:
    case Op::VAddAcross:
    case Op::VMinAcross:
    case Op::VMaxAcross:
    case Op::VWiden:
    case Op::VNarrow:
    case Op::VMulWiden:
    case Op::VClMulWiden:
    case Op::VSplatLane:
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
      vector(at, inst);
      break;

    case Op::Call:
      call(at, inst);
      break;

    case Op::Br:
      return take_edge(inst, 0);
    case Op::CondBr:
      return take_edge(inst, word(inst.args[0]) != 0 ? 0 : 1);
    // No return is predicted here, so a call is a jump: its edge is taken by way of a region at the return address.
    case Op::Jump:
    case Op::CallDirect:
      return leave_for(inst.imm);
    case Op::JumpIndirect:
    case Op::CallIndirect:
    case Op::Return:
      return leave_for_pc(word(inst.args[0]));
    case Op::Exit:
      return exit(inst);
  }
  return Step::Next;
}

Evaluator::Step Evaluator::insn_marker(const Inst& inst) {
  pc_ = base_ + static_cast<uint64_t>(inst.imm);
  const bool first = !entered_;
  entered_ = true;
  if (!first && options_.generation_now != nullptr &&
      options_.generation_now->load(std::memory_order_acquire) != options_.generation) {
    return leave_for_pc(pc_);
  }
  if (options_.count) {
    if (cpu_->budget <= 0) {
      cpu_->pc = pc_;
      exit_->kind = ExitKind::Budget;
      return Step::Leave;
    }
    --cpu_->budget;
    ++cpu_->retired;
    counted_ = true;
  }
  return Step::Next;
}

// The guest instruction did not happen.
void Evaluator::uncount() {
  if (!counted_) return;
  ++cpu_->budget;
  --cpu_->retired;
  counted_ = false;
}

Evaluator::Step Evaluator::memory_op(Value at, const Inst& inst) {
  const auto desc = unpack<MemDesc>(inst.aux);
  const uint64_t address = word(inst.args[0]) + static_cast<uint64_t>(inst.imm);
  Fault raised;
  bool good = false;
  bool stored = false;
  if (desc.alone != 0 && !options_.alone) {
    uncount();
    cpu_->pc = pc_;
    exit_->kind = ExitKind::Exclusive;
    return Step::Leave;
  }
  switch (inst.op) {
    case Op::Load:
      good = memory_.load(address, desc, inst.type, words(at), &raised);
      break;
    case Op::Store:
      good = memory_.store(address, desc, type(inst.args[1]), words(inst.args[1]), &raised);
      break;
    case Op::Atomic:
      good = memory_.atomic(address, desc, inst.type, words(inst.args[1]), words(at), &raised);
      break;
    case Op::CmpXchg:
      good = memory_.compare_exchange(address, desc, inst.type, words(inst.args[1]), words(inst.args[2]), words(at),
                                      &raised);
      break;
    case Op::LoadLinked:
      good = memory_.load_linked(*cpu_, address, desc, inst.type, words(at), &raised);
      cpu_->reservation_pc = pc_;
      break;
    case Op::StoreCond:
      good = memory_.store_conditional(*cpu_, address, desc, words(inst.args[1]), &stored, &raised);
      *words(at) = stored ? 1 : 0;
      break;
    default:
      assert(false);
      break;
  }
  return good ? Step::Next : fault(raised);
}

Evaluator::Step Evaluator::probe(const Inst& inst) {
  const auto desc = unpack<MemDesc>(inst.aux);
  const uint64_t address = word(inst.args[0]);
  const Access access = desc.sign_extend != 0 ? Access::Write : Access::Read;
  Fault raised;
  if (address % (1U << desc.align_log2) != 0) return fault({FaultKind::Misaligned, access, address});
  MemoryPort& port = port_.in_regime(desc.mmu_index);
  if (inst.imm != 0 && !port.probe(address, static_cast<uint64_t>(inst.imm), access, &raised)) return fault(raised);
  return Step::Next;
}

Evaluator::Step Evaluator::fault(const Fault& raised) {
  uncount();
  cpu_->pc = pc_;
  exit_->kind = raised.kind == FaultKind::Misaligned ? ExitKind::Misaligned : ExitKind::Fault;
  exit_->fault = raised;
  exit_->detail = raised.address;
  return Step::Leave;
}

Evaluator::Step Evaluator::take_edge(const Inst& inst, unsigned index) {
  const Region& region = prepared_->region;
  uint32_t place = inst.extra;
  for (; index > 0; --index) place += 2 + region.extra[place + 1];
  const BlockId target = region.extra[place];
  const uint32_t count = region.extra[place + 1];
  const Block& block = region.blocks[target];
  // All are read before any is written: an edge may permute the parameters of its own block.
  edge_.clear();
  for (uint32_t i = 0; i < count; ++i) {
    const Value from = region.extra[place + 2 + i];
    edge_.insert(edge_.end(), words(from), words(from) + PreparedRegion::words_of(type(from)));
  }
  if (count != 0) std::copy(edge_.begin(), edge_.end(), words(block.first));
  // A back edge to the start of a guest instruction is where a virtual CPU may stop: all of its state is in slots.
  const bool back = prepared_->place_of[target] <= prepared_->place_of[block_];
  block_ = target;
  if (back && block.param_count == 0 && region.insts[block.first].op == Op::Insn &&
      cpu_->stop_request.load(std::memory_order_relaxed) != 0) {
    cpu_->pc = base_ + static_cast<uint64_t>(region.insts[block.first].imm);
    exit_->kind = ExitKind::Stop;
    return Step::Leave;
  }
  return Step::Block;
}

Evaluator::Step Evaluator::leave_for_pc(uint64_t pc) {
  cpu_->pc = pc;
  return Step::Continue;
}

Evaluator::Step Evaluator::exit(const Inst& inst) {
  cpu_->pc = base_ + static_cast<uint64_t>(inst.imm);
  exit_->kind = static_cast<ExitKind>(inst.aux);
  exit_->detail = inst.arg_count != 0 ? word(inst.args[0]) : 0;
  if (cpu_->pc == pc_) uncount();
  return Step::Leave;
}

void Evaluator::constant(Value at, const Inst& inst) {
  const unsigned width = bits(inst.type);
  const auto low = static_cast<uint64_t>(inst.imm);
  const uint64_t above = is_vector(inst.type) ? low : inst.imm < 0 ? ~uint64_t{0} : 0;
  for (uint32_t i = 0; i < PreparedRegion::words_of(inst.type); ++i) {
    words(at)[i] = static_cast<uint64_t>(low_bits(i == 0 ? low : above, std::min(64U, width - 64 * i)));
  }
}

void Evaluator::get(Value at, const Inst& inst) {
  uint64_t* const result = words(at);
  if (storage_bytes(inst.type) == 8) {  // nearly all
    std::memcpy(result, slot(inst.imm), 8);
    return;
  }
  std::memset(result, 0, PreparedRegion::words_of(inst.type) * 8);
  std::memcpy(result, slot(inst.imm), storage_bytes(inst.type));
  if (inst.type == Type::I1) *result &= 1;
}

void Evaluator::set(const Inst& inst) {
  const unsigned size = storage_bytes(type(inst.args[0]));
  if (size == 8) {
    std::memcpy(slot(inst.imm), words(inst.args[0]), 8);
  } else {
    std::memcpy(slot(inst.imm), words(inst.args[0]), size);
  }
}

void Evaluator::integer(Value at, const Inst& inst) {
  U128 operands[3] = {};
  for (unsigned i = 0; i < inst.arg_count; ++i) {
    const uint64_t* const from = words(inst.args[i]);
    operands[i] = type(inst.args[i]) == Type::I128 ? from[0] | U128{from[1]} << 64 : U128{from[0]};
  }
  const U128 result = evaluate_int(inst, bits(type(inst.args[0])), operands[0], operands[1], operands[2]);
  words(at)[0] = static_cast<uint64_t>(result);
  if (inst.type == Type::I128) words(at)[1] = static_cast<uint64_t>(result >> 64);
}

void Evaluator::fp(Value at, const Inst& inst) {
  uint64_t operands[3] = {};
  for (unsigned i = 0; i < inst.arg_count; ++i) operands[i] = word(inst.args[i]);
  *words(at) = fp_evaluate(inst.op, inst.type, type(inst.args[0]), unpack<FpDesc>(inst.aux), *cpu_, operands[0],
                           operands[1], operands[2]);
}

void Evaluator::vector(Value at, const Inst& inst) {
  const uint64_t* operands[3] = {};
  for (unsigned i = 0; i < inst.arg_count; ++i) operands[i] = words(inst.args[i]);
  evaluate_vector(inst.op, inst.aux, inst.imm, inst.type, type(inst.args[0]), *cpu_, operands[0], operands[1],
                  operands[2], words(at));
}

void Evaluator::call(Value at, const Inst& inst) {
  const std::span<const Value> args = prepared_->region.args(inst);
  std::array<uint64_t, 4> operands = {};
  assert(args.size() <= operands.size());
  for (std::size_t i = 0; i < args.size(); ++i) operands[i] = word(args[i]);
  const Helper& helper = helpers_[static_cast<HelperId>(inst.imm)];
  const uint64_t result = helper.function(cpu_, operands[0], operands[1], operands[2], operands[3]);
  if (inst.type != Type::Void) *words(at) = static_cast<uint64_t>(low_bits(result, bits(inst.type)));
}

void Evaluator::copy(Value to, Value from) {
  std::copy_n(words(from), PreparedRegion::words_of(type(from)), words(to));
}

}  // namespace menura::ir
