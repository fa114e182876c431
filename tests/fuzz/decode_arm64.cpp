#include "frontends/arm/frontend.h"
#include "frontends/arm/state.h"
#include "tests/fuzz/decode.h"

extern "C" int LLVMFuzzerTestOneInput(const uint8_t* data, size_t size) {
  using namespace menura;
  if (size < 2) return 0;
  static const arm::Frontend kFrontends[] = {arm::Frontend(*arm::parse_cpu("max")),
                                             arm::Frontend(*arm::parse_cpu("cortex-a53")),
                                             arm::Frontend(*arm::parse_cpu("max"), arm::Level::Machine)};
  uint64_t mode = (data[1] & arm::Mode::kFpcrBits) | ((data[1] & 128) != 0 ? arm::Mode::kTopByteIgnored : 0);
  if (data[0] % std::size(kFrontends) == 2) mode = data[1] * arm::Mode::kEl1 % (2 * arm::Mode::kUserCounter);
  tests::fuzz_code(kFrontends[data[0] % std::size(kFrontends)], mode, {data + 2, size - 2}, 4);
  return 0;
}
