// A second processing element: PSCI, interrupts between them, translations that both forget (DEN 0022, D8.14.5).
#include "tables.h"

static long psci(u64 function, u64 a, u64 b, u64 c) {
  register u64 x0 asm("x0") = function;
  register u64 x1 asm("x1") = a;
  register u64 x2 asm("x2") = b;
  register u64 x3 asm("x3") = c;
  asm volatile("hvc #0" : "+r"(x0), "+r"(x1), "+r"(x2), "+r"(x3)::"memory");
  return (long)x0;
}
#define VERSION 0x84000000UL
#define CPU_OFF 0x84000002UL
#define CPU_ON 0xc4000003UL
#define AFFINITY_INFO 0xc4000004UL
#define MIGRATE_INFO_TYPE 0x84000006UL
#define FEATURES 0x8400000aUL

static volatile u64 command, answer, argument_seen, state_seen;
static u8 other_stack[8192] __attribute__((aligned(16), used));
static u8 memory[1 << 13] __attribute__((aligned(1 << 12)));
#define TEST 0x500000000UL

void other(u64 argument);
asm(".globl other_start\nother_start:\n ldr x9, =other_stack + 8192\n mov sp, x9\n ldr x9, =vectors\n msr vbar_el1, "
    "x9\n b other\n");
extern char other_start[];

static u64* space;

static void wait_for(u64 value) {
  while (answer != value) asm volatile("yield");
}

void other(u64 argument) {
  argument_seen = argument;
  state_seen =
      READ(CurrentEL) | READ(daif) | (READ(sctlr_el1) & 1) | READ(SPSel) << 16 | (READ(mpidr_el1) & 0xff) << 32;
  translate(&kGranules[0], space, space, 0);
  answer = 1;
  for (;;) {
    while (command == 0) asm volatile("yield");
    const u64 what = command;
    command = 0;
    if (what == 99) {
      answer = 99;
      psci(CPU_OFF, 0, 0, 0);
    }
    // Until the other one has changed the page.
    u64 value = 0;
    for (u64 i = 0; i < 2000000000 && value != what; ++i) value = *(volatile u64*)TEST;
    answer = value;
  }
}

int main(void) {
  show("version", (u64)psci(VERSION, 0, 0, 0));
  show("migrate", (u64)psci(MIGRATE_INFO_TYPE, 0, 0, 0));
  show("features: cpu_on", (u64)psci(FEATURES, CPU_ON, 0, 0));
  show("features: none", (u64)psci(FEATURES, 0x84000055, 0, 0));
  show("no such function", (u64)psci(0x84000055, 0, 0, 0));
  show("itself", (u64)psci(AFFINITY_INFO, 0, 0, 0));
  show("the other", (u64)psci(AFFINITY_INFO, 1, 0, 0));
  show("nobody", (u64)psci(AFFINITY_INFO, 7, 0, 0));
  show("on: itself", (u64)psci(CPU_ON, 0, 0, 0));
  show("on: nobody", (u64)psci(CPU_ON, 9, 0, 0));

  space = new_space(&kGranules[0]);
  u64* entry = descriptor(&kGranules[0], space, TEST, 3);
  *entry = (u64)memory | AF | SH | PAGE | VALID;
  *(u64*)memory = 11;
  *(u64*)(memory + 4096) = 22;
  translate(&kGranules[0], space, space, 0);
  show("on", (u64)psci(CPU_ON, 1, (u64)other_start, 0x1234));
  wait_for(1);
  show("argument", argument_seen);
  show("state", state_seen);
  show("on again", (u64)psci(CPU_ON, 1, (u64)other_start, 0));
  command = 11;
  wait_for(11);
  put("it reads the page\n");
  command = 22;
  for (volatile int i = 0; i < 100000; ++i) {
  }
  *entry = ((u64)memory + 4096) | AF | SH | PAGE | VALID;
  asm volatile("dsb ish; tlbi vaae1is, %0; dsb ish; isb" ::"r"(TEST >> 12) : "memory");
  wait_for(22);
  put("it reads the other page\n");
  command = 99;
  wait_for(99);
  while (psci(AFFINITY_INFO, 1, 0, 0) != 1) {
  }
  put("it is off\n");
  answer = 0;
  show("on", (u64)psci(CPU_ON, 1, (u64)other_start, 0x5678));
  wait_for(1);
  show("argument", argument_seen);
  return 0;
}
