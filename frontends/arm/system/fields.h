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

// TCR_EL2 with HCR_EL2.E2H 0, TCR_EL3 and VTCR_EL2 (D19.2.140, D19.2.141, D19.2.163): what lies elsewhere than in
// TCR_EL1.
struct SingleTcr {
  static constexpr unsigned kPsShift = 16;
  static constexpr unsigned kSl0Shift = 6;  // VTCR_EL2: at which level the walk begins
  static constexpr uint64_t kTbi = 1U << 20;
  static constexpr uint64_t kHa = 1U << 21;
  static constexpr uint64_t kHd = 1U << 22;
  static constexpr uint64_t kHpd = 1U << 24;
};

// HCR_EL2 (D19.2.48).
struct Hcr {
  static constexpr uint64_t kVm = 1U << 0;   // stage 2 of EL1 and EL0
  static constexpr uint64_t kFmo = 1U << 3;  // FIQs go to EL2
  static constexpr uint64_t kImo = 1U << 4;
  static constexpr uint64_t kVf = 1U << 6;  // a virtual FIQ is pending
  static constexpr uint64_t kVi = 1U << 7;
  static constexpr uint64_t kDc = 1U << 12;    // stage 1 is off, whatever SCTLR_EL1.M says
  static constexpr uint64_t kTwi = 1U << 13;   // traps: WFI
  static constexpr uint64_t kTid1 = 1U << 16;  // identification registers of group 1
  static constexpr uint64_t kTid2 = 1U << 17;
  static constexpr uint64_t kTid3 = 1U << 18;
  static constexpr uint64_t kTsc = 1U << 19;   // SMC
  static constexpr uint64_t kTacr = 1U << 21;  // ACTLR_EL1
  static constexpr uint64_t kTsw = 1U << 22;   // cache maintenance by set and way
  static constexpr uint64_t kTpc = 1U << 23;   // to the point of coherency
  static constexpr uint64_t kTpu = 1U << 24;   // to the point of unification
  static constexpr uint64_t kTtlb = 1U << 25;  // TLBI
  static constexpr uint64_t kTvm = 1U << 26;   // writes of what controls translation
  static constexpr uint64_t kTge = 1U << 27;   // EL0 is EL2's, and there is no EL1
  static constexpr uint64_t kTdz = 1U << 28;   // DC ZVA
  static constexpr uint64_t kHcd = 1U << 29;   // HVC is undefined (without EL3)
  static constexpr uint64_t kTrvm = 1U << 30;  // reads of what controls translation
  static constexpr uint64_t kRw = 1U << 31;    // EL1 is in AArch64: always
  static constexpr uint64_t kE2h = uint64_t{1} << 34;
  static constexpr uint64_t kTlor = uint64_t{1} << 35;
  static constexpr uint64_t kApk = uint64_t{1} << 40;
  static constexpr uint64_t kApi = uint64_t{1} << 41;
  static constexpr uint64_t kRegisterTraps = kTid1 | kTid2 | kTid3 | kTacr | kTvm | kTrvm | kTlor;
};

// SCR_EL3 (D19.2.116).
struct Scr {
  static constexpr uint64_t kNs = 1U << 0;  // below EL3 is non-secure
  static constexpr uint64_t kIrq = 1U << 1;
  static constexpr uint64_t kFiq = 1U << 2;
  static constexpr uint64_t kEa = 1U << 3;   // external aborts go to EL3
  static constexpr uint64_t kSmd = 1U << 7;  // SMC is undefined
  static constexpr uint64_t kHce = 1U << 8;  // HVC is defined
  static constexpr uint64_t kSt = 1U << 11;  // secure EL1 may use its timer
  static constexpr uint64_t kTwi = 1U << 12;
  static constexpr uint64_t kRes1 = 0x430;  // and RW: lower levels are in AArch64
};

// CPTR_EL2 and CPTR_EL3 (D19.2.33 and D19.2.34), CPACR_EL1 (D19.2.30).
struct Cptr {
  static constexpr uint64_t kTfp = 1U << 10;  // traps floating point; CPTR_EL2 has FPEN with E2H
  static constexpr unsigned kFpenShift = 20;  // as in CPACR_EL1
  static constexpr uint64_t kFpen = 3U << kFpenShift;
  static constexpr uint64_t kTcpac = 1U << 31;  // traps CPACR_EL1
  static constexpr uint64_t kRes1 = 0x33ff;     // of CPTR_EL2 without E2H
};

// MDCR_EL2 and MDCR_EL3 (D19.3.19).
struct Mdcr {
  static constexpr uint64_t kTde = 1U << 8;     // debug exceptions go to EL2
  static constexpr uint64_t kTda = 1U << 9;     // traps: debug registers
  static constexpr uint64_t kTdosa = 1U << 10;  // those of the OS lock
  static constexpr uint64_t kTdra = 1U << 11;   // MDRAR_EL1
};

inline constexpr unsigned kAsidShift = 48;  // of TTBRn_EL1 and of what TLBI names

// SPSR_EL1 (D19.2.129), whose fields are PSTATE's.
struct Pstate {
  static constexpr uint64_t kModeMask = 0x1f;
  static constexpr uint64_t kEl0t = 0;
  static constexpr uint64_t kEl1t = 4;
  static constexpr uint64_t kEl1h = 5;
  static constexpr unsigned kLevelShift = 2;  // of the mode's exception level
  static constexpr uint64_t kSpx = 1;         // and its stack pointer: SP_ELx
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
    Hvc64 = 0x16,
    Smc64 = 0x17,
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
  static constexpr uint64_t kCm = 1U << 8;     // cache maintenance
  static constexpr uint64_t kS1ptw = 1U << 7;  // stage 2 refused a table of stage 1
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
