#include "backends/llvm/codegen.h"

#include <llvm/Analysis/CGSCCPassManager.h>
#include <llvm/Analysis/LoopAnalysisManager.h>
#include <llvm/CodeGen/MachineModuleInfo.h>
#include <llvm/CodeGen/Passes.h>
#include <llvm/CodeGen/RegAllocRegistry.h>
#include <llvm/CodeGen/TargetPassConfig.h>
#include <llvm/IR/LegacyPassManager.h>
#include <llvm/IR/PassManager.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Passes/PassBuilder.h>
#include <llvm/Support/CommandLine.h>
#include <llvm/Support/ErrorHandling.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>
#include <llvm/TargetParser/Host.h>
#include <llvm/Transforms/InstCombine/InstCombine.h>
#include <llvm/Transforms/Scalar/DCE.h>
#include <llvm/Transforms/Scalar/EarlyCSE.h>
#include <llvm/Transforms/Scalar/GVN.h>
#include <llvm/Transforms/Scalar/LICM.h>
#include <llvm/Transforms/Scalar/LoopPassManager.h>
#include <llvm/Transforms/Scalar/SROA.h>
#include <llvm/Transforms/Scalar/SimplifyCFG.h>

#include <cstdlib>
#include <mutex>
#include <string_view>

#include "backends/llvm/forwarding.h"
#include "backends/llvm/narrowing.h"
#include "backends/llvm/searching.h"
#include "backends/llvm/shaping.h"

extern "C" {
void LLVMInitializeX86TargetInfo();
void LLVMInitializeX86Target();
void LLVMInitializeX86TargetMC();
void LLVMInitializeX86AsmPrinter();
void LLVMInitializeX86AsmParser();
}

namespace menura::llvmjit {

namespace {

constexpr const char* kTriple = "x86_64-unknown-linux-gnu";

// LLVM has no other way to say these.
constexpr const char* kOptions[] = {
    "menura",
    // Guest code has been through it already, and the values that it made are the guest's: replaced by others, both
    // would have to be kept.
    "-disable-lsr",
    // Forgets what its loads access, so that recovery.cpp must take them for the guest's.
    "-disable-x86-domain-reassignment",
    // Put other instructions between an access and its stackmap (recovery.h).
    "-enable-misched=false",
    "-disable-post-ra",
    "-twoaddr-reschedule=false",
    // Makes a load that is half of a conditional move conditional: it would not fault.
    "-x86-cmov-converter-force-mem-operand=false",
};

// InstCombine makes one load behind a join of two before it: one of two guest instructions then, nobody knows which. It
// leaves alone what has another use.
struct KeepLoadsApart : llvm::PassInfoMixin<KeepLoadsApart> {
  static llvm::PreservedAnalyses run(llvm::Function& function, llvm::FunctionAnalysisManager&) {
    for (llvm::BasicBlock& block : function) {
      if (block.getUniqueSuccessor() == nullptr) continue;
      for (llvm::Instruction& instruction : block) {
        if (instruction.isVolatile() && llvm::isa<llvm::LoadInst>(instruction)) keep(instruction);
      }
    }
    return llvm::PreservedAnalyses::allInSet<llvm::CFGAnalyses>();
  }

 private:
  static void keep(llvm::Instruction& load) {
    llvm::Instruction* last = &load;
    while (last->hasOneUser()) {
      auto* const user = llvm::cast<llvm::Instruction>(*last->user_begin());
      if (llvm::isa<llvm::PHINode>(user)) {
        llvm::IRBuilder<> at(last->getNextNode());
        llvm::Value* const value = last->getType()->isIntegerTy(64) || !last->getType()->isIntegerTy()
                                       ? last
                                       : at.CreateZExtOrTrunc(last, at.getInt64Ty());
        make_stackmap(at, {at.getInt64(kOnlyUse), at.getInt32(0), value});
        return;
      }
      if (!llvm::isa<llvm::CastInst>(user)) return;
      last = user;
    }
  }
};

// The greedy register allocator splits what lives long, and each piece wants a register at each stackmap in it; the
// basic one spills the whole, and stackmaps name the frame. Where they name more than there are registers, and floats
// among that, most loads were for stackmaps alone. Among integers, greedy wins where stackmaps are hidden from it.
constexpr unsigned kManyNamed = 18;
constexpr unsigned kSomeFloats = 4;

bool is_better_unsplit(const llvm::Module& module) {
  const llvm::Function* const stackmap = module.getFunction("llvm.experimental.stackmap");
  if (stackmap == nullptr) return false;
  return llvm::any_of(stackmap->users(), [](const llvm::User* user) {
    const auto named = llvm::drop_begin(llvm::cast<llvm::CallInst>(user)->args(), 2);
    const auto is_float = [](const llvm::Use& value) { return !value->getType()->isIntegerTy(); };
    return llvm::range_size(named) > kManyNamed && llvm::count_if(named, is_float) >= kSomeFloats;
  });
}

}  // namespace

Codegen::Codegen() {
  LLVMInitializeX86TargetInfo();
  LLVMInitializeX86Target();
  LLVMInitializeX86TargetMC();
  LLVMInitializeX86AsmPrinter();
  LLVMInitializeX86AsmParser();  // thunks are called by inline assembly
  static const bool parsed = llvm::cl::ParseCommandLineOptions(std::size(kOptions), kOptions);
  if (!parsed) return;
  llvm::remove_fatal_error_handler();
  llvm::install_fatal_error_handler([](void*, const char*, bool) { throw FatalError(); });
  std::string error;
  const llvm::Target* const target = llvm::TargetRegistry::lookupTarget(kTriple, error);
  if (target == nullptr) return;
  std::string cpu = llvm::sys::getHostCPUName().str();
  std::string features;
  const char* const pretended = std::getenv("MENURA_HOST");
  if (pretended != nullptr) {
    cpu = std::string("x86-64-") + pretended;
  } else {
    const llvm::StringMap<bool> host = llvm::sys::getHostCPUFeatures();
    for (const auto& feature : host) {
      if (!features.empty()) features += ',';
      features += (feature.getValue() ? "+" : "-") + feature.getKey().str();
    }
  }
  // LLVM 19 makes PMADDWD of lane by lane products, and of a lane that is zero in one operand it takes the other half
  // for free in both. Without, there are PMULLW and PMULHW.
  for (const char* const tuning : {"+slow-pmaddwd", "+slow-pmulld"})
    features += (features.empty() ? "" : ",") + std::string(tuning);
  llvm::TargetOptions options;
  options.EmulatedTLS = false;
  machine_.reset(target->createTargetMachine(kTriple, cpu, features, options, llvm::Reloc::PIC_, llvm::CodeModel::Small,
                                             llvm::CodeGenOptLevel::Default, /*JIT=*/true));
  if (machine_ == nullptr) return;
  const llvm::MCSubtargetInfo& subtarget = *machine_->getMCSubtargetInfo();
  features_.avx512_registers = subtarget.checkFeatures("+avx512f");
  features_.avx512 = subtarget.checkFeatures("+avx512f,+avx512dq,+avx512bw,+avx512vl");
  features_.avx = subtarget.checkFeatures("+avx");
  features_.avx2 = subtarget.checkFeatures("+avx2");
  features_.fma = subtarget.checkFeatures("+fma");
  features_.f16c = subtarget.checkFeatures("+f16c");
  features_.aes = subtarget.checkFeatures("+aes");
  features_.pclmul = subtarget.checkFeatures("+pclmul");
  features_.sha = subtarget.checkFeatures("+sha");
  features_.vnni = features_.avx512 && subtarget.checkFeatures("+avx512vnni");
}

void Codegen::prepare(llvm::Module& module) const {
  module.setTargetTriple(kTriple);
  module.setDataLayout(machine_->createDataLayout());
}

void Codegen::optimize(llvm::Module& module) {
  llvm::PassBuilder builder(machine_.get());
  llvm::LoopAnalysisManager loops;
  llvm::FunctionAnalysisManager functions;
  llvm::CGSCCAnalysisManager sccs;
  llvm::ModuleAnalysisManager modules;
  builder.registerModuleAnalyses(modules);
  builder.registerCGSCCAnalyses(sccs);
  builder.registerFunctionAnalyses(functions);
  builder.registerLoopAnalyses(loops);
  builder.crossRegisterProxies(loops, functions, sccs, modules);

  llvm::FunctionPassManager passes;
  passes.addPass(llvm::SROAPass(llvm::SROAOptions::ModifyCFG));
  passes.addPass(llvm::EarlyCSEPass());
  passes.addPass(KeepLoadsApart());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::GVNPass());
  passes.addPass(llvm::createFunctionToLoopPassAdaptor(llvm::LICMPass(llvm::LICMOptions()), /*UseMemorySSA=*/true));
  passes.addPass(KeepLoadsApart());
  passes.addPass(llvm::InstCombinePass());
  passes.addPass(llvm::SimplifyCFGPass());
  passes.addPass(llvm::DCEPass());
  for (llvm::Function& function : module) {
    if (!function.isDeclaration()) passes.run(function, functions);
  }
}

// Sign extensions stay what they are: where 64 bits are as good as 32, InstCombine makes pairs of shifts of them, and
// constants that fit no instruction.
void Codegen::optimize_narrow(llvm::Module& module) {
  const llvm::DataLayout own = module.getDataLayout();
  std::string text = own.getStringRepresentation();
  const std::string native = "n8:16:32:64";
  const std::size_t at = text.find(native);
  if (at != std::string::npos) text.replace(at, native.size(), "n8:16:32");
  module.setDataLayout(text);
  optimize(module);
  module.setDataLayout(own);
}

bool Codegen::run(llvm::Module& module, const std::vector<ExitStub>& stubs, std::vector<AccessSite>& sites, bool low,
                  llvm::SmallVectorImpl<char>& object, MachineFacts& facts) {
  optimize_narrow(module);
  widen_searches(module, sites, features_.avx2 ? 32 : 16);
  narrow_vectors(module, sites);
  number_constants(module, facts);
  // What addPassesToEmitFile does, with passes of ours.
  auto& machine = static_cast<llvm::LLVMTargetMachine&>(*machine_);
  // Not destroyed if there is a fatal error.
  auto owned_passes = std::make_unique<llvm::legacy::PassManager>();
  llvm::legacy::PassManager& passes = *owned_passes;
  auto* const information = new llvm::MachineModuleInfoWrapperPass(&machine);
  llvm::TargetPassConfig* const config = machine.createPassConfig(passes);
  config->setDisableVerify(true);
  passes.add(config);
  passes.add(information);
  if (config->addISelPasses()) return false;
  passes.add(make_poll_folder());
  passes.add(make_stackmap_placer());
  {
    // LLVM asks a variable of its own.
    static std::mutex choice;
    const std::lock_guard lock(choice);
    if (is_better_unsplit(module)) {
      llvm::RegisterRegAlloc::setDefault(&llvm::createBasicRegisterAllocator);
    } else {
      llvm::RegisterRegAlloc::setDefault(&llvm::createGreedyRegisterAllocator);
      const auto [veil, unveil] = make_stackmap_veil();
      config->insertPass(&llvm::MachineSchedulerID, veil);
      config->insertPass(&llvm::VirtRegRewriterID, unveil);
    }
    config->insertPass(&llvm::StackSlotColoringID, make_frame_forwarder());
    config->addMachinePasses();
  }
  config->setInitialized();
  passes.add(make_recovery_collector(facts));
  passes.add(make_shaper(stubs, low, facts));
  llvm::raw_svector_ostream out(object);
  if (machine.addAsmPrinter(passes, out, nullptr, llvm::CodeGenFileType::ObjectFile,
                            information->getMMI().getContext())) {
    return false;
  }
  passes.add(llvm::createFreeMachineFunctionPass());
  const char* const folder = std::getenv("MENURA_DUMP_LLVM");
  const std::string name = folder == nullptr ? "" : std::string(folder) + "/" + module.getModuleIdentifier();
  if (folder != nullptr) {
    std::error_code failed;
    llvm::raw_fd_ostream text(name + ".ll", failed);
    module.print(text, nullptr);
  }
  try {
    passes.run(module);
  } catch (const FatalError&) {
    static_cast<void>(owned_passes.release());
    throw;
  }
  if (folder != nullptr) {
    std::error_code failed;
    llvm::raw_fd_ostream file(name + ".o", failed);
    file.write(object.data(), object.size());
  }
  return true;
}

}  // namespace menura::llvmjit
