// Fields of the system registers and the numbers of exceptions (Arm ARM DDI 0487, D19.2 and D1.4).
#pragma once

#include <cstdint>

namespace menura::arm {

// SCTLR_EL1 (D19.2.118).
struct Sctlr {
  static constexpr uint64_t kM = 1U << 0;
  static constexpr uint64_t kA = 1U << 1;
  static constexpr uint64_t kUma = 1U << 9;    // EL0 may name DAIF
  static constexpr uint64_t kEnDb = 1U << 13;  // pointer authentication with this key
  static constexpr uint64_t kDze = 1U << 14;   // EL0 may DC ZVA
  static constexpr uint64_t kUct = 1U << 15;   // EL0 may read CTR_EL0
  static constexpr uint64_t kNtwi = 1U << 16;  // EL0 may WFI
  static constexpr uint64_t kWxn = 1U << 19;
  static constexpr uint64_t kSpan = 1U << 23;  // exceptions leave PSTATE.PAN
  static constexpr uint64_t kUci = 1U << 26;   // EL0 may maintain caches
  static constexpr uint64_t kEnDa = 1U << 27;
  static constexpr uint64_t kEnIb = 1U << 30;
  static constexpr uint64_t kEnIa = uint64_t{1} << 31;
  static constexpr uint64_t kDssbs = uint64_t{1} << 44;
};

// TCR_EL1 (D19.2.139).
struct Tcr {
  static constexpr unsigned kT0szShift = 0;
  static constexpr unsigned kT1szShift = 16;
  static constexpr uint64_t kEpd0 = 1U << 7;
  static constexpr uint64_t kEpd1 = 1U << 23;
  static constexpr unsigned kTg0Shift = 14;
  static constexpr uint64_t kA1 = 1U << 22;  // the ASID is TTBR1_EL1's
  static constexpr unsigned kTg1Shift = 30;
  static constexpr unsigned kIpsShift = 32;
  static constexpr uint64_t kAs = uint64_t{1} << 36;  // ASIDs have 16 bits
  static constexpr uint64_t kTbi0 = uint64_t{1} << 37;
  static constexpr uint64_t kTbi1 = uint64_t{1} << 38;
  static constexpr uint64_t kHa = uint64_t{1} << 39;
  static constexpr uint64_t kHd = uint64_t{1} << 40;
  static constexpr uint64_t kHpd0 = uint64_t{1} << 41;
  static constexpr uint64_t kHpd1 = uint64_t{1} << 42;
  static constexpr uint64_t kE0pd0 = uint64_t{1} << 55;
  static constexpr uint64_t kE0pd1 = uint64_t{1} << 56;
};

inline constexpr unsigned kAsidShift = 48;  // of TTBRn_EL1 and of what TLBI names

// SPSR_EL1 (D19.2.129), whose fields are PSTATE's.
struct Pstate {
  static constexpr uint64_t kModeMask = 0x1f;
  static constexpr uint64_t kEl0t = 0;
  static constexpr uint64_t kEl1t = 4;
  static constexpr uint64_t kEl1h = 5;
  static constexpr uint64_t kF = 1U << 6;
  static constexpr uint64_t kI = 1U << 7;
  static constexpr uint64_t kA = 1U << 8;
  static constexpr uint64_t kD = 1U << 9;
  static constexpr uint64_t kDaif = kD | kA | kI | kF;
  static constexpr unsigned kSsbsBit = 12;
  static constexpr uint64_t kIl = 1U << 20;
  static constexpr uint64_t kPan = 1U << 22;
  static constexpr uint64_t kUao = 1U << 23;
  static constexpr unsigned kDitBit = 24;
  static constexpr unsigned kNzcvBits[] = {31, 30, 29, 28};
};

// ESR_EL1 (D19.2.37).
struct Esr {
  enum Class : uint8_t {
    Unknown = 0x00,
    TrappedWait = 0x01,
    TrappedFp = 0x07,
    IllegalState = 0x0e,
    Svc64 = 0x15,
    TrappedSystem = 0x18,
    InstructionAbortLower = 0x20,
    InstructionAbort = 0x21,
    PcAlignment = 0x22,
    DataAbortLower = 0x24,
    DataAbort = 0x25,
    Brk64 = 0x3c,
  };
  static constexpr unsigned kClassShift = 26;
  static constexpr uint64_t kIl = 1U << 25;  // the instruction has 32 bits
  static constexpr uint64_t kWnr = 1U << 6;
  static constexpr uint64_t kCm = 1U << 8;  // cache maintenance
  // Of a wait or a floating-point instruction: a condition code is there, and is AL.
  static constexpr uint64_t kCondition = 0x1e00000;
};

// DFSC and IFSC of ESR_ELx, FST of PAR_EL1; those of tables have the level in bits 1 and 0.
enum FaultStatus : uint8_t {
  kAddressSize = 0x00,
  kTranslation = 0x04,
  kAccessFlag = 0x08,
  kPermission = 0x0c,
  kExternal = 0x10,
  kExternalOnWalk = 0x14,
  kAlignment = 0x21,
};

// D1.4.1: offsets in the vector table, by where the exception comes from and of what kind it is.
inline constexpr uint64_t kFromCurrentSp0 = 0x000;
inline constexpr uint64_t kFromCurrentSpx = 0x200;
inline constexpr uint64_t kFromLower = 0x400;
enum class VectorKind : uint16_t { Synchronous = 0x000, Irq = 0x080, Fiq = 0x100 };

}  // namespace menura::arm
