#include "tests/ir/translated_region.h"

#include <ucontext.h>

#include <csignal>

#include "backends/llvm/loader.h"
#include "backends/runtime/translator_engine.h"
#include "backends/x64/compiler.h"
#include "ir/opt/optimizer.h"

namespace menura::ir::test {

namespace {

// Says that the engine has gone on to an address outside of the region.
constexpr int64_t kOutside = 0x6f757473696465;

// The code around the region: every address holds an instruction that leaves at once.
class Outside : public Frontend {
 public:
  explicit Outside(const TestGuest& guest) : guest_(guest) {}
  const StateLayout& layout() const override { return guest_.layout(); }
  const HelperTable& helpers() const override { return guest_.helpers(); }
  MemoryModel memory_model() const override { return MemoryModel::Weak; }
  unsigned max_length() const override { return 4; }
  Flow scan(uint64_t, std::span<const uint8_t> bytes, uint64_t) const override {
    Flow flow;
    flow.kind = Flow::Kind::Exit;
    flow.length = bytes.size() < 4 ? 0 : 4;
    return flow;
  }
  unsigned lift(Builder& builder, uint64_t pc, std::span<const uint8_t>, uint64_t) const override {
    builder.insn(pc, 4);
    builder.exit(ExitKind::Breakpoint, pc, {builder.constant(Type::I64, kOutside)});
    return 4;
  }

 private:
  const TestGuest& guest_;
};

// Compiles the test's region where its address is asked for.
class Substitute : public runtime::Compiler {
 public:
  Substitute(std::unique_ptr<runtime::Compiler> compiler, std::unique_ptr<runtime::Compiler> others,
             const Region& region, bool hot)
      : compiler_(std::move(compiler)), others_(std::move(others)), region_(region), hot_(hot) {}
  bool compile(const Region& region, const runtime::CompileOptions& options, runtime::CompiledCode& out) override {
    if (!(region.identity == region_.identity)) return others_->compile(region, options, out);
    runtime::CompileOptions own = options;
    own.hot = hot_;
    return compiler_->compile(region_, own, out);
  }
  std::unique_ptr<Compiler> clone() const override {
    return std::make_unique<Substitute>(compiler_->clone(), others_->clone(), region_, hot_);
  }

 private:
  std::unique_ptr<runtime::Compiler> compiler_;
  std::unique_ptr<runtime::Compiler> others_;
  const Region& region_;
  bool hot_;
};

// The tests' memory, with code everywhere.
class CodeEverywhere : public MemoryPort {
 public:
  explicit CodeEverywhere(HostMemory& data) : data_(data) {}
  bool read(uint64_t address, void* data, unsigned size, Fault* fault) override {
    return data_.read(address, data, size, fault);
  }
  bool write(uint64_t address, const void* data, unsigned size, Fault* fault) override {
    return data_.write(address, data, size, fault);
  }
  void* atomic_pointer(uint64_t address, unsigned size, Fault* fault) override {
    return data_.atomic_pointer(address, size, fault);
  }
  bool probe(uint64_t address, uint64_t size, Access access, Fault* fault) override {
    return data_.probe(address, size, access, fault);
  }
  std::span<const uint8_t> fetch(uint64_t, unsigned want, Fault*) override {
    static constexpr std::array<uint8_t, 64> kCode = {};
    return {kCode.data(), std::min<std::size_t>(want, kCode.size())};
  }
  void watch_code(uint64_t, uint64_t) override {}

 private:
  HostMemory& data_;
};

std::unique_ptr<runtime::Compiler> make_x64(const TestGuest& guest) {
  return x64::make_compiler(guest.layout(), guest.helpers(), x64::HostFeatures::detect());
}

[[maybe_unused]] std::unique_ptr<runtime::Compiler> make_llvm(const TestGuest& guest) {
  auto compiler = llvmjit::load_compiler(MENURA_LLVM_MODULE, guest.layout(), guest.helpers());
  if (!compiler) throw std::runtime_error(compiler.error().message);
  return std::move(*compiler);
}

class Translated : public RegionEngine {
 public:
  using Make = std::unique_ptr<runtime::Compiler> (*)(const TestGuest& guest);
  Translated(std::string_view name, OptLevel level, bool hot, Make make = make_x64)
      : name_(name), level_(level), hot_(hot), make_(make) {}
  ~Translated() override { running() = nullptr; }
  std::string_view name() const override { return name_; }

  bool prepare(const Region& region, const TestGuest& guest, HostMemory& memory) override {
    if (engine_ == nullptr) start(guest, memory);
    region_ = region;
    optimize(region_, guest.layout(), guest.helpers(), level_);
    runtime::CompiledCode code;
    if (!trial_->compile(region_, {}, code)) return false;
    engine_->invalidate(region_.identity.pc, region_.identity.pc + 4);
    return true;
  }

  RegionOutcome run(CpuHeader& cpu, bool) override {
    cpu_ = &cpu;
    struct sigaction action = {};
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    action.sa_sigaction = &on_fault;
    const stack_t stack = {signal_stack_.data(), 0, signal_stack_.size()};
    stack_t old_stack = {};
    std::array<struct sigaction, 2> before = {};
    running() = this;
    sigaltstack(&stack, &old_stack);
    sigaction(SIGSEGV, &action, before.data());
    sigaction(SIGBUS, &action, &before[1]);
    engine_->attach(cpu);
    const vcpu::Exit exit = engine_->run(cpu);
    engine_->detach(cpu);
    sigaction(SIGSEGV, before.data(), nullptr);
    sigaction(SIGBUS, &before[1], nullptr);
    sigaltstack(&old_stack, nullptr);
    RegionOutcome outcome;
    outcome.left = exit.kind != ExitKind::Breakpoint || exit.detail != kOutside;
    outcome.exit = {exit.kind, exit.fault, exit.detail};
    return outcome;
  }

 private:
  void start(const TestGuest& guest, HostMemory& memory) {
    data_ = &memory;
    outside_ = std::make_unique<Outside>(guest);
    memory_ = std::make_unique<CodeEverywhere>(memory);
    trial_ = make_(guest);
    compiler_ = std::make_unique<Substitute>(trial_->clone(), make_x64(guest), region_, hot_);
    runtime::EngineOptions options;
    options.cache_budget = 1 << 20;
    options.chunk_size = 1 << 16;
    options.hot_threshold = 0;
    options.trace.instructions = 1;
    engine_ = std::make_unique<runtime::TranslatorEngine>(*outside_, *memory_, *compiler_, options);
    const Result<void> started = engine_->start();
    if (!started) throw std::runtime_error(started.error().message);
  }
  static Translated*& running() {
    static Translated* engine = nullptr;
    return engine;
  }
  static void on_fault(int, siginfo_t* info, void* context) {
    Translated& self = *running();
    const bool write = (static_cast<ucontext_t*>(context)->uc_mcontext.gregs[REG_ERR] & 2) != 0;
    const auto address = reinterpret_cast<uint64_t>(info->si_addr);
    const Fault fault = self.data_->fault_at(address, write ? Access::Write : Access::Read);
    if (!self.engine_->take_host_fault(*self.cpu_, context, fault)) signal(SIGSEGV, SIG_DFL);
  }

  std::string_view name_;
  OptLevel level_;
  bool hot_;
  Make make_;
  Region region_;
  HostMemory* data_ = nullptr;
  CpuHeader* cpu_ = nullptr;
  std::unique_ptr<Outside> outside_;
  std::unique_ptr<CodeEverywhere> memory_;
  std::unique_ptr<runtime::Compiler> trial_;  // says whether a region is refused
  std::unique_ptr<Substitute> compiler_;
  std::unique_ptr<runtime::TranslatorEngine> engine_;
  std::vector<std::byte> signal_stack_ = std::vector<std::byte>(65536);
};

}  // namespace

std::vector<std::unique_ptr<RegionEngine>> translated_regions() {
  std::vector<std::unique_ptr<RegionEngine>> engines;
  engines.push_back(std::make_unique<Translated>("x64", OptLevel::None, false));
  engines.push_back(std::make_unique<Translated>("x64 hot", OptLevel::None, true));
  engines.push_back(std::make_unique<Translated>("x64, fast optimizer", OptLevel::Fast, false));
  engines.push_back(std::make_unique<Translated>("x64 hot, full optimizer", OptLevel::Full, true));
#if !defined(__SANITIZE_ADDRESS__)  // LLVM's library is the same in both builds, and slow
  engines.push_back(std::make_unique<Translated>("llvm", OptLevel::None, true, make_llvm));
  engines.push_back(std::make_unique<Translated>("llvm, full optimizer", OptLevel::Full, true, make_llvm));
#endif
  return engines;
}

}  // namespace menura::ir::test
