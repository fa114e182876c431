// Every CSR number from every level: which can be read, which can be written (Privileged 20240411, chapter 2); and what
// the registers keep of ones and zeros.
#include "test.h"

// csrrs a0, number, x0 reads; with a1 in the place of x0, though it is 0, it counts as a write.
static u32 slot[4] __attribute__((aligned(16)));

static int legal(int level, u32 number, int writes) {
  slot[0] = number << 20 | 2 << 12 | 10 << 7 | 0x73 | (writes ? 11 << 15 : 0);  // csrrs a0, number, a1 or x0
  slot[1] = 0x00000073;                                                         // ecall
  asm volatile("fence.i" ::: "memory");
  // a1 is the argument of enter() as well: 0.
  run(level, slot, 0);
  return seen.cause != 2;
}

static void list(const char* name, int level, int writes) {
  put("-- ");
  put(name);
  put("\n");
  int first = -1;
  for (int number = 0; number <= 4096; ++number) {
    const int is = number < 4096 && legal(level, (u32)number, writes);
    if (is && first < 0) first = number;
    if (!is && first >= 0) {
      put_hex((u64)first);
      if (number - 1 != first) {
        put("-");
        put_hex((u64)number - 1);
      }
      put("\n");
      first = -1;
    }
  }
}

#define KEEPS(csr)                   \
  do {                               \
    const u64 before = READ(csr);    \
    WRITE(csr, -1UL);                \
    const u64 ones = READ(csr);      \
    WRITE(csr, 0);                   \
    const u64 zeros = READ(csr);     \
    WRITE(csr, before);              \
    put(#csr " ");                   \
    put_hex(ones);                   \
    put(" ");                        \
    put_hex(zeros);                  \
    put("\n");                    \
  } while (0)

// sstatus by a supervisor: compiled code changes it where the rights of accesses stay as they are.
CODE(code_status_write, "csrrw a0, sstatus, a0; ecall");
CODE(code_status_set, "csrrs a0, sstatus, a0; ecall");
CODE(code_status_clear, "csrrc a0, sstatus, a0; ecall");
CODE(code_status_write_read, "csrw sstatus, a0; csrr a0, sstatus; ecall");
CODE(code_status_clear_read, "csrc sstatus, a0; csrr a0, sstatus; ecall");

#define VS_AND_UXL (3UL << 9 | 3UL << 32)  // QEMU 7.2 lets them be written

static void status_of_supervisor(const char* name, const char* code) {
  const u64 operands[] = {0, ~VS_AND_UXL, MSTATUS_FS, 1UL << 13, 1UL << 14, MSTATUS_FS | MSTATUS_SUM, MSTATUS_SUM, MSTATUS_MXR,
                          MSTATUS_SPP | MSTATUS_SPIE | MSTATUS_SIE, 1UL << 63};
  const u64 visible = MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP | MSTATUS_FS | MSTATUS_SUM | MSTATUS_MXR | 1UL << 63;
  put(name);
  put("\n");
  for (u64 fs = 0; fs < 4; ++fs) {
    for (u64 i = 0; i < sizeof operands / sizeof *operands; ++i) {
      CLEAR(mstatus, visible);
      SET(mstatus, fs << 13 | (i % 2 != 0 ? MSTATUS_SPP : MSTATUS_SPIE | MSTATUS_SUM));
      run(S, code, operands[i]);
      put_hex(operands[i]);
      show(": a0", seen.a0 & visible);
      show("  mstatus", seen.mstatus & visible);
    }
  }
}

int main(void) {
  open_memory();
  SET(mstatus, MSTATUS_FS);
  WRITE(mcounteren, -1UL);
  WRITE(scounteren, -1UL);
  WRITE(menvcfg_, STCE);
  WRITE(mie, 0);
  list("read in M", M, 0);
  list("written in M", M, 1);
  list("read in S", S, 0);
  list("written in S", S, 1);
  list("read in U", U, 0);
  list("written in U", U, 1);
  WRITE(mcounteren, 0);
  WRITE(menvcfg_, 0);
  list("read in S, nothing let through", S, 0);
  WRITE(mcounteren, -1UL);
  WRITE(scounteren, 0);
  list("read in U, S lets nothing through", U, 0);
  WRITE(scounteren, 1 << 1);
  WRITE(mcounteren, 3);
  list("read in U, time only", U, 0);
  CLEAR(mstatus, MSTATUS_FS);
  list("read in U, FS off", U, 0);
  list("read in S, FS off", S, 0);

  put("-- kept of ones and of zeros\n");
  KEEPS(medeleg);
  KEEPS(mideleg);
  KEEPS(mie);
  KEEPS(mscratch);
  KEEPS(mepc);
  KEEPS(mcause);
  KEEPS(mtval);
  KEEPS(stvec);
  KEEPS(sscratch);
  KEEPS(sepc);
  KEEPS(scause);
  KEEPS(stval);
  KEEPS(mcounteren);
  KEEPS(scounteren);
  KEEPS(mcountinhibit);
  KEEPS(menvcfg_);
  KEEPS(stimecmp_);
  KEEPS(misa);
  KEEPS(sstatus);
  KEEPS(pmpaddr15);
  WRITE(mideleg, -1UL);
  KEEPS(sie);
  put("-- mstatus\n");
  const u64 status = READ(mstatus);
  WRITE(mstatus, -1UL);
  show("ones", READ(mstatus));
  WRITE(mstatus, 0);
  show("zeros", READ(mstatus));
  for (u64 mpp = 0; mpp < 4; ++mpp) {
    WRITE(mstatus, MSTATUS_MPP);
    WRITE(mstatus, mpp << 11);
    show("MPP", READ(mstatus) >> 11 & 3);
  }
  for (u64 fs = 0; fs < 4; ++fs) {
    WRITE(mstatus, fs << 13);
    show("FS, SD", READ(mstatus) >> 13 & 3);
    show("      ", READ(mstatus) >> 63);
    show("      ", READ(sstatus) >> 63);
  }
  WRITE(mstatus, status);
  put("-- sstatus in supervisor mode\n");
  status_of_supervisor("csrrw", code_status_write);
  status_of_supervisor("csrrs", code_status_set);
  status_of_supervisor("csrrc", code_status_clear);
  status_of_supervisor("csrw, csrr", code_status_write_read);
  status_of_supervisor("csrc, csrr", code_status_clear_read);
  WRITE(mstatus, status);
  put("-- satp\n");
  for (u64 mode = 0; mode < 16; ++mode) {
    WRITE(satp, 0);
    WRITE(satp, mode << 60 | 0x12345);
    show("mode", READ(satp) >> 60);
  }
  WRITE(satp, 0);
  return 0;
}
