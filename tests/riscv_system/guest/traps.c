// Traps to and from every level, delegation, vectors, returns (Privileged 20240411, 3.1.6 to 3.1.8, 3.3, 12.1).
#include "test.h"

CODE(code_ecall, "ecall");
CODE(code_ebreak, "nop; ebreak");
CODE(code_c_ebreak, ".option rvc; nop; c.ebreak; .option norvc");
CODE(code_illegal, "nop; .word 0xffffffff");
CODE(code_c_illegal, ".hword 0; .hword 0");
CODE(code_mret, "mret; ecall");
CODE(code_sret, "sret; ecall");
CODE(code_wfi, "csrsi sip, 2; wfi; ecall");
CODE(code_wfi_user, "wfi; ecall");
CODE(code_sfence, "sfence.vma; ecall");
CODE(code_satp_read, "csrr a0, satp; ecall");
CODE(code_satp_write, "csrw satp, zero; ecall");
CODE(code_load, "ld a0, (a0); ecall");
CODE(code_store, "sd a0, (a0); ecall");
CODE(code_amo, "amoadd.d a0, zero, (a0); ecall");
CODE(code_amo_misaligned, "addi a0, a0, 4; amoadd.d a0, zero, (a0); ecall");
CODE(code_lr_misaligned, "addi a0, a0, 2; lr.w a0, (a0); ecall");
CODE(code_sc_misaligned, "addi a0, a0, 1; sc.d a0, zero, (a0); ecall");
CODE(code_load_misaligned, "addi a0, a0, 3; ld a0, (a0); ecall");
CODE(code_jump, "jr a0");
CODE(code_calls, "li t0, 200000; 1: beqz t0, 2f; addi t0, t0, -1; jal ra, 1b; 2: mv a0, t0; ecall");

static const char* const names[] = {"U", "S", "?", "M"};

static void status_bits(u64 status) {
  put("  after: MPP ");
  put_dec(status >> 11 & 3);
  put(" MPIE ");
  put_dec(status >> 7 & 1);
  put(" MIE ");
  put_dec(status >> 3 & 1);
  put(" SPP ");
  put_dec(status >> 8 & 1);
  put(" SPIE ");
  put_dec(status >> 5 & 1);
  put(" SIE ");
  put_dec(status >> 1 & 1);
  put(" MPRV ");
  put_dec(status >> 17 & 1);
  put("\n");
}

static u64 aligned_data[2] = {0x1122334455667788, 0x99aabbccddeeff00};

struct item {
  const char* name;
  const char* code;
};

static void each_level(const char* title, const struct item* items, int count, u64 argument) {
  for (int level = U; level <= M; level += level == S ? 2 : 1) {
    put("-- ");
    put(title);
    put(" from ");
    put(names[level]);
    put("\n");
    for (int i = 0; i < count; ++i) {
      run(level, items[i].code, argument);
      report(items[i].name, items[i].code);
      status_bits(seen.mstatus);
    }
  }
}

int main(void) {
  open_memory();
  WRITE(mie, 0);
  const struct item plain[] = {{"ecall", code_ecall},
                               {"ebreak", code_ebreak},
                               {"illegal", code_illegal},
                               {"compressed illegal", code_c_illegal},
                               {"satp read", code_satp_read},
                               {"satp write", code_satp_write},
                               {"sfence.vma", code_sfence},
                               {"load", code_load},
                               {"store", code_store},
                               {"amo", code_amo},
                               {"misaligned amo", code_amo_misaligned},
                               {"misaligned lr", code_lr_misaligned},
                               {"misaligned sc", code_sc_misaligned}};
  const int count = sizeof plain / sizeof plain[0];
  each_level("nothing there,", plain, count, 0x40);
  each_level("memory,", plain, count, (u64)aligned_data);
  // Not ecall from S: that is how the handler there comes back.
  WRITE(medeleg, 0xb1ff);
  show("medeleg", READ(medeleg));
  each_level("all delegated,", plain, count, 0x40);
  WRITE(medeleg, 1 << 8 | 1 << 2);
  each_level("ecall and illegal delegated,", plain, 3, 0);
  WRITE(medeleg, 0);

  put("-- misaligned load\n");
  run(M, code_load_misaligned, (u64)aligned_data);
  show("a0", seen.a0);
  put("-- jumps to nowhere\n");
  run(U, code_jump, 0x40);
  report("U", code_jump);
  run(S, code_jump, 0x4000000000000000);
  report("S", code_jump);
  run(M, code_jump, 0x43);
  report("M, odd", code_jump);

  const struct item special[] = {{"satp read", code_satp_read}, {"satp write", code_satp_write},
                                 {"sfence.vma", code_sfence},   {"wfi", code_wfi_user},
                                 {"mret", code_mret}};
  put("-- TVM, TW, TSR\n");
  WRITE(mepc, 0);
  SET(mstatus, MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR);
  for (int i = 0; i < 5; ++i) {
    run(S, special[i].code, 0);
    report(special[i].name, special[i].code);
  }
  WRITE(sepc, code_ecall);
  run(S, code_sret, 0);
  report("sret in S", code_sret);
  run(U, code_sret, 0);
  report("sret in U", code_sret);
  run(U, code_wfi_user, 0);
  report("wfi in U", code_wfi_user);
  CLEAR(mstatus, MSTATUS_TVM | MSTATUS_TW | MSTATUS_TSR);
  run(U, code_wfi_user, 0);
  report("wfi in U without TW", code_wfi_user);
  run(S, code_mret, 0);
  report("mret in S", code_mret);
  run(U, code_mret, 0);
  report("mret in U", code_mret);

  put("-- sret\n");
  for (int bits = 0; bits < 8; ++bits) {
    CLEAR(mstatus, MSTATUS_SPP | MSTATUS_SPIE | MSTATUS_SIE);
    SET(mstatus, ((bits & 1) != 0 ? MSTATUS_SPP : 0) | ((bits & 2) != 0 ? MSTATUS_SPIE : 0) |
                     ((bits & 4) != 0 ? MSTATUS_SIE : 0));
    WRITE(sepc, code_ecall);
    run(S, code_sret, 0);
    report("to", code_ecall);
    status_bits(seen.mstatus);
  }
  put("-- sret in M clears MPRV\n");
  CLEAR(mstatus, MSTATUS_SPP);
  WRITE(sepc, code_ecall);
  SET(mstatus, MSTATUS_MPRV);
  run(M, code_sret, 0);
  report("to", code_ecall);
  status_bits(seen.status);
  put("-- mret clears MPRV below M\n");
  for (int level = U; level <= M; level += level == S ? 2 : 1) {
    CLEAR(mstatus, MSTATUS_SIE | MSTATUS_SPIE | MSTATUS_SPP);
    SET(mstatus, MSTATUS_MPRV);
    run(level, code_ecall, 0);
    report(names[level], code_ecall);
    status_bits(seen.status);
  }
  put("-- epc\n");
  WRITE(sepc, -1UL);
  show("sepc", READ(sepc));
  WRITE(mepc, -1UL);
  show("mepc", READ(mepc));
  WRITE(stvec, -1UL);
  show("stvec", READ(stvec) & 2);
  put("-- calls that never return\n");
  run(M, code_calls, 0);
  show("a0", seen.a0);
  put("-- vectors do not concern exceptions\n");
  WRITE(mtvec, (u64)machine_vectors | 1);
  show("mode", READ(mtvec) & 3);
  return 0;
}
