// VMSAv8-64 (Arm ARM DDI 0487, D8): from a virtual address to a page and its rights, in stage 1 of any regime; and from
// what guests take for physical addresses, in stage 2.
#pragma once

#include "softmmu/api/page_walker.h"
#include "softmmu/api/physical_memory.h"

namespace menura::arm {

// What a translation depends on besides the tables.
struct Translation {
  uint64_t tcr = 0;  // as TCR_EL1 has it
  uint64_t ttbr[2] = {};
  bool kernel = false;          // not EL0
  bool single = false;          // EL2 or EL3 without EL0: one half, rights of one level
  int stage2_level = -1;        // stage 2: the level at which it begins
  bool pan = false;             // PSTATE.PAN
  bool wxn = false;             // SCTLR_EL1.WXN
  bool updates = false;         // FEAT_HAFDBS
  bool hierarchy = false;       // FEAT_HPDS: TCR_EL1.HPD0 and HPD1 count
  bool granule16 = false;       // FEAT_TGran16
  bool closes = false;          // FEAT_E0PD
  unsigned physical_bits = 48;  // of the processing element
};

struct WalkResult {
  bool done = false;
  uint8_t status = 0;       // of a fault: FaultStatus, with the level
  bool stage2 = false;      // whose fault it is
  unsigned attributes = 0;  // AttrIndx of the descriptor
  unsigned shareability = 0;
};

// What a fault of stage 2 says besides its status: HPFAR_EL2.
struct Stage2Fault {
  static constexpr uint32_t kMark = uint32_t{1} << 31;  // in ir::Fault::syndrome
  uint64_t address = 0;                                 // what stage 1 has answered
  bool on_table = false;                                // it was that of a table of stage 1
};

// Bits 63 to 56 of `address` do not count where TCR_EL1 says so (TBI).
bool ignores_top_byte(uint64_t tcr, uint64_t address);

// Rights that need an update of the descriptor that this access does not make are left out of *mapping.
WalkResult walk_tables(softmmu::PhysicalMemory& memory, const Translation& translation, uint64_t address,
                       ir::Access access, softmmu::PageMapping* mapping);

// ID_AA64MMFR0_EL1.PARange and TCR_EL1.IPS: 32 to 48 bits (52 need FEAT_LPA).
unsigned physical_bits(uint64_t range);

}  // namespace menura::arm
