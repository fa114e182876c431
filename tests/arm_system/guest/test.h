// What the programs of this folder share: the console, registers, and code at another exception level.
#pragma once

typedef unsigned long u64;
typedef unsigned int u32;
typedef unsigned char u8;

#define TEXT_(x) #x
#define TEXT(x) TEXT_(x)
#define READ(reg)                                                \
  ({                                                             \
    u64 value_;                                                  \
    asm volatile("mrs %0, " TEXT(reg) : "=r"(value_)::"memory"); \
    value_;                                                      \
  })
#define WRITE(reg, value) asm volatile("msr " TEXT(reg) ", %0\n\tisb" ::"r"((u64)(value)) : "memory")

#define EL0T 0x3c0UL  // interrupts masked
#define EL1T 0x3c4UL
#define EL1H 0x3c5UL

// What the last exception left.
struct seen {
  u64 vector, esr, far, elr, spsr, daif, current, spsel, pan, uao, x0;
};
extern struct seen seen;
void enter(u64 pc, u64 spsr, u64 argument);
extern char vectors[];

static inline void put_char(char c) { *(volatile u32*)0x09000000 = (u8)c; }
static inline void put(const char* text) {
  while (*text != 0) put_char(*text++);
}
static inline void put_hex(u64 value) {
  int shift = 60;
  put("0x");
  while (shift > 0 && (value >> shift & 15) == 0) shift -= 4;
  for (; shift >= 0; shift -= 4) put_char("0123456789abcdef"[value >> shift & 15]);
}
static inline void show(const char* name, u64 value) {
  put(name);
  put(" ");
  put_hex(value);
  put("\n");
}

// "vector esr far elr spsr": far where the exception has one, elr from the start of the code where it is near.
static inline void report(const char* name, const void* code) {
  const u64 class = seen.esr >> 26 & 63;
  put(name);
  put(": ");
  put_hex(seen.vector);
  put(" esr ");
  put_hex(seen.esr);
  if (class == 0x20 || class == 0x21 || class == 0x22 || class == 0x24 || class == 0x25) {
    put(" far ");
    put_hex(seen.far);
  }
  put(" elr ");
  if (seen.elr - (u64)code < 256) {
    put("+");
    put_hex(seen.elr - (u64)code);
  } else {
    put_hex(seen.elr);
  }
  put(" spsr ");
  put_hex(seen.spsr);
  put("\n");
}

// CODE(name, "instructions"): code to run, in pages that EL0 can be given.
#define CODE(name, text) \
  extern char name[];    \
  asm(".pushsection .user, \"ax\"\n.arch armv8.2-a\n.align 2\n" #name ":\n" text "\n.popsection\n")
