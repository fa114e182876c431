// What the test programs print: one line per call, its result or the name of its error. The same source is compiled for the guest
// and for the host; the outputs must be equal.
#pragma once

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

// What this program is told of the machine that it was compiled for.
#if defined(__riscv)
#define OWN_MACHINE "riscv64"
#define OWN_ELF_MACHINE EM_RISCV
#define OWN_CPUINFO "isa\t\t: rv64"
#elif defined(__aarch64__)
#define OWN_MACHINE "aarch64"
#define OWN_ELF_MACHINE EM_AARCH64
#define OWN_CPUINFO "Features\t: fp asimd"
#else
#define OWN_MACHINE "x86_64"
#define OWN_ELF_MACHINE EM_X86_64
#define OWN_CPUINFO "flags\t\t: "
#endif

static long show(const char* what, long result) {
  if (result == -1) {
    printf("%s: %s\n", what, strerrorname_np(errno));
  } else {
    printf("%s: %ld\n", what, result);
  }
  return result;
}

// For results that are ids, descriptors, addresses: only whether the call succeeded.
static long show_ok(const char* what, long result) {
  if (result == -1) {
    printf("%s: %s\n", what, strerrorname_np(errno));
  } else {
    printf("%s: ok\n", what);
  }
  return result;
}

#define SHOW(call) show(#call, (long)(call))
#define SHOW_OK(call) show_ok(#call, (long)(call))
