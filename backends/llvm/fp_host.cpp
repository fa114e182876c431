// The host's floating-point operations, exact in results and flags: MXCSR holds the guest's rounding mode and collects
// its sticky flags while compiled code runs. LLVM's constrained intrinsics and inline assembly with side effects stay
// in their order, among each other and with what reads or writes MXCSR; nothing is folded, moved or dropped.
#include <llvm/IR/InlineAsm.h>
#include <llvm/IR/IntrinsicsX86.h>

#include <cstddef>

#include "backends/llvm/lowering.h"
#include "backends/runtime/host_fp.h"
#include "ir/core/cpu_header.h"
#include "ir/interp/fp.h"

namespace menura::llvmjit {

using ir::CpuHeader;
using ir::Op;
using ir::RoundingSource;
using ir::Type;
using runtime::round_control;

namespace {

constexpr unsigned kMxcsrPlace = 32;  // in spill memory, behind operands

// Nibbles with their bits the other way round, by value.
constexpr uint64_t kReversedNibbles = 0xf7b3d591e6a2c480;

}  // namespace

llvm::Value* Lowering::strict(llvm::Intrinsic::ID id, std::initializer_list<llvm::Value*> args) {
  llvm::Function* const function = llvm::Intrinsic::getDeclaration(&module_, id, {(*args.begin())->getType()});
  return b_.CreateConstrainedFPCall(function, llvm::SmallVector<llvm::Value*, 3>(args));
}

llvm::Value* Lowering::strict_cast(llvm::Intrinsic::ID id, llvm::Value* a, llvm::Type* to) {
  return b_.CreateConstrainedFPCast(id, a, to);
}

llvm::Value* Lowering::strict_compare(llvm::CmpInst::Predicate predicate, bool signaling, llvm::Value* a,
                                      llvm::Value* b) {
  return b_.CreateConstrainedFPCmp(
      signaling ? llvm::Intrinsic::experimental_constrained_fcmps : llvm::Intrinsic::experimental_constrained_fcmp,
      predicate, a, b);
}

llvm::Value* Lowering::host_instruction(const std::string& name, llvm::Type* to, int immediate,
                                        std::initializer_list<llvm::Value*> args) {
  const bool two = args.size() == 2;
  const bool tied = two && !features_.avx;
  std::string text = (features_.avx ? "v" : "") + name + " ";
  if (immediate >= 0) text += "$$" + std::to_string(immediate) + ", ";
  text += tied ? "$2, $0" : two ? "$2, $1, $0" : "$1, $0";
  std::string constraints = to->isIntegerTy() ? "=r" : "=x";
  constraints += tied ? ",0" : ",x";
  if (two) constraints += ",x";
  llvm::SmallVector<llvm::Type*, 2> types;
  for (llvm::Value* const arg : args) types.push_back(arg->getType());
  llvm::InlineAsm* const code =
      llvm::InlineAsm::get(llvm::FunctionType::get(to, types, false), text, constraints, /*hasSideEffects=*/true);
  llvm::CallInst* const call = b_.CreateCall(code, llvm::SmallVector<llvm::Value*, 2>(args));
  call->addFnAttr(llvm::Attribute::NoUnwind);
  // It touches nothing but MXCSR, as constrained intrinsics.
  call->setMemoryEffects(llvm::MemoryEffects::inaccessibleMemOnly());
  return call;
}

llvm::Value* Lowering::round_to_integral(llvm::Value* a, RoundingSource rounding, bool exact) {
  if (exact && rounding != RoundingSource::Live) {
    llvm::Type* const t = a->getType();
    const bool single = t->getScalarType()->isFloatTy();
    const int control = static_cast<int>(round_control(rounding));
    if (t->isVectorTy()) return host_instruction(single ? "roundps" : "roundpd", t, control, {a});
    // A scalar form takes the bits above the result from another operand.
    if (!features_.avx) return host_instruction(single ? "roundss" : "roundsd", t, control, {a});
    return host_instruction(single ? "roundss" : "roundsd", t, control, {a, a});
  }
  switch (rounding) {
    case RoundingSource::NearestEven:
      return strict(llvm::Intrinsic::experimental_constrained_roundeven, {a});
    case RoundingSource::Down:
      return strict(llvm::Intrinsic::experimental_constrained_floor, {a});
    case RoundingSource::Up:
      return strict(llvm::Intrinsic::experimental_constrained_ceil, {a});
    case RoundingSource::Zero:
      return strict(llvm::Intrinsic::experimental_constrained_trunc, {a});
    default:
      return strict(
          exact ? llvm::Intrinsic::experimental_constrained_rint : llvm::Intrinsic::experimental_constrained_nearbyint,
          {a});
  }
}

llvm::Value* Lowering::round_to_half(llvm::Value* a, RoundingSource rounding) {
  llvm::Type* const halves = llvm::FixedVectorType::get(b_.getInt16Ty(), 8);
  return host_instruction("cvtps2ph", halves, static_cast<int>(round_control(rounding)), {a});
}

llvm::Value* Lowering::read_mxcsr() {
  b_.CreateIntrinsic(llvm::Intrinsic::x86_sse_stmxcsr, {}, {spill_pointer(kMxcsrPlace)});
  return load_state(b_.getInt32Ty(), offsetof(CpuHeader, spill) + kMxcsrPlace);
}

void Lowering::write_mxcsr(llvm::Value* mxcsr) {
  store_state(mxcsr, offsetof(CpuHeader, spill) + kMxcsrPlace);
  b_.CreateIntrinsic(llvm::Intrinsic::x86_sse_ldmxcsr, {}, {spill_pointer(kMxcsrPlace)});
}

llvm::Value* Lowering::in_rounding(RoundingSource rounding, llvm::function_ref<llvm::Value*()> operation) {
  if (rounding == RoundingSource::Live) return operation();
  llvm::Value* const before = read_mxcsr();
  llvm::Value* other = b_.CreateAnd(before, b_.getInt32(~ir::kMxcsrMode));
  write_mxcsr(b_.CreateOr(other, b_.getInt32(round_control(rounding) << ir::kMxcsrModeShift)));
  llvm::Value* const result = operation();
  // Back to the live mode; flags that came up meanwhile stay.
  write_mxcsr(b_.CreateOr(before, b_.CreateAnd(read_mxcsr(), b_.getInt32(ir::kMxcsrFlags))));
  return result;
}

llvm::Value* Lowering::fp_flags_get(const Inst& inst) {
  llvm::Value* const mxcsr = read_mxcsr();
  if (inst.imm == 0) {
    // MXCSR has the denormal flag between invalid and the others.
    return b_.CreateOr(b_.CreateAnd(mxcsr, 1), b_.CreateAnd(b_.CreateLShr(mxcsr, 1), 0x1e));
  }
  // The upper four, times four: where the table has them reversed.
  llvm::Value* const upper = b_.CreateLShr(b_.getInt64(kReversedNibbles),
                                           b_.CreateZExt(b_.CreateAnd(mxcsr, b_.getInt32(0x3c)), b_.getInt64Ty()));
  return b_.CreateOr(b_.CreateAnd(b_.CreateTrunc(upper, b_.getInt32Ty()), b_.getInt32(15)),
                     b_.CreateShl(b_.CreateAnd(mxcsr, 1), 4));
}

// Where the low bits of a value come from in its block, on their way through slots and other integers.
const Lowering::Inst* Lowering::made_by(Value v) const {
  const Inst* const first = &region_.insts[region_.blocks[block_].first];
  const Inst* made = &inst_of(v);
  for (;;) {
    if ((made->op == Op::Trunc && ir::bits(made->type) >= 8) || made->op == Op::Zext) {
      made = &inst_of(made->args[0]);
    } else if (made->op == Op::Get && made > first) {
      const Inst* set = made - 1;
      while (set > first && !(set->op == Op::Set && set->imm == made->imm)) --set;
      if (set->op != Op::Set || set->imm != made->imm) return made;
      made = &inst_of(set->args[0]);
    } else {
      return made;
    }
  }
}

// Flags that are written back as they were read, with none but comparisons since: guests without quiet comparisons
// compare so (RISC-V's gcc, around each square root). Then they may differ only if something compared was a NaN, and
// the result says that; else nullptr. Writing MXCSR takes as long as a square root.
llvm::Value* Lowering::has_compared_nan(const Inst& set) {
  const Inst* const read = made_by(set.args[0]);
  const Inst* const first = &region_.insts[region_.blocks[block_].first];
  if (read->op != Op::FpFlagsGet || read->imm != set.imm || read < first || read > &set) return nullptr;
  llvm::Value* any = b_.getFalse();
  for (const Inst* inst = read + 1; inst != &set; ++inst) {
    const ir::Effect effect = ir::info(inst->op).effect;
    if (inst->op == Op::FCmp) {
      const Type operand = type_of(inst->args[0]);
      if (operand != Type::F32 && operand != Type::F64) return nullptr;
      any = b_.CreateOr(any, b_.CreateFCmpUNO(value(inst->args[0]), value(inst->args[1])));
    } else if (inst->op != Op::Insn && (effect == ir::Effect::Fp || effect == ir::Effect::Other)) {
      return nullptr;
    }
  }
  return any;
}

void Lowering::fp_flags_set(const Inst& inst) {
  llvm::Value* const differs = has_compared_nan(inst);
  if (differs == nullptr) return write_flags(inst);
  const Rare rare = begin_rare(differs);
  write_flags(inst);
  end_rare(rare, nullptr, nullptr);
}

// The control bits of MXCSR are also in the header at all times: storing MXCSR waits for everything before it.
void Lowering::write_flags(const Inst& inst) {
  llvm::Value* const flags = value(inst.args[0]);
  llvm::Value* mxcsr = load_state(b_.getInt32Ty(), offsetof(CpuHeader, mxcsr));
  mxcsr = b_.CreateAnd(mxcsr, b_.getInt32(~ir::kMxcsrFlags));
  llvm::Value* invalid = flags;
  llvm::Value* others = flags;
  if (inst.imm == 0) {
    others = b_.CreateShl(b_.CreateAnd(others, 0x1e), 1);
  } else {
    invalid = b_.CreateLShr(invalid, 4);
    others = b_.CreateShl(b_.CreateZExt(b_.CreateAnd(others, 15), b_.getInt64Ty()), 2);
    others = b_.CreateTrunc(b_.CreateLShr(b_.getInt64(kReversedNibbles), others), b_.getInt32Ty());
    others = b_.CreateShl(b_.CreateAnd(others, 15), 2);
  }
  mxcsr = b_.CreateOr(mxcsr, b_.CreateOr(b_.CreateAnd(invalid, 1), others));
  write_mxcsr(mxcsr);
}

void Lowering::fp_mode_set(const Inst& inst) {
  // Nearest, zero, down, up are 0, 3, 1, 2 in MXCSR: a table of two bits each, in a constant.
  llvm::Value* const place = b_.CreateShl(b_.CreateAnd(value(inst.args[0]), 3), 1);
  llvm::Value* const mode = b_.CreateAnd(b_.CreateLShr(b_.getInt32(0x9c), place), 3);
  llvm::Value* const mxcsr =
      b_.CreateOr(b_.CreateAnd(read_mxcsr(), b_.getInt32(~ir::kMxcsrMode)), b_.CreateShl(mode, ir::kMxcsrModeShift));
  store_state(mxcsr, offsetof(CpuHeader, mxcsr));
  write_mxcsr(mxcsr);
}

}  // namespace menura::llvmjit
