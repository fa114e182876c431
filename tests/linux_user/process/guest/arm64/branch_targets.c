// PROT_BTI: indirect branches into guarded code must arrive at a landing pad that lets them in (Arm ARM D8.4.5).
// The expected output is QEMU 7.2's.
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#define PROT_BTI 0x10
#define PAGE 4096

static const unsigned code[] = {
    0xd503201f, 0xd65f03c0,              // nop; ret
    0xd503245f, 0xd65f03c0,              // bti c; ret
    0xd503249f, 0xd65f03c0,              // bti j; ret
    0xd50324df, 0xd65f03c0,              // bti jc; ret
    0xd503241f, 0xd65f03c0,              // bti; ret
    0xd503233f, 0xd50323bf, 0xd65f03c0,  // paciasp; autiasp; ret
    0xd503201f,
    0xd503249f, 0xd61f0120,  // bti j; br x9: from guarded code
    0xd503249f, 0xd61f0200,  // bti j; br x16
};
static const int entries[] = {0, 8, 16, 24, 32, 40};

static sigjmp_buf back;
static void* volatile address;

static void on_signal(int signal, siginfo_t* info, void* context) {
  (void)context;
  address = info->si_addr;
  siglongjmp(back, signal);
}

// blr, br of an ordinary register, br x16, and from guarded code br x9 and br x16.
static void call(void* target) { ((void (*)(void))target)(); }
static void jump(void* target) { __asm__ volatile("adr x30, 1f; br %0; 1:" ::"r"(target) : "x30", "memory"); }
static void jump16(void* target) {
  __asm__ volatile("mov x16, %0; adr x30, 1f; br x16; 1:" ::"r"(target) : "x16", "x30", "memory");
}
static char* guarded;
static void from_guarded(void* target, int offset) {
  __asm__ volatile("mov x9, %0; mov x16, %0; adr x30, 1f; br %1; 1:" ::"r"(target), "r"(guarded + offset)
                   : "x9", "x16", "x30", "memory");
}
static void guarded_jump(void* target) { from_guarded(target, 56); }
static void guarded_jump16(void* target) { from_guarded(target, 64); }

int main(void) {
  static const struct {
    const char* name;
    void (*go)(void*);
  } ways[] = {{"blr", call}, {"br", jump}, {"br x16", jump16}, {"guarded br", guarded_jump}, {"guarded br x16", guarded_jump16}};
  struct sigaction action = {.sa_sigaction = on_signal, .sa_flags = SA_SIGINFO};
  sigaction(SIGILL, &action, NULL);
  guarded = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  memcpy(guarded, code, sizeof code);
  memcpy(guarded + PAGE, code, sizeof code);
  printf("mprotect: %d\n", mprotect(guarded, PAGE, PROT_READ | PROT_EXEC | PROT_BTI));
  mprotect(guarded + PAGE, PAGE, PROT_READ | PROT_EXEC);
  for (int page = 0; page < 2; ++page) {
    for (unsigned entry = 0; entry < sizeof entries / sizeof entries[0]; ++entry) {
      for (unsigned way = 0; way < sizeof ways / sizeof ways[0]; ++way) {
        char* target = guarded + page * PAGE + entries[entry];
        const int signal = sigsetjmp(back, 1);
        if (signal == 0) ways[way].go(target);
        printf("%s +%d by %s: %s\n", page == 0 ? "guarded" : "plain", entries[entry], ways[way].name,
               signal == 0 ? "arrived" : address == target ? "SIGILL there" : "SIGILL elsewhere");
      }
    }
  }
  return 0;
}
