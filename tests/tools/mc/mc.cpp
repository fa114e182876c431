#include "tests/tools/mc/mc.h"

#include <llvm/MC/MCAsmInfo.h>
#include <llvm/MC/MCCodeEmitter.h>
#include <llvm/MC/MCContext.h>
#include <llvm/MC/MCDisassembler/MCDisassembler.h>
#include <llvm/MC/MCInst.h>
#include <llvm/MC/MCInstPrinter.h>
#include <llvm/MC/MCInstrInfo.h>
#include <llvm/MC/MCObjectFileInfo.h>
#include <llvm/MC/MCParser/MCAsmParser.h>
#include <llvm/MC/MCParser/MCTargetAsmParser.h>
#include <llvm/MC/MCRegisterInfo.h>
#include <llvm/MC/MCStreamer.h>
#include <llvm/MC/MCSubtargetInfo.h>
#include <llvm/MC/MCTargetOptions.h>
#include <llvm/MC/TargetRegistry.h>
#include <llvm/Support/SourceMgr.h>
#include <llvm/Support/TargetSelect.h>
#include <llvm/Support/raw_ostream.h>

#include <stdexcept>

namespace menura::tests {
namespace {

// Takes instructions as the parser makes them, and encodes each.
class Collector final : public llvm::MCStreamer {
 public:
  Collector(llvm::MCContext& context, llvm::MCCodeEmitter& emitter) : MCStreamer(context), emitter_(emitter) {}

  void emitInstruction(const llvm::MCInst& inst, const llvm::MCSubtargetInfo& subtarget) override {
    llvm::SmallVector<char, 16> code;
    llvm::SmallVector<llvm::MCFixup, 4> fixups;
    emitter_.encodeInstruction(inst, code, fixups, subtarget);
    needs_fixup |= !fixups.empty();
    bytes.insert(bytes.end(), code.begin(), code.end());
  }
  bool emitSymbolAttribute(llvm::MCSymbol*, llvm::MCSymbolAttr) override { return true; }
  void emitCommonSymbol(llvm::MCSymbol*, uint64_t, llvm::Align) override {}
  void emitZerofill(llvm::MCSection*, llvm::MCSymbol*, uint64_t, llvm::Align, llvm::SMLoc) override {}

  std::vector<uint8_t> bytes;
  bool needs_fixup = false;

 private:
  llvm::MCCodeEmitter& emitter_;
};

std::string single_spaces(llvm::StringRef text) {
  std::string result;
  for (const char c : text.trim()) {
    const char plain = c == '\t' ? ' ' : c;
    if (plain != ' ' || result.empty() || result.back() != ' ') result += plain;
  }
  return result;
}

}  // namespace

struct Mc::Impl {
  const llvm::Target* target = nullptr;
  std::string triple;
  llvm::MCTargetOptions options;
  std::unique_ptr<llvm::MCRegisterInfo> registers;
  std::unique_ptr<llvm::MCAsmInfo> asm_info;
  std::unique_ptr<llvm::MCInstrInfo> instructions;
  std::unique_ptr<llvm::MCSubtargetInfo> subtarget;
  std::unique_ptr<llvm::MCContext> context;
  std::unique_ptr<llvm::MCDisassembler> disassembler;
  std::unique_ptr<llvm::MCInstPrinter> printer;
};

Mc::Mc(std::string_view triple, std::string_view features) : impl_(std::make_unique<Impl>()) {
  llvm::InitializeAllTargetInfos();
  llvm::InitializeAllTargetMCs();
  llvm::InitializeAllAsmParsers();
  llvm::InitializeAllDisassemblers();
  Impl& mc = *impl_;
  mc.triple = triple;
  std::string error;
  mc.target = llvm::TargetRegistry::lookupTarget(mc.triple, error);
  if (mc.target == nullptr) throw std::runtime_error(error);
  mc.registers.reset(mc.target->createMCRegInfo(mc.triple));
  mc.asm_info.reset(mc.target->createMCAsmInfo(*mc.registers, mc.triple, mc.options));
  mc.instructions.reset(mc.target->createMCInstrInfo());
  mc.subtarget.reset(mc.target->createMCSubtargetInfo(mc.triple, "", std::string(features)));
  mc.context = std::make_unique<llvm::MCContext>(llvm::Triple(mc.triple), mc.asm_info.get(), mc.registers.get(),
                                                 mc.subtarget.get());
  mc.disassembler.reset(mc.target->createMCDisassembler(*mc.subtarget, *mc.context));
  mc.printer.reset(
      mc.target->createMCInstPrinter(llvm::Triple(mc.triple), 0, *mc.asm_info, *mc.instructions, *mc.registers));
  if (!mc.subtarget || !mc.disassembler || !mc.printer) throw std::runtime_error("LLVM lacks a part for " + mc.triple);
  mc.printer->applyTargetSpecificCLOption("no-aliases");
  mc.printer->setPrintImmHex(false);
}

Mc::~Mc() = default;

std::vector<uint8_t> Mc::assemble(std::string_view text) {
  Impl& mc = *impl_;
  std::string messages;
  llvm::SourceMgr sources;
  sources.AddNewSourceBuffer(llvm::MemoryBuffer::getMemBufferCopy(llvm::StringRef(text.data(), text.size())), {});
  sources.setDiagHandler([](const llvm::SMDiagnostic& diagnostic,
                            void* to) { *static_cast<std::string*>(to) += diagnostic.getMessage().str() + "; "; },
                         &messages);
  llvm::MCContext context(llvm::Triple(mc.triple), mc.asm_info.get(), mc.registers.get(), mc.subtarget.get(), &sources);
  const std::unique_ptr<llvm::MCObjectFileInfo> sections(mc.target->createMCObjectFileInfo(context, false));
  context.setObjectFileInfo(sections.get());
  const std::unique_ptr<llvm::MCCodeEmitter> emitter(mc.target->createMCCodeEmitter(*mc.instructions, context));
  Collector collector(context, *emitter);
  mc.target->createNullTargetStreamer(collector);
  const std::unique_ptr<llvm::MCAsmParser> parser(llvm::createMCAsmParser(sources, context, collector, *mc.asm_info));
  const std::unique_ptr<llvm::MCTargetAsmParser> target_parser(
      mc.target->createMCAsmParser(*mc.subtarget, *parser, *mc.instructions, mc.options));
  parser->setTargetParser(*target_parser);
  if (parser->Run(false) || !messages.empty()) throw std::runtime_error(std::string(text) + ": " + messages);
  if (collector.needs_fixup) throw std::runtime_error(std::string(text) + ": a label cannot be used here");
  return collector.bytes;
}

std::optional<Mc::Instruction> Mc::disassemble(std::span<const uint8_t> bytes) {
  llvm::MCInst inst;
  uint64_t length = 0;
  const llvm::ArrayRef<uint8_t> code(bytes.data(), bytes.size());
  const auto status = impl_->disassembler->getInstruction(inst, length, code, 0, llvm::nulls());
  if (status == llvm::MCDisassembler::Fail) return std::nullopt;
  std::string text;
  llvm::raw_string_ostream stream(text);
  impl_->printer->printInst(&inst, 0, "", *impl_->subtarget, stream);
  return Instruction{static_cast<unsigned>(length), single_spaces(stream.str()),
                     status == llvm::MCDisassembler::SoftFail};
}

}  // namespace menura::tests
