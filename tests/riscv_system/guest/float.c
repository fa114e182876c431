// mstatus.FS: off makes floating point illegal, changes of its state make it dirty (Privileged 20240411, 3.1.6.6).
#include "test.h"

#define FP(name, text) CODE(name, ".option arch, +f, +d\n" text "\n ecall")

FP(code_add, "fadd.d ft0, ft1, ft2");
FP(code_load, "fld ft0, (a0)");
FP(code_store, "fsd ft0, (a0)");
FP(code_to_x, "fmv.x.d a0, ft0");
FP(code_from_x, "fmv.d.x ft0, a0");
FP(code_compare, "feq.d a0, ft0, ft0");
FP(code_fcsr_read, "frcsr a0");
FP(code_fcsr_write, "fscsr a0");
FP(code_frm_write, "fsrmi 2");
FP(code_fflags_write, "fsflagsi 3");
FP(code_two, "fadd.d ft0, ft1, ft2; fadd.d ft0, ft1, ft2");

static u64 data[1];

static void each(const char* name, const char* code) {
  put(name);
  put(":");
  for (int level = U; level <= M; level += level == S ? 2 : 1) {
    for (u64 fs = 0; fs < 4; ++fs) {
      CLEAR(mstatus, MSTATUS_FS);
      SET(mstatus, fs << 13);
      run(level, code, (u64)data);
      put(" ");
      put_dec(seen.cause);
      put("/");
      put_dec(seen.mstatus >> 13 & 3);
      put_dec(seen.mstatus >> 63);
    }
  }
  put("\n");
}

int main(void) {
  open_memory();
  each("fadd.d", code_add);
  each("fld", code_load);
  each("fsd", code_store);
  each("fmv.x.d", code_to_x);
  each("fmv.d.x", code_from_x);
  each("feq.d", code_compare);
  each("frcsr", code_fcsr_read);
  each("fscsr", code_fcsr_write);
  each("fsrmi", code_frm_write);
  each("fsflagsi", code_fflags_write);
  each("fadd.d twice", code_two);
  put("-- the state survives\n");
  SET(mstatus, MSTATUS_FS);
  data[0] = 0x3ff8000000000000;
  run(U, code_load, (u64)data);
  run(S, code_to_x, 0);
  show("ft0", seen.a0);
  return 0;
}
