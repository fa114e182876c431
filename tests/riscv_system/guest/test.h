// What the programs of this folder share: the console, registers, and code at another privilege level.
#pragma once

typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned char u8;

enum { U = 0, S = 1, M = 3 };

#define CSR_TEXT_(x) #x
#define CSR_TEXT(x) CSR_TEXT_(x)
#define READ(csr)                                                  \
  ({                                                               \
    u64 value_;                                                    \
    asm volatile("csrr %0, " CSR_TEXT(csr) : "=r"(value_)::"memory"); \
    value_;                                                        \
  })
#define WRITE(csr, value) asm volatile("csrw " CSR_TEXT(csr) ", %0" ::"r"((u64)(value)) : "memory")
#define SET(csr, value) asm volatile("csrs " CSR_TEXT(csr) ", %0" ::"r"((u64)(value)) : "memory")
#define CLEAR(csr, value) asm volatile("csrc " CSR_TEXT(csr) ", %0" ::"r"((u64)(value)) : "memory")

// Names that the assembler may not know.
#define stimecmp_ 0x14d
#define menvcfg_ 0x30a

#define MSTATUS_SIE (1UL << 1)
#define MSTATUS_MIE (1UL << 3)
#define MSTATUS_SPIE (1UL << 5)
#define MSTATUS_MPIE (1UL << 7)
#define MSTATUS_SPP (1UL << 8)
#define MSTATUS_MPP (3UL << 11)
#define MSTATUS_FS (3UL << 13)
#define MSTATUS_MPRV (1UL << 17)
#define MSTATUS_SUM (1UL << 18)
#define MSTATUS_MXR (1UL << 19)
#define MSTATUS_TVM (1UL << 20)
#define MSTATUS_TW (1UL << 21)
#define MSTATUS_TSR (1UL << 22)
#define STCE (1UL << 63)
#define ADUE (1UL << 61)

// What the last trap left: the level that it went to ('M', 'S'), and that level's registers.
struct seen {
  u64 level, cause, tval, epc, status, mstatus, a0, mip;
};
extern struct seen seen;
void enter(u64 pc, u64 argument);
extern char machine_vectors[], machine_trap[], supervisor_trap[];

static inline void put_char(char c) { *(volatile u8*)0x10000000 = (u8)c; }
static inline void put(const char* text) {
  while (*text != 0) put_char(*text++);
}
static inline void put_hex(u64 value) {
  int shift = 60;
  put("0x");
  while (shift > 0 && (value >> shift & 15) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) put_char("0123456789abcdef"[value >> shift & 15]);
}
static inline void put_dec(u64 value) {
  if (value >= 10) put_dec(value / 10);
  put_char((char)('0' + value % 10));
}
static inline void show(const char* name, u64 value) {
  put(name);
  put(" ");
  put_hex(value);
  put("\n");
}

// Memory may be accessed by all levels: one PMP entry over everything.
static inline void open_memory(void) {
  WRITE(pmpaddr0, -1UL);
  WRITE(pmpcfg0, 0x1f);
}

// Runs code at a level until it traps.
static inline void run(int level, const void* code, u64 argument) {
  CLEAR(mstatus, MSTATUS_MPP);
  SET(mstatus, (u64)level << 11);
  enter((u64)code, argument);
}

// "level cause tval epc", epc from the start of the code where it is near.
static inline void report(const char* name, const void* code) {
  put(name);
  put(": ");
  put_char((char)seen.level);
  put((seen.cause >> 63) != 0 ? " interrupt " : " cause ");
  put_dec(seen.cause << 1 >> 1);
  put(" tval ");
  put_hex(seen.tval);
  put(" epc ");
  if (seen.epc - (u64)code < 256) {
    put("+");
    put_dec(seen.epc - (u64)code);
  } else {
    put_hex(seen.epc);
  }
  put("\n");
}

// CODE(name, "instructions"): code to run. Uncompressed, so that offsets are as written.
#define CODE(name, text)                                                                                    \
  extern char name[];                                                                                       \
  asm(".pushsection .text\n.option push\n.option norvc\n.align 2\n" #name ":\n" text "\n.option pop\n.popsection\n")
