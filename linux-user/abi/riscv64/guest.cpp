#include "linux-user/abi/riscv64/guest.h"

#include "frontends/riscv/debug_registers.h"
#include "frontends/riscv/fcsr.h"
#include "frontends/riscv/features.h"
#include "frontends/riscv/frontend.h"
#include "frontends/riscv/state.h"
#include "linux-user/abi/riscv64/signal_frame.h"
#include "linux-user/abi/slot_access.h"
#include "linux-user/process.h"
#include "linux-user/syscalls/guest_access.h"

namespace menura::linux_user::riscv64 {
namespace {

using riscv::Feature;

// The psABI's names (RISC-V calling conventions, "Integer Register Convention").
constexpr unsigned kRa = 1;
constexpr unsigned kSp = 2;
constexpr unsigned kTp = 4;
constexpr unsigned kA0 = 10;
constexpr unsigned kA1 = 11;
constexpr unsigned kA2 = 12;
constexpr unsigned kA7 = 17;

constexpr uint64_t kEcallLength = 4;
constexpr uint64_t kStackAlignment = 16;

// li a7, __NR_rt_sigreturn (139); ecall. Unwinders know a signal frame by these very words.
constexpr uint8_t kSigreturnCode[] = {0x93, 0x08, 0xb0, 0x08, 0x73, 0x00, 0x00, 0x00};

// Elf64_Ehdr::e_flags (psABI, "File Header"); the compressed extension's bit is no demand, just news.
constexpr uint32_t kFloatAbiMask = 6;
constexpr uint32_t kFloatAbiQuad = 6;
constexpr uint32_t kRve = 8;

class Guest final : public GuestCpu {
 public:
  explicit Guest(riscv::FeatureSet features) : frontend_(features), registers_(frontend_) {
    const ir::StateLayout& layout = frontend_.layout();
    for (unsigned n = 1; n < 32; ++n) x_[n] = layout.slot(riscv::x_slot(n)).offset;
    for (unsigned n = 0; n < 32; ++n) f_[n] = layout.slot(riscv::f_slot(n)).offset;
  }

  const ir::Frontend& frontend() const override { return frontend_; }
  const vcpu::DebugRegisters& debug_registers() const override { return registers_; }

  uint64_t syscall_number(const ir::CpuHeader& cpu) const override { return x(cpu, kA7); }
  std::array<uint64_t, 6> syscall_arguments(const ir::CpuHeader& cpu) const override {
    std::array<uint64_t, 6> arguments;
    for (unsigned i = 0; i < 6; ++i) arguments[i] = x(cpu, kA0 + i);
    return arguments;
  }
  void set_syscall_result(ir::CpuHeader& cpu, uint64_t value) const override { set_x(cpu, kA0, value); }
  void restart_syscall(ir::CpuHeader& cpu, uint64_t first_argument) const override {
    set_x(cpu, kA0, first_argument);
    cpu.pc -= kEcallLength;
  }

  uint64_t stack_pointer(const ir::CpuHeader& cpu) const override { return x(cpu, kSp); }
  void set_stack_pointer(ir::CpuHeader& cpu, uint64_t value) const override { set_x(cpu, kSp, value); }
  void set_thread_pointer(ir::CpuHeader& cpu, uint64_t value) const override { set_x(cpu, kTp, value); }

  KernelCode kernel_code() const override { return {kSigreturnCode, 0, false}; }
  bool push_frame(Thread& thread, const Delivery& delivery) const override;
  bool pop_frame(Thread& thread, uint64_t* mask, stack_t* altstack) const override;

  uint64_t hwcap() const override {
    // One bit per single-letter extension (arch/riscv/include/uapi/asm/hwcap.h).
    constexpr std::pair<Feature, char> kLetters[] = {{Feature::I, 'i'}, {Feature::M, 'm'}, {Feature::A, 'a'},
                                                     {Feature::F, 'f'}, {Feature::D, 'd'}, {Feature::C, 'c'}};
    uint64_t bits = 0;
    for (const auto& [feature, letter] : kLetters) {
      if (riscv::has(frontend_.features(), feature)) bits |= uint64_t{1} << (letter - 'a');
    }
    return bits;
  }
  const char* platform() const override { return nullptr; }
  std::string refuse_elf_flags(uint32_t flags) const override {
    if ((flags & kRve) != 0) return "uses the RV64E base (16 registers), which Menura does not run";
    if ((flags & kFloatAbiMask) == kFloatAbiQuad) {
      return "uses the quad-precision float ABI, which Menura does not run; build it with -mabi=lp64d";
    }
    return {};
  }

 private:
  uint64_t x(const ir::CpuHeader& cpu, unsigned number) const { return read_slot<uint64_t>(cpu, x_[number]); }
  void set_x(ir::CpuHeader& cpu, unsigned number, uint64_t value) const { write_slot(cpu, x_[number], value); }

  riscv::Frontend frontend_;
  riscv::DebugRegisters registers_;
  std::array<uint32_t, 32> x_ = {};  // offsets in the state struct; x0 has none
  std::array<uint32_t, 32> f_ = {};
};

bool Guest::push_frame(Thread& thread, const Delivery& delivery) const {
  ir::CpuHeader& cpu = thread.cpu();
  SignalFrame frame = {};
  frame.info = *delivery.info;
  frame.context.stack = delivery.altstack;
  frame.context.mask = delivery.mask;
  Mcontext& context = frame.context.mcontext;
  context.pc = cpu.pc;
  for (unsigned n = 1; n < 32; ++n) context.x[n - 1] = x(cpu, n);
  for (unsigned n = 0; n < 32; ++n) context.fp.f[n] = read_slot<uint64_t>(cpu, f_[n]);
  context.fp.fcsr = riscv::fcsr(cpu, frontend_.layout());

  const uint64_t at = (delivery.stack - sizeof frame) & ~(kStackAlignment - 1);
  if (at > delivery.stack || store_bytes(thread, at, &frame, sizeof frame) != 0) return false;
  set_x(cpu, kSp, at);
  set_x(cpu, kRa, delivery.restorer);
  set_x(cpu, kA0, static_cast<uint64_t>(delivery.signal));
  set_x(cpu, kA1, at + offsetof(SignalFrame, info));
  set_x(cpu, kA2, at + offsetof(SignalFrame, context));
  cpu.pc = delivery.handler;
  return true;
}

bool Guest::pop_frame(Thread& thread, uint64_t* mask, stack_t* altstack) const {
  ir::CpuHeader& cpu = thread.cpu();
  Ucontext context;
  if (load_bytes(&context, x(cpu, kSp) + offsetof(SignalFrame, context), sizeof context) != 0) return false;
  cpu.pc = context.mcontext.pc & ~uint64_t{1};  // as mepc would hold it
  for (unsigned n = 1; n < 32; ++n) set_x(cpu, n, context.mcontext.x[n - 1]);
  for (unsigned n = 0; n < 32; ++n) write_slot(cpu, f_[n], context.mcontext.fp.f[n]);
  riscv::set_fcsr(cpu, frontend_.layout(), context.mcontext.fp.fcsr);
  *mask = context.mask;
  *altstack = context.stack;
  return true;
}

}  // namespace

Result<std::unique_ptr<GuestCpu>> make_guest(std::string_view cpu) {
  const Result<riscv::FeatureSet> features = riscv::parse_cpu(cpu);
  if (!features) return features.error();
  if (riscv::xlen(*features) != 64) {
    return Error{"--cpu " + std::string(cpu) + ": a 32-bit CPU cannot run a 64-bit program; try --cpu rv64"};
  }
  return std::unique_ptr<GuestCpu>(std::make_unique<Guest>(*features));
}

}  // namespace menura::linux_user::riscv64
