// RISC-V code in host memory on a TranslatorEngine with the x64 compiler, and an assembler of a dozen instructions.
#pragma once

#include <algorithm>
#include <initializer_list>
#include <memory>
#include <vector>

#include "backends/x64/compiler.h"
#include "frontends/riscv/frontend.h"
#include "frontends/riscv/state.h"
#include "tests/runtime/machine.h"

namespace menura::runtime::test {

// Encodings (Unprivileged 20240411, 2.2). Registers by number; offsets in bytes.
constexpr unsigned kRa = 1, kSp = 2, kT0 = 5, kA0 = 10, kA1 = 11, kA7 = 17, kS2 = 18;
constexpr uint32_t i_type(uint32_t opcode, unsigned funct3, unsigned rd, unsigned rs1, int imm) {
  return opcode | rd << 7 | funct3 << 12 | rs1 << 15 | static_cast<uint32_t>(imm) << 20;
}
constexpr uint32_t addi(unsigned rd, unsigned rs1, int imm) { return i_type(0x13, 0, rd, rs1, imm); }
constexpr uint32_t andi(unsigned rd, unsigned rs1, int imm) { return i_type(0x13, 7, rd, rs1, imm); }
constexpr uint32_t csrw(int csr, unsigned rs1) { return i_type(0x73, 1, 0, rs1, csr); }
constexpr uint32_t r_type(unsigned funct3, unsigned rd, unsigned rs1, unsigned rs2) {
  return 0x33 | rd << 7 | funct3 << 12 | rs1 << 15 | rs2 << 20;
}
constexpr uint32_t add(unsigned rd, unsigned rs1, unsigned rs2) { return r_type(0, rd, rs1, rs2); }
constexpr uint32_t xor_(unsigned rd, unsigned rs1, unsigned rs2) { return r_type(4, rd, rs1, rs2); }
constexpr uint32_t ld(unsigned rd, unsigned rs1, int imm) { return i_type(0x03, 3, rd, rs1, imm); }
constexpr uint32_t jalr(unsigned rd, unsigned rs1) { return i_type(0x67, 0, rd, rs1, 0); }
constexpr uint32_t sd(unsigned rs2, unsigned rs1, int imm) {
  const auto bits = static_cast<uint32_t>(imm);
  return 0x23 | (bits & 31) << 7 | 3 << 12 | rs1 << 15 | rs2 << 20 | (bits >> 5 & 127) << 25;
}
constexpr uint32_t branch(unsigned funct3, unsigned rs1, unsigned rs2, int offset) {
  const auto bits = static_cast<uint32_t>(offset);
  return 0x63 | (bits >> 11 & 1) << 7 | (bits >> 1 & 15) << 8 | funct3 << 12 | rs1 << 15 | rs2 << 20 |
         (bits >> 5 & 63) << 25 | (bits >> 12 & 1) << 31;
}
constexpr uint32_t beqz(unsigned rs1, int offset) { return branch(0, rs1, 0, offset); }
constexpr uint32_t bnez(unsigned rs1, int offset) { return branch(1, rs1, 0, offset); }
constexpr uint32_t jal(unsigned rd, int offset) {
  const auto bits = static_cast<uint32_t>(offset);
  return 0x6f | rd << 7 | (bits >> 12 & 255) << 12 | (bits >> 11 & 1) << 20 | (bits >> 1 & 1023) << 21 |
         (bits >> 20 & 1) << 31;
}
constexpr uint32_t amoadd_d(unsigned rd, unsigned rs2, unsigned rs1) {
  return 0x2f | rd << 7 | 3 << 12 | rs1 << 15 | rs2 << 20;
}
constexpr uint32_t kEcall = 0x73;

class RiscvMachine : public ::testing::Test {
 protected:
  explicit RiscvMachine(const char* cpu = "max") : guest_(*riscv::parse_cpu(cpu)) {}

  struct State {
    explicit State(const ir::StateLayout& layout_of) : layout(layout_of), bytes(layout.size + 64) {
      const auto address = reinterpret_cast<uintptr_t>(bytes.data());
      cpu = new (bytes.data() + (64 - address % 64) % 64) ir::CpuHeader;
    }
    uint64_t& x(unsigned number) {
      return *reinterpret_cast<uint64_t*>(reinterpret_cast<std::byte*>(cpu) +
                                          layout.slot(riscv::x_slot(number)).offset);
    }
    const ir::StateLayout& layout;
    std::vector<std::byte> bytes;
    ir::CpuHeader* cpu;
  };

  void start(EngineOptions options = {}) {
    engine_ = std::make_unique<TranslatorEngine>(guest_, memory_, *compiler_, options);
    ASSERT_TRUE(static_cast<bool>(engine_->start()));
  }
  void put(uint64_t offset, std::initializer_list<uint32_t> insns) {
    std::copy(insns.begin(), insns.end(), reinterpret_cast<uint32_t*>(memory_.base() + offset));
  }
  // On this thread, from an offset in guest memory, a stack at its end.
  vcpu::Exit run(State& state, uint64_t offset) {
    engine_->attach(*state.cpu);
    state.cpu->pc = memory_.base() + offset;
    state.x(kSp) = memory_.base() + HostMemory::kSize;
    vcpu::Exit exit;
    {
      const FaultHandler handler(*engine_, *state.cpu, memory_);
      exit = engine_->run(*state.cpu);
    }
    engine_->detach(*state.cpu);
    return exit;
  }

  HostMemory memory_;
  riscv::Frontend guest_;
  std::unique_ptr<Compiler> compiler_ =
      x64::make_compiler(guest_.layout(), guest_.helpers(), x64::HostFeatures::detect());
  std::unique_ptr<TranslatorEngine> engine_;
  State state_{guest_.layout()};
};

}  // namespace menura::runtime::test
