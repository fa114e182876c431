// Fields of the privileged registers, causes and interrupt numbers (Volume II: Privileged, 20240411).
#pragma once

#include <cstdint>

namespace menura::riscv {

// 3.1.6: mstatus; 12.1.1: sstatus is a part of it.
struct Status {
  static constexpr uint64_t kSie = 1U << 1;
  static constexpr uint64_t kMie = 1U << 3;
  static constexpr uint64_t kSpie = 1U << 5;
  static constexpr uint64_t kMpie = 1U << 7;
  static constexpr uint64_t kSpp = 1U << 8;
  static constexpr unsigned kMppShift = 11;
  static constexpr uint64_t kMpp = 3U << kMppShift;
  static constexpr uint64_t kFs = 3U << 13;  // 0 off, 1 initial, 2 clean, 3 dirty
  static constexpr uint64_t kMprv = 1U << 17;
  static constexpr uint64_t kSum = 1U << 18;
  static constexpr uint64_t kMxr = 1U << 19;
  static constexpr uint64_t kTvm = 1U << 20;
  static constexpr uint64_t kTw = 1U << 21;
  static constexpr uint64_t kTsr = 1U << 22;
  static constexpr uint64_t kUxl64 = uint64_t{2} << 32;
  static constexpr uint64_t kSxl64 = uint64_t{2} << 34;
  static constexpr uint64_t kSd = uint64_t{1} << 63;  // FS is dirty

  static constexpr uint64_t kSupervisorWritable = kSie | kSpie | kSpp | kFs | kSum | kMxr;
  static constexpr uint64_t kSupervisorReadable = kSupervisorWritable | kUxl64 | kSd;
  static constexpr uint64_t kMachineWritable = kSupervisorWritable | kMie | kMpie | kMpp | kMprv | kTvm | kTw | kTsr;
};

// 3.1.9: bits of mip and mie.
struct Interrupts {
  static constexpr unsigned kSsi = 1;  // software
  static constexpr unsigned kMsi = 3;
  static constexpr unsigned kSti = 5;  // timer
  static constexpr unsigned kMti = 7;
  static constexpr unsigned kSei = 9;  // external
  static constexpr unsigned kMei = 11;
  static constexpr uint64_t kSupervisor = 1U << kSsi | 1U << kSti | 1U << kSei;
  static constexpr uint64_t kMachine = 1U << kMsi | 1U << kMti | 1U << kMei;
  static constexpr uint64_t kAll = kSupervisor | kMachine;
};

// 3.1.15, table 14.
enum class Cause : uint8_t {
  FetchMisaligned = 0,
  FetchAccess = 1,
  Illegal = 2,
  Breakpoint = 3,
  LoadMisaligned = 4,
  LoadAccess = 5,
  StoreMisaligned = 6,  // and atomics
  StoreAccess = 7,
  EcallFromU = 8,  // then from S; from M it is 11
  FetchPage = 12,
  LoadPage = 13,
  StorePage = 15,
};

// 3.1.18: menvcfg; 12.1.10: senvcfg.
struct Envcfg {
  static constexpr uint64_t kFiom = 1U << 0;
  static constexpr uint64_t kCbie = 3U << 4;            // cbo.inval: 0 illegal, 1 flushes, 3 invalidates; 2 is reserved
  static constexpr uint64_t kCbcfe = 1U << 6;           // cbo.clean, cbo.flush
  static constexpr uint64_t kCbze = 1U << 7;            // cbo.zero
  static constexpr uint64_t kAdue = uint64_t{1} << 61;  // accessed and dirty bits by hardware
  static constexpr uint64_t kPbmte = uint64_t{1} << 62;  // memory types in page tables
  static constexpr uint64_t kStce = uint64_t{1} << 63;   // stimecmp
  static constexpr uint64_t kSupervisorWritable = kFiom | kCbie | kCbcfe | kCbze;
  static constexpr uint64_t kMachineWritable = kSupervisorWritable | kAdue | kPbmte | kStce;
};

// 12.1.11: satp.
struct Satp {
  static constexpr unsigned kModeShift = 60;
  static constexpr uint64_t kBare = 0;
  static constexpr uint64_t kSv39 = 8;  // then Sv48 and Sv57
  static constexpr uint64_t kSv57 = 10;
  static constexpr unsigned kAsidShift = 44;
  static constexpr unsigned kAsidBits = 13;  // so that all that a translation depends on fits into 64 bits
  static constexpr uint64_t kAsid = ((uint64_t{1} << kAsidBits) - 1) << kAsidShift;
  static constexpr uint64_t kPpn = (uint64_t{1} << kAsidShift) - 1;
  static constexpr uint64_t kWritable = uint64_t{15} << kModeShift | kAsid | kPpn;

  static constexpr uint64_t mode(uint64_t satp) { return satp >> kModeShift; }
};

// 12.3.1: page table entries.
struct Pte {
  static constexpr uint64_t kV = 1U << 0;
  static constexpr uint64_t kR = 1U << 1;
  static constexpr uint64_t kW = 1U << 2;
  static constexpr uint64_t kX = 1U << 3;
  static constexpr uint64_t kU = 1U << 4;
  static constexpr uint64_t kG = 1U << 5;
  static constexpr uint64_t kA = 1U << 6;
  static constexpr uint64_t kD = 1U << 7;
  static constexpr unsigned kPpnShift = 10;
  static constexpr uint64_t kPpnMask = (uint64_t{1} << 44) - 1;
  static constexpr unsigned kPbmtShift = 61;
  static constexpr uint64_t kPbmt = uint64_t{3} << kPbmtShift;
  static constexpr uint64_t kReserved = uint64_t{0x7f} << 54 | uint64_t{1} << 63;  // bit 63: Svnapot's N
};

// 3.7.1: bits of a byte of pmpcfg.
struct PmpConfig {
  static constexpr uint8_t kR = 1U << 0;
  static constexpr uint8_t kW = 1U << 1;
  static constexpr uint8_t kX = 1U << 2;
  static constexpr unsigned kMatchShift = 3;  // 0 off, 1 top of range, 2 four bytes, 3 power of two
  static constexpr uint8_t kMatch = 3U << kMatchShift;
  static constexpr uint8_t kLocked = 1U << 7;
  static constexpr uint8_t kWritable = kR | kW | kX | kMatch | kLocked;
};

}  // namespace menura::riscv
