// Virtual-memory translation by page tables (Volume II 20240411, 12.3 to 12.6): Sv39, Sv48, Sv57.
#pragma once

#include "frontends/riscv/system/pmp.h"
#include "softmmu/api/page_walker.h"
#include "softmmu/api/physical_memory.h"

namespace menura::riscv {

// What a translation depends on besides the tables.
struct Translation {
  uint64_t satp = 0;                      // not of mode Bare
  Privilege privilege = Privilege::User;  // effective: User or Supervisor
  bool sum = false;                       // mstatus.SUM: supervisors may access user pages
  bool mxr = false;                       // mstatus.MXR: executable pages can be read
  bool hardware_update = false;           // Svadu: accessed and dirty bits are set here
  bool memory_types = false;              // Svpbmt
};

enum class WalkResult : uint8_t { Done, PageFault, AccessFault };

// Rights that need a dirty bit that is not set yet are left out of *mapping. PMP has a say about the tables, not yet
// about the page.
WalkResult walk_tables(softmmu::PhysicalMemory& memory, const Pmp& pmp, const Translation& translation,
                       uint64_t address, ir::Access access, softmmu::PageMapping* mapping);

}  // namespace menura::riscv
