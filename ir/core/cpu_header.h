// The first bytes of every virtual CPU's state struct, the same for all guests. Guest slots follow at
// sizeof(CpuHeader). Engines own the fields of their section; frontends and users of an engine own the others.
#pragma once

#include <atomic>
#include <cstdint>
#include <type_traits>

namespace menura::ir {

inline constexpr unsigned kThunkCount = 16;  // backends/runtime/thunks.h names them
inline constexpr unsigned kSpillBytes = 4096;
inline constexpr unsigned kTlbCount = 2;  // translation regimes that compiled code may name (MemDesc::mmu_index)

struct alignas(64) CpuHeader {
  // --- identity of the code to run next
  uint64_t pc = 0;
  uint64_t mode = 0;
  uint64_t extra = 0;

  // --- set by anyone, at any time, from any thread or signal handler; compiled code looks at it at back edges and at
  // region entries that a loop must pass (vcpu/engine.h)
  std::atomic<uint32_t> stop_request{0};

  // --- floating point: the guest's live mode and sticky flags in the form of the host's MXCSR, all exceptions masked.
  // Compiled code has it in MXCSR while it runs; it is here whenever the engine is not running, its mode at all times.
  uint32_t mxcsr = 0x1f80;

  // --- owner of the virtual CPU: what helpers reach the outside through
  void* door = nullptr;  // vcpu::Door of the process or machine; without one, counters read 0

  // --- LL/SC reservation
  static constexpr uint64_t kNoReservation = ~uint64_t{0};
  uint64_t reservation_address = kNoReservation;
  uint64_t reservation_value[2] = {};  // what was read there, the low half first
  uint32_t reservation_size = 0;
  uint32_t host_mxcsr = 0x1f80;  // engine: what C++ code runs with

  // --- floating point: 1 once an op with FpDesc::flush has taken a denormal f32 or f64 for a zero (Arm's FPSR.IDC).
  // The host's flag for denormal operands is no use: it is raised by them without flushing.
  uint32_t fp_denormal = 0;

  // --- counting mode: guest instructions left before ExitKind::Budget, and those retired
  int64_t budget = 0;
  uint64_t retired = 0;

  // --- exit detail, written by compiled code on its way out
  uint32_t exit_kind = 0;    // vcpu::ExitKind
  uint32_t exit_length = 0;  // fault: bytes accessed
  uint64_t exit_detail = 0;

  // --- engine: what compiled code reaches through its state pointer, so that it needs no address of Menura's own
  void* engine = nullptr;        // the engine's record of this virtual CPU
  void* lookup_table = nullptr;  // code records of this mode and extra word by hash, probed by compiled code
  void* heat = nullptr;          // execution counters (uint32_t each), by index
  uint64_t host_rsp = 0;         // stack of the C++ code that called the engine
  uint64_t code_rsp = 0;         // stack of compiled code: nothing but return predictions
  uint64_t code_rsp_base = 0;    // where it is empty

  // --- machines: translated addresses of data, by regime; compiled code probes them (softmmu/api/tlb.h)
  struct Tlb {
    uint64_t mask = 0;  // of the number of entries, times their size
    void* entries = nullptr;
  } tlb[kTlbCount];

  uint64_t entry_rsp = 0;  // while rsp points to a frame in `spill`: the stack of compiled code at the region's entry
  uint64_t reservation_pc = 0;  // the guest instruction that opened the reservation
  void* thunks[kThunkCount] = {};

  // --- machines: an access that compiled code leaves to Thunk::Memory
  uint64_t access_address = 0;                // in: the guest's; out: the host's, of loads and atomics
  uint32_t access_kind = 0;                   // runtime::SlowAccess
  alignas(64) uint8_t access_value[64] = {};  // what a store writes, or a load has read
  alignas(
      64) uint8_t spill[kSpillBytes] = {};  // values that compiled code has no register for; dead at region boundaries
};
static_assert(std::is_standard_layout_v<CpuHeader>);

}  // namespace menura::ir
