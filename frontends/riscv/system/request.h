// What compiled code asks of its hart: the words that pass between lifting and Hart.
#pragma once

#include <cstdint>

namespace menura::riscv {

// Detail of ExitKind::ModeChange and ExitKind::Wait.
enum class Request : uint64_t {
  None,
  EnableFp,  // ModeChange, at an instruction that changes floating-point state, which mstatus.FS does not call dirty
  Mret,      // ModeChange, behind the instruction
  Sret,
  Wfi,  // Wait
};

// A register access by csrrw (action 0), csrrs (1) or csrrc (2).
struct CsrAccess {
  uint32_t csr : 12;
  uint32_t rd : 5;
  uint32_t action : 2;
  uint32_t writes : 1;
  uint32_t unused : 12 = 0;
};

// How it went on.
enum class CsrStatus : uint64_t {
  Done,
  Illegal,  // nothing has happened
  Leave,    // done; the engine must be left behind the instruction, because an interrupt or another mode comes next
};

}  // namespace menura::riscv
