// A toy guest whose memory is the host's, on a TranslatorEngine: what the runtime's tests run.
#pragma once

#include <gtest/gtest.h>
#include <sys/mman.h>
#include <ucontext.h>

#include <csignal>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <vector>

#include "backends/runtime/translator_engine.h"
#include "tests/ir/toy_guest.h"
#include "tests/runtime/toy_compiler.h"

namespace menura::runtime::test {

// Guest address = host address. Accessible is one range of pages.
class HostMemory : public ir::MemoryPort {
 public:
  static constexpr std::size_t kSize = std::size_t{1} << 20;

  HostMemory() {
    // A page behind it belongs to nobody.
    base_ = static_cast<uint8_t*>(mmap(nullptr, kSize + 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0));
    mprotect(base_, kSize, PROT_READ | PROT_WRITE);
  }
  ~HostMemory() override { munmap(base_, kSize + 4096); }
  HostMemory(const HostMemory&) = delete;
  HostMemory& operator=(const HostMemory&) = delete;

  uint64_t base() const { return reinterpret_cast<uint64_t>(base_); }
  bool contains(uint64_t address) const { return address - base() < kSize; }
  void put(uint64_t offset, std::initializer_list<ir::test::ToyInsn> insns) {
    const std::vector<uint8_t> code = ir::test::toy_code(insns);
    std::memcpy(base_ + offset, code.data(), code.size());
  }

  bool read(uint64_t address, void* data, unsigned size, ir::Fault* fault) override {
    if (!probe(address, size, ir::Access::Read, fault)) return false;
    std::memcpy(data, reinterpret_cast<const void*>(address), size);
    return true;
  }
  bool write(uint64_t address, const void* data, unsigned size, ir::Fault* fault) override {
    if (!probe(address, size, ir::Access::Write, fault)) return false;
    std::memcpy(reinterpret_cast<void*>(address), data, size);
    return true;
  }
  void* atomic_pointer(uint64_t address, unsigned size, ir::Fault* fault) override {
    return probe(address, size, ir::Access::Write, fault) ? reinterpret_cast<void*>(address) : nullptr;
  }
  bool probe(uint64_t address, uint64_t size, ir::Access access, ir::Fault* fault) override {
    if (contains(address) && contains(address + size - 1)) return true;
    *fault = {ir::FaultKind::Unmapped, access, address};
    return false;
  }
  std::span<const uint8_t> fetch(uint64_t address, unsigned want, ir::Fault* fault) override {
    if (!probe(address, 1, ir::Access::Execute, fault)) return {};
    return {reinterpret_cast<const uint8_t*>(address), std::min<uint64_t>(want, base() + kSize - address)};
  }
  void watch_code(uint64_t begin, uint64_t end) override {
    if (!protect || !contains(begin)) return;
    const uint64_t page = begin & ~uint64_t{4095};
    mprotect(reinterpret_cast<void*>(page), ((end - 1) | 4095) + 1 - page, PROT_READ);
  }

  ir::CodeOrigin code_origin(uint64_t address) override {
    return object != 0 && contains(address) ? ir::CodeOrigin{object, address - base()} : ir::CodeOrigin{};
  }

  bool protect = false;  // watch_code makes pages read-only
  uint64_t object = 0;   // what the code comes from, for code that is kept on disk

 private:
  uint8_t* base_;
};

struct Cpu : ir::test::ToyState {
  uint64_t& a() { return regs[ir::test::kToyA]; }
  uint64_t& count() { return regs[ir::test::kToyCount]; }
  uint64_t& link() { return regs[ir::test::kToyLink]; }
  uint64_t& data() { return regs[ir::test::kToyData]; }
  uint64_t& address() { return regs[ir::test::kToyAddress]; }
};

// While it lives, host faults on this thread go to the engine: writes to watched pages as changes of guest code, others
// as faults of the guest.
class FaultHandler {
 public:
  FaultHandler(TranslatorEngine& engine, ir::CpuHeader& cpu, HostMemory& memory) : previous_(current()) {
    current() = {&engine, &cpu, &memory};
    const stack_t stack = {stack_.data(), 0, stack_.size()};
    sigaltstack(&stack, &old_stack_);
    struct sigaction action = {};
    action.sa_flags = SA_SIGINFO | SA_ONSTACK;
    action.sa_sigaction = &handle;
    sigaction(SIGSEGV, &action, nullptr);
  }
  ~FaultHandler() {
    sigaltstack(&old_stack_, nullptr);
    current() = previous_;
  }
  FaultHandler(const FaultHandler&) = delete;
  FaultHandler& operator=(const FaultHandler&) = delete;

 private:
  struct Current {
    TranslatorEngine* engine = nullptr;
    ir::CpuHeader* cpu = nullptr;
    HostMemory* memory = nullptr;
  };
  static Current& current() {
    static thread_local Current instance;
    return instance;
  }
  static void handle(int, siginfo_t* info, void* context) {
    const auto address = reinterpret_cast<uint64_t>(info->si_addr);
    const Current& at = current();
    if (at.memory == nullptr) std::abort();
    if (at.memory->contains(address)) {
      const uint64_t page = address & ~uint64_t{4095};
      mprotect(reinterpret_cast<void*>(page), 4096, PROT_READ | PROT_WRITE);
      at.engine->invalidate(page, page + 4096);
      return;
    }
    const ir::Fault fault{ir::FaultKind::Unmapped, ir::Access::Write, address};
    if (!at.engine->take_host_fault(*at.cpu, context, fault)) std::abort();
  }

  std::vector<std::byte> stack_ = std::vector<std::byte>(65536);
  stack_t old_stack_ = {};
  Current previous_;
};

class Machine : public ::testing::Test {
 protected:
  void start(EngineOptions options = {}) {
    options.trace_level = options.hot_level = ir::OptLevel::None;  // the toy compiler knows few ops
    engine_ = std::make_unique<TranslatorEngine>(guest_, memory_, compiler_, options);
    const Result<void> started = engine_->start();
    ASSERT_TRUE(static_cast<bool>(started)) << started.error().message;
    engine_->attach(cpu_.header);
  }
  ~Machine() override {
    if (engine_ != nullptr) engine_->detach(cpu_.header);
  }
  // Runs from an offset in guest memory.
  vcpu::Exit run(uint64_t offset) { return run(cpu_, offset); }
  vcpu::Exit run(Cpu& cpu, uint64_t offset) {
    cpu.header.pc = memory_.base() + offset;
    return engine_->run(cpu.header);
  }
  uint64_t pc() const { return cpu_.header.pc - memory_.base(); }
  const Translation* translation(uint64_t offset) const { return engine_->find({memory_.base() + offset, 0, 0}); }

  HostMemory memory_;
  ir::test::ToyGuest guest_;
  ToyCompiler compiler_{guest_.layout()};
  Cpu cpu_;
  std::unique_ptr<TranslatorEngine> engine_;
};

}  // namespace menura::runtime::test
