#include "cli/disassembly.h"

#include <capstone/capstone.h>
#include <dlfcn.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <initializer_list>

namespace menura::cli {
namespace {

// A shared library that stays loaded; symbols are looked up by name.
class Library {
 public:
  explicit Library(std::initializer_list<const char*> names) {
    for (const char* name : names) {
      if (handle_ == nullptr) handle_ = dlopen(name, RTLD_NOW | RTLD_LOCAL);
    }
  }
  explicit operator bool() const { return handle_ != nullptr; }

  template <typename Function>
  bool find(const char* name, Function** function) const {
    *function = reinterpret_cast<Function*>(dlsym(handle_, name));
    return *function != nullptr;
  }

 private:
  void* handle_ = nullptr;
};

std::string byte_text(uint8_t byte) {
  std::array<char, 16> text{};
  std::snprintf(text.data(), text.size(), ".byte 0x%02x", byte);
  return text.data();
}

class CapstoneDisassembler final : public Disassembler {
 public:
  bool open() {
    return library_ && library_.find("cs_open", &open_) && library_.find("cs_disasm", &disasm_) &&
           library_.find("cs_free", &free_) && library_.find("cs_close", &close_) &&
           open_(CS_ARCH_X86, CS_MODE_64, &handle_) == CS_ERR_OK;
  }
  CapstoneDisassembler() = default;
  CapstoneDisassembler(const CapstoneDisassembler&) = delete;
  CapstoneDisassembler& operator=(const CapstoneDisassembler&) = delete;
  ~CapstoneDisassembler() override {
    if (handle_ != 0) close_(&handle_);
  }

  std::string one(std::span<const uint8_t> code, uint64_t address, size_t* length) override {
    cs_insn* insn = nullptr;
    *length = 1;
    if (disasm_(handle_, code.data(), code.size(), address, 1, &insn) == 0) return byte_text(code[0]);
    std::string text = insn->mnemonic;
    if (insn->op_str[0] != '\0') text.append(" ").append(insn->op_str);
    *length = insn->size;
    free_(insn, 1);
    return text;
  }

 private:
  Library library_{"libcapstone.so.4"};
  decltype(cs_open)* open_ = nullptr;
  decltype(cs_disasm)* disasm_ = nullptr;
  decltype(cs_free)* free_ = nullptr;
  decltype(cs_close)* close_ = nullptr;
  csh handle_ = 0;
};

// LLVM's C interface (llvm-c/Disassembler.h), declared here because the library is only looked up at run time.
class LlvmDisassembler final : public Disassembler {
 public:
  LlvmDisassembler() = default;
  LlvmDisassembler(const LlvmDisassembler&) = delete;
  LlvmDisassembler& operator=(const LlvmDisassembler&) = delete;
  ~LlvmDisassembler() override {
    if (context_ != nullptr) dispose_(context_);
  }

  bool loaded() const { return static_cast<bool>(library_); }
  bool open(const std::string& triple, const std::string& features) {
    // LLVM names a target's entry points after the target, which is the triple's architecture in LLVM's spelling.
    const std::string target = triple.starts_with("riscv") ? "RISCV" : triple.starts_with("aarch64") ? "AArch64" : "";
    for (const char* part : {"TargetInfo", "TargetMC", "Disassembler"}) {
      void (*initialize)() = nullptr;
      if (target.empty() || !library_.find(("LLVMInitialize" + target + part).c_str(), &initialize)) return false;
      initialize();
    }
    using Create = void*(const char*, const char*, const char*, void*, int, void*, void*);
    Create* create = nullptr;
    if (!library_.find("LLVMCreateDisasmCPUFeatures", &create) || !library_.find("LLVMDisasmInstruction", &disasm_) ||
        !library_.find("LLVMDisasmDispose", &dispose_)) {
      return false;
    }
    context_ = create(triple.c_str(), "", features.c_str(), nullptr, 0, nullptr, nullptr);
    return context_ != nullptr;
  }

  std::string one(std::span<const uint8_t> code, uint64_t address, size_t* length) override {
    std::array<char, 256> text{};
    std::array<uint8_t, 16> bytes{};  // the C interface takes a mutable buffer
    const size_t count = std::min(bytes.size(), code.size());
    std::copy_n(code.begin(), count, bytes.begin());
    *length = disasm_(context_, bytes.data(), count, address, text.data(), text.size());
    if (*length == 0) {
      *length = 1;
      return byte_text(code[0]);
    }
    std::string result(text.data() + (text[0] == '\t' ? 1 : 0));
    std::replace(result.begin(), result.end(), '\t', ' ');
    return result;
  }

 private:
  Library library_{"libLLVM-19.so.1", "libLLVM.so.19.1", "libLLVM-19.so"};
  size_t (*disasm_)(void*, uint8_t*, uint64_t, uint64_t, char*, size_t) = nullptr;
  void (*dispose_)(void*) = nullptr;
  void* context_ = nullptr;
};

}  // namespace

std::string Disassembler::listing(std::span<const uint8_t> code, uint64_t address, const std::string& indent) {
  std::string text;
  while (!code.empty()) {
    size_t length = 0;
    const std::string insn = one(code, address, &length);
    std::array<char, 32> head{};
    std::snprintf(head.data(), head.size(), "%012llx  ", static_cast<unsigned long long>(address));
    std::string bytes;
    for (size_t i = 0; i < length; ++i) {
      std::array<char, 4> hex{};
      std::snprintf(hex.data(), hex.size(), "%02x", code[i]);
      bytes += hex.data();
    }
    bytes.resize(std::max<size_t>(bytes.size(), 20), ' ');
    text.append(indent).append(head.data()).append(bytes).append("  ").append(insn).append("\n");
    code = code.subspan(length);
    address += length;
  }
  return text;
}

Result<std::unique_ptr<Disassembler>> host_disassembler() {
  auto disassembler = std::make_unique<CapstoneDisassembler>();
  if (!disassembler->open()) {
    return Error{
        "-d out_asm needs the library Capstone, which could not be loaded; install the Debian package libcapstone4"};
  }
  return std::unique_ptr<Disassembler>(std::move(disassembler));
}

Result<std::unique_ptr<Disassembler>> guest_disassembler(const std::string& triple, const std::string& features) {
  auto disassembler = std::make_unique<LlvmDisassembler>();
  if (!disassembler->loaded()) {
    return Error{
        "-d in_asm needs the library LLVM 19, which could not be loaded; install the Debian package libllvm19"};
  }
  if (!disassembler->open(triple, features)) return Error{"LLVM cannot disassemble for the target '" + triple + "'"};
  return std::unique_ptr<Disassembler>(std::move(disassembler));
}

}  // namespace menura::cli
