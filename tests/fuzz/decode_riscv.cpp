#include "frontends/riscv/frontend.h"
#include "tests/fuzz/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace menura;
  if (size < 2) return 0;
  static const riscv::Frontend kFrontends[] = {riscv::Frontend(*riscv::parse_cpu("max")),
                                               riscv::Frontend(*riscv::parse_cpu("rv64")),
                                               riscv::Frontend(*riscv::parse_cpu("rv64gc"))};
  tests::fuzz_code(kFrontends[data[0] % std::size(kFrontends)], data[1] & 3, {data + 2, size - 2}, 2);
  return 0;
}
