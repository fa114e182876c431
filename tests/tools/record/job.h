/* A job and its result, as record.cpp writes and reads them. REGISTERS: how many the guest's adapter in tests/isa
 * names. */
#include <stdint.h>

enum { kPage = 4096 };
#define CODE_PAGE ((char*)0x10000000)
#define DATA_PAGE ((uint64_t*)0x20000000)

struct value {
  uint64_t low, high;
};

struct job {
  uint64_t code_bytes;
  uint8_t code[256];
  struct value registers[REGISTERS];
  uint64_t data[kPage / 8];
};

struct result {
  uint64_t signal;
  uint64_t address;
  uint64_t pc;
  struct value registers[REGISTERS];
  uint64_t data[kPage / 8];
};

static struct job job;
static struct result result;
