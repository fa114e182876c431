// What the process code needs to know of a guest's registers: where arguments and results of system calls are, how a
// thread starts, how a signal frame looks. One constant-like object per guest, in abi/<guest>/.
#pragma once

#include <signal.h>

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "ir/api/frontend.h"
#include "ir/core/cpu_header.h"
#include "ir/core/memory_port.h"
#include "vcpu/debug_registers.h"
#include "vcpu/door.h"

namespace menura::linux_user {

class GuestMemory;
class Thread;

// Guest code that comes with the process: the call that signal handlers return to, and, if `is_elf`, what
// AT_SYSINFO_EHDR points to (vdso(7)).
struct KernelCode {
  std::span<const uint8_t> image;
  uint64_t sigreturn = 0;  // offset of the code that makes the rt_sigreturn call
  bool is_elf = false;
};

class GuestCpu {
 public:
  virtual ~GuestCpu() = default;

  virtual const ir::Frontend& frontend() const = 0;
  virtual const vcpu::DebugRegisters& debug_registers() const = 0;
  // What a new program finds in its registers besides what the loader puts there.
  virtual void set_up(ir::CpuHeader&, vcpu::Door&) const {}
  // Before anything is loaded: the memory that its code lies in.
  virtual void use_memory(GuestMemory&) {}
  // What the program's segments with code get beside PROT_EXEC, for what its GNU properties ask for
  // (GNU_PROPERTY_AARCH64_FEATURE_1_AND and so on).
  virtual int code_protection(uint32_t) const { return 0; }
  // A thread is about to start the first or another one that shares its memory.
  virtual void sharing_memory(ir::CpuHeader&) const {}
  // A thread asks for mappings with this protection: what it runs from now on may have to mind it.
  virtual void protection_asked(ir::CpuHeader&, int) const {}

  // --- system calls
  virtual uint64_t syscall_number(const ir::CpuHeader& cpu) const = 0;
  virtual std::array<uint64_t, 6> syscall_arguments(const ir::CpuHeader& cpu) const = 0;
  virtual void set_syscall_result(ir::CpuHeader& cpu, uint64_t value) const = 0;
  // Back to the system call instruction, with the argument that the result would have replaced: it starts again.
  virtual void restart_syscall(ir::CpuHeader& cpu, uint64_t first_argument) const = 0;

  // --- threads
  virtual uint64_t stack_pointer(const ir::CpuHeader& cpu) const = 0;
  virtual void set_stack_pointer(ir::CpuHeader& cpu, uint64_t value) const = 0;
  virtual void set_thread_pointer(ir::CpuHeader& cpu, uint64_t value) const = 0;

  // --- signals
  // Guest code that the kernel supplies; mapped readable and executable by the loader.
  virtual KernelCode kernel_code() const = 0;
  // Builds the frame of `info` below `stack` and sends the thread to `handler`; false: the stack cannot hold it.
  // `mask` and `altstack` are what the frame keeps for sigreturn.
  struct Delivery {
    int signal = 0;
    const siginfo_t* info = nullptr;
    const ir::Fault* fault = nullptr;  // the access that raised the signal, if one did
    uint64_t handler = 0;
    uint64_t restorer = 0;  // what the handler returns to
    uint64_t stack = 0;     // the stack pointer to start from
    uint64_t mask = 0;
    stack_t altstack = {};
  };
  virtual bool push_frame(Thread& thread, const Delivery& delivery) const = 0;
  // The size of the largest frame with all that goes before it (AT_MINSIGSTKSZ); 0: the ABI does not say.
  virtual uint64_t largest_frame() const { return 0; }
  // Undoes it: registers from the frame at the stack pointer; false: the frame cannot be read.
  virtual bool pop_frame(Thread& thread, uint64_t* mask, stack_t* altstack) const = 0;

  // An access faulted, and the state is as before it. True: it was translated for addresses without tags and this one
  // has one; the state has changed so that it is tried again. Else `fault->address` is put right where the host could
  // not tell it.
  virtual bool retry_access(ir::CpuHeader&, ir::Fault*) const { return false; }

  // --- auxiliary vector
  virtual uint64_t hwcap() const = 0;            // AT_HWCAP
  virtual uint64_t hwcap2() const { return 0; }  // AT_HWCAP2
  virtual const char* platform() const = 0;      // AT_PLATFORM; null: none
  // What the ELF header's e_flags ask for: empty, or why it cannot run.
  virtual std::string refuse_elf_flags(uint32_t flags) const = 0;
};

}  // namespace menura::linux_user
