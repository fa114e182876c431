// An arm64 process's registers as the process code sees them (abi/guest_cpu.h).
#pragma once

#include <array>
#include <memory>
#include <string_view>

#include "frontends/arm/debug_registers.h"
#include "frontends/arm/frontend.h"
#include "ir/core/result.h"
#include "linux-user/abi/guest_cpu.h"
#include "linux-user/abi/slot_access.h"
#include "vcpu/door.h"

namespace menura::linux_user::arm64 {

class Guest final : public GuestCpu {
 public:
  explicit Guest(arm::FeatureSet features);

  // The guest of a thread that runs arm64 code.
  static const Guest& of(Thread& thread);

  arm::FeatureSet features() const { return frontend_.features(); }
  bool has_pointer_authentication() const { return arm::has(features(), arm::Feature::PAuth); }
  // New keys: bit 0 APIA, then APIB, APDA, APDB, APGA.
  void make_keys(ir::CpuHeader& cpu, uint64_t keys, vcpu::Door& door) const;

  const ir::Frontend& frontend() const override { return frontend_; }
  const vcpu::DebugRegisters& debug_registers() const override { return registers_; }
  void set_up(ir::CpuHeader& cpu, vcpu::Door& door) const override;
  void use_memory(GuestMemory& memory) override;
  int code_protection(uint32_t features) const override;
  void sharing_memory(ir::CpuHeader& cpu) const override;
  void protection_asked(ir::CpuHeader& cpu, int protection) const override;

  uint64_t syscall_number(const ir::CpuHeader& cpu) const override { return x(cpu, 8); }
  std::array<uint64_t, 6> syscall_arguments(const ir::CpuHeader& cpu) const override;
  void set_syscall_result(ir::CpuHeader& cpu, uint64_t value) const override { set_x(cpu, 0, value); }
  void restart_syscall(ir::CpuHeader& cpu, uint64_t first_argument) const override;

  uint64_t stack_pointer(const ir::CpuHeader& cpu) const override { return read_slot<uint64_t>(cpu, sp_); }
  void set_stack_pointer(ir::CpuHeader& cpu, uint64_t value) const override { write_slot(cpu, sp_, value); }
  void set_thread_pointer(ir::CpuHeader& cpu, uint64_t value) const override { write_slot(cpu, tpidr_, value); }

  KernelCode kernel_code() const override;
  bool push_frame(Thread& thread, const Delivery& delivery) const override;
  uint64_t largest_frame() const override;
  bool pop_frame(Thread& thread, uint64_t* mask, stack_t* altstack) const override;

  bool retry_access(ir::CpuHeader& cpu, ir::Fault* fault) const override;

  uint64_t hwcap() const override;
  uint64_t hwcap2() const override;
  const char* platform() const override { return "aarch64"; }
  std::string refuse_elf_flags(uint32_t) const override { return {}; }

  uint64_t x(const ir::CpuHeader& cpu, unsigned number) const { return read_slot<uint64_t>(cpu, x_[number]); }
  void set_x(ir::CpuHeader& cpu, unsigned number, uint64_t value) const { write_slot(cpu, x_[number], value); }

 private:
  // PSTATE as SPSR_EL1 would hold it (C5.2.18): N, Z, C, V, DIT, SSBS, and BTYPE.
  uint64_t pstate(const ir::CpuHeader& cpu) const;
  void set_pstate(ir::CpuHeader& cpu, uint64_t value) const;
  void set_branch_type(ir::CpuHeader& cpu, uint32_t type) const;

  // PROT_BTI of the mappings, for the frontend.
  class Guard final : public arm::CodeGuard {
   public:
    GuestMemory* memory = nullptr;
    bool is_guarded(uint64_t pc) const override;
  };

  // Beside A64's: PSTATE as a program sees it, and the thread's pointer (gdb's feature aarch64.tls).
  class Registers final : public arm::DebugRegisters {
   public:
    explicit Registers(const Guest& guest);

   private:
    uint64_t get(ir::CpuHeader& cpu, unsigned number) const override;
    void set(ir::CpuHeader& cpu, unsigned number, uint64_t value) const override;
    const Guest& guest_;
  };

  arm::Frontend frontend_;
  Registers registers_;
  Guard guard_;
  std::array<uint32_t, 31> x_ = {};  // offsets in the state struct
  std::array<uint32_t, 32> v_ = {};
  std::array<uint32_t, 6> flags_ = {};  // in the order of pstate()'s comment
  std::array<uint32_t, 10> keys_ = {};  // low and high halves
  uint32_t btype_ = 0;
  uint32_t sp_ = 0;
  uint32_t tpidr_ = 0;
};

// `cpu`: as --cpu has it, empty for the default. Error: it is not understood (the message says what is).
Result<std::unique_ptr<GuestCpu>> make_guest(std::string_view cpu);

}  // namespace menura::linux_user::arm64
